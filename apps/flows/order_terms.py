"""What a taker wishes against what an ad offers: the terms of an order, or why there is none."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from apps.core.errors import Refused
from apps.core.money import fits, total
from apps.ledger import queries as ledger
from apps.trades import conditions, limits, prices
from apps.trades.models import (
    Ad,
    MerchantProfile,
    Order,
    PriceType,
    Rail,
    Relation,
    RelationKind,
    Tier,
)
from apps.trades.queries import limits as own_limits
from apps.trades.queries import orders as orders_of
from apps.trades.queries import people, reputation
from apps.trades.services.orders import Terms
from apps.trades.states import AdStatus
from apps.users.models import PayoutAccount, User

#: After an order expired, the buyer may still show that the money was on its way.
RECLAIM_TIME = timedelta(minutes=15)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What somebody asks of an ad: one of the two amounts, a rail, own accounts.

    `account` is the taker's own: where a seller is paid, or from which a buyer will pay. `price` is
    what the person was shown; an order is never opened at another. `reclaims` names an expired
    order that was paid after all.
    """

    rail: str
    fiat_amount: Decimal | None = None
    amount: Decimal | None = None
    account: UUID | None = None
    price: Decimal | None = None
    reclaims: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreed:
    """The terms that both sides agree to, and what the engine is told of them."""

    terms: Terms
    taker_buys: bool
    payee: PayoutAccount
    payer: PayoutAccount | None
    reclaims: Order | None = None
    signals: dict[str, Any] = field(default_factory=dict)


def agree(ad: Ad, *, actor: User, wish: Wish, at: datetime) -> Agreed:
    """The terms of an order of this person on this ad; Refused with what stands in its way."""
    taker_buys = ad.side == "SELL"
    if ad.owner_id == actor.pk:
        raise Refused("OWN_AD", 409, "This is your own offer.")
    if people.blocked(actor, ad.owner):
        raise Refused(
            "AD_NOT_AVAILABLE", 409, "This offer is not available to you. Choose another."
        )
    reclaims = _reclaimed(wish, ad=ad, actor=actor, at=at) if wish.reclaims else None
    if ad.status != AdStatus.ONLINE and reclaims is None:
        raise Refused("AD_NOT_AVAILABLE", 409, "This offer is not available now. Choose another.")
    merchant = people.merchant(ad.owner)
    if reclaims is None:
        _awake(merchant, at=at)
    rail, payee, payer = _accounts(ad, actor=actor, wish=wish, taker_buys=taker_buys)
    known = prices.read(ad.asset_id)
    if ad.price_type == PriceType.FLOATING and reclaims is None:
        known.require_fresh(ad.asset_id, ad.fiat_id, at=at)
    price = reclaims.price if reclaims else known.of_ad(ad)
    if wish.price is not None and wish.price != price:
        raise Refused(
            "PRICE_MOVED",
            409,
            f"The price is {price.normalize():f} {ad.fiat_id} now. Look at it and confirm again.",
            {"price": ["The price has moved."]},
        )
    amount, fiat_amount = _amounts(ad, wish=wish, price=price)
    own_tier, owner_tier = people.tier_of(actor), people.tier_as(merchant)
    maker_fee = prices.share(amount, owner_tier.maker_fee, asset=ad.asset)
    taker_fee = prices.share(amount, own_tier.taker_fee, asset=ad.asset)
    terms = Terms(
        price=price,
        amount=amount,
        fiat_amount=fiat_amount,
        usd=known.usd(ad.asset_id, amount),
        buyer_fee=taker_fee if taker_buys else maker_fee,
        seller_fee=maker_fee if taker_buys else taker_fee,
        rail=rail.code,
    )
    _in_stock(ad, terms=terms, taker_buys=taker_buys)
    theirs = own_limits.left_of_life(ad.owner)
    if theirs is not None and terms.usd > theirs:
        raise Refused(
            "AD_NOT_AVAILABLE", 409, "The other side may not trade so much. Choose another offer."
        )
    bound = _within_limits(
        actor, tier=own_tier, rail=rail, payer=payer, taker_buys=taker_buys, terms=terms, at=at
    )
    record = people.record(actor, at=at)
    _meets_conditions(ad, actor=actor, record=record, payer=payer, terms=terms, at=at)
    return Agreed(
        terms=terms,
        taker_buys=taker_buys,
        payee=payee,
        payer=payer,
        reclaims=reclaims,
        signals={
            "rail": rail.code,
            "asset": ad.asset_id,
            "reversible_rail": rail.is_reversible,
            "limit_usd": float(bound.usd),
            "merchant": own_tier.code != people.EVERYBODY,
            **_standing(ad.owner, at=at),
            "balance_usd": float(
                known.usd(ad.asset_id, ledger.withdrawable(actor, ad.asset, at=at))
            ),
        },
    )


