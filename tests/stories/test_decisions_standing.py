"""The dynamic score of a person: it jumps with what happens, and decays while nothing does."""

import pytest

from apps.risk.models import Decision, Standing
from tests.market import World, id_of

pytestmark = pytest.mark.django_db
HALF_LIFE_HOURS = 168


def standing_of(name: str) -> float:
    return Standing.objects.get(pk=id_of(name)).value


def test_it_rises_halfway_to_what_a_decision_says(world: World) -> None:
    judged = world.judged("order.created", by="mallory", to="bob", usd="100", kyc_reused=True)
    assert judged.verdict.score == 600
    assert standing_of("mallory") == pytest.approx(300)
    decision = Decision.objects.get()
    assert (decision.standing, decision.moved) == (300, 300)
    assert not Standing.objects.filter(pk=id_of("bob")).exists()


def test_it_decays_by_itself(world: World) -> None:
    world.judged("order.created", by="mallory", to="bob", usd="100", kyc_reused=True)
    world.pass_time(hours=HALF_LIFE_HOURS, seconds=-1)
    calm = world.judged("signin.succeeded", by="mallory")
    # Half is left, and a clean act takes three hundredths of that.
    assert calm.move.value == pytest.approx(150 * 0.97)
    assert calm.move.moved == pytest.approx(-150 * 0.03)


def test_clean_acts_win_it_back_slowly(world: World) -> None:
    world.judged("order.created", by="mallory", to="bob", usd="100", kyc_reused=True)
    values = [world.judged("signin.succeeded", by="mallory").move.value for _ in range(5)]
    assert values == sorted(values, reverse=True)
    assert values[-1] == pytest.approx(300 * 0.97**5, rel=1e-3)


def test_bad_acts_add_up_and_never_pass_the_worst(world: World) -> None:
    values = [
        world.judged("signin.succeeded", by="mallory", kyc_reused=True).move.value for _ in range(8)
    ]
    assert values == sorted(values)
    assert 590 < values[-1] <= 600


def test_it_does_not_decay_below_its_floor(world: World) -> None:
    world.judged("order.created", by="mallory", to="bob", usd="100", kyc_reused=True)
    Standing.objects.update(floor=200)
    world.pass_time(days=365)
    assert world.judged("signin.succeeded", by="mallory").move.value == pytest.approx(200, abs=0.5)


def test_each_decision_says_what_moved_it(world: World) -> None:
    for kyc_reused in (True, False, True):
        world.judged("order.created", by="mallory", to="bob", usd="10", kyc_reused=kyc_reused)
        world.pass_time(hours=5)
    told = Decision.objects.order_by("id").values_list("standing", "moved")
    (first, up), (second, down), (third, again) = told
    assert (first, up) == (300, 300)
    assert second < first
    assert down < 0
    assert third > second
    assert again > 0
    # What it lost between two decisions, it lost to time alone.
    assert second - down == pytest.approx(first * 0.5 ** (5 / HALF_LIFE_HOURS), abs=1)
