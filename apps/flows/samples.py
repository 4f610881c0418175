"""Sample acts for a machine on which one tries otcrisk out: two days of a small exchange.

Made up, marked (client "sample-exchange"), and judged by the real engine at their own times: honest
traders, and beside them a guessed password, a taken-over account, a mule and a hasty "I have paid".
"""

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from apps.core.ids import uuid7
from apps.events.act import Act, Party
from apps.events.models import Entity
from apps.flows.ingest import record
from apps.flows.judge import judge
from apps.risk.vocabulary import KINDS

SCOPE = "sample-exchange"
DAYS = 2
BERLIN = {"lat": 52.52, "lon": 13.4, "country": "DE", "utc_offset_h": 1}
LISBON = {"lat": 38.72, "lon": -9.14, "country": "PT", "utc_offset_h": 0}
LAGOS = {"lat": 6.52, "lon": 3.38, "country": "NG", "utc_offset_h": 1}
SINGAPORE = {"lat": 1.35, "lon": 103.82, "country": "SG", "utc_offset_h": 8}


Said = tuple[datetime, str, dict[str, Any]]


def seed(*, at: datetime) -> int:
    """Send the sample acts of the two days before `at`, once; return how many were sent."""
    if Entity.objects.filter(kind="client", scope="", ref=SCOPE).exists():
        return 0
    begin = at - timedelta(days=DAYS)
    told = sorted(
        [*_honest(begin), *_guessed(at), *_taken_over(at), *_mule(begin, at), *_hasty(at)],
        key=lambda said: said[0],
    )
    sent = 0
    for moment, kind, words in told:
        if moment >= at:
            continue
        act = _act(moment, kind, number=sent, **words)
        if KINDS[kind] is None:
            record([act])
        else:
            judge(act)
        sent += 1
    return sent


def _act(at: datetime, kind: str, *, number: int, **words: Any) -> Act:
    def party(of: str, name: str, scope: str = "") -> Party | None:
        return Party(of, scope, words[name]) if words.get(name) else None

    usd = words.get("usd")
    return Act(
        id=uuid7(at),
        at=at,
        occurred_at=at,
        kind=kind,
        scope=SCOPE,
        client=Party("client", "", SCOPE),
        user=party("user", "user", SCOPE),
        counterparty=party("user", "to", SCOPE),
        device=party("device", "device", SCOPE),
        ip=party("ip", "ip"),
        account=party("account", "account"),
        address=party("address", "address"),
        amount_usd=Decimal(usd).quantize(Decimal("0.01")) if usd else None,
        data=words.get("data", {}),
        ref=f"sample-{number}",
        digest=bytes(16),
    )


def _honest(begin: datetime) -> Iterator[Said]:
    """Twelve people who sign in, buy from four merchants and are done."""
    chance = random.Random(7)
    for person in range(12):
        place = (BERLIN, LISBON, LAGOS)[person % 3]
        who = {
            "user": f"sample-trader-{person:02}",
            "device": f"sample-phone-{person:02}",
            "ip": f"198.51.100.{person + 10}",
        }
        yield begin + timedelta(minutes=person * 7), "user.registered", who | {"data": place}
        for trade in range(4):
            start = begin + timedelta(hours=2 + 11 * trade + chance.random() * 6, minutes=person)
            usd = f"{chance.lognormvariate(4.9, 0.6):.2f}"
            deal = who | {
                "to": f"sample-merchant-{chance.randrange(4)}",
                "account": f"sample-account-{person:02}",
                "usd": usd,
            }
            paid = chance.lognormvariate(5.6, 0.5)
            buys = {"side": "buy", "rail": "sepa_instant"}
            yield start, "signin.succeeded", who | {"data": place}
            yield start + timedelta(minutes=2), "order.created", deal | {"data": place | buys}
            yield (
                start + timedelta(minutes=2, seconds=paid),
                "order.paid",
                deal | {"data": {"paid_after_s": round(paid)}},
            )
            yield (
                start + timedelta(minutes=5, seconds=paid),
                "order.completed",
                deal | {"data": buys},
            )


def _guessed(at: datetime) -> Iterator[Said]:
    """Somebody tries many accounts from one address."""
    start = at - timedelta(hours=5)
    for attempt in range(24):
        yield (
            start + timedelta(seconds=9 * attempt),
            "signin.failed",
            {
                "user": f"sample-trader-{attempt % 12:02}",
                "ip": "203.0.113.66",
                "device": "sample-script",
                "data": {"vpn": True},
            },
        )


def _taken_over(at: datetime) -> Iterator[Said]:
    """An aged account signs in from far away, changes its password and empties itself."""
    victim = {"user": "sample-trader-03"}
    thief = victim | {"device": "sample-new-laptop", "ip": "192.0.2.44"}
    start = at - timedelta(hours=3)
    far = {"data": SINGAPORE | {"ip_risk": 80}}
    yield start, "signin.succeeded", thief | far
    yield (
        start + timedelta(minutes=1),
        "security.changed",
        thief | {"data": SINGAPORE | {"change": "password"}},
    )
    yield start + timedelta(minutes=4), "address.added", thief | {"address": "bc1qsample0thief"}
    yield (
        start + timedelta(minutes=6),
        "withdrawal.requested",
        thief
        | {
            "address": "bc1qsample0thief",
            "usd": "1840.00",
            "data": SINGAPORE | {"asset": "BTC", "balance_usd": 1900},
        },
    )


def _mule(begin: datetime, at: datetime) -> Iterator[Said]:
    """Money comes in from several buyers' trades and goes out at once, just below a limit."""
    mule = {
        "user": "sample-mule",
        "device": "sample-phone-mule",
        "ip": "198.51.100.200",
        "account": "sample-account-mule",
    }
    yield begin + timedelta(hours=1), "user.registered", mule
    for trade in range(5):
        start = at - timedelta(hours=20 - 3 * trade)
        usd = f"{940 + 11 * trade}.00"
        buy = mule | {"to": f"sample-merchant-{trade % 4}", "usd": usd}
        side = {"data": {"side": "buy", "rail": "sepa_instant"}}
        yield start, "order.created", buy | side
        yield start + timedelta(minutes=6), "order.completed", buy | side
        yield (
            start + timedelta(minutes=20),
            "withdrawal.requested",
            mule | {"address": "bc1qsample0mule", "usd": usd, "data": {"asset": "BTC"}},
        )


def _hasty(at: datetime) -> Iterator[Said]:
    """A newcomer says "I have paid" within seconds, again and again."""
    who = {
        "user": "sample-hasty",
        "device": "sample-phone-hasty",
        "ip": "198.51.100.77",
        "account": "sample-account-hasty",
    }
    start = at - timedelta(minutes=95)
    yield start, "user.registered", who
    for attempt in range(4):
        moment = start + timedelta(minutes=5 + 20 * attempt)
        deal = who | {"to": "sample-merchant-1", "usd": f"{300 + 45 * attempt}.00"}
        side = {"side": "buy", "rail": "bank_transfer"}
        yield moment, "order.created", deal | {"data": side}
        yield moment + timedelta(seconds=8), "order.paid", deal | {"data": {"paid_after_s": 8}}
        yield moment + timedelta(minutes=12), "order.paid_reverted", deal
        yield moment + timedelta(minutes=13), "order.cancelled", deal
