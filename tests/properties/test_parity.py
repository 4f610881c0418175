"""Online equals offline: the features of a decision, and the same features over columns."""

import random
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from apps.risk.features import all_features
from apps.risk.models import Decision
from apps.risk.row import FACT_INPUTS, FEATURE_NAMES, VELOCITY_INPUTS, compute
from apps.risk.velocity import history, offline
from apps.risk.vocabulary import KINDS
from tests.market import World

#: Not kept point-in-time: see apps.risk.velocity.offline.
TODAY_ONLY = {f.name for f in all_features() if any("_hops" in i or "_on_" in i for i in f.inputs)}
START = datetime(2026, 3, 28, 22, 0, tzinfo=UTC)
pytestmark = pytest.mark.django_db(transaction=True)


def live_a_little(world: World, chance: random.Random, acts: int) -> None:
    """Random acts of a small cast, at gaps from none to weeks, over shared things."""
    for _ in range(acts):
        world.pass_time(seconds=chance.choice([0, 0, 1, 30, 300, 4000, 50_000, 700_000]))
        kind = chance.choice(list(KINDS))
        by, to = chance.sample(["alice", "bob", "carol", "dave"], 2)
        words = {
            "to": to if chance.random() < 0.6 else None,
            "device": f"phone-{chance.randrange(4)}",
            "ip": f"203.0.113.{chance.randrange(5)}",
            "account": f"iban-{chance.randrange(4)}" if chance.random() < 0.5 else None,
            "address": f"bc1q{chance.randrange(3)}" if chance.random() < 0.5 else None,
            "usd": f"{chance.choice([10, 50, 850, 999.99, 1234.56])}",
        }
        facts = {"side": chance.choice(["buy", "sell"]), "at_fault": chance.random() < 0.5}
        if chance.random() < 0.5:
            facts |= {"lat": chance.uniform(-80, 80), "lon": chance.uniform(-179, 179)}
        if chance.random() < 0.3:
            facts |= {"released_after_s": chance.choice([30.0, 1200.0]), "utc_offset_h": 3.0}
        if KINDS[kind]:
            world.happens(kind, by=by, **words, **facts)
        else:
            world.recorded(kind, by=by, **words, **facts)


@pytest.mark.parametrize("seed", range(3))
def test_online_features_equal_the_column_pass_in_every_cell(desk, seed):
    world = World(now=START)
    live_a_little(world, random.Random(seed), acts=160)

    ids, columns = history.load(since=START - timedelta(days=1), until=world.now)
    velocity = offline.velocity(columns, VELOCITY_INPUTS)
    vectors = compute(velocity=velocity, facts={name: columns.facts[name] for name in FACT_INPUTS})

    place = {event: at for at, event in enumerate(ids)}
    cells = 0
    for decision in Decision.objects.filter(maker="ENGINE", degraded=False):
        for name, online, column in zip(FEATURE_NAMES, decision.values, vectors, strict=True):
            if name in TODAY_ONLY:
                continue
            cells += 1
            told = np.float32(np.nan if online is None else online)
            recounted = np.float32(column[place[decision.id]])
            assert told == recounted or (np.isnan(told) and np.isnan(recounted)), (
                name,
                decision.id,
                told,
                recounted,
            )
    assert cells > 5_000
