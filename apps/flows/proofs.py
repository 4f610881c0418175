"""What a person shows when the engine asks for more: lifts what waits for it, and lets it go on.

A face check is the proof that a STEP_UP asks for. Until a desk has face checks of its own
(STEP_UP_PROOFS without "face"), a second factor shown again within minutes stands in for it.
"""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings

from apps.core.errors import Refused
from apps.flows import waiting
from apps.restrictions import services as restrictions
from apps.trades.models import Order, Withdrawal
from apps.users.models import User


@dataclass(frozen=True, slots=True)
class Proven:
    """What went on because of a proof."""

    orders: list[Order]
    withdrawals: list[Withdrawal]


def by_second_factor(*, user: User, confirmed: bool, at: datetime) -> Proven:
    """The person has just shown their second factor again; `confirmed` says that it is so."""
    if "second_factor" not in settings.STEP_UP_PROOFS:
        raise Refused("FACE_NEEDED", 403, "This needs a face check. Start it on your phone.")
    if not confirmed:
        raise Refused("CONFIRM_IDENTITY", 403, "Confirm with your second factor first.")
    gone_on = waiting.prove(user=user, at=at, reason=restrictions.FACTOR_SHOWN)
    return Proven(
        orders=[one for one in gone_on if isinstance(one, Order)],
        withdrawals=[one for one in gone_on if isinstance(one, Withdrawal)],
    )
