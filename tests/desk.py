"""The P2P desk as tests see it: a cast with money and accounts, and orders walked to any step.

Time stands still until a test lets it pass. Everybody here is grown: a year on the desk, an own
phone and address, so that the engine has nothing to say of honest trades.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any
from unittest.mock import patch
from uuid import uuid4

import pytest

from apps.core.ids import uuid7
from apps.events.payment_accounts import account_index
from apps.flows import ads, flow, releasing, trading
from apps.flows.order_terms import Wish
from apps.flows.request_facts import RequestFacts
from apps.ledger import assets
from apps.ledger import services as ledger
from apps.ledger.models import Asset
from apps.risk.models import Policy
from apps.trades import catalogue
from apps.trades.models import Ad, MerchantProfile, MerchantState, Order
from apps.trades.services.ads import Offer
from apps.users.models import PayoutAccount, User
from tests.market import usual_ip
from tests.people import NOON

_numbers = count(1)
LOOKED = releasing.Looked(arrived=True, from_named_payer=True, in_full=True)


def facts(user: User, **changes: Any) -> RequestFacts:
    """The request of somebody at their usual place."""
    usual: dict[str, Any] = {
        "ip": usual_ip(str(user.pk)),
        "subnet": None,
        "device_id": user.pk,
        "user_agent_family": "firefox",
        "client": "web",
        "second_factor": True,
    }
    return RequestFacts(**(usual | changes))


@dataclass
class Desk:
    """People, offers and orders at one moment, `now`."""

    now: datetime = NOON
    people: dict[str, User] = field(default_factory=dict)
    accounts: dict[tuple[str, str], PayoutAccount] = field(default_factory=dict)

    def pass_time(self, **span: float) -> None:
        """Let so much time pass."""
        self.now += timedelta(**span)

    def person(self, name: str, *, days: int = 365, **fields: Any) -> User:
        """Somebody of the cast, made when first named: verified, `days` on the desk."""
        if name not in self.people:
            fields = {"kyc_level": 3, "kyc_country": "DE"} | fields
            user = User(
                email=f"{name}@example.org",
                display_name=name.title(),
                date_joined=self.now - timedelta(days=days),
                legal_name=fields.pop("legal_name", f"{name.title()} Example"),
                **fields,
            )
            user.set_unusable_password()
            user.save(force_insert=True)
            self.people[name] = user
        return self.people[name]

    def account(self, name: str, rail: str = "sepa_instant", **fields: Any) -> PayoutAccount:
        """Somebody's account on a rail, known for 300 days."""
        key = (name, rail)
        if key not in self.accounts:
            number = f"DE{next(_numbers):020d}"
            owner = self.person(name)
            row = PayoutAccount(
                id=uuid7(),
                user=owner,
                rail=rail,
                country="DE",
                bank="Example Bank",
                number=number,
                number_index=account_index(number),
                added_at=self.now - timedelta(days=300),
                first_used_at=self.now - timedelta(days=290),
                holder=fields.pop("holder", owner.legal_name),
            )
            for field_name, value in fields.items():
                setattr(row, field_name, value)
            row.save(force_insert=True)
            self.accounts[key] = row
        return self.accounts[key]

    def merchant(self, name: str, tier: str = "VERIFIED") -> User:
        """Somebody who may advertise: a merchant of this tier."""
        who = self.person(name)
        MerchantProfile.objects.get_or_create(
            user=who,
            defaults={
                "tier_id": tier,
                "state": MerchantState.ACTIVE,
                "applied_at": self.now,
                "since": self.now,
            },
        )
        return who

    def funds(self, name: str, amount: str = "10000", asset: str = "USDT-TRC20") -> None:
        """Somebody's deposit arrives and is cleared."""
        who, crypto, id = self.person(name), Asset.objects.get(pk=asset), uuid4()
        with flow.transaction(who, at=self.now):
            words = {"user": who, "asset": crypto, "amount": Decimal(amount), "at": self.now}
            ledger.deposit(deposit=id, by=None, **words)
            ledger.clear_deposit(deposit=id, by=None, **words)

    def offer(
        self, name: str, *, side: str = "SELL", rail: str = "sepa_instant", **words: Any
    ) -> Offer:
        """An offer of somebody's: 1000 USDT at 0.93 EUR, 10 to 900 EUR, 30 minutes."""
        said: dict[str, Any] = {
            "price_type": "FIXED",
            "price": Decimal("0.93"),
            "quantity": Decimal(1000),
            "min_fiat": Decimal(10),
            "max_fiat": Decimal(900),
            "window_min": 30,
            "rails": {rail: self.account(name, rail) if side == "SELL" else None},
        }
        return Offer(**(said | words))

    def ad(
        self,
        name: str = "alice",
        *,
        side: str = "SELL",
        asset: str = "USDT-TRC20",
        fiat: str = "EUR",
        **words: Any,
    ) -> Ad:
        """An ad of a merchant's, online."""
        self.merchant(name)
        posted = self.calm(
            lambda: ads.publish(
                actor=self.person(name),
                side=side,
                asset=asset,
                fiat=fiat,
                offer=self.offer(name, side=side, **words),
                request_facts=facts(self.person(name)),
                at=self.now,
            )
        )
        return posted.ad

    def opens(
        self, name: str, ad: Ad, *, fiat: str = "93", rail: str = "sepa_instant", **words: Any
    ) -> trading.Moved:
        """Somebody takes an ad."""
        return trading.open_order(
            actor=self.person(name),
            ad=ad.pk,
            wish=Wish(
                rail=rail,
                fiat_amount=Decimal(fiat),
                account=self.account(name, rail).pk,
                **words,
            ),
            request_facts=facts(self.person(name)),
            at=self.now,
        )

    def order(
        self,
        *,
        buyer: str = "bob",
        seller: str = "alice",
        step: str = "AWAITING_PAYMENT",
        ad: Ad | None = None,
        **words: Any,
    ) -> Order:
        """An order of these two, walked to a step: AWAITING_PAYMENT, PAID, COMPLETED."""
        if ad is None:
            self.funds(seller)
            ad = self.ad(seller)
        order = self.calm(lambda: self.opens(buyer, ad, **words)).order
        if step == "AWAITING_PAYMENT":
            return order
        self.pass_time(minutes=8)
        order = self.calm(lambda: self.pays(order)).order
        if step == "PAID":
            return order
        self.pass_time(minutes=5)
        order = self.calm(lambda: self.releases(order)).order
        assert order.status == step, order.status
        return order

    def pays(self, order: Order) -> trading.Moved:
        """The buyer says "I have paid"."""
        return trading.mark_paid(
            actor=order.buyer,
            order=order,
            payer=None if order.payer_account_id else self._payer(order).pk,
            request_facts=facts(order.buyer),
            at=self.now,
        )

    def facts(self, name: str) -> RequestFacts:
        """The request of one of the cast at their usual place."""
        return facts(self.person(name))

    def cancels(self, order: Order) -> trading.Moved:
        """The buyer, who has not paid, cancels."""
        return trading.cancel(
            actor=order.buyer,
            order=order,
            request_facts=facts(order.buyer),
            at=self.now,
            unpaid=True,
        )

    def _payer(self, order: Order) -> PayoutAccount:
        name = next(name for name, user in self.people.items() if user.pk == order.buyer_id)
        return self.account(name, order.rail_id)

    def releases(self, order: Order, **words: Any) -> trading.Moved:
        """The seller has looked, confirmed who they are, and releases."""
        said: dict[str, Any] = {"looked": LOOKED, "confirmed": True}
        return releasing.release(
            actor=order.seller,
            order=order,
            request_facts=facts(order.seller),
            at=self.now,
            **(said | words),
        )

    def calm(self, deed: Callable[[], Any]) -> Any:
        """Do something on which no random face check falls."""
        with patch("apps.risk.decide.draw", return_value=0.999):
            return deed()

    def judged(self, outcome: str, deed: Callable[[], Any]) -> Any:
        """Do something that the engine judges so: as if a rule had hit that forces the outcome."""
        from apps.risk import decide as engine
        from apps.risk.policy import Reason

        real = engine.conclude

        def conclude(**words: Any) -> Any:
            from dataclasses import replace

            verdict = real(**words)
            settings = words["policy"].settings
            measures = settings.measures_for(checkpoint=words["checkpoint"], outcome=outcome)
            return replace(
                verdict,
                outcome=outcome,
                reasons=(Reason("WATCHED_LIST", 0.0, outcome),),
                measures=tuple(engine_due(measure) for measure in measures),
            )

        from apps.risk.policy import Due as engine_due

        with patch("apps.risk.decide.conclude", conclude):
            return deed()


def _seed() -> None:
    assets.seed()
    catalogue.seed()


@pytest.fixture
def p2p(desk: Policy) -> Iterator[Desk]:
    """A desk with its catalogue; rolled back after the test."""
    _seed()
    return Desk()


@pytest.fixture
def committed_p2p(committed_desk: Policy) -> Iterator[Desk]:
    """The same where transactions are real."""
    _seed()
    return Desk()
