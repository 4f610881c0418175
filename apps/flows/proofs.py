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
from apps.faces import queries
from apps.faces.models import Attempt
from apps.faces.services import templates
from apps.flows import faces, waiting
from apps.restrictions import services as restrictions
from apps.restrictions.models import Kind, Restriction
from apps.trades.models import Order, Withdrawal
from apps.trades.states import OrderStatus, WithdrawalStatus
from apps.users import second_factor
from apps.users.models import User

FACE, SECOND_FACTOR, ENROL, MANUAL = "FACE", "SECOND_FACTOR", "ENROL", "MANUAL"
WAYS = (FACE, SECOND_FACTOR, ENROL, MANUAL)


@dataclass(frozen=True, slots=True)
class Proven:
    """What went on because of a proof."""

    orders: list[Order]
    withdrawals: list[Withdrawal]


def ways(user: User, *, at: datetime) -> tuple[str, ...]:
    """How a person may prove themselves now, the best way first; four queries at most.

    FACE: a face check · SECOND_FACTOR: show it again · ENROL: set up the face, for the next time ·
    MANUAL: ask staff.
    """
    with_face = "face" in settings.STEP_UP_PROOFS
    if not with_face:
        return () if _why_no_factor(user, at=at) else (SECOND_FACTOR,)
    known = templates.in_use(user)
    found = []
    if known is not None and faces.is_ripe(known, at=at):
        if queries.failures(user, at=at) < queries.MOST_FAILED:
            found.append(FACE)
    elif _why_no_factor(user, at=at) is None:
        found.append(SECOND_FACTOR)
    if known is None:
        found.append(ENROL)
    return (*found, MANUAL)


def by_second_factor(*, user: User, confirmed: bool, at: datetime) -> Proven:
    """The person has just shown their second factor again; `confirmed` says that it is so."""
    if "second_factor" in settings.STEP_UP_PROOFS and not confirmed:
        raise Refused("CONFIRM_IDENTITY", 403, "Confirm with your second factor first.")
    if refused := _why_no_factor(user, at=at):
        raise refused
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


def _why_no_factor(user: User, *, at: datetime) -> Refused | None:
    """Why a second factor proves nothing of this person; None where it does."""
    if "second_factor" not in settings.STEP_UP_PROOFS:
        return Refused("FACE_NEEDED", 403, "This needs a face check. Start it on your phone.")
    known = templates.in_use(user) if "face" in settings.STEP_UP_PROOFS else None
    if known is not None and faces.is_ripe(known, at=at):
        return Refused("FACE_NEEDED", 403, "This needs a face check: your face is set up.")
    since = second_factor.since(user)
    if since is None or at - since < timedelta(hours=settings.PROOF_FACTOR_AGE_H):
        # Whoever took an account over could have set it up a minute ago.
        return Refused(
            "PROOF_TOO_YOUNG",
            403,
            "Your second factor is too new to prove who you are. Wait a day, or contact support.",
        )
    return None
