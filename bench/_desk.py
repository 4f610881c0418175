"""A desk for benchmarks: a database of its own, the preset policy, and histories of any length."""

import os
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit, urlunsplit

import numpy as np
from numpy.typing import NDArray

DATABASE = "otcrisk_bench"
SCOPE = "bench"


def open_desk(*, keep: bool = False, name: str = DATABASE) -> None:
    """Make a fresh database beside the configured or embedded one, migrated, with the policy."""
    from otcrisk import embedded

    embedded.start()
    import psycopg

    url = urlsplit(os.environ["DATABASE_URL"])
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        exists = connection.execute(
            "SELECT 1 FROM pg_database WHERE datname = %s", [name]
        ).fetchone()
        if exists and not keep:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
        if not exists or not keep:
            connection.execute(f"CREATE DATABASE {name}")
    os.environ["DATABASE_URL"] = urlunsplit(url._replace(path=f"/{name}"))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "otcrisk.settings")
    import django

    django.setup()
    from django.core.management import call_command

    from apps.core import clock, partitions
    from apps.risk.presets import seed

    call_command("migrate", verbosity=0, skip_checks=True)
    seed()
    partitions.ensure_ahead(clock.now())


KINDS = (
    ("signin.succeeded", 0.30),
    ("order.created", 0.18),
    ("order.paid", 0.14),
    ("order.completed", 0.25),
    ("order.released", 0.05),
    ("withdrawal.requested", 0.04),
    ("deposit.confirmed", 0.03),
    ("signin.failed", 0.01),
)
HEAVY = "heavy"


