"""What the desk tells people, by code: lines of an order's chat, and notices under the bell."""

from django.utils.translation import gettext_lazy as _

LINES = {
    "ORDER_OPENED": _("The order is open. The crypto lies safely in escrow."),
    "ORDER_PAID": _("The buyer says that the payment is made. The seller looks into the bank now."),
    "ORDER_COMPLETED": _("The seller has released. The order is completed."),
    "ORDER_ENDED": _("The order has ended; the crypto went back to the seller."),
    "ORDER_SPLIT": _("The escrow was divided between buyer and seller."),
    "CANCEL_WISHED": _("The seller asks the buyer to cancel this order."),
    "REFUND_TO_SOURCE": _(
        "The seller reports a payment from somebody else. It has to go back to where it came from."
    ),
    "APPEAL_OPENED": _("An appeal was opened. The crypto stays in escrow until it is settled."),
    "APPEAL_AGREED": _("%(who)s says that you have agreed. The usual step now ends the appeal."),
    "APPEAL_NOT_AGREED": _("%(who)s says that you cannot agree. Both now show what they have."),
    "APPEAL_EVIDENCE": _("%(who)s showed something for the appeal."),
    "APPEAL_TAKEN": _("A member of staff has taken the appeal."),
    "APPEAL_ASKED": _("The desk asks for something more. Look at the appeal."),
    "APPEAL_SHOW": _("Talks are over. Both sides now show what they have."),
    "APPEAL_DECIDED": _("The appeal was decided."),
    "APPEAL_SENT_BACK": _("The decision is looked at once more."),
    "APPEAL_OBJECTED": _("%(who)s objected to the decision."),
    "APPEAL_WITHDRAWN": _("The appeal was taken back."),
    "APPEAL_CLOSED": _("The appeal is closed."),
    "RECOVERY_HELD": _("What is left of this order's crypto is held until the claim is decided."),
    "RECOVERED": _("What was held was given back."),
}
NOTICES = {
    "ORDER_NEW": _("New order %(order)s: %(fiat)s."),
    "PAY_NOW": _("Order %(order)s: please pay %(fiat)s now, then say so."),
    "PAY_SOON": _("Order %(order)s: the time to pay is nearly over."),
    "ORDER_PAID": _("Order %(order)s: the buyer says that %(fiat)s are paid. Look into your bank."),
    "ORDER_PAID_LOOK_TWICE": _(
        "Order %(order)s: the buyer says that %(fiat)s are paid, but something does not fit. "
        "Compare the payer's name before you do anything."
    ),
    "CANCEL_WISHED": _("Order %(order)s: the seller asks you to cancel."),
    "ORDER_ENDED": _("Order %(order)s ended. %(why)s"),
    "CRYPTO_RECEIVED": _("Order %(order)s: you have received %(crypto)s."),
    "ORDER_COMPLETED": _("Order %(order)s is completed."),
    "MESSAGE": _("Order %(order)s: a new message."),
    "CLEARED": _("Order %(order)s goes on: the check is done."),
    "RELEASE_STOPPED": _("Order %(order)s: the release was stopped. Look at the order."),
    "RATED": _("Order %(order)s: your partner has rated it."),
    "APPEAL_OPENED": _("Order %(order)s: an appeal was opened. Please answer."),
    "APPEAL_AGREED": _("Order %(order)s: the other side says that you have agreed."),
    "APPEAL_NOT_AGREED": _("Order %(order)s: no agreement. Please show what you have."),
    "APPEAL_EVIDENCE": _("Order %(order)s: something was shown for the appeal."),
    "APPEAL_TAKEN": _("Order %(order)s: a member of staff has taken the appeal."),
    "APPEAL_ASKED": _("Order %(order)s: the desk asks you for something. There is a deadline."),
    "APPEAL_SHOW": _("Order %(order)s: please show what you have for the appeal."),
    "APPEAL_DECIDED": _("Order %(order)s: the appeal was decided."),
    "APPEAL_SENT_BACK": _("Order %(order)s: the decision is looked at once more."),
    "APPEAL_OBJECTED": _("Order %(order)s: the other side objected to the decision."),
    "APPEAL_WITHDRAWN": _("Order %(order)s: the appeal was taken back."),
    "APPEAL_CLOSED": _("Order %(order)s: the appeal is closed."),
    "RECOVERY_HELD": _("Order %(order)s: crypto of yours is held until a claim is decided."),
    "RECOVERED": _("Order %(order)s: crypto that was held has moved. Look at your wallet."),
    "REFUND_TO_SOURCE": _(
        "Order %(order)s: the payment came from somebody else and has to go back."
    ),
    "ADDRESS_ADDED": _("A new withdrawal address was added to your account."),
    "WITHDRAWAL_REQUESTED": _("A withdrawal was requested from your account."),
    "WITHDRAWAL_SCREENING": _("A withdrawal is being checked."),
    "WITHDRAWAL_CHALLENGED": _("A withdrawal waits for your proof of who you are."),
    "WITHDRAWAL_COOLING_OFF": _("A withdrawal waits until a cooling-off time is over."),
    "WITHDRAWAL_UNDER_REVIEW": _("A person looks at a withdrawal of yours first."),
    "WITHDRAWAL_TRAVEL_RULE_PENDING": _("A withdrawal waits for details of the recipient."),
    "WITHDRAWAL_SENT": _("A withdrawal was sent and waits for the network."),
    "WITHDRAWAL_CONFIRMED": _("A withdrawal has arrived."),
    "WITHDRAWAL_REJECTED": _("A withdrawal was not possible. The amount is back in your wallet."),
    "WITHDRAWAL_CANCELLED": _("A withdrawal was cancelled. The amount is back in your wallet."),
    "WITHDRAWAL_FAILED": _("A withdrawal failed. The amount is back in your wallet."),
    "FACE_FAILED": _(
        "A face check did not pass. One failure has no consequence: try again, or ask for a check "
        "by our staff."
    ),
    "FACE_HELD": _("A person looks at your face check."),
    "FACE_RETRY": _("A face check could not be told. Please try again."),
    "FACE_BY_HAND": _("Our staff will check by hand that it is you."),
    "FACE_ASK_AGAIN": _("Your face check could not be told. Please make another one."),
    "FACE_HAND_APPROVED": _("Our staff have checked that it is you. What waited for this goes on."),
    "FACE_HAND_REJECTED": _("Our staff could not confirm that it is you. Write to support."),
    "IDENTITY_VERIFIED": _("Your identity was verified."),
    "MERCHANT_ACCEPTED": _("You are a merchant now."),
    "MERCHANT_REJECTED": _("Your application as a merchant was not accepted; the margin is back."),
    "MERCHANT_WARNED": _("Your figures have fallen below those of your tier."),
    "MERCHANT_DEMOTED": _("You are no longer a merchant of your tier."),
    "AD_FREED": _("Your ad is back."),
    "AD_CLEARED": _("Your ad was looked at and is online."),
    "AD_SUSPENDED": _("Your ad was suspended. Contact support if you think that is wrong."),
}
