"""How the console says things: verbs for acts, names for codes, a sentence for every term."""

from apps.risk.policy_settings import BANDS
from apps.risk.vocabulary import CHECKPOINTS

#: What somebody did, as the middle of a sentence: "{user} … 2,500 USD".
VERBS = {
    "user.registered": "signed up",
    "signin.succeeded": "signed in",
    "signin.failed": "failed to sign in",
    "security.changed": "changed a security setting",
    "device.registered": "registered a device",
    "account.added": "added a payment account",
    "address.added": "added a crypto address",
    "ad.published": "published an ad",
    "ad.edited": "edited an ad",
    "order.created": "opened an order",
    "order.paid": "marked an order as paid",
    "order.paid_reverted": "took a paid mark back",
    "order.released": "released crypto",
    "order.completed": "completed an order",
    "order.cancelled": "cancelled an order",
    "order.expired": "let an order expire",
    "appeal.opened": "opened an appeal",
    "appeal.decided": "had an appeal decided",
    "chargeback.reported": "was reported for a chargeback",
    "freeze.reported": "was named in a bank freeze",
    "deposit.confirmed": "deposited",
    "withdrawal.requested": "asked to withdraw",
    "withdrawal.completed": "completed a withdrawal",
    "face.passed": "passed a face check",
    "face.failed": "failed a face check",
    "face.held": "made a face check that a human has to see",
    "face.enrolled": "set up their face",
    "rating.given": "rated a partner",
    "user.reported": "reported somebody",
}
#: What staff did, and what the engine did of its own accord.
OUR_VERBS = {
    "restriction.imposed": "was restricted",
    "restriction.lifted": "had a restriction lifted",
    "restriction.expired": "had a restriction end",
    "decision.reviewed": "had a decision reviewed",
    "deed.refused": "tried what is forbidden",
    "case.opened": "got a case",
    "case.taken": "case taken",
    "case.closed": "case closed",
    "face.looked_at": "had the pictures of a face check looked at",
    "face.ruled": "had a face check ruled on",
    "appeal.taken": "appeal taken",
    "appeal.asked": "evidence asked for",
    "appeal.ruled": "appeal decided",
    "appeal.proposed": "decision of an appeal proposed",
    "appeal.approved": "decision of an appeal approved",
    "appeal.sent_back": "decision of an appeal sent back",
    "evidence.judged": "evidence judged",
    "proposal.made": "proposal made",
    "proposal.approved": "proposal approved",
    "proposal.rejected": "proposal rejected",
    "proposal.withdrawn": "proposal withdrawn",
    "list.changed": "list changed",
    "rule.snoozed": "rule silenced",
    "rule.woken": "rule counts again",
    "policy.drafted": "policy drafted",
    "policy.edited": "draft edited",
    "policy.shadowed": "shadow run switched",
    "policy.discarded": "draft discarded",
    "policy.promoted": "policy made live",
    "schedule.paused": "periodic task paused",
    "schedule.resumed": "periodic task resumed",
    "apikey.revoked": "API key ended",
    "withdrawal.proposed": "had a withdrawal proposed for approval",
    "withdrawal.approved": "had a withdrawal approved",
    "withdrawal.rejected": "had a withdrawal rejected",
    "deposit.accepted": "had a deposit accepted",
    "deposit.returned": "had a deposit sent back",
    "pii.read": "personal data read",
    "pack.made": "record of an order made",
    "people.exported": "personal data exported",
    "people.erased": "person erased",
    "identity.verified": "had the identity verified",
    "merchant.applied": "applied as a merchant",
    "merchant.accepted": "became a merchant",
    "merchant.rejected": "was not accepted as a merchant",
    "merchant.demoted": "is no longer a merchant",
    "merchant.left": "left the merchants",
    "margin.returned": "got the margin back",
    "relation.changed": "changed a relation to somebody",
    "price.set": "reference price set",
    "catalogue.changed": "catalogue changed",
}
#: The same deeds in the voice of whoever did them, for the audit log.
DEEDS = {
    "restriction.imposed": "restricted",
    "restriction.lifted": "lifted a restriction",
    "decision.reviewed": "judged a decision",
    "case.opened": "opened a case",
    "case.taken": "took a case",
    "case.closed": "closed a case",
    "face.looked_at": "looked at the pictures of a face check",
    "face.ruled": "ruled on a face check",
    "appeal.taken": "took an appeal",
    "appeal.asked": "asked for evidence",
    "appeal.ruled": "decided an appeal",
    "appeal.proposed": "decided an appeal, for a second person to agree",
    "appeal.approved": "agreed to the decision of an appeal",
    "appeal.sent_back": "sent the decision of an appeal back",
    "appeal.decided": "had an appeal of theirs closed",
    "evidence.judged": "judged a piece of evidence",
    "proposal.made": "proposed",
    "proposal.approved": "approved a proposal",
    "proposal.rejected": "rejected a proposal",
    "proposal.withdrawn": "took a proposal back",
    "list.changed": "changed a list",
    "rule.snoozed": "silenced a rule",
    "rule.woken": "let a rule count again",
    "policy.drafted": "drafted a policy",
    "policy.edited": "edited a draft",
    "policy.shadowed": "switched a shadow run",
    "policy.discarded": "discarded a draft",
    "policy.promoted": "made a policy live",
    "schedule.paused": "paused a periodic task",
    "schedule.resumed": "resumed a periodic task",
    "apikey.revoked": "ended an API key",
    "pii.read": "read personal data",
    "pack.made": "made the record of an order",
    "identity.verified": "recorded a verified identity",
    "merchant.accepted": "accepted a merchant",
    "merchant.rejected": "did not accept a merchant",
    "margin.returned": "returned a margin",
    "price.set": "set a reference price",
    "catalogue.changed": "changed the catalogue",
}
OUTCOMES = {
    "ALLOW": ("Allow", "The act goes through."),
    "LIMIT": ("Limit", "The act goes through up to a cap."),
    "STEP_UP": ("Step-up", "The person is asked for a live face check first."),
    "REVIEW": ("Review", "The act is held until a human has looked."),
    "BLOCK": ("Block", "The act is refused."),
}
#: Partners of a person or thing, by the name of the relation.
LINK_NAMES = {
    "user_devices": "Devices",
    "user_ips": "Network addresses",
    "user_accounts": "Payment accounts",
    "user_addresses": "Crypto addresses",
    "user_cps": "Whose offers were taken",
    "cp_users": "Who took an offer of theirs",
    "device_users": "Users of this device",
    "ip_users": "Users of this address",
    "account_users": "Users of this account",
    "address_users": "Users of this address",
}
#: The checkpoints in a narrow column.
SHORT_CHECKPOINTS = {
    "CPL": "Sign-in",
    "CP0": "Ad",
    "CP1": "Order",
    "CP2": "Paid mark",
    "CP3": "Release",
    "CP4": "Appeal",
    "CP5": "Withdrawal",
    "CP6": "Face",
}
#: What each band of the score is called.
BAND_NAMES = tuple(name.capitalize() for name in BANDS)
KINDS_OF_ENTITY = {
    "user": ("User", "A person, under the reference that the exchange uses."),
    "device": ("Device", "A browser or app on one machine."),
    "ip": ("IP address", "The network address that a request came from."),
    "subnet": ("Subnet", "The /24 (IPv4) or /48 (IPv6) around an address."),
    "account": (
        "Payment account",
        "A bank account, card or wallet. Its number is never stored: what you see is the beginning "
        "of a keyed fingerprint, equal for equal numbers.",
    ),
    "address": ("Crypto address", "A deposit or withdrawal address on a chain."),
    "pair": ("Pair", "Two users who deal with each other."),
    "client": ("Integrator", "An exchange that asks us for decisions."),
}
TERMS = {
    "score": "0 to 1000. The points of every rule that hit, combined as independent chances that "
    "something is wrong: it grows with each, and never passes 1000.",
    "band": "A name for a range of scores: " + ", ".join(BAND_NAMES).lower() + ".",
    "standing": "The user's dynamic risk score: each decision moves it, quiet time lets it fall.",
    "checkpoint": "The moment in the life of an account or order at which an act is judged.",
    "degraded": "The engine could not judge; the checkpoint's fail-safe answered instead.",
    "drawn": "Picked at random for a face check. The odds grow with the score, so that nobody can "
    "learn to stay just below a threshold.",
    "took": "How long the engine took, without network and database commit.",
    "p50": "Half of all decisions took less than this.",
    "p99": "Ninety-nine of a hundred decisions took less than this.",
    "shadow": "A draft policy judges the same acts beside the live one, without consequences.",
    "hops": "Links on the shortest path to somebody banned, over shared devices, payment accounts "
    "or addresses. One shared device makes two links.",
    "percentile": "How many of the user's own last decisions had a smaller value. 50 is usual.",
    "median": "The middle of the user's own last decisions.",
    "unknown": "A value was missing, so the rule could say neither yes nor no. It counts nothing.",
    "snoozed": "Staff silenced the rule for some hours: it is evaluated and shown, and counts "
    "nothing.",
    "error": "The rule could not be evaluated. It counts nothing, and the log says why.",
    "hard": "Forces its outcome whatever the score, and no face check opens the way.",
    "typology": "The kind of crime that the rule is about.",
    "signal": "The rule's number in the signal catalogue.",
    "weight": "The reason's share of the score.",
    "forces": "The rule demands at least this outcome, whatever the score.",
    "feature_set": "The version of the feature registry whose values were stored.",
    "seal": "Events are sealed in a chain, so that a change of history would be noticed.",
    "blind_index": "The beginning of a keyed fingerprint: equal for equal numbers, and of no use "
    "to find the number.",
    "ladder": "Repeated offences climb the policy's ladder: warning, limit, suspension, ban.",
    "four_eyes": "One person proposes, another one approves. The database refuses the same person.",
    "points": "Chances in a thousand that something is wrong when this rule alone hits.",
    "superseded": "Staff have judged this since.",
    "uuid7": "Ids contain the time of their making, so they sort by time.",
}
TYPOLOGIES = {
    "TP": "Third-party payment, triangulation: somebody else's money pays the seller.",
    "TR": "Triangle: two orders, one payment.",
    "CB": "Chargeback, recall, friendly fraud.",
    "FR": "Fake receipt, fake message, fake support.",
    "ATO": "Account takeover, SIM swap, phishing.",
    "MM": "Money mule.",
    "ST": "Structuring: amounts kept just below a limit.",
    "DM": "Dirty money that freezes the seller's account.",
    "WT": "Wash trading, farming of rank and rewards.",
    "BE": "Ban evasion.",
    "PB": "Pig butchering: a coached victim buys for a swindler.",
    "AP": "Address poisoning: an address that looks like a known one.",
    "MI": "Impersonation, or a lure off the platform.",
    "CO": "Coercion to release.",
}
FAMILIES = {
    "login": "Sign-in",
    "device": "Device",
    "history": "Transaction history",
    "counterparty": "Counterparty",
    "reputation": "Reputation",
    "payment": "Payment account",
    "network": "Network",
    "links": "Links",
    "timing": "Timing and behaviour",
}


def verb_of(kind: str) -> str:
    """Return the words for a kind of event; the kind itself when nobody named it."""
    return VERBS.get(kind) or OUR_VERBS.get(kind) or kind.replace(".", " ").replace("_", " ")


def deed_of(kind: str) -> str:
    """Return the words for what a member of staff did."""
    return DEEDS.get(kind) or verb_of(kind)


def checkpoint_name(code: str) -> str:
    """Return "Order" for "CP1"; staff act at no checkpoint."""
    return CHECKPOINTS.get(code, "By staff")


def family_name(family: str) -> str:
    """Return a family of features as a heading."""
    return FAMILIES.get(family, family.capitalize())


def typology_name(codes: str) -> str:
    """Return what the codes of a rule's typology mean: "ATO, BE" → two sentences."""
    parts = [part.strip() for part in codes.replace("/", ",").replace(";", ",").split(",")]
    return " ".join(TYPOLOGIES.get(part, part) for part in parts if part)
