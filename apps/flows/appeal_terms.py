"""Who may open an appeal, when, and for what; and how long each part of one takes (T11, T12, T16).

Times are our own starting values where trading.md marks them so.
"""

from datetime import datetime, timedelta
from decimal import Decimal

from django.conf import settings

from apps.core.errors import Refused
from apps.trades.models import Appeal, AppealKind, AppealReason, Order
from apps.trades.queries import appeals as appeals_of
from apps.trades.states import AppealState, OrderStatus
from apps.users.models import User

R = AppealReason
#: An order that is over may be appealed for so long; a report of the bank has no end.
POST_TIME = timedelta(days=5)
NEGOTIATION = timedelta(hours=2)
EVIDENCE = timedelta(hours=24)
OBJECTION = timedelta(hours=24)
#: In PAID for so long, an order is appealed by the clock: never released, never refunded by it.
ESCALATION = timedelta(hours=24)
#: From the end of the hearing to the first decision, by USD: the more is at stake, the sooner.
REVIEW = (
    (Decimal(10_000), timedelta(hours=4)),
    (Decimal(1_000), timedelta(hours=12)),
    (Decimal(0), timedelta(hours=24)),
)
SHORTEST, LONGEST = 20, 5_000

ANY_TIME = frozenset({R.BANK_FROZEN, R.CHARGEBACK_OR_RECALL})
#: What tells about the person on the other side and their account: acts of their own kind.
REPORTS = {R.BANK_FROZEN: "freeze.reported", R.CHARGEBACK_OR_RECALL: "chargeback.reported"}
#: Where there is nothing to negotiate about: evidence is collected at once.
NO_TALKS = frozenset({*ANY_TIME, R.FAKE_RECEIPT, R.THIRD_PARTY_PAYMENT, R.ABUSE, R.OFF_PLATFORM})
_CONDUCT = frozenset({R.OFF_PLATFORM, R.ABUSE, R.USABILITY, R.OTHER})
#: What may be claimed, by the state of the order and by who claims it (True: the buyer).
REASONS: dict[tuple[str, bool], frozenset[AppealReason]] = {
    ("AWAITING_PAYMENT", True): _CONDUCT | {R.PAID_NOT_RELEASED, R.AMOUNT_MISMATCH, R.BANK_PROBLEM},
    ("AWAITING_PAYMENT", False): _CONDUCT | {R.THIRD_PARTY_PAYMENT, R.AMOUNT_MISMATCH},
    ("PAID", True): _CONDUCT
    | {R.PAID_NOT_RELEASED, R.AMOUNT_MISMATCH, R.BANK_PROBLEM, R.NO_REPLY, R.BANK_FROZEN},
    ("PAID", False): _CONDUCT
    | ANY_TIME
    | {
        R.CLAIMED_PAID_NOT_RECEIVED, R.THIRD_PARTY_PAYMENT, R.AMOUNT_MISMATCH, R.FAKE_RECEIPT,
        R.BANK_PROBLEM, R.NO_REPLY,
    },
    ("COMPLETED", True): _CONDUCT | {R.BANK_FROZEN, R.AMOUNT_MISMATCH},
    ("COMPLETED", False): _CONDUCT
    | ANY_TIME
    | {R.RELEASED_NOT_RECEIVED, R.THIRD_PARTY_PAYMENT, R.AMOUNT_MISMATCH, R.FAKE_RECEIPT},
    ("CANCELLED", True): _CONDUCT | {R.PAID_BUT_CANCELLED, R.BANK_FROZEN},
    ("CANCELLED", False): _CONDUCT | ANY_TIME | {R.THIRD_PARTY_PAYMENT},
}  # fmt: skip
REASONS |= {("EXPIRED", buys): REASONS["CANCELLED", buys] for buys in (True, False)}


def second_pair_usd() -> Decimal:
    """From how much on a decision takes two people, and waits for objections before it pays."""
    return Decimal(settings.APPEAL_SECOND_PAIR_USD)


