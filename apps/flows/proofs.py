"""What a person shows when the engine asks for more: lifts what waits for it, and lets it go on.

A face check is the proof that a STEP_UP asks for (faces.py, face_judging.py). For somebody whose
face is not known yet, and on desks without face checks (STEP_UP_PROOFS), a second factor shown
again within minutes stands in for it.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Q

from apps.core.errors import Refused
from apps.faces.models import Attempt
from apps.faces.services import templates
from apps.flows import faces, waiting
from apps.restrictions import services as restrictions
from apps.restrictions.models import Kind, Restriction
from apps.trades.models import Order, Withdrawal
from apps.trades.states import OrderStatus, WithdrawalStatus
from apps.users import second_factor
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
    known = templates.in_use(user) if "face" in settings.STEP_UP_PROOFS else None
    if known is not None and faces.is_ripe(known, at=at):
        raise Refused("FACE_NEEDED", 403, "This needs a face check: your face is set up.")
    since = second_factor.since(user)
    if since is None or at - since < timedelta(hours=settings.PROOF_FACTOR_AGE_H):
        # Whoever took an account over could have set it up a minute ago.
        raise Refused(
            "PROOF_TOO_YOUNG",
            403,
            "Your second factor is too new to prove who you are. Wait a day, or contact support.",
        )
    gone_on = waiting.prove(user=user, at=at, reason=restrictions.FACTOR_SHOWN)
    return Proven(
        orders=[one for one in gone_on if isinstance(one, Order)],
        withdrawals=[one for one in gone_on if isinstance(one, Withdrawal)],
    )


def went_on(attempt: Attempt) -> Proven:
    """What had waited for a face check that passed, and waits no more."""
    lifted = Restriction.objects.filter(
        kind=Kind.STEP_UP, lifted_at=attempt.at, lifted_for=restrictions.FACE_PASSED
    ).values("subject")
    user = attempt.user_id
    orders = Order.objects.filter(Q(buyer=user) | Q(seller=user), entity__in=lifted)
    waiting_still = (OrderStatus.CREATED, OrderStatus.RELEASING)
    return Proven(
        orders=list(orders.exclude(status__in=waiting_still)),
        withdrawals=list(
            Withdrawal.objects.filter(user=user, entity__in=lifted).exclude(
                status=WithdrawalStatus.CHALLENGED
            )
        ),
    )
