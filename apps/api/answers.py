"""The JSON of a decision: the same from the hot endpoint, when it is replayed, and when read."""

from typing import Any

from apps.flows.decisions import Answer, Imposed
from apps.flows.public_event import moment


def decision(answer: Answer) -> dict[str, Any]:
    """A decision as its integrator gets it."""
    id = str(answer.id)
    known = not answer.degraded
    return {
        "decision_id": id,
        # The engine's decision of an event carries the event's own id.
        "event_id": id,
        "outcome": answer.outcome,
        "score": answer.score,
        "band": answer.band,
        "reasons": [
            {"code": why.code, "share": why.share, "sentence": why.sentence}
            for why in answer.reasons
        ],
        "user_message": answer.user_message,
        "restrictions": [imposed(one) for one in answer.restrictions],
        "step_up": {"required": answer.outcome == "STEP_UP", "random": answer.drawn},
        # Without the engine nobody knows where the user stands.
        "user_risk": {
            "value": answer.standing if known else None,
            "moved": answer.moved if known else None,
        },
        "degraded": answer.degraded,
        "policy_version": answer.policy,
        "feature_set": answer.feature_set,
        "took_ms": answer.took_us / 1000,
    }


def imposed(one: Imposed) -> dict[str, Any]:
    """What a decision forbade."""
    return {
        "on": one.on,
        "ability": one.ability,
        "kind": one.kind,
        "until": moment(one.until),
        "cap_usd": one.cap_usd,
    }
