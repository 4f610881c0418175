"""What advertisers do: publish, edit, pause, resume, close; CP0 at publishing and at every edit.

An ad that the engine would rather have looked at waits in PENDING_REVIEW and shows itself once
staff clear it; one that it refuses is not published. Orders that are open are never touched.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from apps.core.errors import Refused
from apps.core.ids import uuid7
from apps.core.money import fits
from apps.events.act import Act
from apps.flows import flow, own_acts
from apps.flows.request_facts import RequestFacts
from apps.ledger.models import Asset
from apps.trades import contacts, prices
from apps.trades.models import Ad, Fiat, PriceType, Rail, Side
from apps.trades.queries import people
from apps.trades.services import ads
from apps.trades.services.ads import Offer
from apps.trades.states import AdStatus
from apps.users.models import PayoutAccount, User

WINDOWS = (15, 30, 45, 60, 120, 360, 720, 1440)
LIVE = (AdStatus.ONLINE, AdStatus.PAUSED, AdStatus.SOLD_OUT, AdStatus.PENDING_REVIEW)
_STATUS_AFTER = {
    "ALLOW": AdStatus.ONLINE,
    "LIMIT": AdStatus.ONLINE,
    "STEP_UP": AdStatus.PENDING_REVIEW,
    "REVIEW": AdStatus.PENDING_REVIEW,
}


@dataclass(frozen=True, slots=True)
class Posted:
    """An ad after a deed, and what the engine said of it to its owner."""

    ad: Ad
    outcome: str = "ALLOW"
    sentence: str = ""


@flow.deed
def publish(
    *,
    actor: User,
    side: str,
    asset: str,
    fiat: str,
    offer: Offer,
    request_facts: RequestFacts,
    at: datetime,
) -> Posted:
    """Put an offer up; a sell ad reserves what it offers."""
    with flow.transaction(actor, at=at):
        flow.require(actor, "post_ad", at=at, request_facts=request_facts)
        tier = people.tier_of(actor)
        if not tier.may_advertise:
            raise Refused("NO_ADS", 403, "Your tier does not include ads.")
        if Ad.objects.filter(owner=actor, status__in=LIVE).count() >= tier.max_ads:
            raise Refused(
                "TOO_MANY_ADS", 409, f"Your tier has {tier.max_ads} ads at a time. Close one first."
            )
        _check(actor=actor, side=side, asset=asset, fiat=fiat, offer=offer)
        _has_price(asset, fiat, offer, at=at)
        id = uuid7(at)
        act = _act(
            "ad.published", actor, id, side, asset, fiat, offer, request_facts=request_facts, at=at
        )
        judgement = flow.judge(act)
        outcome = judgement.verdict.outcome
        ad = None
        if outcome != "BLOCK":
            ad = ads.publish(
                id=id,
                owner=actor,
                side=Side(side),
                asset=asset,
                fiat=fiat,
                offer=offer,
                status=_STATUS_AFTER[outcome],
                at=at,
                decision=act.id,
            )
        flow.write(act, judgement=judgement)
    sentence = flow.sentence(judgement)
    if ad is None:
        raise Refused("BLOCKED", 403, sentence)
    return Posted(ad, outcome, sentence)


@flow.deed
def edit(*, actor: User, ad: Ad, offer: Offer, request_facts: RequestFacts, at: datetime) -> Posted:
    """Change what an ad says; it is judged anew. `offer.quantity` is what is left from now on."""
    with flow.transaction(actor, at=at):
        ad = locked(ad)
        _own(actor, ad)
        flow.require(actor, "post_ad", at=at, request_facts=request_facts)
        if ad.status not in LIVE:
            raise Refused("AD_STATE", 409, "This ad can't be edited any more. Make a new one.")
        _check(actor=actor, side=ad.side, asset=ad.asset_id, fiat=ad.fiat_id, offer=offer)
        _has_price(ad.asset_id, ad.fiat_id, offer, at=at)
        act = _act(
            "ad.edited", actor, ad.pk, ad.side, ad.asset_id, ad.fiat_id, offer,
            request_facts=request_facts, at=at,
        )  # fmt: skip
        judgement = flow.judge(act)
        outcome = judgement.verdict.outcome
        if outcome != "BLOCK":
            status = _STATUS_AFTER[outcome]
            if ad.status == AdStatus.PAUSED and status == AdStatus.ONLINE:
                status = AdStatus.PAUSED
            ads.edit(ad, offer=offer, status=status, at=at, decision=act.id)
        flow.write(act, judgement=judgement)
    sentence = flow.sentence(judgement)
    if outcome == "BLOCK":
        raise Refused("BLOCKED", 403, sentence)
    return Posted(ad, outcome, sentence)


@flow.deed
def pause(*, actor: User, ad: Ad, at: datetime) -> Ad:
    """Take an ad off the market for a while; what staff look at or suspended stays as it is."""
    with flow.transaction(actor, at=at):
        ad = locked(ad)
        _own(actor, ad)
        if ad.status not in (AdStatus.ONLINE, AdStatus.SOLD_OUT, AdStatus.PAUSED):
            raise Refused("AD_STATE", 409, "Only an ad on the market can be paused.")
        ads.step(ad, AdStatus.PAUSED, at=at)
    return ad


@flow.deed
def resume(*, actor: User, ad: Ad, request_facts: RequestFacts, at: datetime) -> Ad:
    """Put a paused ad back on the market."""
    with flow.transaction(actor, at=at):
        ad = locked(ad)
        _own(actor, ad)
        flow.require(actor, "post_ad", at=at, request_facts=request_facts)
        if ad.status != AdStatus.PAUSED:
            raise Refused("AD_STATE", 409, "Only a paused ad can be resumed.")
        tier = people.tier_of(actor)
        on_market = Ad.objects.filter(owner=actor, status__in=LIVE).exclude(status=AdStatus.PAUSED)
        if on_market.count() >= tier.max_ads:
            raise Refused(
                "TOO_MANY_ADS", 409, f"Your tier has {tier.max_ads} ads at a time. Pause one first."
            )
        if ads.is_floating(ad):
            prices.read(ad.asset_id).require_fresh(ad.asset_id, ad.fiat_id, at=at)
        ads.step(ad, AdStatus.ONLINE, at=at)
    return ad


@flow.deed
def close(*, actor: User, ad: Ad, at: datetime) -> Ad:
    """Take an ad down for good; what it still offers goes back to the wallet."""
    with flow.transaction(actor, at=at):
        ad = locked(ad)
        _own(actor, ad)
        ads.close(ad, at=at, by=actor)
    return ad


def locked(ad: Ad) -> Ad:
    """The ad as it is now, its row locked; the lock of its owner is held already."""
    return (
        Ad.objects.select_for_update(of=("self",))
        .select_related("owner", "asset", "fiat")
        .get(pk=ad.pk)
    )


def _own(actor: User, ad: Ad) -> None:
    if ad.owner_id != actor.pk:
        raise Refused("NOT_YOURS_TO_DO", 403, "This is somebody else's ad.")


def _check(*, actor: User, side: str, asset: str, fiat: str, offer: Offer) -> None:
    wrong: dict[str, list[str]] = {}
    if side not in Side.values:
        wrong["side"] = ["Choose BUY or SELL."]
    crypto = Asset.objects.filter(pk=asset, is_active=True).first()
    money = Fiat.objects.filter(pk=fiat, is_active=True).first()
    if crypto is None:
        wrong["asset"] = ["Choose one of the desk's assets."]
    elif not fits(offer.quantity, decimals=crypto.decimals):
        wrong["quantity"] = [f"{asset} has at most {crypto.decimals} decimals."]
    if money is None:
        wrong["fiat"] = ["Choose one of the desk's currencies."]
    if offer.quantity <= 0:
        wrong["quantity"] = ["Offer more than nothing."]
    if not 0 < offer.min_fiat <= offer.max_fiat:
        wrong["min_fiat"] = ["The smallest order lies between zero and the largest."]
    wrong |= _price(offer)
    if offer.window_min not in WINDOWS:
        wrong["window_min"] = [f"Choose one of {', '.join(map(str, WINDOWS))} minutes."]
    wrong |= _rails(offer, fiat=fiat, sells=side == Side.SELL, actor=actor)
    if len(offer.terms) > 900:
        wrong["terms"] = ["At most 900 characters, please."]
    if len(offer.auto_reply) > 500:
        wrong["auto_reply"] = ["At most 500 characters, please."]
    if wrong:
        raise Refused("AD_INCOMPLETE", 422, "Some fields need attention.", wrong)


def _has_price(asset: str, fiat: str, offer: Offer, *, at: datetime) -> None:
    if offer.price_type == PriceType.FLOATING:
        prices.read(asset).require_fresh(asset, fiat, at=at)


def _price(offer: Offer) -> dict[str, list[str]]:
    if offer.price_type == PriceType.FIXED:
        if offer.price is None or offer.price <= 0 or offer.premium is not None:
            return {"price": ["Say what one unit costs."]}
    elif offer.price_type == PriceType.FLOATING:
        if offer.premium is None or offer.price is not None:
            return {"premium": ["Say how far from the reference price."]}
        if not Decimal("-0.5") <= offer.premium <= Decimal("0.5"):
            return {"premium": ["Between -50 % and +50 %."]}
    else:
        return {"price_type": ["Choose FIXED or FLOATING."]}
    return {}


def _rails(offer: Offer, *, fiat: str, sells: bool, actor: User) -> dict[str, list[str]]:
    rails = Rail.objects.filter(pk__in=offer.rails, is_active=True)
    known = {rail.code: rail for rail in rails if not rail.fiats or fiat in rail.fiats}
    if not offer.rails or set(offer.rails) - set(known):
        return {"rails": [f"Choose at least one way of paying for {fiat}."]}
    if len(offer.rails) > 5:
        return {"rails": ["At most five ways of paying."]}
    longest = min(rail.longest_window_min for rail in known.values())
    if offer.window_min > longest:
        return {"window_min": [f"At most {longest} minutes with these ways of paying."]}
    for code, account in offer.rails.items():
        if not sells and account is not None:
            return {"rails": ["A buy ad names no accounts of yours."]}
        if sells and not _is_usable(account, code, actor):
            return {"rails": [f"Choose one of your own {known[code].name} accounts."]}
    return {}


def _is_usable(account: PayoutAccount | None, rail: str, owner: User) -> bool:
    return (
        account is not None
        and account.user_id == owner.pk
        and account.rail == rail
        and account.removed_at is None
    )


def _act(
    kind: str,
    actor: User,
    ad: UUID,
    side: str,
    asset: str,
    fiat: str,
    offer: Offer,
    *,
    request_facts: RequestFacts,
    at: datetime,
) -> Act:
    known = prices.read(asset)
    reference = known.by_pair.get((asset, fiat))
    asked = offer.price
    if asked is None and reference is not None and offer.premium is not None:
        asked = prices.times(reference, 1 + offer.premium)
    deviation = float(asked / reference - 1) if asked and reference else None
    tier = people.tier_of(actor)
    # Everybody reads these; what the parties write to each other is read by nobody.
    public = [text for text in (offer.terms, offer.auto_reply, actor.nickname) if text]
    return own_acts.act(
        kind,
        user=actor,
        usd=known.usd(asset, offer.quantity) if (asset, "USD") in known.by_pair else None,
        request_facts=request_facts,
        at=at,
        ad=str(ad),
        side="sell" if side == Side.SELL else "buy",
        asset=asset,
        price_deviation=deviation,
        contact_in_ad=any(contacts.has_contact(text) for text in public),
        poses_as_support=any(contacts.poses_as_support(text) for text in public),
        merchant=tier.code != people.EVERYBODY,
    )
