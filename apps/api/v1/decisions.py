"""GET /decisions/{id}: a decision with everything it rests on."""

import math
from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api import access, answers
from apps.api.v1.base import IntegratorView
from apps.api.v1.serializers import WholeDecisionOut
from apps.flows import decisions
from apps.flows.public_event import moment, roles_of, words_of
from apps.risk.models import Decision, FeatureSet, Rule
from apps.risk.rules import State
from apps.users.models import Scope

# What single precision keeps of a number.
DIGITS = 7


class OneDecision(IntegratorView):
    """Needs the scope decisions:read."""

    scopes = {"GET": Scope.DECISIONS_READ}

    @extend_schema(
        operation_id="read_decision",
        summary="A decision with its features, rules and reviews",
        responses=WholeDecisionOut,
    )
    def get(self, request: Request, id: UUID) -> Response:
        event, decision = access.judged_event(self.client, id)
        answer = decisions.recall(decision, roles=roles_of(event))
        whole = answers.decision(answer) | {
            "at": moment(decision.at),
            "checkpoint": decision.checkpoint,
            "act": words_of(event),
            "features": _features(decision),
            "rules": _rules(decision),
            "reviews": [_review(one) for one in access.superseding(decision)],
        }
        return Response(whole)


def _features(decision: Decision) -> dict[str, float | None]:
    names = FeatureSet.objects.get(pk=decision.feature_set).names if decision.values else []
    return {name: _number(value) for name, value in zip(names, decision.values, strict=bool(names))}


def _number(value: float | None) -> float | None:
    if value is None or not math.isfinite(value):
        return None
    return float(f"{value:.{DIGITS}g}")


def _rules(decision: Decision) -> dict[str, str]:
    states = bytes(decision.hits)
    if not states:
        return {}
    # In the order in which the policy was compiled.
    rules = Rule.objects.filter(policy=decision.policy).order_by("position", "code")
    codes = [rule.code for rule in rules if decision.checkpoint in rule.checkpoints]
    return {code: State(state).name for code, state in zip(codes, states, strict=True)}


def _review(one: Decision) -> dict[str, Any]:
    return {
        "decision_id": str(one.pk),
        "outcome": one.outcome,
        "reasons": one.reasons,
        "at": moment(one.at),
    }
