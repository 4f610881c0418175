"""One's own ads: put up, edited, paused, resumed, closed."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.v1.base import NewestFirst
from apps.api.v1.desk.ad_shapes import AdIn, AdOut, AdsQuery, OfferIn, PostedOut, ad_words
from apps.api.v1.desk.base import DeskView, deed, listed, polled
from apps.core.errors import Refused
from apps.flows import ads
from apps.trades.models import Ad
from apps.trades.services.ads import Offer
from apps.users.models import PayoutAccount, User


def ads_of(owner: User) -> Any:
    """All ads of this person."""
    return (
        Ad.objects.filter(owner=owner)
        .select_related("asset", "fiat")
        .prefetch_related("rails__rail")
    )


def ad_for(owner: User, id: UUID) -> Ad:
    """An ad of this person's; NO_SUCH_AD (404)."""
    found: Ad | None = ads_of(owner).filter(pk=id).first()
    if found is None:
        raise Refused("NO_SUCH_AD", 404, "There is no such ad of yours.")
    return found


def offer_of(said: dict[str, Any], *, owner: User) -> Offer:
    """What an ad is to say; accounts that are not the owner's are none."""
    rails = {one["rail"]: one.get("account") for one in said.pop("rails")}
    own = PayoutAccount.objects.filter(user=owner, removed_at=None).in_bulk(
        [id for id in rails.values() if id]
    )
    if missing := [rail for rail, id in rails.items() if id and id not in own]:
        raise Refused(
            "AD_INCOMPLETE",
            422,
            "Some fields need attention.",
            {"rails": [f"Choose one of your own accounts for {', '.join(missing)}."]},
        )
    return Offer(**said, rails={rail: own.get(id) for rail, id in rails.items()})


class DeskAds(DeskView):
    """Your ads."""

    pagination_class = NewestFirst

    @extend_schema(
        operation_id="list_ads",
        summary="Your ads, newest first",
        parameters=[AdsQuery],
        responses=AdOut(many=True),
    )
    def get(self, request: Request) -> HttpResponse:
        found = ads_of(self.actor)
        if status := self.asked(AdsQuery).get("status"):
            found = found.filter(status=status)
        answer: HttpResponse = listed(self, found, lambda page: [ad_words(one) for one in page])
        return answer

    @extend_schema(
        operation_id="publish_ad",
        summary="Put an ad up",
        description="A sell ad reserves what it offers, fees included. An ad that somebody of the "
        "desk looks at first has the status PENDING_REVIEW and shows itself once it is cleared.",
        request=AdIn,
        responses={201: PostedOut},
    )
    @deed
    def post(self, request: Request) -> Response:
        said = self.said(AdIn)
        place = {name: said.pop(name) for name in ("side", "asset", "fiat")}
        posted = ads.publish(
            actor=self.actor,
            **place,
            offer=offer_of(said, owner=self.actor),
            request_facts=self.facts,
            at=self.at,
        )
        return Response(self.told(posted), status=201)

    def told(self, posted: ads.Posted) -> dict[str, Any]:
        """The ad after a deed, and what is said to its owner."""
        return {
            "outcome": posted.outcome,
            "sentence": posted.sentence,
            "ad": ad_words(ad_for(self.actor, posted.ad.pk)),
        }


class OneAd(DeskAds):
    """One of your ads."""

    @extend_schema(operation_id="read_ad", summary="One of your ads", responses=AdOut)
    def get(self, request: Request, id: UUID) -> HttpResponse:  # type: ignore[override]
        return polled(request, ad_words(ad_for(self.actor, id)))

    @extend_schema(
        operation_id="edit_ad",
        summary="Say something else from now on",
        description="The whole offer anew; `quantity` is what is left to trade from now on. Orders "
        "that are open keep what they were opened with.",
        request=OfferIn,
        responses=PostedOut,
    )
    @deed
    def post(self, request: Request, id: UUID) -> Response:  # type: ignore[override]
        ad = ad_for(self.actor, id)
        posted = ads.edit(
            actor=self.actor,
            ad=ad,
            offer=offer_of(self.said(OfferIn), owner=self.actor),
            request_facts=self.facts,
            at=self.at,
        )
        return Response(self.told(posted))


class MovedAd(DeskView):
    """What the three verbs without words share."""

    def after(self, ad: Ad) -> Response:
        """The ad as it is now."""
        return Response(ad_words(ad_for(self.actor, ad.pk)))


class PauseAd(MovedAd):
    """Take it off the market for a while."""

    @extend_schema(operation_id="pause_ad", summary="Pause", request=None, responses=AdOut)
    @deed
    def post(self, request: Request, id: UUID) -> Response:
        return self.after(ads.pause(actor=self.actor, ad=ad_for(self.actor, id), at=self.at))


class ResumeAd(MovedAd):
    """Put it back on the market."""

    @extend_schema(operation_id="resume_ad", summary="Resume", request=None, responses=AdOut)
    @deed
    def post(self, request: Request, id: UUID) -> Response:
        ad = ads.resume(
            actor=self.actor,
            ad=ad_for(self.actor, id),
            request_facts=self.facts,
            at=self.at,
        )
        return self.after(ad)


class CloseAd(MovedAd):
    """Take it down for good."""

    @extend_schema(
        operation_id="close_ad",
        summary="Close; what it still offers goes back to your wallet",
        request=None,
        responses=AdOut,
    )
    @deed
    def post(self, request: Request, id: UUID) -> Response:
        return self.after(ads.close(actor=self.actor, ad=ad_for(self.actor, id), at=self.at))
