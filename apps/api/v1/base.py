"""What the views for integrators share: their key, its scopes, its rate, and one shape of lists."""

from collections.abc import Mapping
from typing import Any

from rest_framework.exceptions import ValidationError
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request
from rest_framework.serializers import BaseSerializer
from rest_framework.views import APIView

from apps.api.keys import ApiKeyAuthentication, HasScope, party_of
from apps.api.strict_json import StrictJSONParser
from apps.core.problems import request_id
from apps.core.throttle import BucketThrottle
from apps.events.act import Party
from apps.users.queries import AuthenticatedClient

LONGEST_NAME, MOST_NAMES = 60, 40


class KeyThrottle(BucketThrottle):
    """One bucket per API key."""

    scope = "integrators"

    def key(self, request: Any) -> str:
        return f"{self.scope}:{request.user.pk}"


class IntegratorView(APIView):
    """A view for integrators: `scopes` names what a key needs for each method."""

    authentication_classes = [ApiKeyAuthentication]
    permission_classes = [HasScope]
    throttle_classes = [KeyThrottle]
    parser_classes = [StrictJSONParser]
    scopes: Mapping[str, str] = {}

    @property
    def client(self) -> AuthenticatedClient:
        """The caller."""
        auth = self.request.auth
        assert isinstance(auth, AuthenticatedClient)
        return auth

    @property
    def party(self) -> Party:
        """The caller as an entity."""
        return party_of(self.client)

    @property
    def request_id(self) -> str:
        """What the event log keeps of the request's id."""
        return request_id(self.request)[:64]


class NewestFirst(CursorPagination):
    """A page of rows by their time-ordered ids; `next` and `previous` are whole addresses."""

    ordering = "-id"
    page_size = 50
    page_size_query_param = "limit"
    max_page_size = 200

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        address = {"type": ["string", "null"], "format": "uri"}
        return {
            "type": "object",
            "required": ["next", "previous", "results"],
            "properties": {"next": address, "previous": address, "results": schema},
        }


def client_of(request: Request) -> str:
    """Whose idempotency keys these are: the integrator's; they outlive a rotated API key."""
    assert isinstance(request.auth, AuthenticatedClient)
    return f"client:{request.auth.slug}"


def checked(serializer: BaseSerializer[Any], *, closed: bool = True) -> dict[str, Any]:
    """The validated data, or 422 field by field; `closed` refuses what it doesn't know."""
    valid = serializer.is_valid()
    wrong: dict[str, Any] = dict(serializer.errors)
    if closed and isinstance(serializer.initial_data, Mapping):
        for name in list(serializer.initial_data)[:MOST_NAMES]:
            if name not in serializer.fields:  # type: ignore[attr-defined]
                wrong[str(name)[:LONGEST_NAME]] = ["This field is not known."]
    if not valid or wrong:
        fault = ValidationError(wrong)
        fault.status_code = 422
        raise fault
    data: dict[str, Any] = serializer.validated_data
    return data
