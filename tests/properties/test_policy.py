"""More risk is never milder; draws are fair, reproducible and rare for the steady."""

import math
from collections import Counter
from dataclasses import replace
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import settings as tests
from hypothesis import strategies as st

from apps.core.ids import uuid7
from apps.risk.decide import draw
from apps.risk.policy import (
    CompiledPolicy,
    Forbidden,
    PolicyRule,
    Verdict,
    conclude,
    fail_safe,
    score_of,
    step_up_odds,
)
from apps.risk.policy_settings import OUTCOMES, SEVERITY, Measure
from apps.risk.row import NAMES, VOCABULARY
from apps.risk.rules import State, check
from apps.risk.standing import decayed, move
from apps.risk.vocabulary import CHECKPOINTS, KINDS
from tests.people import NOON
from tests.preset import policy

ABILITIES = (None, "login", "take_buy", "take_sell", "release", "withdraw", "post_ad")
CHECKED = sorted(CHECKPOINTS)
TRUE = check("True", VOCABULARY)

amounts = st.one_of(st.just(math.nan), st.floats(0, 200_000))
bans = st.lists(
    st.builds(
        Forbidden,
        role=st.sampled_from(["user", "device", "cp", "ip"]),
        ability=st.sampled_from(["all", "take_buy", "withdraw", "login"]),
        kind=st.sampled_from(["WARN", "CAP", "STEP_UP", "HOLD", "DENY"]),
        reason=st.just("SAID_SO"),
        cap_usd=st.sampled_from([0.0, 500.0, 1000.0]),
    ),
    max_size=3,
)
situations = st.fixed_dictionaries(
    {
        "ability": st.sampled_from(ABILITIES),
        "steady": st.booleans(),
        "amount_usd": amounts,
        "spent_today_usd": amounts,
        "hours_since_face": st.one_of(st.just(math.nan), st.floats(0, 1000)),
        "draw": st.floats(0, 1, exclude_max=True),
        "forbidden": bans,
    }
)


def severity(verdict: Verdict) -> int:
    return SEVERITY[verdict.outcome]


@st.composite
def two_sets_of_hits(draw: st.DrawFn) -> tuple[str, list[int], list[int]]:
    """A checkpoint, states of its rules, and the same states with more hits."""
    checkpoint = draw(st.sampled_from(CHECKED))
    size = len(policy().by_checkpoint[checkpoint])
    few = draw(st.sets(st.integers(0, size - 1), max_size=6))
    more = few | draw(st.sets(st.integers(0, size - 1), min_size=1, max_size=6))
    return (
        checkpoint,
        [State.HIT if place in few else State.MISS for place in range(size)],
        [State.HIT if place in more else State.MISS for place in range(size)],
    )


@tests(max_examples=400, deadline=None)
@given(hits=two_sets_of_hits(), situation=situations)
def test_more_hits_are_never_milder(
    hits: tuple[str, list[int], list[int]], situation: dict[str, Any]
) -> None:
    checkpoint, few, more = hits
    before, after = (
        conclude(policy=policy(), checkpoint=checkpoint, states=states, **situation)
        for states in (few, more)
    )
    assert severity(after) >= severity(before)
    assert after.score >= before.score
    assert after.band >= before.band
    assert after.odds >= before.odds
    assert {reason.code for reason in after.reasons} >= {
        r.code for r in before.reasons if r.code not in ("RANDOM_CHECK", "OVER_NEW_CAP")
    }


@tests(max_examples=200, deadline=None)
@given(hits=two_sets_of_hits(), situation=situations, more=bans)
def test_more_restrictions_are_never_milder(
    hits: tuple[str, list[int], list[int]], situation: dict[str, Any], more: list[Forbidden]
) -> None:
    checkpoint, states, _ = hits
    worse = situation | {"forbidden": [*situation["forbidden"], *more]}
    before, after = (
        conclude(policy=policy(), checkpoint=checkpoint, states=states, **case)
        for case in (situation, worse)
    )
    assert severity(after) >= severity(before)
    assert after.measures == before.measures  # what stands already forbids nothing anew


