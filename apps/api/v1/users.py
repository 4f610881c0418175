"""GET /users/{ref}/risk: where a user stands, and what moved them there."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api import access, standing
from apps.api.v1.base import IntegratorView
from apps.api.v1.restrictions import restriction_words
from apps.api.v1.serializers import PersonRiskOut
from apps.core import clock
from apps.flows.public_event import moment
from apps.restrictions import queries
from apps.users.models import Scope

MOVES = 20


class UserRisk(IntegratorView):
    """Needs the scope users:read. The score decays by itself while nothing happens."""

    scopes = {"GET": Scope.USERS_READ}

    @extend_schema(
        operation_id="read_user_risk",
        summary="A user's risk score, its trend and the restrictions in force",
        parameters=[OpenApiParameter("ref", OpenApiTypes.STR, OpenApiParameter.PATH)],
        responses=PersonRiskOut,
    )
    def get(self, request: Request, ref: str) -> Response:
        at = clock.now()
        person = access.person(self.client, ref)
        settings = standing.live_settings()
        value = standing.value_of(user=person.pk, settings=settings, at=at)
        live = queries.live(subject=person.pk, at=at).select_related("subject").order_by("-id")
        return Response(
            {
                "user": ref,
                "value": value,
                "band": standing.band_of(value, settings),
                "as_of": moment(at),
                "trend": [_move(one) for one in standing.moves(user=person.pk, most=MOVES)],
                "restrictions": [restriction_words(one) for one in live],
            }
        )


def _move(one: standing.Moved) -> dict[str, Any]:
    return {
        "at": moment(one.at),
        "value": one.value,
        "moved": one.moved,
        "kind": one.kind,
        "decision_id": one.decision and str(one.decision),
        "reasons": list(one.reasons),
    }
