"""What is forbidden to an integrator's own users and devices, and lifting it."""

from typing import Any
from uuid import UUID

from django.db.models import Q
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api import access
from apps.api.v1.base import IntegratorView, NewestFirst, checked, client_of
from apps.api.v1.serializers import LiftIn, RestrictionOut, RestrictionsQuery
from apps.core import clock
from apps.core.idempotency import idempotent
from apps.core.ids import entity_id
from apps.flows import integrators
from apps.flows.public_event import moment, subject_words
from apps.restrictions.models import Restriction
from apps.users.models import Scope


def restriction_words(one: Restriction) -> dict[str, Any]:
    """A restriction as its integrator is told of it."""
    return {
        "id": str(one.pk),
        "subject": subject_words(one.subject),
        "ability": one.ability,
        "kind": one.kind,
        "cap_usd": None if one.cap_usd is None else f"{one.cap_usd:f}",
        "until": moment(one.until),
        "lifts_by": one.lifts_by,
        "reason": one.reason,
        "user_message": one.user_sentence,
        "decision_id": one.cause and str(one.cause),
        "imposed_at": moment(one.imposed_at),
        "lifted_at": moment(one.lifted_at),
        "lifted_for": one.lifted_for,
    }


class Restrictions(IntegratorView):
    """Needs the scope restrictions:read. Payment accounts and addresses are shared by all
    integrators: what is forbidden to them is not listed.
    """

    scopes = {"GET": Scope.RESTRICTIONS_READ}
    pagination_class = NewestFirst

    @extend_schema(
        operation_id="list_restrictions",
        summary="Restrictions on your users and devices, newest first",
        parameters=[RestrictionsQuery],
        responses=RestrictionOut(many=True),
    )
    def get(self, request: Request) -> Response:
        wanted = checked(RestrictionsQuery(data=request.query_params.dict()), closed=False)
        found = access.restrictions(self.client)
        if user := wanted.get("user"):
            found = found.filter(subject=entity_id(kind="user", scope=self.client.slug, ref=user))
        at = clock.now()
        in_force = Q(lifted_at=None) & (Q(until=None) | Q(until__gt=at))
        if wanted["state"] != "all":
            found = found.filter(in_force if wanted["state"] == "live" else ~in_force)
        pages = NewestFirst()
        page = pages.paginate_queryset(found, request, view=self) or []
        return pages.get_paginated_response([restriction_words(one) for one in page])


class Lift(IntegratorView):
    """Needs the scope restrictions:write. A ban takes two people of ours to lift: 409."""

    scopes = {"POST": Scope.RESTRICTIONS_WRITE}

    @extend_schema(
        operation_id="lift_restriction",
        summary="Lift a restriction on one of your users or devices",
        request=LiftIn,
        responses=RestrictionOut,
    )
    @idempotent(actor=client_of)
    def post(self, request: Request, id: UUID) -> Response:
        said = checked(LiftIn(data=request.data))
        restriction = integrators.lift(
            restriction=access.restriction(self.client, id),
            client=self.party,
            reason=said["reason"],
            at=clock.now(),
        )
        return Response(restriction_words(restriction))
