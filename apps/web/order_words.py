"""What an order asks of whoever looks at it: the next step, the warnings, the timeline."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.trades.models import Order, OrderStep
from apps.web import wording
from apps.web.room import Standing


@dataclass(frozen=True, slots=True)
class Next:
    """What is to be done next; `mood` act, wait, done or over, `until` ends the time for it."""

    mood: str
    title: str
    words: str
    until: datetime | None = None


STEPS = {
    "CREATED": gettext_lazy("Taken; a check comes first"),
    "AWAITING_PAYMENT": gettext_lazy("Open, with the crypto in escrow"),
    "PAID": gettext_lazy("Marked as paid by the buyer"),
    "RELEASING": gettext_lazy("Release confirmed by the seller"),
    "APPEALED": gettext_lazy("Appeal opened"),
    "COMPLETED": gettext_lazy("Completed, the buyer has the crypto"),
    "CANCELLED": gettext_lazy("Cancelled, the crypto is back"),
    "EXPIRED": gettext_lazy("Expired, the crypto is back"),
    "REJECTED": gettext_lazy("Not possible"),
}


def step(one: OrderStep) -> str:
    """A line of the timeline."""
    if one.after == "COMPLETED" and one.reason == "SPLIT":
        return _("Divided between both")
    if one.before == "RELEASING" and one.after == "PAID":
        return _("Release stopped")
    if one.before == "APPEALED" and one.after == "RELEASING":
        return _("Release confirmed")
    return str(STEPS.get(one.after, one.after))


def next_step(now: Standing) -> Next:
    """What this party does next, or waits for."""
    order = now.order
    words = {
        "fiat": wording.fiat_amount(order),
        "crypto": wording.crypto_amount(order),
        "other": now.other.nickname,
    }
    if now.step_up is not None and now.prover is not None:
        return _proof(now)
    if now.hold is not None and order.is_live:
        return _held(now)
    title, text, mood, until = _PLAIN[order.status, now.is_buyer]
    if order.status in ("CANCELLED", "EXPIRED", "REJECTED"):
        text = wording.CANCEL_REASONS.get(order.cancel_reason, text)
    return Next(
        mood, str(title) % words, str(text) % words, getattr(order, until) if until else None
    )


def _proof(now: Standing) -> Next:
    sentence = wording.said(now.step_up.user_sentence if now.step_up else "")
    if now.may_prove:
        return Next("act", _("Confirm that it is you"), sentence, now.order.check_until)
    return Next(
        "wait",
        _("A check comes first"),
        _("The other side is asked to confirm who they are. You need not do anything."),
        now.order.check_until,
    )


def _held(now: Standing) -> Next:
    return Next(
        "wait",
        _("A person takes a look"),
        _(
            "Our risk control has asked a member of staff to look at this order before it goes on. "
            "The crypto stays safely in escrow. Nothing is lost, and nobody decides against you "
            "without a word to you."
        ),
    )


_PLAIN: dict[tuple[str, bool], tuple[Any, Any, str, str]] = {
    ("CREATED", True): (
        gettext_lazy("Please wait, don't pay yet"),
        gettext_lazy("A short check comes first. You will be told when you can pay."),
        "wait", "check_until",
    ),
    ("CREATED", False): (
        gettext_lazy("Please wait"),
        gettext_lazy("A short check comes first. You need not do anything."),
        "wait", "check_until",
    ),
    ("AWAITING_PAYMENT", True): (
        gettext_lazy("Pay %(fiat)s, then say so"),
        gettext_lazy("Pay from your own account to the account below. Then press “I have paid”."),
        "act", "pay_until",
    ),
    ("AWAITING_PAYMENT", False): (
        gettext_lazy("Wait for %(fiat)s"),
        gettext_lazy(
            "%(other)s is to pay. Your crypto is in escrow; it comes back if they do not."
        ),
        "wait", "pay_until",
    ),
    ("PAID", True): (
        gettext_lazy("Wait for the release"),
        gettext_lazy("%(other)s looks for your payment in the bank and then releases %(crypto)s."),
        "wait", "",
    ),
    ("PAID", False): (
        gettext_lazy("Look into your bank for %(fiat)s"),
        gettext_lazy(
            "Release only when the whole amount is in your own account, from the payer named below."
        ),
        "act", "",
    ),
    ("RELEASING", True): (
        gettext_lazy("The release is under way"),
        gettext_lazy("The seller has confirmed the payment. A last check is made."),
        "wait", "",
    ),
    ("RELEASING", False): (
        gettext_lazy("The release is under way"),
        gettext_lazy("You have confirmed the payment. A last check is made."),
        "wait", "check_until",
    ),
    ("APPEALED", True): (
        gettext_lazy("The appeal decides"),
        gettext_lazy("The crypto stays in escrow until then. Show what you have."),
        "act", "",
    ),
    ("APPEALED", False): (
        gettext_lazy("The appeal decides"),
        gettext_lazy(
            "The crypto stays in escrow until then. Show what you have, or release if the money "
            "has arrived."
        ),
        "act", "",
    ),
    ("COMPLETED", True): (
        gettext_lazy("You have received %(crypto)s"),
        gettext_lazy("It is in your wallet."), "done", "",
    ),
    ("COMPLETED", False): (
        gettext_lazy("You have sold %(crypto)s"),
        gettext_lazy("The order is completed."), "done", "",
    ),
    ("CANCELLED", True): (gettext_lazy("This order was cancelled"), "", "over", ""),
    ("CANCELLED", False): (gettext_lazy("This order was cancelled"), "", "over", ""),
    ("EXPIRED", True): (gettext_lazy("This order expired"), "", "over", ""),
    ("EXPIRED", False): (gettext_lazy("This order expired"), "", "over", ""),
    ("REJECTED", True): (gettext_lazy("This order was not possible"), "", "over", ""),
    ("REJECTED", False): (gettext_lazy("This order was not possible"), "", "over", ""),
}  # fmt: skip


def take_warnings(*, buys: bool) -> list[str]:
    """What to know before an offer is taken."""
    if buys:
        return [
            _("Pay only after the order is open, only to the account that its page shows."),
            _("Pay from an account in your own name; payments of others are sent back."),
            _("Whoever promises profit, or stays on the phone while you buy, deceives you."),
        ]
    return [
        _("Release only when the money is in your own account: never on a picture or a message."),
        _("Money from a third person may be stolen. Report it instead of releasing."),
        _("The desk never asks you to release, by no call and in no chat."),
    ]


def warnings(now: Standing) -> list[str]:
    """What to beware of in this state, over this rail; empty once the order has ended."""
    order = now.order
    if order.status in ("AWAITING_PAYMENT", "CREATED"):
        return _before_payment(order) if now.is_buyer else _before_arrival(order)
    if order.status in ("PAID", "APPEALED") and not now.is_buyer:
        return _before_release(order)
    if order.status == "PAID":
        return [
            _("Keep your proof of payment. A screenshot is not enough in an appeal: keep the "
              "original receipt or a recording of your bank's page."),
            _("Do not cancel after you have paid, whatever anybody tells you."),
        ]  # fmt: skip
    return []


def _before_payment(order: Order) -> list[str]:
    said = [
        _("Pay only to the account on this page. Other details in the chat are a sign of fraud."),
        _("Pay from an account in your own name."),
        _("Write nothing about crypto and no order number into the reference."),
    ]
    if order.rail.speed == "SLOW":
        said.append(_("This way of paying can take hours or days. Say that you paid at once."))
    return said


def _before_arrival(order: Order) -> list[str]:
    said = [
        _("Do not release before the buyer has marked the order as paid, and the money is here.")
    ]
    return said + _of_rail(order)


def _before_release(order: Order) -> list[str]:
    return [
        _("Look into your bank itself. Pictures, e-mails and text messages are easily made up."),
        _("Compare the payer's name with the one shown here, letter by letter."),
        _("Nobody from the desk asks you to release. Whoever presses you deceives you."),
        *_of_rail(order),
    ]


def _of_rail(order: Order) -> list[str]:
    rail = order.rail
    said = []
    if rail.reversal == "CHARGEBACK":
        said.append(
            _("A payment with %(rail)s can be charged back for %(days)s days.")
            % {"rail": _(rail.name), "days": rail.reversal_days}
        )
    if not rail.names_payer:
        said.append(
            _("%(rail)s does not show who paid. Ask in the chat for a proof with the name on it.")
            % {"rail": _(rail.name)}
        )
    return said


def name_differs(order: Order) -> bool:
    """Whether the name on the payer's account is far from the buyer's verified name."""
    return order.name_similarity is not None and order.name_similarity < 0.8
