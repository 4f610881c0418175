"""Velocity equals a recount: every stream, window, link and distinct, under any interleaving.

The recount below knows nothing of heads, points or edges: it keeps the acts in a list, and reads
the registry's conditions as plain Python.
"""

import math
import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

import numpy as np
import pytest
from django.db import connection
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from apps.core import partitions
from apps.events.act import Act
from apps.flows.judge import judge
from apps.risk.models import Point, Policy
from apps.risk.velocity import history, offline, retention
from apps.risk.velocity.inputs import WINDOWS, Distinct, Link, Velocity, parse
from apps.risk.velocity.read import Plan, sort_rows
from apps.risk.velocity.streams import RELATIONS, STREAMS
from apps.risk.vocabulary import KIND_OF_ROLE, KINDS, ROLES
from tests.market import World

START = datetime(2026, 1, 31, 22, 30, tzinfo=UTC)

#: The conditions of streams, said again in other words.
CONDITIONS: dict[str, Callable[[Act], bool]] = {
    "side == 'buy'": lambda act: act.data.get("side") == "buy",
    "side == 'sell'": lambda act: act.data.get("side") == "sell",
    "at_fault": lambda act: act.data.get("at_fault") is True,
    "rating_positive": lambda act: act.data.get("rating_positive") is True,
    "rating_positive and rater_fresh": lambda act: (
        act.data.get("rating_positive") is True and act.data.get("rater_fresh") is True
    ),
    "amount_usd >= 800 and amount_usd < 1000": lambda act: (
        act.amount_usd is not None and 800 <= act.amount_usd < 1000
    ),
    "round_amount": lambda act: bool(act.amount_usd) and act.amount_usd % 50 == 0,  # type: ignore[operator]
    "known(lat) and known(lon)": lambda act: {"lat", "lon"} <= set(act.data),
    "face_attack != 'OTHER_PERSON' and face_certainty >= 0.5": lambda act: (
        act.data.get("face_attack") not in (None, "OTHER_PERSON")
        and act.data.get("face_certainty", 0) >= 0.5
    ),
    "released_after_s > 900": lambda act: act.data.get("released_after_s", 0) > 900,
    **{
        f"hour_band == {band}": lambda act, band=band: (  # type: ignore[misc]
            (act.at + timedelta(hours=act.data.get("utc_offset_h", 0))).hour // 3 == band
        )
        for band in range(8)
    },
}


def everything() -> Iterator[str]:
    """Every input that the grammar allows: streams × totals × windows, links, distincts."""
    for role in ROLES:
        for stream in STREAMS:
            if KIND_OF_ROLE[stream.role] != KIND_OF_ROLE[role]:
                continue
            name = f"{role}_{stream.name}"
            for what in ("n", "usd", "avg", "sd"):
                yield f"{name}_{what}"
                if stream.windowed:
                    yield from (f"{name}_{what}_{window}" for window in WINDOWS)
            yield from (f"{name}_{what}" for what in ("peak", "age", "idle"))
            if stream.name == "located":
                yield from (f"{name}_lat", f"{name}_lon")
    for relation in RELATIONS:
        yield from (f"{relation.name}_distinct_{w}" for w in ("1h", "24h", "7d", "30d", "90d"))
        if relation.is_stored:
            yield from (f"{relation.name}_link_{what}" for what in ("age", "idle", "n"))


PLAN = Plan(tuple(everything()))


