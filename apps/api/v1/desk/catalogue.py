"""What there is to trade: assets, currencies, rails, tiers, the matrix of penalties."""

from typing import Any

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers as s
from rest_framework.request import Request

from apps.api.v1.desk.amounts import AmountField, plain
from apps.api.v1.desk.base import DeskView, polled
from apps.flows.ads import WINDOWS
from apps.ledger.models import Asset
from apps.trades.models import (
    AppealReason,
    Fiat,
    Penalty,
    Rail,
    ReferencePrice,
    Reversal,
    Speed,
    Tier,
)


class AssetOut(s.Serializer):
    code = s.CharField(help_text="A coin on one network, such as USDT-TRC20.")
    symbol = s.CharField()
    network = s.CharField()
    decimals = s.IntegerField(help_text="No amount may be finer.")
    confirmations = s.IntegerField(help_text="Blocks until a deposit counts.")
    withdrawal_fee = AmountField()
    withdrawal_min = AmountField()


class FiatOut(s.Serializer):
    code = s.CharField(help_text="ISO 4217.")
    name = s.CharField()
    symbol = s.CharField()
    decimals = s.IntegerField()


class RailOut(s.Serializer):
    code = s.CharField()
    name = s.CharField()
    fiats = s.ListField(child=s.CharField(), help_text="Empty: every currency.")
    country = s.CharField(help_text="ISO 3166; empty: many.")
    speed = s.ChoiceField(choices=Speed.choices)
    settles_min = s.IntegerField(help_text="Minutes until money usually arrives.")
    reversal = s.ChoiceField(choices=Reversal.choices, help_text="How a payment is taken back.")
    reversal_days = s.IntegerField()
    longest_window_min = s.IntegerField()
    limit_usd = AmountField(help_text="Of one order.")
    appeal_after_min = s.IntegerField(help_text="Minutes after 'paid' until a buyer may appeal.")
    number_label = s.CharField(help_text="What people call the account's number.")


class PriceOut(s.Serializer):
    asset = s.CharField()
    fiat = s.CharField()
    price = AmountField()
    at = s.DateTimeField()


class TierOut(s.Serializer):
    code = s.CharField()
    name = s.CharField()
    rank = s.IntegerField()
    max_open_orders = s.IntegerField()
    max_ads = s.IntegerField()
    order_limit_usd = AmountField()
    day_limit_usd = AmountField()
    margin_asset = s.CharField()
    margin_amount = AmountField()
    maker_fee = AmountField(help_text="A share: 0.001 is 0.1 %.")
    taker_fee = AmountField()
    min_kyc = s.IntegerField()
    min_age_days = s.IntegerField()
    min_orders = s.IntegerField()
    min_completion = AmountField()
    min_partners = s.IntegerField()


class PenaltyOut(s.Serializer):
    code = s.CharField()
    name = s.CharField()
    sentence = s.CharField(help_text="What the person is told.")
    reasons = s.ListField(child=s.ChoiceField(choices=AppealReason.choices))
    falls_on = s.CharField()
    memory_days = s.IntegerField()
    steps = s.ListField(child=s.DictField(), help_text="The first time, the second, and so on.")


class CatalogueOut(s.Serializer):
    assets = AssetOut(many=True)
    fiats = FiatOut(many=True)
    rails = RailOut(many=True)
    prices = PriceOut(many=True, help_text="The desk's reference prices.")
    windows_min = s.ListField(child=s.IntegerField(), help_text="Minutes to pay, for ads.")


class RulesOut(s.Serializer):
    tiers = TierOut(many=True)
    penalties = PenaltyOut(many=True)


class Catalogue(DeskView):
    """Assets, currencies, rails and reference prices."""

    @extend_schema(
        operation_id="read_catalogue",
        summary="What is traded, over which rails, at which reference prices",
        responses=CatalogueOut,
    )
    def get(self, request: Request) -> HttpResponse:
        return polled(
            request,
            {
                "assets": [_columns(one, AssetOut) for one in _active(Asset)],
                "fiats": [_columns(one, FiatOut) for one in _active(Fiat)],
                "rails": [_columns(one, RailOut) for one in _active(Rail)],
                "prices": [
                    _columns(one, PriceOut) for one in ReferencePrice.objects.order_by("pk")
                ],
                "windows_min": list(WINDOWS),
            },
        )


class Rules(DeskView):
    """What a trader may do at which standing, and what a fault costs."""

    @extend_schema(
        operation_id="read_rules", summary="Tiers, fees and penalties", responses=RulesOut
    )
    def get(self, request: Request) -> HttpResponse:
        return polled(
            request,
            {
                "tiers": [_columns(one, TierOut) for one in Tier.objects.order_by("rank")],
                "penalties": [_columns(one, PenaltyOut) for one in _active(Penalty)],
            },
        )


def _active(model: Any) -> Any:
    return model.objects.filter(is_active=True).order_by("pk")


def _columns(row: Any, out: type[s.Serializer[Any]]) -> dict[str, Any]:
    """The columns of a row that the answer names; foreign keys and amounts as text."""
    told = {}
    for name, shape in out().fields.items():
        value = getattr(row, f"{name}_id" if hasattr(row, f"{name}_id") else name)
        told[name] = plain(value) if isinstance(shape, AmountField) else value
    return told
