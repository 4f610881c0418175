"""The market: what others offer, the best price first."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers as s
from rest_framework.request import Request

from apps.api.v1.desk.amounts import AmountField, plain
from apps.api.v1.desk.base import DeskView, polled
from apps.api.v1.desk.people_shapes import RecordOut, record_words
from apps.core.errors import Refused
from apps.trades.conditions import SENTENCES
from apps.trades.models import Ad, Side
from apps.trades.queries import market, people
from apps.trades.queries.market import MOST_PAGES, SIZE, Listed


class MarketQuery(s.Serializer):
    asset = s.CharField(max_length=16)
    fiat = s.CharField(max_length=3)
    side = s.ChoiceField(choices=Side.choices, help_text="SELL: you would buy.")
    amount = AmountField(required=False, help_text="Fiat that the offer has to take.")
    rail = s.CharField(max_length=32, required=False, default="")
    merchants = s.BooleanField(default=False, help_text="Only merchants' offers.")
    fitting = s.BooleanField(default=False, help_text="Only offers whose conditions you meet.")
    page = s.IntegerField(min_value=1, max_value=MOST_PAGES, default=1)


class WayOut(s.Serializer):
    code = s.CharField()
    name = s.CharField()


class UnmetOut(s.Serializer):
    code = s.CharField()
    sentence = s.CharField()


class TraderOut(s.Serializer):
    id = s.UUIDField()
    nickname = s.CharField()
    badge = s.CharField(help_text="A merchant's tier.")
    headline = s.CharField()
    record = RecordOut()


class OfferOut(s.Serializer):
    ad = s.UUIDField()
    side = s.ChoiceField(choices=Side.choices)
    asset = s.CharField()
    fiat = s.CharField()
    price = AmountField(help_text="Of one unit, now. Send it with your order.")
    min_fiat = AmountField()
    max_fiat = AmountField(help_text="What is left, at most.")
    window_min = s.IntegerField()
    rails = WayOut(many=True)
    terms = s.CharField()
    owner = TraderOut()
    unmet = UnmetOut(many=True, help_text="Conditions that you do not meet.")
    is_own = s.BooleanField()
    is_takeable = s.BooleanField()


class MarketOut(s.Serializer):
    offers = OfferOut(many=True, help_text=f"At most {SIZE}, the best price first.")
    page = s.IntegerField()
    more = s.BooleanField()


def offer_words(one: Listed) -> dict[str, Any]:
    """An offer as the caller sees it."""
    ad = one.ad
    return {
        "ad": str(ad.pk),
        "side": ad.side,
        "asset": ad.asset_id,
        "fiat": ad.fiat_id,
        "price": plain(one.price),
        "min_fiat": plain(one.min_fiat),
        "max_fiat": plain(one.max_fiat),
        "window_min": ad.window_min,
        "rails": [{"code": code, "name": name} for code, name in one.rails],
        "terms": ad.terms,
        "owner": {
            "id": str(ad.owner_id),
            "nickname": one.owner,
            "badge": one.badge,
            "headline": one.headline,
            "record": record_words(one.record),
        },
        "unmet": [{"code": code, "sentence": SENTENCES[code]} for code in one.unmet],
        "is_own": one.is_own,
        "is_takeable": one.is_takeable,
    }


class Market(DeskView):
    """What you could take."""

    @extend_schema(
        operation_id="read_market",
        summary="A page of the market",
        parameters=[MarketQuery],
        responses=MarketOut,
    )
    def get(self, request: Request) -> HttpResponse:
        page = market.market(**self.asked(MarketQuery), viewer=self.actor, at=self.at)
        return polled(
            request,
            {
                "offers": [offer_words(one) for one in page.offers],
                "page": page.page,
                "more": page.has_more,
            },
        )


class OneOffer(DeskView):
    """One ad of the market."""

    @extend_schema(operation_id="read_offer", summary="One offer of the market", responses=OfferOut)
    def get(self, request: Request, id: UUID) -> HttpResponse:
        ad = (
            Ad.objects.filter(pk=id, status="ONLINE", owner__is_active=True)
            .select_related("owner", "asset", "fiat")
            .first()
        )
        if ad is None or (ad.owner_id != self.actor.pk and people.blocked(self.actor, ad.owner)):
            raise Refused("NO_SUCH_AD", 404, "This offer is no longer there. Choose another.")
        return polled(request, offer_words(market.offer_for(self.actor, ad, at=self.at)))
