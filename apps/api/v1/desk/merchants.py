"""Being a merchant: apply, say something about oneself, margin, leave."""

from typing import Any

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers as s
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.v1.desk.base import DeskView, deed, polled
from apps.core.errors import Refused
from apps.flows import merchants
from apps.flows.public_event import moment
from apps.trades.models import MerchantProfile, MerchantState


class ProfileIn(s.Serializer):
    headline = s.CharField(max_length=160, allow_blank=True)
    opens_at = s.TimeField(required=False, allow_null=True, default=None)
    closes_at = s.TimeField(required=False, allow_null=True, default=None)


class ApplyIn(ProfileIn):
    tier = s.CharField(max_length=12, help_text="A code of the rules.")


class MerchantOut(s.Serializer):
    tier = s.CharField()
    state = s.ChoiceField(choices=MerchantState.choices)
    applies_for = s.CharField(allow_null=True)
    headline = s.CharField()
    opens_at = s.TimeField(allow_null=True)
    closes_at = s.TimeField(allow_null=True)
    applied_at = s.DateTimeField()
    since = s.DateTimeField(allow_null=True)
    ended_at = s.DateTimeField(allow_null=True)
    reason = s.CharField(help_text="Why it ended or was not accepted.")
    margin_free_at = s.DateTimeField(allow_null=True)


def merchant_words(one: MerchantProfile) -> dict[str, Any]:
    """One's own standing as a merchant."""
    return {
        "tier": one.tier_id,
        "state": one.state,
        "applies_for": one.applies_for_id,
        "headline": one.headline,
        "opens_at": one.opens_at and one.opens_at.isoformat(),
        "closes_at": one.closes_at and one.closes_at.isoformat(),
        "applied_at": moment(one.applied_at),
        "since": moment(one.since),
        "ended_at": moment(one.ended_at),
        "reason": one.reason,
        "margin_free_at": moment(merchants.margin_free_at(one)),
    }


class Merchant(DeskView):
    """Your standing as a merchant."""

    @extend_schema(
        operation_id="read_merchant", summary="Your standing as a merchant", responses=MerchantOut
    )
    def get(self, request: Request) -> HttpResponse:
        found = MerchantProfile.objects.filter(user=self.actor).first()
        if found is None:
            raise Refused("NO_MERCHANT", 404, "You have not applied to be a merchant.")
        return polled(request, merchant_words(found))

    @extend_schema(
        operation_id="edit_merchant",
        summary="Say something else about yourself",
        request=ProfileIn,
        responses=MerchantOut,
    )
    @deed
    def post(self, request: Request) -> Response:
        edited = merchants.set_profile(actor=self.actor, **self.said(ProfileIn), at=self.at)
        return Response(merchant_words(edited))


class Apply(DeskView):
    """Become one."""

    @extend_schema(
        operation_id="apply_as_merchant",
        summary="Apply; the margin of the tier is taken from your balance",
        request=ApplyIn,
        responses={201: MerchantOut},
    )
    @deed
    def post(self, request: Request) -> Response:
        applied = merchants.apply(actor=self.actor, **self.said(ApplyIn), at=self.at)
        return Response(merchant_words(applied), status=201)


class Leave(DeskView):
    """Be none any more."""

    @extend_schema(
        operation_id="leave_merchants",
        summary="Be no merchant any more, or take an application back",
        request=None,
        responses=MerchantOut,
    )
    @deed
    def post(self, request: Request) -> Response:
        return Response(merchant_words(merchants.leave(actor=self.actor, at=self.at)))


class TopUpMargin(DeskView):
    """Fill it up."""

    @extend_schema(
        operation_id="top_up_margin",
        summary="Fill up a margin out of which somebody was paid",
        request=None,
        responses=MerchantOut,
    )
    @deed
    def post(self, request: Request) -> Response:
        return Response(merchant_words(merchants.top_up_margin(actor=self.actor, at=self.at)))


class WithdrawMargin(DeskView):
    """Take it back."""

    @extend_schema(
        operation_id="withdraw_margin",
        summary="Take back the margin that your tier does not ask for",
        request=None,
        responses={204: None},
    )
    @deed
    def post(self, request: Request) -> Response:
        merchants.withdraw_margin(actor=self.actor, at=self.at)
        return Response(status=204)