class Recount:
    """What the engine should know, counted anew from a list of acts at each question."""

    def __init__(self) -> None:
        self.acts: list[Act] = []

    def value(self, name: str, asking: Act) -> float:
        item = parse(name)
        if isinstance(item, Velocity):
            return self.velocity(item, asking)
        if isinstance(item, Distinct):
            return self.distinct(item, asking)
        assert isinstance(item, Link)
        return self.link(item, asking)

    def velocity(self, item: Velocity, asking: Act) -> float:
        entity = asking.ids.get(item.role)
        if entity is None:
            return math.nan
        mine, times, latest = [], [], None
        for act in self.acts:
            stream = item.stream
            if (
                act.ids.get(stream.role) == entity
                and (stream.kinds is None or act.kind in stream.kinds)
                and (stream.when is None or CONDITIONS[stream.when](act))
            ):
                # In order of arrival: a clock that goes back counts as one that stands still.
                latest = act.at if latest is None else max(latest, act.at)
                mine.append(act)
                times.append(latest)
        if item.what == "peak":
            return float(max((act.amount_usd or 0 for act in mine), default=0))
        if item.what == "age":
            return hours(asking.at - mine[0].at) if mine else 0.0
        if item.what == "idle":
            return hours(asking.at - times[-1]) if mine else math.nan
        if item.what in ("lat", "lon"):
            return mine[-1].data[item.what] if mine else math.nan
        if item.window:
            edge = asking.at - timedelta(seconds=WINDOWS[item.window])
            mine = [act for act, time in zip(mine, times, strict=True) if time > edge]
        amounts = [float(act.amount_usd or 0) for act in mine]
        if item.what == "n":
            return float(len(mine))
        if item.what == "usd":
            return float(sum((act.amount_usd or Decimal(0) for act in mine), Decimal(0)))
        if len(amounts) < (1 if item.what == "avg" else 2):
            return math.nan
        mean = sum(amounts) / len(amounts)
        if item.what == "avg":
            return mean
        return math.sqrt(sum((amount - mean) ** 2 for amount in amounts) / len(amounts))

    def meetings(self, relation: Any) -> list[Act]:
        return [
            act
            for act in self.acts
            if relation.a in act.ids
            and relation.b in act.ids
            and (relation.kinds is None or act.kind in relation.kinds)
        ]

    def distinct(self, item: Distinct, asking: Act) -> float:
        relation, entity = item.relation, asking.ids.get(item.relation.a)
        if entity is None:
            return math.nan
        edge = asking.at - timedelta(seconds=WINDOWS[item.window])
        met = self.meetings(relation)
        return float(
            len({a.ids[relation.b] for a in met if a.ids[relation.a] == entity and a.at > edge})
        )

    def link(self, item: Link, asking: Act) -> float:
        a, b = asking.ids.get(item.relation.a), asking.ids.get(item.relation.b)
        if a is None or b is None:
            return math.nan
        met = [
            act
            for act in self.meetings(item.relation)
            if (act.ids[item.relation.a], act.ids[item.relation.b]) == (a, b)
        ]
        if item.what == "n":
            return float(len(met))
        if item.what == "age":
            return hours(asking.at - met[0].at) if met else 0.0
        return hours(asking.at - max(act.at for act in met)) if met else math.nan


def hours(delta: timedelta) -> float:
    return max(0.0, delta.total_seconds() / 3600)


def assert_agreed(recount: Recount, asking: Act) -> None:
    """Every input of the plan is what the recount says."""
    told = PLAN.values(found=sort_rows(PLAN.statement.run(PLAN.params(asking))), act=asking)  # type: ignore[arg-type]
    for name, online in zip(PLAN.names, told, strict=True):
        counted = recount.value(name, asking)
        same = (
            (math.isnan(online) and math.isnan(counted))
            or online == counted
            # Spreads come from sums of squares, ages from seconds in binary.
            or math.isclose(online, counted, rel_tol=1e-9, abs_tol=1e-4 if "_sd" in name else 1e-7)
        )
        assert same, (name, online, counted)


gaps = st.sampled_from(
    [0, 0, 1, 59, 60, 61, 600, 3599, 3600, 3601, 7200, 86_400, 172_800, 604_800, 2_592_000,
     7_776_000, -1, -30, -3600, -7200, -90_000]
)  # fmt: skip
people = st.sampled_from(["ann", "ben", "cleo"])
amounts = st.sampled_from(["0.01", "50", "150", "799.99", "800", "999.99", "1234.56"])
templates = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(list(KINDS)),
        "by": st.one_of(people, people, people, st.none()),
        "to": st.one_of(people, st.none()),
        "device": st.sampled_from(["phone", "laptop"]),
        "ip": st.sampled_from(["1.5", "1.9", "2.1"]),
        "account": st.sampled_from([None, "iban-1", "iban-2"]),
        "address": st.sampled_from([None, "addr-1", "addr-2"]),
    },
    optional={
        "side": st.sampled_from(["buy", "sell"]),
        "at_fault": st.booleans(),
        "face_attack": st.sampled_from(["PRINT", "SWAP", "OTHER_PERSON"]),
        "face_certainty": st.sampled_from([0.2, 0.5, 0.9]),
        "rating_positive": st.booleans(),
        "rater_fresh": st.booleans(),
        "released_after_s": st.sampled_from([30.0, 900.0, 901.0]),
        "utc_offset_h": st.sampled_from([-5.0, 0.0, 9.0]),
    },
)
moments = st.fixed_dictionaries(
    {"gap": gaps, "judged": st.booleans(), "usd": st.one_of(amounts, st.none())},
    optional={"lat": st.sampled_from([52.5, -33.9]), "lon": st.sampled_from([13.4, 151.2])},
)


