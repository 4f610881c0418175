"""POST /devices: an integrator's server registers a device of one of its users."""

import json
from typing import Any

from django.http import HttpResponseBase
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.act_body import REF
from apps.api.v1.base import IntegratorView, checked, client_of
from apps.api.v1.serializers import DeviceIn, DeviceOut
from apps.core import clock
from apps.core.errors import Refused
from apps.core.idempotency import idempotent
from apps.devices import queries, submission
from apps.events.act import Party
from apps.flows import integrators
from apps.users.models import Scope

CREATED = 201


class Devices(IntegratorView):
    """Needs the scope devices:write. An attestation in it counts as verified by your server."""

    scopes = {"POST": Scope.DEVICES_WRITE}
    max_body = 4 * submission.MOST_BYTES

    @extend_schema(
        operation_id="register_device",
        summary="Register or recognise a device",
        request=DeviceIn,
        responses={200: DeviceOut, 201: DeviceOut},
    )
    def post(self, request: Request) -> HttpResponseBase:
        response = self._register(request)
        # The token is never kept for a replay: it would stand there in the clear.
        if isinstance(response, Response):
            response.data["token"] = getattr(self, "token", None)
        return response

    @idempotent(actor=client_of)
    def _register(self, request: Request) -> Response:
        given: Any = request.data
        said: dict[str, Any] = checked(DeviceIn(data=given))
        user, ip = said.pop("user", None), said.pop("ip", None)
        if user is not None and not REF.fullmatch(user):
            raise Refused(
                "VALIDATION_FAILED", 422, "Some fields need attention.", {"user": ["A reference."]}
            )
        at = clock.now()
        registration = integrators.register_device(
            client=self.party,
            said=submission.read(
                json.dumps({name: given[name] for name in said}).encode(),
                verified_by=self.client.slug,
            ),
            user=Party("user", self.client.slug, user) if user is not None else None,
            ip=ip,
            at=at,
        )
        self.token = registration.token
        answer = {
            "device_id": str(registration.device.pk),
            "token": None,
            "is_new": registration.is_new,
            "matched_by": registration.matched_by,
            "similarity": registration.similarity,
            "suspicion": registration.suspicion,
            "signals": queries.signals_of(device=registration.device, at=at),
        }
        return Response(answer, status=CREATED if registration.is_new else 200)