def _reclaimed(wish: Wish, *, ad: Ad, actor: User, at: datetime) -> Order:
    assert wish.reclaims is not None
    order = orders_of.expired_lately(buyer=actor, id=wish.reclaims, since=at - RECLAIM_TIME)
    same = order and (order.ad_id, order.taker_id, order.rail_id, order.fiat_amount) == (
        ad.pk,
        actor.pk,
        wish.rail,
        wish.fiat_amount,
    )
    if order is None or not same:
        raise Refused(
            "RECLAIM_TOO_LATE",
            409,
            "An expired order can be taken up again within 15 minutes, on the same terms. "
            "After that, open an appeal.",
        )
    return order


def _standing(owner: User, *, at: datetime) -> dict[str, float | None]:
    praise = reputation.praise_of([owner.pk]).get(owner.pk, reputation.UNRATED)
    return {
        "cp_positive_share": praise.share,
        "cp_rating_weight": praise.weight,
        "cp_completion": people.record(owner, at=at).completion_30d,
    }


def _awake(merchant: MerchantProfile | None, *, at: datetime) -> None:
    if merchant and not people.is_open(merchant, at=at):
        raise Refused(
            "MAKER_CLOSED",
            409,
            f"This merchant trades from {merchant.opens_at:%H:%M} to {merchant.closes_at:%H:%M} "
            f"({merchant.user.timezone}). Come back then, or choose another offer.",
        )


def _accounts(
    ad: Ad, *, actor: User, wish: Wish, taker_buys: bool
) -> tuple[Rail, PayoutAccount, PayoutAccount | None]:
    offered = ad.rails.select_related("rail", "account").filter(rail=wish.rail).first()
    if offered is None or not offered.rail.is_active:
        raise Refused(
            "RAIL_NOT_OFFERED",
            422,
            "This offer does not take that way of paying.",
            {"rail": ["Choose one of the offer's."]},
        )
    own = None
    if wish.account is not None:
        own = PayoutAccount.objects.filter(
            pk=wish.account, user=actor, rail=wish.rail, removed_at=None
        ).first()
    if own is None and (wish.account is not None or not taker_buys):
        raise Refused(
            "ACCOUNT_NEEDED",
            422,
            f"Choose one of your own {offered.rail.name} accounts, or add it first.",
            {"account": [f"Choose one of your {offered.rail.name} accounts."]},
        )
    if not taker_buys:
        assert own is not None
        return offered.rail, own, None
    payee = offered.account
    if payee is None or payee.removed_at is not None:
        raise Refused("RAIL_NOT_OFFERED", 409, "The seller has just withdrawn that account.")
    return offered.rail, payee, own


def _amounts(ad: Ad, *, wish: Wish, price: Decimal) -> tuple[Decimal, Decimal]:
    given = [value for value in (wish.amount, wish.fiat_amount) if value is not None]
    if len(given) != 1 or given[0] <= 0:
        raise Refused(
            "AMOUNT_NEEDED",
            422,
            "Say how much: one amount above zero.",
            {"fiat_amount": ["Say how much."]},
        )
    if wish.fiat_amount is not None:
        fiat_amount = wish.fiat_amount
        if not fits(fiat_amount, decimals=ad.fiat.decimals):
            raise _too_fine("fiat_amount", ad.fiat_id, ad.fiat.decimals)
        amount = prices.crypto_for(fiat_amount, price=price, asset=ad.asset)
    else:
        assert wish.amount is not None
        amount = wish.amount
        if not fits(amount, decimals=ad.asset.decimals):
            raise _too_fine("amount", ad.asset_id, ad.asset.decimals)
        fiat_amount = prices.fiat_for(amount, price=price, fiat=ad.fiat)
    if not ad.min_fiat <= fiat_amount <= ad.max_fiat:
        sentence = (
            f"This offer takes {ad.min_fiat.normalize():,f} to {ad.max_fiat.normalize():,f} "
            f"{ad.fiat_id}."
        )
        raise Refused("AMOUNT_OUT_OF_LIMITS", 422, sentence, {"fiat_amount": [sentence]})
    if amount <= 0:
        raise Refused("AMOUNT_TOO_SMALL", 422, "That buys less than the smallest unit there is.")
    return amount, fiat_amount


