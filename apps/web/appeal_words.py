"""The words of an appeal: what may be claimed, how far it is, how it ended."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from apps.trades.models import Appeal

REASONS = {
    "PAID_NOT_RELEASED": _("I paid, the seller does not release"),
    "CLAIMED_PAID_NOT_RECEIVED": _("Marked as paid, but nothing arrived"),
    "PAID_BUT_CANCELLED": _("I paid, the order was cancelled or expired"),
    "RELEASED_NOT_RECEIVED": _("I released, the money is not there"),
    "THIRD_PARTY_PAYMENT": _("Somebody else paid"),
    "AMOUNT_MISMATCH": _("The amount is not right"),
    "BANK_FROZEN": _("My bank account was frozen"),
    "CHARGEBACK_OR_RECALL": _("The payment was taken back"),
    "FAKE_RECEIPT": _("The receipt is fake"),
    "OFF_PLATFORM": _("I was asked to deal outside of the desk"),
    "ABUSE": _("Threats or insults"),
    "BANK_PROBLEM": _("A problem at the bank"),
    "NO_REPLY": _("The other side does not answer"),
    "USABILITY": _("I made a mistake"),
    "OTHER": _("Something else"),
}
STATES = {
    "OPEN": _("Opened"),
    "NEGOTIATING": _("You talk to each other"),
    "EVIDENCE": _("Both show what they have"),
    "IN_REVIEW": _("A member of staff looks at it"),
    "DECIDED": _("Decided"),
    "OBJECTION": _("Objected to, looked at again"),
    "CLOSED": _("Closed"),
    "WITHDRAWN": _("Taken back"),
}
#: What the phases are, in their order, for the line on top of the page.
PHASES = ("NEGOTIATING", "EVIDENCE", "IN_REVIEW", "DECIDED", "CLOSED")
OUTCOMES = {
    "RELEASE": _("The buyer gets the crypto."),
    "REFUND": _("The seller gets the crypto back."),
    "SPLIT": _("The crypto is divided."),
    "NO_ACTION": _("Nothing is moved."),
}
EVIDENCE = {
    "SCREENSHOT": _("A picture of the screen"),
    "VIDEO": _("A video of the screen"),
    "BANK_STATEMENT": _("A statement of the bank"),
    "ID": _("An identity document"),
    "CALL": _("A call"),
    "OTHER": _("Something else"),
}
WHAT_NOW = {
    "OPEN": _("Tell each other in the chat what is wrong. If you agree, the usual step ends it."),
    "NEGOTIATING": _(
        "Try to agree in the chat. If you do, the seller releases or the buyer gives in; if not, "
        "both show what they have."
    ),
    "EVIDENCE": _(
        "Show everything that proves your side: a recording of your bank's page says more than a "
        "picture. Whoever shows nothing in time may lose."
    ),
    "IN_REVIEW": _("You will be told as soon as it is decided. More may be asked of you."),
    "DECIDED": _("Whoever lost may object once, with something new, until the time is over."),
    "OBJECTION": _("Another member of staff looks at it. What was moved may be held."),
    "CLOSED": _("This appeal is over."),
    "WITHDRAWN": _("This appeal is over."),
}


def phases(appeal: Appeal) -> list[tuple[Any, str]]:
    """The phases with where each stands: done, now or later."""
    at = {"OPEN": "NEGOTIATING", "OBJECTION": "DECIDED", "WITHDRAWN": "CLOSED"}.get(
        appeal.state, appeal.state
    )
    place = PHASES.index(at)
    marks = ["done" if n < place else "now" if n == place else "later" for n in range(len(PHASES))]
    return [(STATES[phase], mark) for phase, mark in zip(PHASES, marks, strict=True)]