def close_desk(name: str) -> None:
    """Drop a benchmark's database again."""
    import psycopg
    from django.db import connections

    connections.close_all()
    url = urlsplit(os.environ["DATABASE_URL"])
    server = urlunsplit(url._replace(path="/postgres"))
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def history(*, events: int, heavy: int, days: float = 80, seed: int = 1) -> dict[str, NDArray]:
    """Return made-up events as columns of entity references: users, their things, counterparties.

    Users grow with the history (200 events each). `heavy` events belong to one user who has
    everything at once: its own device, address, account, counterparty, each as heavy.
    """
    chance = np.random.default_rng(seed)
    people = max(50, events // 200)
    user = chance.integers(0, people, events)
    cp = (chance.zipf(1.3, events) % max(10, people // 20)) + people
    device = user * 2 + (chance.random(events) < 0.2)
    ip = user * 3 + chance.integers(0, 3, events)
    account, address = user * 2, user * 2 + 1
    if heavy:
        chosen = chance.choice(events, heavy, replace=False)
        for column in (user, cp, device, ip, account, address):
            column[chosen] = 10_000_000 + (column is cp)
    end = datetime.now(UTC) - timedelta(minutes=1)
    span = int(days * 86_400e6)
    at = np.sort(chance.integers(0, span, events)) + int(end.timestamp() * 1e6) - span
    names = [name for name, _ in KINDS]
    kind = chance.choice(len(names), events, p=[share for _, share in KINDS])
    cents = np.round(np.exp(chance.normal(5.2, 0.9, events)) * 100).astype(np.int64)
    return {
        "at": at,
        "kind": np.array(names)[kind],
        "user": user,
        "cp": cp,
        "device": device,
        "ip": ip,
        "account": account,
        "address": address,
        "cents": cents,
    }


def columns(made: dict[str, NDArray]):
    """Return made-up events as the engine's columns."""
    from apps.core.ids import entity_id
    from apps.events.act import pair_ref
    from apps.risk import act_facts
    from apps.risk.row import FACT_NAMES
    from apps.risk.velocity.offline import KIND_CODE, Columns

    def hashed(kind: str, column: NDArray, scope: str) -> NDArray:
        values, place = np.unique(column, return_inverse=True)
        ids = [entity_id(kind=kind, scope=scope, ref=reference(kind, v)) for v in values]
        return np.array(ids, np.int64)[place]

    trades = np.isin(
        made["kind"], ["order.created", "order.paid", "order.completed", "order.released"]
    )
    leaves = made["kind"] == "withdrawal.requested"
    ids = {
        "user": hashed("user", made["user"], SCOPE),
        "cp": np.where(trades, hashed("user", made["cp"], SCOPE), 0),
        "device": hashed("device", made["device"], SCOPE),
        "ip": hashed("ip", made["ip"], ""),
        "account": np.where(trades, hashed("account", made["account"], ""), 0),
        "address": np.where(leaves, hashed("address", made["address"], ""), 0),
    }
    from apps.core.net import subnet

    nets = {
        v: entity_id(kind="subnet", scope="", ref=subnet(reference("ip", v)))
        for v in np.unique(made["ip"])
    }
    ids["subnet"] = np.array([nets[v] for v in made["ip"]], np.int64)
    couple = made["user"] * 100_000_000 + made["cp"]
    values, place = np.unique(couple, return_inverse=True)
    pairs = [
        entity_id(
            kind="pair",
            scope=SCOPE,
            ref=pair_ref(reference("user", v // 100_000_000), reference("user", v % 100_000_000)),
        )
        for v in values
    ]
    ids["pair"] = np.where(trades, np.array(pairs, np.int64)[place], 0)
    moved = np.isin(made["kind"], ["signin.succeeded", "signin.failed"])
    cents = np.where(moved, 0, made["cents"])
    facts = _facts(made, cents, act_facts, FACT_NAMES)
    return Columns(
        at=made["at"],
        kind=np.array([KIND_CODE[k] for k in made["kind"]], np.int16),
        ids=ids,
        cents=cents,
        facts=facts,
    )


def load(made: dict[str, NDArray]) -> None:
    """Store made-up events and their velocity as if each had been decided."""
    from django.db import connection

    from apps.core import partitions
    from apps.core.ids import entity_id, uuid7
    from apps.risk.velocity import rebuild

    stored = columns(made)
    size = len(stored)
    ids, cents = stored.ids, stored.cents
    trades = ids["account"] != 0
    for at in np.unique(made["at"].astype("datetime64[us]").astype("datetime64[M]")):
        partitions.ensure(at.astype("datetime64[us]").item().replace(tzinfo=UTC))
    moments = made["at"].astype("datetime64[us]").tolist()
    rows = {
        "id": np.array([str(uuid7(m.replace(tzinfo=UTC))) for m in moments]),
        "at": made["at"],
        "kind": made["kind"],
        **{
            f"{'counterparty' if role == 'cp' else role}_id": _or_null(column)
            for role, column in ids.items()
            if role != "pair"
        },
        "amount_usd": np.where(cents == 0, "", (cents / 100).round(2).astype(str)),
        "data": np.where(trades, '{"side":"buy"}', "{}"),
    }
    people = np.unique(np.r_[made["user"], made["cp"]])
    names = [reference("user", number) for number in people]
    rebuild.copy(
        "events_entity",
        {
            "id": [entity_id(kind="user", scope=SCOPE, ref=name) for name in names],
            "kind": ["user"] * len(names),
            "scope": [SCOPE] * len(names),
            "ref": names,
            "first_at": np.full(len(names), made["at"][0]),
        },
    )
    rebuild.copy("events_event", rows)
    rebuild.rebuild(stored)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    print(f"  history of {size:,} events is there", flush=True)


def reference(kind: str, number: int) -> str:
    """Return the reference of a made-up entity."""
    if kind == "ip":
        return f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
    return f"{kind}-{number}"


def _or_null(ids: NDArray) -> NDArray:
    return np.where(ids == 0, "", ids.astype(str))


def _facts(made: dict[str, NDArray], cents: NDArray, act_facts, names) -> dict[str, NDArray]:
    size = len(cents)
    facts = {
        name: np.full(size, None, object) if name in act_facts.TEXT_FACTS else np.full(size, np.nan)
        for name in names
    }
    facts["kind"] = made["kind"].astype(object)
    trades = np.isin(made["kind"], ["order.created", "order.completed"])
    facts["side"] = np.where(trades, "buy", None)
    facts["amount_usd"] = np.where(cents > 0, cents / 100, np.nan)
    facts["hour"] = made["at"] / 3_600e6 % 24
    facts["hour_band"] = facts["hour"] // 3
    facts["round_amount"] = (cents % 5000 == 0).astype(float)
    return facts
