"""The codes of a pack in the words of its reader's language."""

from datetime import UTC, datetime
from decimal import Decimal
from functools import partial

from django.utils.translation import gettext_noop as say
from django.utils.translation import pgettext

from apps.core import money
from apps.ledger.models import AccountKind, EntryKind
from apps.trades.models import AppealOutcome, AppealReason, CancelReason, Fault
from apps.trades.states import AppealState, OrderStatus

#: Said of a record: elsewhere "Order" may mean a sorting.
in_words = partial(pgettext, "record")

ROLES = {
    "BUYER": say("buyer"),
    "SELLER": say("seller"),
    "STAFF": say("the desk's staff"),
    "DESK": say("the desk"),
}
CHECKPOINTS = {
    "CP1": say("Order"),
    "CP2": say("Marked as paid"),
    "CP3": say("Release"),
    "CP4": say("Appeal or report"),
}
OUTCOMES = {
    "ALLOW": say("passed"),
    "LIMIT": say("passed with a limit"),
    "STEP_UP": say("identity was asked for"),
    "REVIEW": say("looked at by a person"),
    "BLOCK": say("refused"),
}
EVENTS = {
    "order.created": say("order opened"),
    "order.paid": say("marked as paid"),
    "order.released": say("release asked for"),
    "order.completed": say("order completed"),
    "order.cancelled": say("order cancelled"),
    "order.expired": say("order expired"),
    "order.paid_reverted": say("'paid' taken back"),
    "appeal.opened": say("appeal opened"),
    "appeal.taken": say("appeal taken"),
    "appeal.asked": say("evidence asked for"),
    "appeal.ruled": say("appeal ruled on"),
    "appeal.approved": say("ruling approved"),
    "appeal.decided": say("appeal decided"),
    "chargeback.reported": say("chargeback reported"),
    "freeze.reported": say("frozen account reported"),
}
REASONS = {
    "STEP_UP": say("identity was asked for"),
    "REVIEW": say("looked at by a person"),
    "BLOCK": say("refused"),
    "CLEARED": say("check passed"),
    "CHECK_LATE": say("a check was not done in time"),
    "NOT_JUDGED": say("the check could not be made"),
    "SPLIT": say("divided by decision"),
}
FILES = {"image/jpeg": say("picture"), "image/png": say("picture"), "image/webp": say("picture")}
#: Enumerations whose labels stand on the pages.
CHOICES = (OrderStatus, AppealState, AppealOutcome, AppealReason, Fault, CancelReason, EntryKind,
            AccountKind)  # fmt: skip


def word(code: str | None, *, among: dict[str, str] | type) -> str:
    """What a code means; the code itself where there is no word, nothing for none."""
    if code is None:
        return ""
    if isinstance(among, dict):
        return in_words(among[code]) if code in among else code
    return in_words(str(among(code).label)) if code in among.values else code  # type: ignore[attr-defined]


def reason(code: str | None) -> str:
    """Why a step was made."""
    return word(code, among=REASONS if code in REASONS else CancelReason)


def moment(text: str | None) -> str:
    """A moment as people read it, in UTC to the second."""
    if text is None:
        return ""
    return f"{datetime.fromisoformat(text).astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def amount(text: str | None, unit: str, *, places: int = 0) -> str:
    """An amount with its unit, its thousands set apart; at least so many decimals."""
    if not text:
        return ""
    value = Decimal(text)
    if -value.as_tuple().exponent < places:  # type: ignore[operator]
        value = value.quantize(Decimal(1).scaleb(-places), context=money.EXACT)
    return money.display(value, currency=unit)


def spaced(hexadecimal: str) -> str:
    """The first 32 digits of a digest in groups of four, as people compare it."""
    return " ".join(hexadecimal[at : at + 4].upper() for at in range(0, 32, 4))