@st.composite
def scripts(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Few deeds done again and again: most acts meet what they have met before."""
    few = draw(st.lists(templates, min_size=1, max_size=4))
    done = st.tuples(st.sampled_from(few), moments)
    return [template | moment for template, moment in draw(st.lists(done, max_size=16))]


ORDER = {
    "kind": "order.created", "by": "ann", "to": "ben", "device": "phone", "ip": "1.5",
    "account": "iban-1", "address": None, "side": "buy", "usd": "150", "judged": True,
}  # fmt: skip
#: One deed again and again, at places that change and at times that go back.
AGAIN: list[dict[str, Any]] = [
    ORDER | {"gap": 0, "lat": 1.0, "lon": 2.0, "usd": "50"},
    ORDER | {"gap": 3600, "lat": 3.0, "lon": 4.0, "usd": "800"},
    ORDER | {"gap": -1800, "lat": 5.0, "lon": 6.0, "usd": "1234.56"},
    ORDER | {"gap": 0, "usd": "0.01", "lat": 7.0, "lon": 8.0},
    ORDER | {"gap": 1799, "judged": False, "lat": 9.0, "lon": 8.0},
    ORDER | {"gap": 1},
    ORDER | {"gap": -3600},
]

deeds = st.builds(lambda template, moment: template | moment, templates, moments)
examples = count()


def act_of(world: World, deed: dict[str, Any], example: int) -> Act:
    """The act of a deed, among people and things of this example alone."""
    words = {key: value for key, value in deed.items() if key not in ("gap", "judged")}
    kind = words.pop("kind")
    for role in ("by", "to", "device", "account", "address"):
        words[role] = words[role] and f"{words[role]}-{example}"
    words["ip"] = f"10.{example % 250}.{words['ip']}"
    return world.act(kind, ref=f"{example}-{world.sent}", **words)


def happen(world: World, deed: dict[str, Any], recount: Recount, example: int) -> None:
    """The deed is done, through the engine or recorded only, and told to the recount."""
    world.pass_time(seconds=deed["gap"])
    act = act_of(world, deed, example)
    if deed["judged"] and KINDS[act.kind]:
        judge(act)
    else:
        world.keeps(act)
    recount.acts.append(act)


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@example(script=AGAIN, asked=ORDER | {"gap": 3600})
@given(script=scripts(), asked=deeds)
def test_velocity_equals_a_recount(
    desk: Policy, script: list[dict[str, Any]], asked: dict[str, Any]
) -> None:
    number = next(examples)
    world, recount = World(now=START), Recount()
    for deed in script:
        happen(world, deed, recount, number)
        assert_agreed(recount, recount.acts[-1])
    world.pass_time(seconds=asked["gap"])
    assert_agreed(recount, act_of(world, asked, number))


def chance_deed(chance: random.Random) -> dict[str, Any]:
    """A deed drawn without hypothesis: for long histories."""
    return {
        "gap": chance.choice([1, 600, 40_000, 200_000, 900_000]),
        "kind": chance.choice(list(KINDS)),
        "by": chance.choice(["ann", "ben", "cleo"]),
        "to": chance.choice(["ann", "ben", None]),
        "device": chance.choice(["phone", "laptop"]),
        "ip": chance.choice(["1.5", "2.1"]),
        "account": chance.choice([None, "iban-1", "iban-2"]),
        "address": chance.choice([None, "addr-1"]),
        "usd": chance.choice([None, "50", "800", "1234.56"]),
        "side": chance.choice(["buy", "sell"]),
        "face_attack": chance.choice(["PRINT", "OTHER_PERSON"]),
        "face_certainty": chance.choice([0.2, 0.5, 0.9]),
        "judged": chance.random() < 0.3,
    }


@pytest.mark.parametrize("seed", range(3))
def test_windows_outlive_the_history_that_retention_drops(desk: Policy, seed: int) -> None:
    chance = random.Random(seed)
    world, recount = World(now=START), Recount()
    for _ in range(110):
        happen(world, chance_deed(chance), recount, 7)
    dropped = []
    for month in retention.due(at=world.now, keep_days=0):
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        dropped += retention.retire(month, at=world.now)
    partitions.forget()
    assert any("risk_point" in name for name in dropped)
    assert not Point.objects.filter(at__lt=world.now - timedelta(days=160)).exists()

    for _ in range(25):
        assert_agreed(recount, act_of(world, chance_deed(chance), 7))
        happen(world, chance_deed(chance), recount, 7)


@pytest.mark.parametrize("seed", range(3))
def test_the_column_pass_agrees_though_the_clock_goes_back(
    committed_desk: Policy, seed: int
) -> None:
    """Requests overtake each other: arrival is what orders them, online and offline."""
    chance = random.Random(seed)
    world, told = World(now=START), {}
    for _ in range(120):
        deed = chance_deed(chance)
        deed["gap"] = chance.choice([0, 0, 1, 60, 3600, -1, -60, -3600, 86_400, -86_400])
        world.pass_time(seconds=deed["gap"])
        act = act_of(world, deed, seed)
        told[act.id] = PLAN.values(found=sort_rows(PLAN.statement.run(PLAN.params(act))), act=act)  # type: ignore[arg-type]
        world.keeps(act)

    month = timedelta(days=40)
    ids, columns = history.load(since=START - month, until=world.now + month)
    assert len(ids) == 120
    for name, column, place in zip(
        PLAN.names, offline.velocity(columns, PLAN.names), range(len(PLAN.names)), strict=True
    ):
        online = np.array([told[one][place] for one in ids])
        assert np.array_equal(online, column, equal_nan=True), name
