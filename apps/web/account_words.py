"""What the wallet, the account and the public pages call things, in the reader's language."""

from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

#: Lines of a statement, by the kind of the ledger's entry.
ENTRIES = {
    "J0_RESERVE": _("Reserved for an ad"),
    "J0_UNRESERVE": _("Back from an ad"),
    "J1_HOLD": _("Into the escrow of an order"),
    "J2_RELEASE": _("Bought"),
    "J3_RETURN": _("Back from escrow"),
    "J4_SPLIT": _("Escrow divided"),
    "J5_FREEZE": _("Frozen"),
    "J5_UNFREEZE": _("No longer frozen"),
    "J6_SEIZE": _("Seized by an authority"),
    "J7_RECOVER_HOLD": _("Held until a claim is decided"),
    "J7_RECOVER": _("Recovered for you"),
    "J7_RECOVER_RETURN": _("Claim ended: back to you"),
    "J8_MARGIN_POST": _("Margin posted"),
    "J8_MARGIN_RETURN": _("Margin returned"),
    "J8_SLASH": _("Paid from a margin"),
    "J9_REQUEST": _("Withdrawal"),
    "J9_BROADCAST": _("Withdrawal sent"),
    "J9_RETURN": _("Withdrawal that did not leave"),
    "DEPOSIT": _("Deposit arrived"),
    "DEPOSIT_CLEAR": _("Deposit"),
    "DEPOSIT_RETURN": _("Deposit sent back"),
    "CORRECTION": _("Correction"),
}
WITHDRAWAL_STATES = {
    "REQUESTED": _("Requested"),
    "SCREENING": _("Address is being checked"),
    "CHALLENGED": _("Waits for your proof"),
    "COOLING_OFF": _("Cooling off"),
    "UNDER_REVIEW": _("A person looks at it"),
    "TRAVEL_RULE_PENDING": _("Waits for details of the recipient"),
    "APPROVED": _("Approved"),
    "PROCESSING": _("Being sent"),
    "BROADCAST": _("Sent, waits for the network"),
    "CONFIRMED": _("Arrived"),
    "REJECTED": _("Not possible"),
    "CANCELLED": _("Cancelled"),
    "FAILED": _("Failed: the amount is back in your wallet"),
}
#: Why a withdrawal waits or ended, by the reason of its step.
WITHDRAWAL_REASONS = {
    "PROOF_NEEDED": _("Show that it is you; then it goes on by itself."),
    "HELD": _("A person of ours looks at it first, usually within a day."),
    "SECOND_PAIR": _("An amount of this size is looked at by two of our people."),
    "NEW_ADDRESS": _("The address is new: it cools off first."),
    "DETAILS_NEEDED": _("The law wants to know who sends and who receives this."),
    "SCREENING": _("The address is checked against public lists."),
    "SCREENING_FAILED": _("The address could not be checked automatically: a person does it."),
    "SCREENING_LATE": _("The check of the address took too long: a person goes on with it."),
    "SCREENING_HIT": _("A person of ours has to look at the address."),
    "CLEARED": _("Everything is in order."),
    "RISK": _("Our risk control did not allow it. Contact support if you think that is wrong."),
    "CHECK_LATE": _("You did not show who you are in time. You may ask again."),
    "CHECK_FAILED": _("The face check failed. Contact support if you think that is wrong."),
    "DETAILS_LATE": _("The details were not given in time. You may ask again."),
    "NOT_JUDGED": _("It could not be checked. You may ask again."),
    "CANCELLED": _("You took it back."),
    "STAFF": _("A person of ours looked at it and could not let it go. Contact support."),
    "SECURITY": _("Your sign-in was changed lately: for your safety, withdrawals rest."),
    "BLOCKED": _("Our risk control did not allow it. Contact support if you think that is wrong."),
}
DEPOSIT_STATES = {
    "DETECTED": _("Seen, waits for confirmations"),
    "QUARANTINED": _("Being checked"),
    "CREDITED": _("In your wallet"),
    "RETURNED": _("Sent back"),
    "DROPPED": _("Vanished from the network"),
}
FACE_PURPOSES = {
    "ENROL": _("Set up"),
    "RENEW": _("Taken anew"),
    "VERIFY": _("Proof of who you are"),
}
FACE_OUTCOMES = {
    "PASS": _("Passed"),
    "RETRY": _("Could not be told"),
    "REVIEW": _("With our staff"),
    "FAIL": _("Did not pass"),
}
ABILITIES = {
    "all": _("Everything"),
    "login": _("Sign in"),
    "post_ad": _("Post ads"),
    "take_buy": _("Buy"),
    "take_sell": _("Sell"),
    "release": _("Release crypto"),
    "proceed": _("Go on with an order"),
    "withdraw": _("Withdraw"),
    "add_account": _("Add payment accounts"),
    "add_address": _("Add addresses"),
}
#: What a restriction of each kind means for the ability.
KINDS = {
    "WARN": _("warning"),
    "CAP": _("up to an amount"),
    "STEP_UP": _("after a proof"),
    "HOLD": _("waits for a person"),
    "DENY": _("not possible"),
}
#: What a person did, as the head of a line about it.
ACTS = {
    "user.registered": _("You signed up"),
    "signin.succeeded": _("You signed in"),
    "signin.failed": _("Somebody tried to sign in as you"),
    "security.changed": _("Your sign-in was changed"),
    "device.registered": _("A new device"),
    "account.added": _("You added a payment account"),
    "address.added": _("You added an address"),
    "ad.published": _("You posted an ad"),
    "ad.edited": _("You edited an ad"),
    "order.created": _("You opened an order"),
    "order.paid": _("You marked an order as paid"),
    "order.released": _("You released crypto"),
    "appeal.opened": _("You opened an appeal"),
    "withdrawal.requested": _("You asked to withdraw"),
    "face.passed": _("You passed a face check"),
    "face.failed": _("A face check did not pass"),
    "face.held": _("A face check that a person looks at"),
    "face.enrolled": _("You set up your face"),
}
OUTCOMES = {
    "LIMIT": _("Limited"),
    "STEP_UP": _("Asked for a proof"),
    "REVIEW": _("Held"),
    "BLOCK": _("Not possible"),
}
REVERSALS = {
    "NONE": _("final"),
    "RECALL": _("can be recalled through the bank"),
    "CHARGEBACK": _("can be charged back"),
}
PLATFORMS = {
    "WEB": _("Web browser"),
    "IOS": _("iPhone or iPad"),
    "ANDROID": _("Android"),
    "OTHER": _("Another device"),
}
TIER_CONDITIONS = {
    "KYC": _("Verification level %(n)s"),
    "AGE": _("An account that is %(n)s days old"),
    "ORDERS": _("%(n)s completed orders"),
    "COMPLETION": _("%(n)s of the orders of 30 days completed"),
    "PARTNERS": _("Orders with %(n)s different people"),
}
CATEGORIES = {
    "OFF_PLATFORM": _("Wanted to deal outside of the desk"),
    "THREATS": _("Threats or insults"),
    "POSES_AS_SUPPORT": _("Pretended to be the desk's support"),
    "FAKE_PAYMENT": _("Pretended to have paid"),
    "EXTRA_FEES": _("Asked for more than was agreed"),
    "STOLEN_ACCOUNT": _("Seems not to be the owner of the account"),
    "OTHER": _("Something else"),
}
#: Browsers by what the request facts call them, for lists of sessions and devices.
BROWSERS = (
    ("Edg", "Edge"),
    ("OPR", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("YaBrowser", "Yandex"),
    ("Firefox", "Firefox"),
    ("FxiOS", "Firefox"),
    ("Chrome", "Chrome"),
    ("CriOS", "Chrome"),
    ("Safari", "Safari"),
)
SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS", "macOS"),
    ("Linux", "Linux"),
)


def word(words: dict[str, Any], code: str) -> str:
    """What a code is called; the code itself where nobody named it."""
    return str(words.get(code, code))


def withdrawal_reason(code: str) -> str:
    """Why a withdrawal waits or ended; nothing for codes that say nothing to its owner."""
    if code.endswith(("_ADDED", "_CHANGED", "_REMOVED")):
        code = "SECURITY"
    return str(WITHDRAWAL_REASONS.get(code, ""))


def browser(user_agent: str) -> str:
    """A browser and its system as people call them: Firefox, Windows."""
    name = next((name for mark, name in BROWSERS if mark in user_agent), "")
    system = next((name for mark, name in SYSTEMS if mark in user_agent), "")
    return ", ".join(part for part in (name, system) if part) or gettext("Unknown browser or app")