def words(text: str, *, field: str = "statement") -> str:
    """What somebody states, trimmed; Refused when it is too short to look into, or too long."""
    text = text.strip()
    if not SHORTEST <= len(text) <= LONGEST:
        sentence = f"Tell what happened in {SHORTEST} to {LONGEST:,} characters."
        raise Refused("STATEMENT_LENGTH", 422, sentence, {field: [sentence]})
    return text


def may_open(order: Order, *, actor: User, reason: str, at: datetime) -> AppealKind:
    """The kind of appeal that a party may open now; Refused with when or what else otherwise."""
    buys = actor.pk == order.buyer_id
    allowed = REASONS.get((order.status, buys), frozenset())
    if appeals_of.live_appeal(order) is not None:
        raise Refused("APPEAL_OPEN", 409, "An appeal about this order is open already.")
    if not allowed:
        raise Refused("ORDER_STATE", 409, _NOT_NOW.get(order.status, _NEVER))
    if reason not in allowed:
        sentence = "This does not fit where the order stands. Choose one of: " + "; ".join(
            sorted(R(one).label for one in allowed)
        )
        raise Refused("APPEAL_REASON", 422, f"{sentence}.", {"reason": ["Choose another."]})
    if order.is_live:
        _not_too_early(order, buys=buys, reason=reason, at=at)
        return AppealKind.LIVE
    _not_too_late(order, actor=actor, reason=reason, at=at)
    return AppealKind.POST


_NEVER = "There is nothing to appeal against in this order."
_NOT_NOW: dict[str, str] = {
    OrderStatus.CREATED: "This order still waits for a check; nobody should pay yet.",
    OrderStatus.RELEASING: "The seller has released; it is being checked. "
    "If it stops, you can appeal then.",
}


def _not_too_early(order: Order, *, buys: bool, reason: str, at: datetime) -> None:
    if not buys or order.status != OrderStatus.PAID or reason in ANY_TIME or not order.paid_at:
        return
    opens = order.paid_at + timedelta(minutes=order.rail.appeal_after_min)
    if at < opens:
        raise Refused(
            "APPEAL_TOO_EARLY",
            409,
            f"The seller has until {opens:%Y-%m-%d %H:%M} UTC to find the payment. "
            "If nothing has happened by then, appeal.",
            retry_after=max(1, round((opens - at).total_seconds())),
        )


def _not_too_late(order: Order, *, actor: User, reason: str, at: datetime) -> None:
    before = list(Appeal.objects.filter(order=order))
    if any(one.opener_id == actor.pk and one.reason == reason for one in before):
        raise Refused("APPEALED_ALREADY", 409, "You have appealed for this before.")
    if reason in ANY_TIME:
        return
    if any(one.outcome for one in before):
        raise Refused(
            "APPEALED_ALREADY",
            409,
            "An appeal about this order was decided. Only a report of a bank opens another.",
        )
    assert order.ended_at is not None
    if at > order.ended_at + POST_TIME:
        raise Refused(
            "APPEAL_TOO_LATE",
            409,
            f"An order can be appealed for {POST_TIME.days} days after its end. "
            "A frozen account or a payment taken back can be reported at any time.",
        )


def begins(*, kind: AppealKind, opener: User | None, reason: str) -> AppealState:
    """The state that a new appeal is in: one by the clock has nobody's word yet."""
    if opener is None:
        return AppealState.OPEN
    if kind == AppealKind.POST or reason in NO_TALKS:
        return AppealState.EVIDENCE
    return AppealState.NEGOTIATING


def lasts(state: AppealState) -> timedelta:
    """How long a phase takes before the clock moves on."""
    return EVIDENCE if state == AppealState.EVIDENCE else NEGOTIATION


def decide_by(order: Order, *, state: AppealState, at: datetime) -> datetime:
    """When a first decision is due, seen from the beginning of a phase."""
    hearing = EVIDENCE if state in (AppealState.EVIDENCE, AppealState.OBJECTION) else (
        NEGOTIATION + EVIDENCE
    )  # fmt: skip
    return at + hearing + next(time for usd, time in REVIEW if order.usd >= usd)
