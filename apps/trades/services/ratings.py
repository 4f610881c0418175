"""Verbs that write what partners say of each other."""

from datetime import datetime

from apps.core.errors import Refused
from apps.core.ids import uuid7
from apps.trades.models import Order, Rating
from apps.users.models import User

#: What can be said with one tap; the first of each pair praises.
TAGS = {
    "FAST": "fast",
    "POLITE": "polite",
    "GOOD_PRICE": "good price",
    "CLEAR_TERMS": "clear terms",
    "SLOW": "slow",
    "RUDE": "rude",
    "ASKED_TO_CANCEL": "asked to cancel",
    "EXTRA_CONDITIONS": "asked for more than the terms say",
    "THIRD_PARTY": "paid from somebody else's account",
}
MOST_TAGS, LONGEST = 4, 300


def rate(
    *,
    order: Order,
    rater: User,
    rated: User,
    is_positive: bool,
    tags: list[str],
    comment: str,
    weight: float,
    at: datetime,
) -> Rating:
    """Keep what a party of an order says of the other; ALREADY_RATED (409) the second time."""
    if Rating.objects.filter(order=order, rater=rater).exists():
        raise Refused("ALREADY_RATED", 409, "You have rated this order already.")
    return Rating.objects.create(
        id=uuid7(at),
        order=order,
        rater=rater,
        rated=rated,
        is_positive=is_positive,
        tags=tags,
        comment=comment,
        weight=weight,
        at=at,
    )
