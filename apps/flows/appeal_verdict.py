"""A decision before it is one: codes that exist, amounts that add up, and whether it takes two."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from apps.core.errors import Refused
from apps.core.money import total
from apps.flows import appeal_terms
from apps.restrictions import queries as restrictions
from apps.restrictions.models import Kind
from apps.trades.models import (
    Appeal,
    AppealKind,
    AppealOutcome,
    AppealReason,
    Fault,
    Order,
    Ruling,
)
from apps.trades.queries import appeals as appeals_of
from apps.trades.services.appeals import Terms
from apps.trades.states import OrderStatus
from apps.users.models import User

HOLDING = (Kind.HOLD, Kind.STEP_UP, Kind.DENY)


def checked(
    *,
    outcome: str,
    reason: str,
    fault: str,
    finding: str,
    buyer_amount: Decimal | None,
    seller_amount: Decimal | None,
    malicious: bool,
) -> Terms:
    """What an agent typed, as terms; Refused, field by field, otherwise."""
    wrong: dict[str, list[str]] = {}
    for field, value, known in (
        ("outcome", outcome, AppealOutcome.values),
        ("reason", reason, AppealReason.values),
        ("fault", fault, Fault.values),
    ):
        if value not in known:
            wrong[field] = ["Choose one."]
    amounts = {"buyer_amount": buyer_amount, "seller_amount": seller_amount}
    for field, amount in amounts.items():
        if outcome == AppealOutcome.SPLIT:
            if amount is None or not amount.is_finite() or amount < 0:
                wrong[field] = ["Say how much, at least zero."]
        elif amount is not None:
            wrong[field] = ["Only a split has amounts."]
    if wrong:
        raise Refused("DECISION_INCOMPLETE", 422, "Some fields need attention.", wrong)
    return Terms(
        outcome=AppealOutcome(outcome),
        reason=reason,
        fault=Fault(fault),
        finding=appeal_terms.words(finding, field="finding"),
        buyer_amount=buyer_amount,
        seller_amount=seller_amount,
        is_malicious=malicious,
    )


def terms_of(ruling: Ruling) -> Terms:
    """A ruling's terms."""
    return Terms(
        outcome=AppealOutcome(ruling.outcome),
        reason=ruling.reason,
        fault=Fault(ruling.fault),
        finding=ruling.finding,
        buyer_amount=ruling.buyer_amount,
        seller_amount=ruling.seller_amount,
        is_malicious=ruling.is_malicious,
    )


def is_settled(appeal: Appeal) -> bool:
    """Whether the escrow is gone: then a decision can only recover what is held (J7)."""
    return appeal.kind == AppealKind.POST or appeal.carried_out_at is not None


def needs_second(appeal: Appeal, terms: Terms, *, at: datetime) -> bool:
    """Whether one person is not enough."""
    order = appeal.order
    return (
        order.usd > appeal_terms.second_pair_usd()
        or terms.outcome == AppealOutcome.SPLIT
        or terms.is_malicious
        or order.paid_reverted
        or (terms.outcome == AppealOutcome.RELEASE and is_held(order, at=at))
    )


def is_held(order: Order, *, at: datetime) -> bool:
    """Whether risk control holds the release of this very order."""
    live = restrictions.live(subject=order.entity, at=at)
    return live.filter(kind__in=HOLDING, ability__in=("release", "all")).exists()


def fits(appeal: Appeal, terms: Terms, *, at: datetime) -> None:
    """Refused unless this can be decided about this appeal, now."""
    order, outcome = appeal.order, terms.outcome
    if is_settled(appeal):
        if outcome == AppealOutcome.SPLIT:
            raise _wrong("outcome", "The escrow is gone: there is nothing left to divide.")
    else:
        if order.status != OrderStatus.APPEALED:
            raise Refused("ORDER_STATE", 409, "The parties have settled this order meanwhile.")
        if outcome == AppealOutcome.NO_ACTION:
            raise _wrong("outcome", "An open order ends by a release, a refund or a split.")
    if outcome == AppealOutcome.SPLIT:
        _adds_up(order, terms)
    if terms.is_malicious and appeal.opener_id not in _faulted(order, terms.fault):
        raise _wrong("fault", "Bad faith is the fault of whoever appealed.")
    _heard(appeal, terms, at=at)


def _adds_up(order: Order, terms: Terms) -> None:
    parts: Mapping[str, Decimal] = {
        "buyer_amount": terms.buyer_amount or Decimal(0),
        "seller_amount": terms.seller_amount or Decimal(0),
    }
    for field, amount in parts.items():
        if order.asset.round_down(amount) != amount:
            raise _wrong(field, f"{order.asset} has at most {order.asset.decimals} decimals.")
    shared = total(parts.values())
    if not 0 < shared <= order.escrow:
        raise _wrong(
            "buyer_amount",
            f"Both parts together are at most the {order.escrow.normalize():f} {order.asset} in "
            "escrow; what they leave is the desk's fee.",
        )


def _heard(appeal: Appeal, terms: Terms, *, at: datetime) -> None:
    """Nobody loses unheard while their time to speak runs; after it, silence may cost."""
    for user in _against(appeal, terms):
        asked = appeals_of.asked_until(appeal, user, at=at)
        unheard = (
            appeal.phase_until
            if appeal.phase_until
            and at < appeal.phase_until
            and not appeals_of.has_spoken(appeal, user)
            else None
        )
        until = max((one for one in (asked, unheard) if one), default=None)
        if until is not None:
            who = "buyer" if user.pk == appeal.order.buyer_id else "seller"
            raise Refused(
                "HEAR_THEM_FIRST",
                409,
                f"The {who} may still answer until {until:%Y-%m-%d %H:%M} UTC. Decide against them "
                "once they have, or after that.",
            )


def _against(appeal: Appeal, terms: Terms) -> list[User]:
    order = appeal.order
    loses = {
        AppealOutcome.RELEASE: [order.seller],
        AppealOutcome.REFUND: [order.buyer],
        AppealOutcome.SPLIT: [order.buyer, order.seller],
        AppealOutcome.NO_ACTION: [],
    }[terms.outcome]
    faulty = _faulted(order, terms.fault)
    return [user for user in (order.buyer, order.seller) if user in loses or user.pk in faulty]


def _faulted(order: Order, fault: Fault) -> set[object]:
    sides = appeals_of.FAULTY[fault]
    return {order.buyer_id if side == "BUYER" else order.seller_id for side in sides}


def _wrong(field: str, sentence: str) -> Refused:
    return Refused("DECISION_UNFIT", 422, sentence, {field: [sentence]})
