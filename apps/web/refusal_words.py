"""Refusals by code, for readers of other languages than the one that flows speak.

In English a refusal's own sentence is shown, which may name an amount. These say the same without
it, so that they can be translated.
"""

from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

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
    **dict.fromkeys(
        (
            "ACCOUNT_INCOMPLETE",
            "ADDRESS_INCOMPLETE",
            "PREFERENCE_UNKNOWN",
            "PROFILE_INCOMPLETE",
            "RATING_INCOMPLETE",
            "REPORT_INCOMPLETE",
        ),
        _("Some fields need attention."),
    ),
    "NO_SUCH_AD": _("This offer is no longer there. Choose another."),
    "NO_WALLET": _("This desk has no wallet connected: nothing can come or leave."),
    "PROOF_TOO_YOUNG": _(
        "Your second factor is too new to prove who you are. Wait a day, or contact support."
    ),
    "FACE_NEEDED": _("This needs a face check. Start it on your phone."),
    "FACE_CONSENT_NEEDED": _("Agree to face checks first."),
    "FACE_LOCKED": _("Several face checks did not succeed. Ask for a check by our staff instead."),
    "FACE_TOO_OFTEN": _("Three checks in ten minutes are all there is. Try again a little later."),
    "FACE_KNOWN": _("Your face is set up already."),
    "FACE_UNKNOWN": _("Set up your face first."),
    "FACE_TOO_YOUNG": _(
        "Your face was set up too recently to prove who you are. Wait a day, or write to support."
    ),
    "FACE_BY_HAND": _(
        "With so few movements a machine can't tell. Ask for a check by our staff instead."
    ),
    "FACE_BY_HAND_LATER": _(
        "Our staff have looked at this within a day. Ask again tomorrow, or write to support."
    ),
    "FACE_BEING_JUDGED": _("A check is being judged. Try again shortly."),
    "FACE_OVER": _("This face check is over. Start a new one."),
    "FACE_EXPIRED": _("This face check took too long. Start a new one."),
    "FACE_NOT_DONE": _("Not everything that was asked has been shown."),
    "INSUFFICIENT_FUNDS": _("There is not enough in your wallet."),
    "ACCOUNT_IN_USE": _("An ad or an open order of yours needs this account. Finish that first."),
    "ACCOUNT_KNOWN": _("You have this account already."),
    "ADDRESS_IN_USE": _("A withdrawal to this address waits. Cancel it first, or let it end."),
    "ADDRESS_KNOWN": _("You have this address already."),
    "ADDRESS_LATER": _("No address can be given out right now. Try again in a minute."),
    "ADDRESS_WRONG_NETWORK": _("This address is of another network."),
    "ALREADY_RATED": _("You have rated this order already."),
    "APPEALED_ALREADY": _("You have appealed for this before."),
    "APPEALS_OPEN": _("An appeal about an order of yours is not over yet."),
    "APPEAL_OPEN": _("An appeal about this order is open already."),
    "APPEAL_REASON": _("This reason does not fit the state of the order."),
    "APPEAL_STATE": _("This can't be done with the appeal now."),
    "APPEAL_TOO_EARLY": _("Give the seller time to find the payment, then appeal."),
    "APPEAL_TOO_LATE": _(
        "This order ended too long ago. A frozen account or a payment taken back can be "
        "reported at any time."
    ),
    "APPLIED_ALREADY": _("You have applied; we will answer soon."),
    "APPLY_LATER": _("You can't apply again yet."),
    "BAD_AMOUNT": _("This amount can't be used here."),
    "BUSY": _("This money is being moved right now. Try again."),
    "CASE_OPEN": _("Something about this account is still being looked into. Try again later."),
    "CONFIRMATION_NEEDED": _("Confirm first that it is you."),
    "EVIDENCE_EMPTY": _("Write what you have to say, or choose a file."),
    "EVIDENCE_WHAT": _("Say what this is."),
    "LOOKALIKE_ADDRESS": _("This address looks like another one. Compare every character."),
    "MARGIN_COMPLETE": _("Your margin is complete."),
    "MARGIN_MISSING": _(
        "There is not enough free in your wallet for the margin. Deposit it first."
    ),
    "MARGIN_WAITS": _("The margin can't be taken back yet."),
    "MATTERS_OPEN": _("Something of yours is still open. Finish it first."),
    "NEW_EVIDENCE_NEEDED": _(
        "Show something that was not there before: a document, a picture or a video."
    ),
    "NOT_COMPLETED": _("Only completed orders can be rated."),
    "NOT_NEW": _("This was shown before. An objection needs news."),
    "NOT_VERIFIED_YET": _("Nothing has arrived from this address yet."),
    "NO_MARGIN": _("There is no margin to take back."),
    "NO_MERCHANT": _("Only merchants have a profile. Apply first."),
    "OBJECTED_ALREADY": _("There is one objection to a decision."),
    "OBJECTION_TOO_LATE": _("The time for an objection is over."),
    "ORDERS_OPEN": _("Finish your open orders first."),
    "OWN_DEPOSIT_ADDRESS": _("This is your own deposit address here: nothing would move."),
    "RATING_TOO_LATE": _("This order was completed too long ago to be rated."),
    "RECEIVED_NEEDED": _("Say how much arrived instead."),
    "REPORTED_ALREADY": _("You have reported this; we look into it."),
    "REPORT_WHAT": _("Say what is wrong."),
    "STATEMENT_LENGTH": _("Tell what happened in 20 to 5,000 characters."),
    "TIER_HELD": _("You have this tier already."),
    "TIER_NOT_REACHED": _("You do not meet every condition of this tier yet."),
    "TOO_LONG": _("That is too long."),
    "TOO_MANY_ACCOUNTS": _("You have as many accounts as there may be. Remove one first."),
    "TOO_MANY_ADDRESSES": _("You have as many addresses as there may be. Remove one first."),
    "TOO_MANY_PACKS": _("You have made several just now. Try again in a minute."),
    "TOO_MANY_RELATIONS": _("This list is full. Take somebody off it first."),
    "TOO_MANY_REPORTS": _("You have reported a lot today. Please write tomorrow."),
    "TOO_MANY_WITHDRAWALS": _(
        "Too many withdrawals of yours are under way. Wait for one, or cancel one."
    ),
    "TOO_MUCH_EVIDENCE": _("You have shown as much as there may be."),
    "TRAVEL_RULE_INCOMPLETE": _(
        "The law wants to know who sends and who receives this. Some fields need attention."
    ),
    "UNKNOWN_ASSET": _("Choose one of the desk's assets."),
    "UNKNOWN_NETWORK": _("Choose one of the desk's networks."),
    "WITHDRAWAL_STATE": _("This can't be done with the withdrawal now."),
    "YOURSELF": _("That would be yourself."),
    "FILE_TOO_LARGE": _("This file is too large. Send a smaller one."),
    "FILE_TYPE_REFUSED": _("This kind of file is not taken. A screenshot always works."),
    "FILE_BROKEN": _("This file is damaged or not whole. Save it anew and send it again."),
    "FILE_POLYGLOT": _("This file hides a second one. Send a screenshot of it instead."),
    "FILE_LOCKED": _("This PDF asks for a password. Print it to a new PDF without one."),
    "FILE_ACTIVE": _("This PDF runs programs or carries files. Print it to a new PDF."),
    "FILE_TOO_LONG": _("This PDF has too many pages. Send those that matter."),
    "IMAGE_TOO_LARGE": _("This picture has more than 50 megapixels. Send a smaller one."),
    "IMAGE_ANIMATED": _("This picture moves. Send a still one, such as a screenshot."),
    "FILE_ERASED": _("This file was erased."),
    "NOTHING_TO_TRADE": _("There is nothing to trade here yet."),
}

