"""Random face checks fall as often as the policy says: many acts, held to exact bounds.

A bound is that of the binomial distribution at one in a million on either side, so that a test
fails by chance once in half a million policies at most. Acts and secret are fixed: always or never.
"""

import math
import random
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from apps.core.ids import uuid7_floor
from apps.risk.decide import draw
from apps.risk.policy import Verdict, conclude
from apps.risk.rules import State
from tests.people import NOON
from tests.preset import policy

ACTS = 20_000
RARE = 1e-6
#: Mild rules of CP1 that force nothing, by their points: together they make up the scores below.
MILD = {
    150: ("NEAR_A_BAN",),
    278: ("NEAR_A_BAN", "COUNTERPARTY_NEAR_BAN"),
    450: ("WATCHED_LIST", "NEAR_A_BAN", "ROUND_AMOUNTS"),
}


def verdict(
    of: UUID,
    *,
    hit: tuple[str, ...] = (),
    checkpoint: str = "CP1",
    steady: bool = False,
    since_face: float = math.nan,
) -> Verdict:
    """What the preset says of an act on which these rules hit, with the draw of its id."""
    rules = policy().by_checkpoint[checkpoint]
    return conclude(
        policy=policy(),
        checkpoint=checkpoint,
        ability="take_buy",
        states=[State.HIT if rule.code in hit else State.MISS for rule in rules],
        steady=steady,
        amount_usd=100,
        spent_today_usd=0,
        hours_since_face=since_face,
        forbidden=(),
        draw=draw(of),
    )


def told(score: float, *, steady: bool = False) -> float:
    """The odds as docs/policy.md has them."""
    odds = policy().settings.step_up
    rise = 1 / (1 + math.exp(-(score - odds.midpoint) / odds.width))
    chance = odds.floor + (odds.ceiling - odds.floor) * rise
    return chance * odds.steady_factor if steady else chance


def tail(n: int, p: float, k: int) -> float:
    """The chance of k or fewer, or of k or more, of n: whichever is the smaller."""

    def exactly(i: int) -> float:
        choose = math.lgamma(n + 1) - math.lgamma(i + 1) - math.lgamma(n - i + 1)
        return math.exp(choose + i * math.log(p) + (n - i) * math.log1p(-p))

    return min(sum(map(exactly, range(k + 1))), sum(map(exactly, range(k, n + 1))))


@pytest.fixture(autouse=True)
def _fixed(settings: Any) -> None:
    settings.STEP_UP_SECRET = "the same in every run"


def event(chance: random.Random, at: datetime) -> UUID:
    """An id of that moment, the same for the same chance."""
    return UUID(int=uuid7_floor(at).int | chance.getrandbits(62))


def events(seed: int) -> list[UUID]:
    """Acts of a month, as ids of their moments."""
    chance = random.Random(seed)
    month = [NOON + timedelta(seconds=chance.uniform(0, 2_592_000)) for _ in range(ACTS)]
    return [event(chance, at) for at in month]


@pytest.mark.parametrize("checkpoint", ["CP1", "CP3", "CP5"])
def test_who_shows_no_sign_is_asked_as_often_as_the_floor_says(checkpoint: str) -> None:
    drawn = sum(verdict(one, checkpoint=checkpoint).drawn for one in events(1))
    assert tail(ACTS, told(0), drawn) > RARE
    # Near the floor, and far from never.
    assert 0.002 < told(0) < 0.01
    assert drawn > 0


@pytest.mark.parametrize("score", MILD)
def test_the_odds_grow_with_the_score(score: int) -> None:
    found = [verdict(one, hit=MILD[score]) for one in events(score)]
    exact = 1000 * (1 - math.prod(1 - _points(code) / 1000 for code in MILD[score]))
    assert abs(exact - score) < 30
    assert {one.outcome for one in found} <= {"ALLOW", "LIMIT", "STEP_UP"}
    assert tail(ACTS, told(exact), sum(one.drawn for one in found)) > RARE


def test_no_score_is_asked_more_often_than_the_ceiling_says() -> None:
    odds = policy().settings.step_up
    assert told(1000) <= odds.ceiling
    drawn = sum(draw(one) < told(1000) for one in events(3))
    assert tail(ACTS, told(1000), drawn) > RARE
    assert tail(ACTS, odds.ceiling + 0.03, drawn) < RARE


def test_the_steady_are_asked_a_tenth_as_often() -> None:
    drawn = sum(verdict(one, steady=True).drawn for one in events(4))
    assert tail(ACTS, told(0, steady=True), drawn) > RARE
    # So seldom that the odds of everybody else would not explain it.
    assert tail(ACTS, told(0), drawn) < RARE


def test_nobody_is_asked_again_before_the_rest_is_over() -> None:
    rest = policy().settings.step_up.rest_hours
    hit = MILD[450]
    resting = [verdict(one, hit=hit, since_face=rest - 0.01) for one in events(5)]
    assert not any(one.drawn for one in resting)
    rested = sum(verdict(one, hit=hit, since_face=rest).drawn for one in events(5))
    exact = 1000 * (1 - math.prod(1 - _points(code) / 1000 for code in hit))
    assert tail(ACTS, told(exact), rested) > RARE


def test_draws_are_spread_evenly_and_depend_on_the_secret(settings: Any) -> None:
    drawn = [draw(one) for one in events(6)]
    assert min(drawn) >= 0
    assert max(drawn) < 1
    for tenth in range(10):
        count = sum(tenth / 10 <= one < (tenth + 1) / 10 for one in drawn)
        assert tail(ACTS, 0.1, count) > RARE
    settings.STEP_UP_SECRET = "another"
    assert [draw(one) for one in events(6)[:5]] != drawn[:5]


def test_a_steady_trader_is_asked_about_once_a_year() -> None:
    """Four acts a day for a year, 50 people: after each pass the rest begins."""
    rest, asked, people, days = policy().settings.step_up.rest_hours, 0, 50, 365
    chance = random.Random(8)
    for _ in range(people):
        passed = -math.inf
        for act in range(4 * days):
            hour = act * 6 + chance.random()
            id = event(chance, NOON + timedelta(hours=hour))
            if verdict(id, steady=True, since_face=hour - passed).drawn:
                asked, passed = asked + 1, hour
    assert rest == 72
    free = people * 4 * days - asked * 12  # a rest covers about twelve acts
    assert tail(free, told(0, steady=True), asked) > RARE
    assert asked / people < 2.5


def _points(code: str) -> int:
    return next(rule.points for rule in policy().rules if rule.code == code)
