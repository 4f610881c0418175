"""Merchants: people apply with a margin, staff decide; who leaves gets the margin back in time.

What the clock does with them stands in merchant_standing.
"""

from datetime import datetime, time, timedelta
from decimal import Decimal

from django.db.models import Q

from apps.core.errors import Refused
from apps.flows import flow, own_acts, staff
from apps.ledger import queries as balances
from apps.ledger.models import Asset
from apps.restrictions import queries as restrictions
from apps.trades import contacts, tiers
from apps.trades.models import LIVE, Ad, Appeal, MerchantProfile, MerchantState, Order, Tier
from apps.trades.queries import people
from apps.trades.services import ads
from apps.trades.services import people as merchants
from apps.trades.services.talk import notify
from apps.trades.states import AdStatus
from apps.users.models import User
from apps.users.roles import Deed

#: Buyers may appeal, and banks recall, for a while after a merchant has left.
MARGIN_WAIT = timedelta(days=14)
APPLY_AGAIN_AFTER = timedelta(days=7)
LONGEST_HEADLINE = 160
NOTHING = Decimal(0)


@flow.deed
def apply(
    *,
    actor: User,
    tier: str,
    headline: str = "",
    opens_at: time | None = None,
    closes_at: time | None = None,
    at: datetime,
) -> MerchantProfile:
    """Ask to become a merchant, or one of a higher tier: the margin is posted with it (J8)."""
    headline = _checked(headline, opens_at, closes_at)
    wanted = _tier(tier)
    with flow.transaction(actor, at=at):
        restrictions.require(actor.entity_id, "post_ad", at=at)
        profile = _profile(actor)
        if profile and profile.applies_for_id:
            raise Refused("APPLIED_ALREADY", 409, "You have applied; we will answer soon.")
        is_merchant = profile is not None and profile.state == MerchantState.ACTIVE
        if profile and is_merchant and wanted.rank <= profile.tier.rank:
            raise Refused("TIER_HELD", 409, f"You are a {profile.tier.name} already.")
        if profile and not is_merchant and profile.ended_at is not None:
            again = profile.ended_at + APPLY_AGAIN_AFTER
            if profile.state != MerchantState.LEFT and at < again:
                raise Refused(
                    "APPLY_LATER", 409, f"You can apply again from {again:%Y-%m-%d %H:%M} UTC on."
                )
        record = people.record(actor, at=at)
        missing = [
            one
            for one in tiers.conditions(wanted, user=actor, record=record, at=at)
            if not one.is_met
        ]
        if missing:
            raise Refused(
                "TIER_NOT_REACHED",
                403,
                f"{wanted.name} asks for {'; '.join(one.sentence for one in missing)}.",
                {"tier": [one.code for one in missing]},
            )
        merchants.fill_margin(actor, wanted, at=at, by=actor)
        profile = _write(
            profile or MerchantProfile(user=actor),
            tier=profile.tier if profile and is_merchant else wanted,
            state=MerchantState.ACTIVE if is_merchant else MerchantState.APPLIED,
            applies_for=wanted,
            headline=headline,
            opens_at=opens_at,
            closes_at=closes_at,
            applied_at=at,
            reason="",
        )
        own_acts.note("merchant.applied", by=actor, of=actor, at=at, tier=wanted.code)
    return profile


@flow.deed
def decide(*, by: User, user: User, accept: bool, reason: str, at: datetime) -> MerchantProfile:
    """Staff accept an application or don't; the margin of one who isn't accepted goes back."""
    _may_decide(by, user)
    reason = staff.words(reason, "reason", most=200)
    with flow.transaction(user, at=at):
        profile = _profile(user)
        if profile is None or profile.applies_for is None:
            raise Refused("NO_APPLICATION", 409, "There is no application to decide on.")
        wanted, was_merchant = profile.applies_for, profile.state == MerchantState.ACTIVE
        if accept:
            restrictions.require(user.entity_id, "post_ad", at=at)
            _write(profile, tier=wanted, state=MerchantState.ACTIVE, applies_for=None,
                   since=profile.since if was_merchant else at, ended_at=None, warned_at=None,
                   decided_by=by, reason=reason)  # fmt: skip
        else:
            keep = profile.tier.margin_amount if was_merchant else NOTHING
            merchants.return_margin(user, wanted.margin_asset, keep=keep, at=at, by=by)
            _write(profile, state=profile.state if was_merchant else MerchantState.REJECTED,
                   applies_for=None, ended_at=profile.ended_at if was_merchant else at,
                   decided_by=by, reason=reason)  # fmt: skip
        kind = "accepted" if accept else "rejected"
        own_acts.note(f"merchant.{kind}", by=by, of=user, at=at, tier=wanted.code)
        notify(user, f"MERCHANT_{kind.upper()}", at=at, tier=wanted.code)
    return profile


