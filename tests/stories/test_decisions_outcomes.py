"""What the engine answers: allow, step up, limit, hold, block; and what each of them entails."""

from datetime import timedelta
from decimal import Decimal

import pytest

from apps.cases.models import Case, Queue
from apps.restrictions.models import Restriction
from apps.risk.models import Decision
from tests.market import World, codes, id_of

pytestmark = pytest.mark.django_db


def imposed_on(name: str) -> list[tuple[str, str, str, str]]:
    """What is forbidden to somebody: (kind, ability, reason, what lifts it)."""
    found = Restriction.objects.filter(subject=id_of(name)).order_by("ability", "kind")
    return [(r.kind, r.ability, r.reason, r.lifts_by) for r in found]


def test_alice_buys_a_little_from_bob(world: World) -> None:
    act = world.act("order.created", to="bob", usd="100", side="buy")
    judged = world.sends(act)

    decision = Decision.objects.get(pk=act.id)
    assert (decision.outcome, decision.score, decision.reasons) == ("ALLOW", 0, [])
    assert (decision.checkpoint, decision.maker, decision.degraded) == ("CP1", "ENGINE", False)
    assert judged.consequences.impositions == ()
    assert not Restriction.objects.exists()
    assert not Case.objects.exists()


def test_alice_is_asked_for_a_face_at_random_and_then_left_in_peace(world: World) -> None:
    asked = world.judged("order.created", to="bob", usd="100", side="buy", drawn=True)
    assert (asked.verdict.outcome, codes(asked)) == ("STEP_UP", ["RANDOM_CHECK"])
    assert asked.verdict.drawn
    assert imposed_on("alice") == [("STEP_UP", "take_buy", "RANDOM_CHECK", "FACE")]

    world.recorded("face.passed")
    Restriction.objects.update(lifted_at=world.now, lifted_for="face check passed")
    world.pass_time(hours=71)
    assert world.judged("order.created", to="bob", usd="100", drawn=True).verdict.odds == 0
    world.pass_time(hours=2)
    again = world.judged("order.created", to="bob", usd="100", side="buy", drawn=True)
    assert again.verdict.outcome == "STEP_UP"


def test_mild_signs_together_are_a_step_up_by_score(world: World) -> None:
    world.recorded("user.registered")
    world.recorded("chargeback.reported", by="bob")
    world.pass_time(days=3)
    mild = {"rooted": True, "attested": False, "kyc_country": "DE", "bank_country": "FR"}
    alone = world.judged("order.created", to="carol", usd="100", side="buy", **mild)
    assert alone.verdict.outcome == "LIMIT"
    Restriction.objects.update(lifted_at=world.now, lifted_for="for the story")

    abroad = world.judged(
        "order.created", to="bob", usd="100", side="buy", country="FR", ip="203.0.113.9", **mild
    )
    assert abroad.verdict.outcome == "STEP_UP"
    assert abroad.verdict.score == round(1000 * (1 - 0.88 * 0.85 * 0.85 * 0.8 * 0.85))
    assert not any(reason.forces for reason in abroad.verdict.reasons)
    assert codes(abroad)[0] == "COUNTRY_DIFFERS"  # ranked by their share


def test_mallory_is_limited_and_the_cap_then_refuses(world: World) -> None:
    for _ in range(3):
        world.recorded("appeal.opened", by="mallory", to="bob")
    first = world.judged("order.created", by="mallory", to="bob", usd="900", side="buy")
    assert (first.verdict.outcome, codes(first)) == ("LIMIT", ["APPEALS_OFTEN"])
    (cap,) = Restriction.objects.filter(subject=id_of("mallory"))
    assert (cap.kind, cap.ability, cap.cap_usd) == ("CAP", "take_buy", Decimal(1000))
    assert (cap.cause, cap.until) == (first.act.id, first.act.at + timedelta(hours=24))

    within = world.judged("order.created", by="mallory", to="bob", usd="1000", side="buy")
    assert within.verdict.outcome == "LIMIT"
    above = world.judged("order.created", by="mallory", to="bob", usd="1000.01", side="buy")
    assert (above.verdict.outcome, codes(above)[0]) == ("BLOCK", "OVER_CAP")
    unknown = world.judged("order.created", by="mallory", to="bob", side="buy")
    assert (unknown.verdict.outcome, codes(unknown)[0]) == ("BLOCK", "OVER_CAP")
    # What is refused by a cap is no news to anybody.
    assert not Case.objects.exists()


def test_an_act_above_the_cap_that_it_earns_needs_a_face(world: World) -> None:
    for _ in range(3):
        world.recorded("appeal.opened", by="mallory", to="bob")
    large = world.judged("order.created", by="mallory", to="bob", usd="5000", side="buy")
    assert large.verdict.outcome == "STEP_UP"
    assert set(codes(large)) == {"APPEALS_OFTEN", "OVER_NEW_CAP"}
    assert [kind for kind, *_ in imposed_on("mallory")] == ["CAP"]


def test_a_cap_does_not_keep_anybody_from_signing_in_or_finishing_a_deal(world: World) -> None:
    for number in range(5):
        world.recorded("user.registered", by=f"sleeper-{number}", ip="203.0.113.1")
    assert world.judged("user.registered", by="dave", ip="203.0.113.2").verdict.outcome == "LIMIT"
    assert imposed_on("dave") == [("CAP", "all", "SIGNUP_BURST", "TIME")]

    assert world.judged("signin.succeeded", by="dave").verdict.outcome == "ALLOW"
    release = world.judged("order.released", by="dave", to="bob", usd="900")
    assert release.verdict.outcome == "ALLOW"
    order = world.judged("order.created", by="dave", to="bob", usd="900", side="sell")
    assert (order.verdict.outcome, codes(order)[0]) == ("BLOCK", "OVER_CAP")


