"""A desk with a past, where one tries otcrisk out: merchants, ads, orders, ratings.

Everything is done by the real flows, at its own time, by the sample people of apps.users.demo: what
the engine asks on the way is answered as people would. Done once.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

import structlog

from apps.core.errors import Refused
from apps.core.ids import uuid7
from apps.flows import (
    ads,
    deposits,
    identity,
    merchants,
    payout_accounts,
    ratings,
    relations,
    releasing,
    review,
    trading,
    waiting,
)
from apps.flows.desk_samples_cast import ADS, DEALS, TRADERS, Deal
from apps.flows.order_terms import Wish
from apps.ledger.models import Asset
from apps.restrictions import queries as restrictions
from apps.risk.models import Decision
from apps.trades import prices
from apps.trades.models import Ad, Order
from apps.trades.services.ads import Offer
from apps.trades.states import OrderStatus
from apps.users.models import PayoutAccount, User

log = structlog.get_logger(__name__)
#: So long ago they came; their first ads and orders are younger.
CAME, FIRST_ADS, FIRST_ORDER = timedelta(days=68), timedelta(days=21), timedelta(days=20)
LOOKED = releasing.Looked(arrived=True, from_named_payer=True, in_full=True)
TERMS = "Pay from an account in your own name. No third-party payments. I release within minutes."


def seed(*, at: datetime) -> int:
    """Give the sample people a desk with a past that ends now, once; how many orders there are."""
    people = {user.email.partition("@")[0]: user for user in User.objects.filter(is_sample=True)}
    if not people.keys() >= {*TRADERS, "cora.compliance", "sam.senior"}:
        return 0
    if PayoutAccount.objects.filter(user__in=[people[name] for name in TRADERS]).exists():
        return 0
    accounts = _come(people, at=at - CAME)
    offers = _advertise(people, accounts, at=at - FIRST_ADS)
    for moment, deal in _moments(at):
        try:
            _deal(people, accounts, offers, deal, at=moment)
        except Refused as refused:
            # The engine may say no to anybody; the other deals go on.
            log.warning("samples.deal_refused", code=refused.code, at=moment.isoformat())
    relations.set_(
        actor=people["ben.buyer"],
        other=people["mia.merchant"],
        kind="TRUST",
        on=True,
        at=at - timedelta(days=1),
    )
    _held(people, accounts, offers[4], at=at - timedelta(minutes=55))
    _open(people, accounts, offers[0], at=at - timedelta(minutes=4))
    return Order.objects.filter(taker__in=people.values()).count()


def _come(people: dict[str, User], *, at: datetime) -> dict[tuple[str, str], PayoutAccount]:
    """They are verified, name their accounts, deposit, and two of them become merchants."""
    accounts = {}
    for trader in TRADERS.values():
        user = people[trader.name]
        at += timedelta(minutes=1)
        people[trader.name] = identity.verify(
            user=user, legal_name=trader.legal_name, country=trader.country, level=trader.level,
            by=None, at=at,
        )  # fmt: skip
        for rail, number, bank in trader.accounts:
            at += timedelta(minutes=20)
            accounts[trader.name, rail] = payout_accounts.add(
                actor=people[trader.name], rail=rail, holder=trader.legal_name, number=number,
                bank=bank, country=trader.country, request_facts=trader.facts, at=at,
            )  # fmt: skip
        for asset, amount in trader.funds:
            _deposit(people[trader.name], asset, Decimal(amount), at=at)
    for name, tier, headline in (
        ("mia.merchant", "VERIFIED", "Euro by SEPA Instant, any hour of the day"),
        ("max.merchant", "LITE", "Reais, naira, yuan: three currencies, one trader"),
    ):
        at += timedelta(hours=2)
        merchants.appoint(
            by=people["cora.compliance"], user=people[name], tier=tier, headline=headline,
            reason="sample merchant", at=at,
        )  # fmt: skip
    return accounts


def _deposit(user: User, asset: str, amount: Decimal, *, at: datetime) -> None:
    """The custodian reports a deposit that the network has confirmed."""
    coin = Asset.objects.get(pk=asset)
    address = deposits.address_of(actor=user, network=coin.network, at=at)
    deposits.report(
        asset=asset,
        address=address.address,
        tx_id=f"sample-{uuid7(at).hex}",
        output=0,
        amount=amount,
        confirmations=coin.confirmations,
        at=at,
    )


def _advertise(
    people: dict[str, User], accounts: dict[tuple[str, str], PayoutAccount], *, at: datetime
) -> list[Ad]:
    known, posted = prices.read(), []
    for place, (name, side, asset, fiat, over, premium, quantity, low, high, rail) in enumerate(
        ADS
    ):
        moment = at + timedelta(minutes=25 * place)
        fixed = round(known.of(asset, fiat) * Decimal(over), 4) if over else None
        answer = ads.publish(
            actor=people[name], side=side, asset=asset, fiat=fiat,
            offer=Offer(
                price_type="FIXED" if fixed else "FLOATING",
                price=fixed,
                premium=Decimal(premium) if premium else None,
                quantity=Decimal(quantity), min_fiat=Decimal(low), max_fiat=Decimal(high),
                window_min=30, terms=TERMS,
                rails={rail: accounts[name, rail] if side == "SELL" else None},
            ),
            request_facts=TRADERS[name].facts, at=moment,
        )  # fmt: skip
        if answer.ad.status == "PENDING_REVIEW" and answer.ad.decision:
            _clear(people, answer.ad.decision, at=moment + timedelta(minutes=4))
            waiting.resume_ad(ad=answer.ad, at=moment + timedelta(minutes=5))
        posted.append(answer.ad)
    return posted


def _moments(at: datetime) -> Iterator[tuple[datetime, Deal]]:
    """The deals at hours of the day, spread until yesterday."""
    step = (FIRST_ORDER - timedelta(days=1)) / len(DEALS)
    for place, words in enumerate(DEALS):
        yield at - FIRST_ORDER + step * place, Deal(*words)


def _deal(
    people: dict[str, User],
    accounts: dict[tuple[str, str], PayoutAccount],
    offers: list[Ad],
    deal: Deal,
    *,
    at: datetime,
) -> None:
    taker, ad = people[deal.taker], offers[deal.ad]
    order = _opened(people, accounts, ad, deal.taker, deal.fiat, at=at)
    names = {people[name].pk: name for name in TRADERS}
    buyer, seller = names[order.buyer_id], names[order.seller_id]
    at += timedelta(minutes=deal.pays)
    moved = trading.mark_paid(
        actor=order.buyer, order=order, payer=accounts[buyer, order.rail_id].pk,
        request_facts=TRADERS[buyer].facts, at=at,
    )  # fmt: skip
    order = _through(people, moved.order, order.buyer, at=at)
    at += timedelta(minutes=deal.releases)
    moved = releasing.release(
        actor=order.seller, order=order, looked=LOOKED, confirmed=True,
        request_facts=TRADERS[seller].facts, at=at,
    )  # fmt: skip
    order = _through(people, moved.order, order.seller, at=at)
    other = order.seller if taker.pk == order.buyer_id else order.buyer
    for rater, positive, tags, comment, minutes in (
        (taker, "SLOW" not in deal.tags, deal.tags, deal.comment, 9),
        (other, True, ("FAST",), "", 11),
    ):
        ratings.rate(
            actor=rater, order=order, is_positive=positive, tags=tags, comment=comment,
            request_facts=TRADERS[names[rater.pk]].facts, at=at + timedelta(minutes=minutes),
        )  # fmt: skip


def _opened(
    people: dict[str, User],
    accounts: dict[tuple[str, str], PayoutAccount],
    ad: Ad,
    taker: str,
    fiat: int,
    *,
    at: datetime,
) -> Order:
    rail = ad.rails.get().rail_id
    moved = trading.open_order(
        actor=people[taker], ad=ad.pk,
        wish=Wish(rail=rail, fiat_amount=Decimal(fiat), account=accounts[taker, rail].pk),
        request_facts=TRADERS[taker].facts, at=at,
    )  # fmt: skip
    return _through(people, moved.order, people[taker], at=at)


def _through(people: dict[str, User], order: Order, who: User, *, at: datetime) -> Order:
    """Answer what the engine asked of an order: a proof by the person, else a look by staff."""
    at += timedelta(minutes=1)
    if restrictions.live(subject=order.entity, at=at).exists():
        waiting.prove(user=who, at=at)
    if restrictions.live(subject=order.entity, at=at).exists():
        asked = (order.release_decision, order.paid_decision, order.created_decision)
        _clear(people, next(id for id in asked if id), at=at)
        waiting.resume(order=order, at=at + timedelta(minutes=1))
    return Order.objects.select_related("buyer", "seller", "rail", "ad").get(pk=order.pk)


def _clear(people: dict[str, User], decision: UUID | None, *, at: datetime) -> None:
    found = Decision.objects.filter(pk=decision).first() if decision else None
    if found is not None:
        review.decide(
            by=people["sam.senior"], at=at, decision=found, outcome="ALLOW", note="sample, cleared"
        )


def _held(
    people: dict[str, User],
    accounts: dict[tuple[str, str], PayoutAccount],
    ad: Ad,
    *,
    at: datetime,
) -> None:
    """Bea pays from an account in somebody else's name: her order waits for a human."""
    name = "bea.buyer"
    other = payout_accounts.add(
        actor=people[name], rail="bank_ng", holder="Chidi Okafor", number="5550001112",
        bank="Example Bank Abuja", country="NG", request_facts=TRADERS[name].facts,
        at=at - timedelta(hours=2),
    )  # fmt: skip
    order = _opened(people, accounts, ad, name, 70_000, at=at)
    if order.status == OrderStatus.AWAITING_PAYMENT:
        trading.mark_paid(
            actor=people[name], order=order, payer=other.pk, request_facts=TRADERS[name].facts,
            at=at + timedelta(minutes=11),
        )  # fmt: skip


def _open(
    people: dict[str, User],
    accounts: dict[tuple[str, str], PayoutAccount],
    ad: Ad,
    *,
    at: datetime,
) -> None:
    """Ben has just opened an order and has half an hour to pay."""
    _opened(people, accounts, ad, "ben.buyer", 120, at=at)