@flow.deed
def appoint(
    *, by: User, user: User, tier: str, headline: str = "", reason: str, at: datetime
) -> MerchantProfile:
    """Staff make somebody a merchant whose record lies elsewhere: only the margin is asked for."""
    _may_decide(by, user)
    reason, headline = staff.words(reason, "reason", most=200), _checked(headline, None, None)
    wanted = _tier(tier)
    with flow.transaction(user, at=at):
        restrictions.require(user.entity_id, "post_ad", at=at)
        profile = _profile(user)
        if profile and profile.state == MerchantState.ACTIVE and profile.tier.rank >= wanted.rank:
            raise Refused("TIER_HELD", 409, f"That is a {profile.tier.name} already.")
        merchants.fill_margin(user, wanted, at=at, by=by)
        profile = _write(
            profile or MerchantProfile(user=user, applied_at=at, headline=headline),
            tier=wanted, state=MerchantState.ACTIVE, applies_for=None, since=at, ended_at=None,
            warned_at=None, decided_by=by, reason=reason,
        )  # fmt: skip
        own_acts.note("merchant.accepted", by=by, of=user, at=at, tier=wanted.code, invited=True)
        notify(user, "MERCHANT_ACCEPTED", at=at, tier=wanted.code)
    return profile


@flow.deed
def set_profile(
    *,
    actor: User,
    headline: str,
    opens_at: time | None,
    closes_at: time | None,
    at: datetime,
) -> MerchantProfile:
    """Say something else about oneself, or trade at other hours (in one's own time zone)."""
    headline = _checked(headline, opens_at, closes_at)
    with flow.transaction(actor, at=at):
        profile = _profile(actor)
        if profile is None or profile.state != MerchantState.ACTIVE:
            raise Refused("NO_MERCHANT", 409, "Only merchants have a profile. Apply first.")
        _write(profile, headline=headline, opens_at=opens_at, closes_at=closes_at)
    return profile


@flow.deed
def leave(*, actor: User, at: datetime) -> MerchantProfile:
    """Be no merchant any more, or take an application back; ads beyond a trader's are paused."""
    with flow.transaction(actor, at=at):
        profile = _profile(actor)
        if profile is None or profile.state not in (MerchantState.ACTIVE, MerchantState.APPLIED):
            raise Refused("NO_MERCHANT", 409, "You are no merchant.")
        never_was_one = profile.state == MerchantState.APPLIED and profile.since is None
        if never_was_one:
            asset = profile.tier.margin_asset
            merchants.return_margin(actor, asset, keep=NOTHING, at=at, by=actor)
        end(profile, MerchantState.LEFT, reason="", at=at, by=None)
        own_acts.note("merchant.left", by=actor, of=actor, at=at)
    return profile


@flow.deed
def top_up_margin(*, actor: User, at: datetime) -> MerchantProfile:
    """Fill up a margin out of which somebody was paid."""
    with flow.transaction(actor, at=at):
        profile = _profile(actor)
        if profile is None or profile.state != MerchantState.ACTIVE:
            raise Refused("NO_MERCHANT", 409, "You are no merchant.")
        if not merchants.fill_margin(actor, profile.tier, at=at, by=actor):
            raise Refused("MARGIN_COMPLETE", 409, "Your margin is complete.")
    return profile


