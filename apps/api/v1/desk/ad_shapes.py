"""Ads, field by field."""

from decimal import Decimal
from typing import Any

from rest_framework import serializers as s

from apps.api.v1.desk.amounts import AmountField, PremiumField, plain
from apps.flows.public_event import moment
from apps.risk.models import Result
from apps.trades.models import Ad, PriceType, Side
from apps.trades.services.ads import COLUMNS
from apps.trades.states import AdStatus


class AdRailIn(s.Serializer):
    rail = s.CharField(max_length=32)
    account = s.UUIDField(
        required=False, allow_null=True, help_text="A sell ad: your own account on this rail."
    )


class OfferIn(s.Serializer):
    price_type = s.ChoiceField(choices=PriceType.choices)
    price = AmountField(required=False, allow_null=True, help_text="FIXED: fiat per unit.")
    premium = PremiumField(
        required=False, allow_null=True, help_text="FLOATING: 0.01 is 1 % above the reference."
    )
    quantity = AmountField(help_text="Crypto to trade.")
    min_fiat = AmountField(help_text="The smallest order.")
    max_fiat = AmountField(help_text="The largest order.")
    window_min = s.IntegerField(help_text="Minutes to pay: one of the catalogue's windows.")
    rails = AdRailIn(many=True, help_text="One to five ways of paying.")
    terms = s.CharField(max_length=900, required=False, allow_blank=True, default="")
    auto_reply = s.CharField(max_length=500, required=False, allow_blank=True, default="")
    min_kyc = s.IntegerField(min_value=0, max_value=3, default=0)
    min_age_days = s.IntegerField(min_value=0, max_value=3650, default=0)
    min_orders = s.IntegerField(min_value=0, max_value=100_000, default=0)
    min_completion = s.DecimalField(
        max_digits=4, decimal_places=3, min_value=Decimal(0), max_value=Decimal(1),
        default=Decimal(0), help_text="A share as text: 0.9.",
    )  # fmt: skip
    countries = s.ListField(
        child=s.RegexField(r"^[A-Z]{2}$"), max_length=50, default=list, help_text="Empty: all."
    )
    newcomer_limit_usd = s.DecimalField(
        max_digits=20, decimal_places=2, min_value=Decimal(0), required=False, allow_null=True,
        help_text="Of somebody's first order with you.",
    )  # fmt: skip
    clean_rail_only = s.BooleanField(default=False)
    trusted_only = s.BooleanField(default=False)

    def validate_rails(self, rails: list[dict[str, Any]]) -> list[dict[str, Any]]:
        codes = [one["rail"] for one in rails]
        if not 1 <= len(codes) <= 5 or len(set(codes)) < len(codes):
            raise s.ValidationError("One to five ways of paying, each once.")
        return rails


class AdIn(OfferIn):
    side = s.ChoiceField(choices=Side.choices, help_text="What you do with crypto.")
    asset = s.CharField(max_length=16)
    fiat = s.CharField(max_length=3)


class AdsQuery(s.Serializer):
    status = s.ChoiceField(choices=AdStatus.choices, required=False)


class AdRailOut(s.Serializer):
    rail = s.CharField()
    name = s.CharField()
    account = s.UUIDField(allow_null=True)


class AdOut(s.Serializer):
    id = s.UUIDField()
    side = s.ChoiceField(choices=Side.choices)
    asset = s.CharField()
    fiat = s.CharField()
    status = s.ChoiceField(choices=AdStatus.choices)
    suspended_for = s.CharField()
    price_type = s.ChoiceField(choices=PriceType.choices)
    price = AmountField(allow_null=True)
    premium = PremiumField(allow_null=True)
    quantity = AmountField(help_text="Offered in all.")
    remaining = AmountField(help_text="Not in any order.")
    executed = AmountField(help_text="Traded.")
    min_fiat = AmountField()
    max_fiat = AmountField()
    window_min = s.IntegerField()
    rails = AdRailOut(many=True)
    terms = s.CharField()
    auto_reply = s.CharField()
    min_kyc = s.IntegerField()
    min_age_days = s.IntegerField()
    min_orders = s.IntegerField()
    min_completion = s.CharField()
    countries = s.ListField(child=s.CharField())
    newcomer_limit_usd = s.CharField(allow_null=True)
    clean_rail_only = s.BooleanField()
    trusted_only = s.BooleanField()
    revision = s.IntegerField()
    created_at = s.DateTimeField()
    changed_at = s.DateTimeField()


class PostedOut(s.Serializer):
    outcome = s.ChoiceField(choices=Result.choices)
    sentence = s.CharField(help_text="For the person; empty where all is well.")
    ad = AdOut()


def ad_words(ad: Ad) -> dict[str, Any]:
    """An ad as its owner sees it; its rails are prefetched."""
    said = {name: _plain(getattr(ad, name)) for name in COLUMNS}
    return {
        "id": str(ad.pk),
        "side": ad.side,
        "asset": ad.asset_id,
        "fiat": ad.fiat_id,
        "status": ad.status,
        "suspended_for": ad.suspended_for,
        **said,
        **{name: plain(getattr(ad, name)) for name in ("quantity", "remaining", "executed")},
        "rails": [
            {
                "rail": one.rail_id,
                "name": one.rail.name,
                "account": str(one.account_id) if one.account_id else None,
            }
            for one in ad.rails.all()
        ],
        "revision": ad.revision,
        "created_at": moment(ad.created_at),
        "changed_at": moment(ad.changed_at),
    }


def _plain(value: Any) -> Any:
    return plain(value) if isinstance(value, Decimal) else value