def _too_fine(name: str, unit: str, decimals: int) -> Refused:
    sentence = f"{unit} has at most {decimals} decimals."
    return Refused("AMOUNT_TOO_FINE", 422, sentence, {name: [sentence]})


def _in_stock(ad: Ad, *, terms: Terms, taker_buys: bool) -> None:
    draws = total([terms.amount, terms.seller_fee]) if taker_buys else terms.amount
    if draws > ad.remaining:
        left = prices.fiat_for(ad.remaining, price=terms.price, fiat=ad.fiat)
        sentence = f"Only about {left.normalize():,f} {ad.fiat_id} of this offer are left."
        raise Refused("AD_SOLD_OUT", 409, sentence, {"fiat_amount": [sentence]})


def _within_limits(
    actor: User,
    *,
    tier: Tier,
    rail: Rail,
    payer: PayoutAccount | None,
    taker_buys: bool,
    terms: Terms,
    at: datetime,
) -> limits.Limit:
    if orders_of.open_taken(actor) >= tier.max_open_orders:
        raise Refused(
            "TOO_MANY_OPEN_ORDERS",
            409,
            f"You have {tier.max_open_orders} open orders. Finish one of them first.",
        )
    bound = limits.of_order(
        tier=tier, kyc_level=actor.kyc_level, rail=rail, payer=payer, buys=taker_buys, at=at
    )[0]
    if terms.usd > bound.usd:
        raise Refused(
            "OVER_LIMIT",
            403,
            f"Your limit for one order this way is {bound.usd:,.2f} USD. {WHY_LIMITED[bound.code]}",
            {"fiat_amount": [f"At most {bound.usd:,.2f} USD."]},
        )
    life = own_limits.left_of_life(actor)
    if life is not None and terms.usd > life:
        raise Refused(
            "OVER_KYC_TOTAL",
            403,
            f"At your verification level {life:,.2f} USD are left in all. Verify more of your "
            "identity, and this limit ends.",
            {"fiat_amount": [f"At most {life:,.2f} USD."]},
        )
    spent = orders_of.usd_of_day(actor, at=at)
    if spent + terms.usd > tier.day_limit_usd:
        left = max(Decimal(0), tier.day_limit_usd - spent)
        raise Refused(
            "OVER_DAY_LIMIT",
            403,
            f"Your limit is {tier.day_limit_usd:,.2f} USD in 24 hours; {left:,.2f} USD are left.",
        )
    return bound


WHY_LIMITED = {
    "TIER_ORDER": "It is that of your tier.",
    "RAIL": "It is that of this way of paying.",
    "ACCOUNT_AGE": "It grows with the age of your payment account.",
    "KYC": "A higher verification level raises it.",
}


def _meets_conditions(
    ad: Ad,
    *,
    actor: User,
    record: people.Record,
    payer: PayoutAccount | None,
    terms: Terms,
    at: datetime,
) -> None:
    partner = conditions.Partner(
        user=actor,
        record=record,
        knows_owner=orders_of.deal_before(actor, ad.owner),
        is_trusted=Relation.objects.filter(
            user=ad.owner, other=actor, kind=RelationKind.TRUST
        ).exists(),
        payer=payer,
        payer_reports=people.reports_on(payer) if payer else 0,
    )
    unmet = conditions.unmet(ad, partner, usd=terms.usd, at=at)
    if unmet:
        raise Refused(
            "CONDITIONS_NOT_MET",
            403,
            " ".join(conditions.SENTENCES[code] for code in unmet),
        )