def test_a_shared_account_is_held_for_a_human_and_a_second_alert_joins_the_case(
    world: World,
) -> None:
    world.recorded("account.added", by="alice", account="iban-1")
    held = world.judged("order.created", by="mallory", to="bob", usd="100", account="iban-1")
    assert (held.verdict.outcome, codes(held)) == ("REVIEW", ["PAYMENT_ACCOUNT_SHARED"])
    assert imposed_on("mallory") == [("HOLD", "take_buy", "PAYMENT_ACCOUNT_SHARED", "STAFF")]

    case = Case.objects.get()
    assert (case.queue, case.subject_id, case.alerts) == (Queue.REVIEW, id_of("mallory"), 1)
    assert (case.first_decision, case.last_decision) == (held.act.id, held.act.id)
    assert (case.due_at - held.act.at).total_seconds() == 4 * 3600

    again = world.judged("order.paid", by="mallory", to="bob", usd="100", receipt_tampered=True)
    assert again.verdict.outcome == "REVIEW"
    case.refresh_from_db()
    assert (case.alerts, case.first_decision, case.last_decision) == (2, held.act.id, again.act.id)
    assert case.priority == max(held.verdict.score, again.verdict.score)

    # While it is held, trying again alarms nobody a third time.
    tried = world.judged("order.created", by="mallory", to="bob", usd="100", side="buy")
    assert (tried.verdict.outcome, codes(tried)) == ("REVIEW", ["RESTRICTED"])
    case.refresh_from_db()
    assert case.alerts == 2


def test_a_sanctioned_address_is_blocked_and_the_person_held(world: World) -> None:
    gone = world.judged(
        "withdrawal.requested", by="mallory", usd="50", address="bc1q-bad", sanctioned_address=True
    )
    assert (gone.verdict.outcome, gone.verdict.score, gone.verdict.band) == ("BLOCK", 950, 4)
    assert imposed_on("mallory") == [("HOLD", "withdraw", "SANCTIONED_ADDRESS", "STAFF")]
    assert Case.objects.get().queue == Queue.BLOCKED

    tried = world.judged("withdrawal.requested", by="mallory", usd="5", address="bc1q-mine")
    assert (tried.verdict.outcome, codes(tried)) == ("REVIEW", ["RESTRICTED"])
    # Nothing else of hers is touched by it.
    assert world.judged("signin.succeeded", by="mallory").verdict.outcome == "ALLOW"


def test_an_unmet_condition_is_refused_without_a_case_or_a_mark(world: World) -> None:
    refused = world.judged("ad.published", by="dave", usd="500")
    assert (refused.verdict.outcome, codes(refused)) == ("BLOCK", ["AD_NOT_ELIGIBLE"])
    assert (refused.verdict.score, refused.move.value) == (0, 0)
    assert not Case.objects.exists()
    assert not Restriction.objects.exists()


def test_the_measure_of_a_rule_says_the_rules_own_reason_and_words(world: World) -> None:
    changed = world.judged("security.changed", change="password", kyc_reused=True)
    assert changed.verdict.outcome == "REVIEW"
    assert imposed_on("alice") == [
        ("DENY", "withdraw", "COOL_DOWN_24H", "TIME"),
        ("HOLD", "withdraw", "IDENTITY_REUSED", "STAFF"),
    ]
    words = Restriction.objects.get(kind="DENY").user_sentence
    assert words.startswith("To protect you, withdrawals rest for 24 hours")


def test_bob_is_not_punished_for_what_his_buyer_did(world: World) -> None:
    """A payment from a stranger stops this release, not bob's other deals."""
    stopped = world.judged("order.released", by="bob", to="mallory", usd="200", name_similarity=0.3)
    assert (stopped.verdict.outcome, stopped.verdict.score) == ("REVIEW", 0)
    assert not Restriction.objects.exists()
    other = world.judged("order.released", by="bob", to="alice", usd="200", name_similarity=0.99)
    assert other.verdict.outcome == "ALLOW"


def test_who_deals_with_a_banned_person_is_told_to_choose_another(world: World) -> None:
    world.forbids("mallory", kind="DENY", ability="all")
    order = world.judged("order.created", by="alice", to="mallory", usd="100", side="buy")
    assert (order.verdict.outcome, codes(order)) == ("BLOCK", ["COUNTERPARTY_RESTRICTED"])
    assert not Case.objects.exists()


def test_large_sums_wait_for_a_human_whatever_the_score(world: World) -> None:
    large = world.judged("order.created", to="bob", usd="50000.01", side="buy")
    assert (large.verdict.outcome, codes(large)) == ("REVIEW", ["OVER_LIMIT"])


def test_the_day_sums_up_to_its_limit(world: World) -> None:
    for _ in range(2):
        assert world.judged("order.created", to="bob", usd="49000").verdict.outcome == "ALLOW"
    third = world.judged("order.created", to="bob", usd="2000.01")
    assert (third.verdict.outcome, codes(third)[0]) == ("REVIEW", "OVER_LIMIT")
