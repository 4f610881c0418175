"""Oneself: profile, limits, what is forbidden and why, devices, sessions."""

import json
from typing import Any

from allauth.usersessions.models import UserSession
from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers as s
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.v1.desk.base import DeskView, polled
from apps.api.v1.desk.standing import LimitOut, MyRestrictionOut, limit_words, restriction_words
from apps.devices import queries as known_devices
from apps.devices import submission
from apps.devices.models import Platform
from apps.flows import devices, own_limits
from apps.flows.public_event import moment
from apps.flows.request_facts import DEVICE_HEADER
from apps.restrictions import queries as restrictions
from apps.trades.models import Notice
from apps.trades.queries import people
from apps.users import second_factor

CREATED = 201


class MeOut(s.Serializer):
    id = s.UUIDField()
    email = s.EmailField()
    nickname = s.CharField()
    legal_name = s.CharField(allow_null=True, help_text="The verified one.")
    kyc_level = s.IntegerField(min_value=0, max_value=3)
    kyc_country = s.CharField()
    locale = s.CharField()
    timezone = s.CharField()
    tier = s.CharField()
    joined_at = s.DateTimeField()
    has_second_factor = s.BooleanField()
    confirmed = s.BooleanField(help_text="You showed who you are in the last five minutes.")
    unread_notices = s.IntegerField()


class MyDeviceIn(s.Serializer):
    platform = s.ChoiceField(choices=Platform.values)
    attributes = s.DictField(required=False, help_text="See docs/devices.md.")
    abilities = s.DictField(child=s.BooleanField(), required=False)
    integrity = s.DictField(child=s.BooleanField(), required=False)
    attestation = s.DictField(required=False)


class MyDeviceOut(s.Serializer):
    id = s.UUIDField()
    platform = s.ChoiceField(choices=Platform.values)
    first_seen_at = s.DateTimeField()
    last_seen_at = s.DateTimeField()


class MyNewDeviceOut(MyDeviceOut):
    token = s.CharField(
        allow_null=True,
        help_text=f"Send it as {DEVICE_HEADER} from now on. null: the device keeps the one it has.",
    )


class SessionOut(s.Serializer):
    id = s.IntegerField(help_text="End it with DELETE /_allauth/app/v1/auth/sessions.")
    ip = s.CharField()
    user_agent = s.CharField()
    created_at = s.DateTimeField()
    is_current = s.BooleanField()


class Me(DeskView):
    """Who you are to the desk."""

    @extend_schema(operation_id="read_me", summary="Your profile", responses=MeOut)
    def get(self, request: Request) -> HttpResponse:
        me = self.actor
        return polled(
            request,
            {
                "id": str(me.pk),
                "email": me.email,
                "nickname": me.nickname,
                "legal_name": me.legal_name,
                "kyc_level": me.kyc_level,
                "kyc_country": me.kyc_country,
                "locale": me.locale,
                "timezone": me.timezone,
                "tier": people.tier_of(me).code,
                "joined_at": moment(me.date_joined),
                "has_second_factor": second_factor.is_set_up(me),
                "confirmed": self.confirmed,
                "unread_notices": Notice.objects.filter(user=me, read_at=None).count(),
            },
        )


class Limits(DeskView):
    """How much you may trade, and why."""

    @extend_schema(
        operation_id="read_limits",
        summary="Everything that bounds you now, each with its reason and its end",
        responses=LimitOut(many=True),
    )
    def get(self, request: Request) -> HttpResponse:
        return polled(
            request, [limit_words(one) for one in own_limits.limits_of(self.actor, at=self.at)]
        )


class MyRestrictions(DeskView):
    """What you may not do at present."""

    @extend_schema(
        operation_id="list_my_restrictions",
        summary="What is forbidden, held or asked of you, with the reason and the end",
        responses=MyRestrictionOut(many=True),
    )
    def get(self, request: Request) -> HttpResponse:
        live = restrictions.live(subject=self.actor.entity_id, at=self.at).order_by("-id")
        return polled(request, [restriction_words(one) for one in live])


class Devices(DeskView):
    """The devices with which you were seen."""

    max_body = 4 * submission.MOST_BYTES

    @extend_schema(
        operation_id="list_my_devices", summary="Your devices", responses=MyDeviceOut(many=True)
    )
    def get(self, request: Request) -> HttpResponse:
        found = known_devices.devices_of(user_entity=self.actor.entity_id)
        return polled(request, [_device(one) for one in found])

    @extend_schema(
        operation_id="register_my_device",
        summary="Say which device this is",
        description=f"Once after signing in, and after an update of the app; with {DEVICE_HEADER} "
        "if the device has a token already. Unknown devices are asked for more proofs.",
        request=MyDeviceIn,
        responses={200: MyNewDeviceOut, 201: MyNewDeviceOut},
    )
    def post(self, request: Request) -> Response:
        registration = devices.register(
            said=submission.read(json.dumps(self.said(MyDeviceIn)).encode()),
            presented_token=request.headers.get(DEVICE_HEADER),
            user=self.actor,
            request_facts=self.facts,
            at=self.at,
        )
        told = _device(registration.device) | {"token": registration.token}
        return Response(told, status=CREATED if registration.is_new else 200)


class Sessions(DeskView):
    """Where you are signed in."""

    @extend_schema(
        operation_id="list_my_sessions",
        summary="Browsers and apps that are signed in",
        responses=SessionOut(many=True),
    )
    def get(self, request: Request) -> HttpResponse:
        found = UserSession.objects.filter(user=self.actor).order_by("-created_at")
        here = self.session.session_key
        return polled(
            request,
            [
                {
                    "id": one.pk,
                    "ip": one.ip,
                    "user_agent": one.user_agent,
                    "created_at": moment(one.created_at),
                    "is_current": one.session_key == here,
                }
                for one in found
                if one.exists()
            ],
        )


def _device(one: Any) -> dict[str, Any]:
    return {
        "id": str(one.pk),
        "platform": one.platform,
        "first_seen_at": moment(one.first_seen_at),
        "last_seen_at": moment(one.last_seen_at),
    }
