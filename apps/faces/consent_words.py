"""What a person agrees to before the first face check, by version of the wording."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

#: A change of meaning is a new version: who agreed to an older one is asked again.
TEXTS: dict[int, Promise | str] = {
    1: _(
        "I agree that this desk checks by camera that it is me who acts. A check takes pictures "
        "for about 15 seconds. What describes my face, 128 numbers, is kept encrypted under a key "
        "that is only for me. The pictures are deleted as soon as the check is judged; a few are "
        "kept encrypted for up to 30 days, so that staff can look at a doubtful check. Nothing of "
        "this is given to anybody or used for anything else. I can take my consent back at any "
        "time: all of it is unreadable at once, and staff check by hand from then on."
    ),
}
SEARCH_TEXTS: dict[int, Promise | str] = {
    1: _(
        "My face may also be compared with those of people who were banned here. A likeness has no "
        "consequence before a person has looked at it."
    ),
}
