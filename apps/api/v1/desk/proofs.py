"""What a person shows when the engine asks for more."""

from typing import Any

from django.http import HttpResponseBase
from drf_spectacular.utils import extend_schema
from rest_framework import serializers as s
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.v1.desk.base import DeskView, deed
from apps.flows import proofs
from apps.users import second_factor


class ProvenOut(s.Serializer):
    orders = s.ListField(child=s.UUIDField(), help_text="They went on because of it.")


class Proofs(DeskView):
    """A second factor shown again within minutes lifts what waits for a proof of yours."""

    @extend_schema(
        operation_id="prove",
        summary="Let what waits for a proof go on",
        description="First confirm with your second factor, at the address that 403 "
        "CONFIRM_IDENTITY names in `confirm`; a password is no second factor.",
        request=None,
        responses=ProvenOut,
    )
    @deed
    def post(self, request: Request) -> HttpResponseBase:
        shown = second_factor.was_used(
            session=self.session, user=self.actor, within=second_factor.RECENT
        )
        proven = proofs.by_second_factor(user=self.actor, confirmed=shown, at=self.at)
        told: dict[str, Any] = {"orders": [str(order.pk) for order in proven.orders]}
        return Response(told)