@tests(max_examples=200, deadline=None)
@given(hits=two_sets_of_hits(), situation=situations, more=st.floats(0, 100_000))
def test_a_larger_amount_is_never_milder(
    hits: tuple[str, list[int], list[int]], situation: dict[str, Any], more: float
) -> None:
    assume(not math.isnan(situation["amount_usd"]))
    checkpoint, states, _ = hits
    larger = situation | {"amount_usd": situation["amount_usd"] + more}
    before, after = (
        conclude(policy=policy(), checkpoint=checkpoint, states=states, **case)
        for case in (situation, larger)
    )
    assert severity(after) >= severity(before)


rules = st.builds(
    PolicyRule,
    code=st.uuids().map(lambda one: f"R_{one.hex[:8].upper()}"),
    checkpoints=st.just(frozenset(CHECKED)),
    rule=st.just(TRUE),
    points=st.integers(0, 950),
    at_least=st.sampled_from(["", *OUTCOMES]),
    hard=st.booleans(),
    analyst_sentence=st.just(""),
    user_sentence=st.just(""),
    measure=st.sampled_from(
        [
            None,
            None,
            Measure(kind="NONE"),
            Measure(kind="CAP", cap_usd=Decimal(500), hours=1),
            Measure(kind="CAP", cap_usd=Decimal(9000), ability="all", hours=1),
            Measure(kind="DENY", ability="withdraw", hours=1),
        ]
    ),
)


@tests(max_examples=60, deadline=None)
@given(
    made=st.lists(rules, min_size=1, max_size=4, unique_by=lambda rule: rule.code),
    raised=st.integers(0, 3),
    points=st.integers(0, 950),
    level=st.sampled_from(OUTCOMES),
    checkpoint=st.sampled_from(CHECKED),
    situation=situations,
)
def test_a_stricter_rule_is_never_milder(
    made: list[PolicyRule],
    raised: int,
    points: int,
    level: str,
    checkpoint: str,
    situation: dict[str, Any],
) -> None:
    one = made[raised % len(made)]
    stricter = replace(
        one,
        points=max(one.points, points),
        at_least=max(one.at_least or "ALLOW", level, key=SEVERITY.__getitem__),
    )
    verdicts = []
    for chosen in (made, [stricter if rule is one else rule for rule in made]):
        written = CompiledPolicy(
            id=1,
            settings=policy().settings,
            rules=tuple(chosen),
            names=NAMES,
            vocabulary=VOCABULARY,
        )
        states = [State.HIT] * len(chosen)
        verdicts.append(conclude(policy=written, checkpoint=checkpoint, states=states, **situation))
    before, after = verdicts
    assert severity(after) >= severity(before)
    assert after.score >= before.score


@given(st.lists(st.integers(0, 2000), max_size=30))
def test_a_score_is_shared_out_among_its_reasons(points: list[int]) -> None:
    score, shares = score_of(points)
    assert 0 <= score <= 1000
    assert math.isclose(sum(shares), score, abs_tol=1e-6)
    assert all(share >= 0 for share in shares)
    assert score >= max((min(p, 950) for p in points), default=0) - 1e-6
    again, _ = score_of(list(reversed(points)))
    assert math.isclose(score, again, abs_tol=1e-6)


def test_points_are_chances_in_a_thousand() -> None:
    assert score_of([]) == (0.0, [])
    assert score_of([250])[0] == pytest.approx(250)
    assert score_of([500, 500])[0] == pytest.approx(750)
    assert score_of([950, 950, 950])[0] < 1000


# ------------------------------------------------------------------------------- step-up odds


def odds(
    score: float, *, steady: bool = False, checkpoint: str = "CP1", since_face: float = math.nan
) -> float:
    """The odds of the preset."""
    return step_up_odds(
        settings=policy().settings,
        checkpoint=checkpoint,
        score=score,
        steady=steady,
        hours_since_face=since_face,
    )


