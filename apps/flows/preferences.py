"""How somebody likes to be spoken to: language, time zone, letters."""

from datetime import datetime
from zoneinfo import ZoneInfo

from django.conf import settings

from apps.core.errors import Refused
from apps.flows import flow
from apps.users.models import User


@flow.deed
def choose(*, actor: User, locale: str, timezone: str, wants_mail: bool, at: datetime) -> None:
    """Keep what the person prefers; a language or zone that there is not is refused."""
    wrong: dict[str, list[str]] = {}
    if locale not in dict(settings.LANGUAGES):
        wrong["locale"] = ["Choose one of the languages."]
    try:
        ZoneInfo(timezone)
    except (ValueError, OSError, LookupError):
        wrong["timezone"] = ["Choose one of the time zones."]
    if wrong:
        raise Refused("PREFERENCE_UNKNOWN", 422, "Some fields need attention.", wrong)
    with flow.transaction(actor, at=at):
        User.objects.filter(pk=actor.pk).update(
            locale=locale, timezone=timezone, wants_mail=wants_mail
        )
    actor.locale, actor.timezone, actor.wants_mail = locale, timezone, wants_mail
