"""A desk for tests: acts of a cast that behaves as told, at a clock that moves as told.

alice and bob are honest, mallory is not. Nothing is random: an act is drawn for a face check when
the story says so, and never otherwise.
"""

import hashlib
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, TypeVar
from uuid import UUID

from django.db import connection, transaction

from apps.core import partitions
from apps.core.ids import uuid7
from apps.events.act import Act, Party
from apps.events.models import Entity
from apps.flows.judge import Judged, judge, lock, write
from apps.restrictions.models import Restriction
from apps.risk.decide import Judgement, draw
from apps.risk.row import FEATURE_NAMES

T = TypeVar("T")
SCOPE = "acme"


def user(name: str) -> Party:
    """The party of one of the exchange's users."""
    return Party("user", SCOPE, name)


def id_of(name: str) -> int:
    """The entity id of one of the exchange's users."""
    return user(name).id


@dataclass
class World:
    """A clock, and acts that happen at its time."""

    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    sent: int = 0

    def pass_time(self, **delta: float) -> None:
        """Move the clock on: pass_time(hours=3)."""
        self.now += timedelta(**delta)

    def act(
        self,
        kind: str,
        *,
        by: str | None = "alice",
        to: str | None = None,
        device: str | None = None,
        ip: str | None = None,
        account: str | None = None,
        address: str | None = None,
        usd: str | None = None,
        ref: str | None = None,
        id: UUID | None = None,
        drawn: bool = False,
        client: str = SCOPE,
        **data: Any,
    ) -> Act:
        """An act of this kind, now; device and network address are the person's usual ones."""
        self.sent += 1
        said = repr((kind, by, to, device, ip, account, address, usd, sorted(data.items())))
        return Act(
            id=id or next(_ids(self.now, drawn=drawn)),
            at=self.now,
            kind=kind,
            scope=SCOPE,
            client=Party("client", "", client),
            user=user(by) if by else None,
            counterparty=user(to) if to else None,
            device=Party("device", SCOPE, device or f"{by}-phone"),
            ip=Party("ip", "", ip or usual_ip(by or "nobody")),
            account=Party("account", "", account) if account else None,
            address=Party("address", "", address) if address else None,
            amount_usd=Decimal(usd) if usd else None,
            data=data,
            ref=ref or f"{kind}-{self.sent}",
            digest=hashlib.blake2b(said.encode(), digest_size=16).digest(),
        )

    def sends(self, act: Act) -> Judged:
        """An act is sent to the engine, judged and recorded; a second passes."""
        judged = judge(act)
        self.pass_time(seconds=1)
        return judged

    def happens(self, kind: str, **words: Any) -> Judged:
        """Something happens, is judged and recorded; a second passes."""
        return self.sends(self.act(kind, **words))

    def judged(self, kind: str, **words: Any) -> Judgement:
        """The fresh judgement of an act that is sent for the first time."""
        judgement = self.happens(kind, **words).judgement
        assert judgement is not None
        return judgement

    def recorded(self, kind: str, **words: Any) -> None:
        """The act is recorded without a judgement; a second passes."""
        self.keeps(self.act(kind, **words))
        self.pass_time(seconds=1)

    def keeps(self, act: Act) -> None:
        """An act is recorded without a judgement."""
        partitions.ensure(act.at)
        with transaction.atomic():
            lock(act)
            write(act, judgement=None)

    def forbids(self, name: str, *, kind: str, ability: str, **words: Any) -> Restriction:
        """Staff forbid somebody something, without an end unless told."""
        party = user(name)
        Entity.objects.get_or_create(
            id=party.id,
            defaults={"kind": "user", "scope": SCOPE, "ref": name, "first_at": self.now},
        )
        return Restriction.objects.create(
            subject_id=party.id,
            kind=kind,
            ability=ability,
            imposed_at=self.now,
            reason="SAID_SO",
            user_sentence="Please contact support.",
            **words,
        )

    def trades(self, buyer: str, seller: str, *, usd: str = "100", **data: Any) -> None:
        """An order that goes as orders should, from opening to completion; half an hour passes."""
        self.recorded("order.created", by=buyer, to=seller, usd=usd, side="buy", **data)
        self.pass_time(minutes=10)
        self.recorded("order.paid", by=buyer, to=seller, usd=usd, paid_after_s=600, **data)
        self.pass_time(minutes=5)
        self.recorded("order.released", by=seller, to=buyer, usd=usd, released_after_s=300, **data)
        self.recorded("order.completed", by=buyer, to=seller, usd=usd, side="buy", **data)
        self.recorded("order.completed", by=seller, to=buyer, usd=usd, side="sell", **data)
        self.pass_time(minutes=15)

    def knows(self, name: str, *, days: int = 120, trades: int = 25, usd: str = "100") -> None:
        """A person of some history: signed up `days` ago, with trades spread until yesterday."""
        then = self.now
        self.now = then - timedelta(days=days)
        self.recorded("user.registered", by=name)
        step = timedelta(days=days - 1) / max(1, trades)
        for number in range(trades):
            at = self.now
            self.recorded("signin.succeeded", by=name)
            amount = str(Decimal(usd) * (10 + number % 5 - 2) / 10)
            self.trades(name, f"merchant-{number % 12}", usd=amount)
            self.now = at + step
        self.now = then


def value_of(judgement: Judgement, feature: str) -> float:
    """A feature of a judgement, by name."""
    return judgement.values[FEATURE_NAMES.index(feature)]


def codes(judgement: Judgement) -> list[str]:
    """The reasons of a judgement, ranked."""
    return [reason.code for reason in judgement.verdict.reasons]


def at_once(*deeds: Callable[[], T]) -> list[T | Exception]:
    """What deeds give that start together, each in a thread with a connection of its own."""
    start = threading.Barrier(len(deeds))

    def run(deed: Callable[[], T]) -> T | Exception:
        try:
            start.wait(timeout=10)
            return deed()
        except Exception as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(deeds)) as pool:
        return list(pool.map(run, deeds))


def usual_ip(name: str) -> str:
    """The network address from which somebody usually acts, in a subnet of their own."""
    a, b = hashlib.blake2b(name.encode(), digest_size=2).digest()
    return f"100.{64 + a % 64}.{b}.7"


def _ids(at: datetime, *, drawn: bool) -> Iterator[UUID]:
    """Ids whose draw never asks for a face (or asks as soon as the odds are above nought)."""
    while True:
        one = uuid7(at)
        if draw(one) < 0.0005 if drawn else draw(one) > 0.7:
            yield one