def test_odds_grow_with_the_score_between_floor_and_ceiling() -> None:
    settings = policy().settings.step_up
    found = [odds(score) for score in range(0, 1001, 5)]
    assert all(before < after for before, after in pairwise(found))
    assert settings.floor <= found[0] < 0.01
    assert 0.5 < found[-1] <= settings.ceiling


@given(score=st.floats(0, 1000), steady=st.booleans(), since=st.floats(0, 10_000))
def test_odds_stay_within_their_bounds(score: float, steady: bool, since: float) -> None:
    settings = policy().settings.step_up
    found = odds(score, steady=steady, since_face=since)
    if since < settings.rest_hours:
        assert found == 0
    else:
        factor = settings.steady_factor if steady else 1
        assert settings.floor * factor <= found <= settings.ceiling * factor


def test_nobody_is_asked_where_no_face_is_wanted() -> None:
    for checkpoint in set(CHECKPOINTS) - set(policy().settings.step_up.checkpoints):
        assert odds(1000, checkpoint=checkpoint) == 0


def test_the_steady_are_rarely_asked() -> None:
    assert odds(0, steady=True) < 0.001
    ids = [uuid7(NOON) for _ in range(20_000)]
    steady = sum(draw(one) < odds(0, steady=True) for one in ids)
    others = sum(draw(one) < odds(0) for one in ids)
    risky = sum(draw(one) < odds(700) for one in ids)
    assert steady <= 40
    assert 90 <= others <= 260
    assert 10_000 <= risky <= 12_500


# --------------------------------------------------------------------------------------- draw


def test_the_draw_is_fixed_by_the_event_and_the_secret(settings: Any) -> None:
    ids = [uuid7(NOON) for _ in range(100)]
    first = [draw(one) for one in ids]
    assert [draw(one) for one in ids] == first
    settings.STEP_UP_SECRET = settings.STEP_UP_SECRET + "x"
    assert not set(first) & {draw(one) for one in ids}


def test_the_draw_is_even_and_tells_nothing_of_its_neighbours() -> None:
    draws = [draw(uuid7(NOON)) for _ in range(20_000)]
    assert all(0 <= one < 1 for one in draws)
    tenths = Counter(int(one * 10) for one in draws)
    assert all(abs(tenths[tenth] - 2000) < 5 * math.sqrt(2000 * 0.9) for tenth in range(10))
    higher = sum(after > before for before, after in pairwise(draws))
    assert abs(higher - 10_000) < 5 * math.sqrt(20_000 / 12)


# ----------------------------------------------------------------------- standing, fail-safes


@given(
    value=st.floats(0, 1000),
    floor=st.integers(0, 400),
    score=st.floats(0, 1000),
    more=st.floats(0, 1000),
    since=st.floats(0, 1e7),
)
def test_a_standing_stays_in_bounds_and_follows_the_score(
    value: float, floor: int, score: float, more: float, since: float
) -> None:
    settings = policy().settings.standing
    moved = [
        move(settings=settings, standing=(value, 0.0, float(floor)), score=one, at=since)
        for one in (score, min(1000.0, score + more))
    ]
    left = decayed(
        value=value, floor=floor, since_s=since, half_life_hours=settings.half_life_hours
    )
    assert min(value, floor) <= left <= value
    for one in moved:
        assert floor <= one.value <= max(value, 1000.0)
        assert one.value - one.moved == pytest.approx(left, abs=1e-6)
    assert moved[1].value >= moved[0].value - 1e-9


@given(
    kind=st.sampled_from([kind for kind, checkpoint in KINDS.items() if checkpoint]),
    amount=st.floats(0, 1e6),
    more=st.floats(0, 1e6),
    known=st.booleans(),
)
def test_without_the_engine_more_is_never_milder(
    kind: str, amount: float, more: float, known: bool
) -> None:
    found = [
        fail_safe(
            settings=policy().settings if known else None,
            checkpoint=KINDS[kind] or "",
            kind=kind,
            amount_usd=usd,
        )
        for usd in (amount, amount + more, math.nan)
    ]
    assert severity(found[0]) <= severity(found[1]) <= severity(found[2])
    assert all(verdict.degraded for verdict in found)
