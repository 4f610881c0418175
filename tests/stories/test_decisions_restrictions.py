"""What is forbidden binds the next act; caps, ends, and the ladder from warning to thirty days."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError

from apps.core.errors import Refused
from apps.restrictions.models import Restriction
from apps.restrictions.queries import require
from apps.risk.models import Proximity
from tests.market import World, codes, id_of

pytestmark = pytest.mark.django_db


def steps_of(name: str) -> list[tuple[str, str, str]]:
    """The steps of the ladder that somebody met: (step, kind, ability), oldest first."""
    met = Restriction.objects.filter(subject=id_of(name)).exclude(step="").order_by("imposed_at")
    return [(r.step, r.kind, r.ability) for r in met]


@pytest.mark.parametrize(
    ("kind", "outcome"), [("DENY", "BLOCK"), ("HOLD", "REVIEW"), ("STEP_UP", "STEP_UP")]
)
def test_a_restriction_in_force_binds_the_next_act(world: World, kind: str, outcome: str) -> None:
    world.forbids("mallory", kind=kind, ability="withdraw")
    tried = world.judged("withdrawal.requested", by="mallory", usd="10")
    assert (tried.verdict.outcome, codes(tried)) == (outcome, ["RESTRICTED"])
    assert (
        world.judged("order.created", by="mallory", to="bob", usd="10").verdict.outcome == "ALLOW"
    )


def test_everything_means_everything_that_uses_an_ability(world: World) -> None:
    world.forbids("mallory", kind="DENY", ability="all")
    for kind in ("signin.succeeded", "ad.published", "order.created", "withdrawal.requested"):
        assert world.judged(kind, by="mallory", usd="10").verdict.outcome == "BLOCK"
    # Whoever holds an open order may say that it is paid.
    assert world.judged("order.paid", by="mallory", to="bob", usd="10").verdict.outcome == "ALLOW"


def test_a_denied_network_address_stops_whoever_signs_in_from_it(world: World) -> None:
    for number in range(9):
        world.recorded("signin.failed", by=f"victim-{number}", ip="203.0.113.66")
    tenth = world.judged("signin.failed", by="victim-9", ip="203.0.113.66")
    assert (tenth.verdict.outcome, codes(tenth)) == ("BLOCK", ["CREDENTIAL_STUFFING"])
    assert tenth.move.value == 0  # the victim is not accused
    denied = Restriction.objects.get()
    assert (denied.subject.kind, denied.ability, denied.lifts_by) == ("ip", "login", "TIME")

    world.pass_time(minutes=30)
    assert world.judged("signin.succeeded", ip="203.0.113.66").verdict.outcome == "BLOCK"
    assert world.judged("signin.succeeded", ip="203.0.113.67").verdict.outcome == "ALLOW"
    world.pass_time(minutes=31)
    assert world.judged("signin.succeeded", ip="203.0.113.66").verdict.outcome == "ALLOW"


def test_a_restriction_ends_at_its_end_without_anybody_lifting_it(world: World) -> None:
    until = world.now + timedelta(hours=1)
    world.forbids("alice", kind="DENY", ability="withdraw", lifts_by="TIME", until=until)
    world.now = until - timedelta(microseconds=1)
    assert world.judged("withdrawal.requested", usd="10").verdict.outcome == "BLOCK"
    world.now = until
    assert world.judged("withdrawal.requested", usd="10").verdict.outcome == "ALLOW"


def test_what_was_lifted_binds_nobody(world: World) -> None:
    ban = world.forbids("alice", kind="DENY", ability="withdraw")
    ban.lifted_at, ban.lifted_for = world.now, "a mistake"
    ban.save()
    assert world.judged("withdrawal.requested", usd="10").verdict.outcome == "ALLOW"


def test_what_is_over_lends_its_reason_and_cap_to_nobody(world: World) -> None:
    """Beat may be late: the old row is still there, unlifted, when the new one comes."""
    world.forbids(
        "alice", kind="CAP", ability="take_buy", cap_usd=Decimal(10), lifts_by="TIME",
        until=world.now + timedelta(hours=1),
    )  # fmt: skip
    world.pass_time(hours=2)
    for _ in range(3):
        world.recorded("appeal.opened", to="bob")
    world.judged("order.created", to="bob", usd="100", side="buy")

    old, new = Restriction.objects.order_by("imposed_at")
    assert (old.cap_usd, old.lifted_for) == (Decimal(10), "time is up")
    assert (new.cap_usd, new.reason) == (Decimal(1000), "APPEALS_OFTEN")
    assert new.lifted_at is None


def test_a_live_restriction_is_widened_and_never_doubled(world: World) -> None:
    world.judged("security.changed", change="password")
    first = Restriction.objects.get()
    world.pass_time(hours=3)
    world.judged("security.changed", change="phone")
    wide = Restriction.objects.get()
    assert (wide.id, wide.ability, wide.kind) == (first.id, "withdraw", "DENY")
    assert wide.until == world.now - timedelta(seconds=1) + timedelta(hours=72)
    with pytest.raises(IntegrityError):
        world.forbids("alice", kind="DENY", ability="withdraw")


def test_a_face_check_lifts_nothing_that_has_its_time_to_run(world: World) -> None:
    hour = world.now + timedelta(hours=1)
    world.forbids("alice", kind="DENY", ability="withdraw", lifts_by="FACE", until=hour)
    world.judged("security.changed", change="password")
    assert Restriction.objects.get().lifts_by == "TIME"


def test_flows_ask_the_same_question(world: World) -> None:
    alice = id_of("alice")
    world.forbids("alice", kind="CAP", ability="all", cap_usd=Decimal(100))
    world.forbids("alice", kind="WARN", ability="all")
    asked = world.forbids("alice", kind="STEP_UP", ability="withdraw")

    assert require(alice, "login", at=world.now) == []
    assert require(alice, "withdraw", at=world.now, amount_usd=Decimal(100)) == [asked]
    for amount in (None, Decimal("100.01")):
        with pytest.raises(Refused) as refused:
            require(alice, "take_buy", at=world.now, amount_usd=amount)
        assert (refused.value.code, refused.value.status) == ("OVER_CAP", 403)
    world.forbids("alice", kind="DENY", ability="withdraw")
    with pytest.raises(Refused) as refused:
        require(alice, "withdraw", at=world.now, amount_usd=Decimal(1))
    assert refused.value.code == "RESTRICTED"


def test_the_ladder_climbs_from_a_warning_to_thirty_days_and_never_bans(world: World) -> None:
    for _ in range(8):
        lured = world.judged("ad.published", by="mallory", contact_in_ad=True, merchant=True)
        assert lured.verdict.outcome == "BLOCK"
        last = Restriction.objects.filter(subject=id_of("mallory")).latest("imposed_at")
        assert last.until is not None
        world.now = last.until + timedelta(minutes=1)

    assert steps_of("mallory") == [
        ("WARN", "WARN", "post_ad"),
        ("LIMIT", "CAP", "post_ad"),
        ("SUSPEND_24H", "DENY", "post_ad"),
        ("SUSPEND_7D", "DENY", "post_ad"),
        *[("SUSPEND_30D", "DENY", "post_ad")] * 4,
    ]
    assert not Restriction.objects.filter(until=None).exists()
    assert all(r.reason == "CONTACT_IN_AD" for r in Restriction.objects.all())


def test_what_is_tried_under_a_step_climbs_no_further(world: World) -> None:
    for _ in range(6):
        world.judged("ad.published", by="mallory", contact_in_ad=True, merchant=True)
    assert steps_of("mallory") == [("WARN", "WARN", "post_ad")]


def test_a_warning_forbids_nothing(world: World) -> None:
    world.judged("ad.published", by="mallory", contact_in_ad=True, merchant=True)
    clean = world.judged("ad.published", by="mallory", contact_in_ad=False, merchant=True)
    assert clean.verdict.outcome == "ALLOW"


def test_a_step_that_was_lifted_early_was_never_met(world: World) -> None:
    world.judged("ad.published", by="mallory", contact_in_ad=True, merchant=True)
    Restriction.objects.update(lifted_at=world.now, lifted_for="cleared by review")
    world.pass_time(days=2)
    world.judged("ad.published", by="mallory", contact_in_ad=True, merchant=True)
    assert [step for step, *_ in steps_of("mallory")] == ["WARN", "WARN"]


def test_the_ladder_forgets(world: World) -> None:
    world.judged("ad.published", by="mallory", contact_in_ad=True, merchant=True)
    world.pass_time(days=181)
    world.judged("ad.published", by="mallory", contact_in_ad=True, merchant=True)
    assert [step for step, *_ in steps_of("mallory")] == ["WARN", "WARN"]


def test_a_suspension_by_the_ladder_stops_everything_else(world: World) -> None:
    """Three appeals lost in a row, again and again, after everything was said."""
    for _ in range(3):
        for _ in range(3):
            world.recorded("appeal.decided", by="mallory", to="bob", at_fault=True)
        world.judged("order.created", by="mallory", to="bob", usd="10", side="buy")
        world.pass_time(hours=25)
    assert [step for step, *_ in steps_of("mallory")] == ["WARN", "LIMIT", "SUSPEND_24H"]
    world.pass_time(hours=-20)
    assert world.judged("signin.succeeded", by="mallory").verdict.outcome == "BLOCK"


def test_a_ban_nearby_is_a_case_for_a_human_and_never_a_ban(world: World) -> None:
    used = world.judged("signin.succeeded", by="mallory", device="laptop")
    Proximity.objects.create(entity=id_of("mallory"), hops=0, via=id_of("mallory"))
    Proximity.objects.create(entity=used.act.ids["device"], hops=1, via=id_of("mallory"))

    near = world.judged(
        "order.created", by="bob", to="carol", usd="20", device="laptop", side="buy"
    )
    assert (near.verdict.outcome, codes(near)) == ("REVIEW", ["LINKED_TO_BAN"])
    assert Proximity.objects.get(entity=id_of("bob")).hops == 2
    assert [r.kind for r in Restriction.objects.all()] == ["HOLD"]

    # Bob's own phone is now three links away, whoever uses it next four.
    world.judged("signin.succeeded", by="bob", device="bob-phone")
    far = world.judged("order.created", by="dave", to="carol", usd="20", device="bob-phone")
    assert (far.verdict.outcome, codes(far)) == ("ALLOW", ["NEAR_A_BAN"])
