"""Refusals by code, for readers of other languages than the one that flows speak.

In English a refusal's own sentence is shown, which may name an amount. These say the same without
it, so that they can be translated.
"""

from django.utils.translation import gettext_lazy as _

REFUSALS = {
    "OWN_AD": _("This is your own offer."),
    "AD_NOT_AVAILABLE": _("This offer is not available now. Choose another."),
    "NO_PRICE": _("There is no reference price at the moment. Try again later."),
    "STALE_PRICE": _(
        "The reference price is out of date, so offers that follow it rest. Try again later, or "
        "use one with a fixed price."
    ),
    "MAKER_CLOSED": _("This merchant is closed at this hour. Choose another offer."),
    "OVER_KYC_TOTAL": _(
        "This is above what is left in all at your verification level. Verify more of your "
        "identity, and this limit ends."
    ),
    "AMOUNT_TOO_LARGE": _("That is more than there is. Write less."),
    "PRICE_MOVED": _("The price has moved. Look at it and confirm again."),
    "RECLAIM_TOO_LATE": _(
        "An expired order can be taken up again within 15 minutes, on the same terms. After that, "
        "open an appeal."
    ),
    "RAIL_NOT_OFFERED": _("This offer does not take that way of paying."),
    "ACCOUNT_NEEDED": _("Choose one of your own accounts for this way of paying, or add it first."),
    "AMOUNT_NEEDED": _("Say how much: one amount above zero."),
    "AMOUNT_TOO_FINE": _("That is finer than the smallest unit there is."),
    "AMOUNT_OUT_OF_LIMITS": _("The amount lies outside of the offer's limits."),
    "AMOUNT_TOO_SMALL": _("That buys less than the smallest unit there is."),
    "AD_SOLD_OUT": _("Less than that is left of this offer."),
    "TOO_MANY_OPEN_ORDERS": _("You have too many open orders. Finish one of them first."),
    "OVER_LIMIT": _("This is above your limit for one order this way."),
    "OVER_DAY_LIMIT": _("This is above what is left of your limit for 24 hours."),
    "OVER_CAP": _("This is above your present limit."),
    "CONDITIONS_NOT_MET": _("You do not meet a condition of this offer."),
    "NOT_YOURS_TO_DO": _("The other side has to do this."),
    "ORDER_STATE": _("This can't be done with the order now."),
    "STALE": _("It has moved on meanwhile. Reload and look again."),
    "NOT_PAID": _("The buyer has not marked this order as paid."),
    "CONFIRM_UNPAID": _("Confirm that you have not paid, or that your payment was returned."),
    "REFUND_FIRST": _(
        "The seller reported a payment from somebody else. It has to go back to where it came from "
        "first: open an appeal."
    ),
    "PAYER_ACCOUNT_NEEDED": _(
        "Say from which of your own accounts you paid. Add it first if it is not listed."
    ),
    "CONFIRM_IDENTITY": _("Confirm who you are first."),
    "LOOK_FIRST": _(
        "Release only when the whole amount is in your own account, from the payer named here. If "
        "anything differs, report it instead."
    ),
    "MESSAGE_EMPTY": _("Write something first."),
    "MESSAGE_TOO_LONG": _("That is too long for one message."),
    "TOO_MANY_FILES": _("This order has all the files that it takes."),
    "CHAT_FULL": _("This chat is full. Open an appeal if you need help."),
    "CHAT_CLOSED": _("This chat is closed. Open an appeal if you need help."),
    "NO_ADS": _("Your tier does not include ads."),
    "TOO_MANY_ADS": _("You have as many ads as your tier allows. Close one first."),
    "AD_STATE": _("This can't be done with the ad now."),
    "AD_INCOMPLETE": _("Some fields need attention."),
    "FACE_NEEDED": _("This needs a face check. Start it on your phone."),
    "INSUFFICIENT_FUNDS": _("There is not enough in your wallet."),
}
