"""What a verdict says in words: to the analyst everything, to the user what helps and no more."""

from collections.abc import Iterable

from apps.risk.policy import CompiledPolicy, Verdict

#: Reasons that no rule of a policy carries: (analyst, user).
OWN: dict[str, tuple[str, str]] = {
    "RANDOM_CHECK": (
        "Drawn for a random face check, with odds that grow with the score.",
        "We ask now and then for a proof that it is you. It takes a few seconds.",
    ),
    "RESTRICTED": (
        "A restriction already in force on one of the act's own entities covers this act.",
        "This is limited on your account at present. Contact support if you think that is wrong.",
    ),
    "OVER_CAP": (
        "The amount lies above the cap in force.",
        "This amount is above your present limit.",
    ),
    "OVER_NEW_CAP": (
        "The amount lies above the cap that this act itself brings about.",
        "For this amount we need a proof that it is you at present.",
    ),
    "COUNTERPARTY_RESTRICTED": (
        "The counterparty is held or banned.",
        "This trade is not possible at the moment. Please choose another offer.",
    ),
    "OVER_LIMIT": (
        "The amount, or the day's sum with it, lies above the policy's limit for this checkpoint.",
        "Amounts of this size are checked by a person first. You need not do anything.",
    ),
    "ENGINE_FAULT": (
        "The engine could not judge; the checkpoint's fail-safe decided. The log has the fault.",
        "We could not complete an automatic check. A person will look at it shortly.",
    ),
}
_ALLOWED = "Everything is in order."
_GENERAL = "This needs a check on our side. Contact support if it takes longer than a day."


def for_user(policy: CompiledPolicy | None, verdict: Verdict) -> str:
    """Return the sentence for the user: that of the reason that weighs most for this outcome."""
    codes = (reason.code for reason in verdict.reasons)
    return told_user(policy, outcome=verdict.outcome, reasons=codes)


def told_user(policy: CompiledPolicy | None, *, outcome: str, reasons: Iterable[str]) -> str:
    """Return the sentence for the user of a kept decision: reason codes, the weightiest first."""
    if outcome == "ALLOW":
        return _ALLOWED
    sentences = {r.code: r.user_sentence for r in policy.rules} if policy else {}
    for code in reasons:
        sentence = sentences.get(code) or OWN.get(code, ("", ""))[1]
        if sentence:
            return sentence
    return _GENERAL


def for_subject(policy: CompiledPolicy | None, verdict: Verdict, reason: str) -> str:
    """Return what a restriction tells whom it falls on: its own rule's words, or the verdict's."""
    for rule in policy.rules if policy else ():
        if rule.code == reason:
            return rule.user_sentence
    return for_user(policy, verdict)


def for_analyst(policy: CompiledPolicy | None, code: str) -> str:
    """Return the sentence for the analyst of one reason code."""
    if policy:
        for rule in policy.rules:
            if rule.code == code:
                return rule.analyst_sentence
    return OWN.get(code, (code, ""))[0]