#: What flows say beside a field, in words that name no amount.
BESIDE_FIELDS = (
    gettext_noop("Say what one unit costs."),
    gettext_noop("Say how far from the reference price."),
    gettext_noop("Between -50 % and +50 %."),
    gettext_noop("Offer more than nothing."),
    gettext_noop("The smallest order lies between zero and the largest."),
    gettext_noop("A buy ad names no accounts of yours."),
    gettext_noop("At most five ways of paying."),
    gettext_noop("At most 900 characters, please."),
    gettext_noop("At most 500 characters, please."),
    gettext_noop("At most 80 characters, please."),
    gettext_noop("The price has moved."),
    gettext_noop("Choose one of the offer's."),
    gettext_noop("Say how much."),
    gettext_noop("Please confirm."),
    gettext_noop("Confirm all three, or report what differs."),
    gettext_noop("Write something."),
    gettext_noop("Choose one."),
    gettext_noop("Choose one of the desk's ways of paying."),
    gettext_noop("Write the name on the account."),
    gettext_noop("Write 4 to 80 letters, digits and signs."),
    gettext_noop("Write the two letters of the country."),
    gettext_noop("Choose from the tags offered."),
    gettext_noop('Write amounts as text, such as "1250.75".'),
    gettext_noop('Write the amount in plain digits, such as "1250.75".'),
    gettext_noop("An amount has at most 18 decimals."),
    gettext_noop("An amount has at most 38 digits."),
    gettext_noop("The amount may not be negative."),
)