@flow.deed
def withdraw_margin(*, actor: User, at: datetime) -> None:
    """Take back the margin: what a tier does not ask for, or all of it some time after the end."""
    with flow.transaction(actor, at=at):
        profile = _profile(actor)
        if profile is None:
            raise Refused("NO_MARGIN", 409, "You have posted no margin.")
        asset, keep = profile.tier.margin_asset, NOTHING
        if profile.applies_for is not None:
            raise Refused("APPLIED_ALREADY", 409, "Your application is looked at: wait for it.")
        if profile.state == MerchantState.ACTIVE:
            keep = profile.tier.margin_amount
        elif (free := margin_free_at(profile)) and at < free:
            raise Refused(
                "MARGIN_WAITS", 409, f"The margin can be taken back from {free:%Y-%m-%d} on."
            )
        _no_business(actor, asset)
        got = merchants.return_margin(actor, asset, keep=keep, at=at, by=actor)
        if not got:
            raise Refused("NO_MARGIN", 409, "There is no margin to take back.")
        own_acts.note("margin.returned", by=actor, of=actor, at=at, asset=asset.code)


def margin_free_at(profile: MerchantProfile) -> datetime | None:
    """When somebody who is no merchant any more may take the margin back; None at once."""
    return profile.ended_at + MARGIN_WAIT if profile.ended_at and profile.since else None


def end(
    profile: MerchantProfile, state: MerchantState, *, reason: str, at: datetime, by: User | None
) -> None:
    """Within a deed: somebody is no merchant any more; ads beyond a trader's are paused."""
    merchants.end_merchant(profile, state, reason=reason, at=at, by=by)
    allowed = Tier.objects.get(code=people.EVERYBODY).max_ads
    online = Ad.objects.select_for_update().filter(
        owner=profile.user_id, status__in=[AdStatus.ONLINE, AdStatus.SOLD_OUT]
    )
    for ad in list(online.order_by("created_at"))[allowed:]:
        ads.step(ad, AdStatus.PAUSED, at=at)


def _no_business(user: User, asset: Asset) -> None:
    if not balances.margin(user, asset):
        raise Refused("NO_MARGIN", 409, "There is no margin to take back.")
    theirs = Q(buyer=user) | Q(seller=user)
    if Order.objects.filter(theirs, status__in=LIVE).exists():
        raise Refused("ORDERS_OPEN", 409, "Finish your open orders first.")
    of_theirs = Q(order__buyer=user) | Q(order__seller=user)
    if Appeal.objects.filter(of_theirs, closed_at=None).exclude(state="WITHDRAWN").exists():
        raise Refused("APPEALS_OPEN", 409, "An appeal about an order of yours is not over yet.")


def _profile(user: User) -> MerchantProfile | None:
    rows = MerchantProfile.objects.select_for_update(of=("self",)).filter(user=user)
    return rows.select_related("tier__margin_asset", "applies_for__margin_asset").first()


def _write(profile: MerchantProfile, **changes: object) -> MerchantProfile:
    for name, value in changes.items():
        setattr(profile, name, value)
    profile.save()
    return profile


def _tier(code: str) -> Tier:
    found = Tier.objects.filter(code=code, rank__gt=0).select_related("margin_asset").first()
    if found is None:
        raise Refused("NO_SUCH_TIER", 422, "Choose a tier.", {"tier": ["Choose one."]})
    return found


def _may_decide(by: User, user: User) -> None:
    staff.may(by, Deed.DECIDE_MERCHANTS)
    if by.pk == user.pk:
        raise Refused("SECOND_PERSON_NEEDED", 403, "Somebody else has to decide on you.")


def _checked(headline: str, opens_at: time | None, closes_at: time | None) -> str:
    headline = " ".join(headline.split())
    wrong: dict[str, list[str]] = {}
    if len(headline) > LONGEST_HEADLINE:
        wrong["headline"] = [f"At most {LONGEST_HEADLINE} characters, please."]
    elif contacts.has_contact(headline) or contacts.poses_as_support(headline):
        wrong["headline"] = ["Everybody reads this: no contact details, and no official airs."]
    if (opens_at is None) != (closes_at is None):
        wrong["closes_at"] = ["Say both when you open and when you close, or neither."]
    if wrong:
        raise Refused("PROFILE_INCOMPLETE", 422, "Some fields need attention.", wrong)
    return headline
