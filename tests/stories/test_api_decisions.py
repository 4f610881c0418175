"""An exchange asks for decisions: what it is told, once and again, and who may ask."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client as Caller
from django.test.utils import CaptureQueriesContext

from apps.api import rate
from apps.events.models import Event
from apps.restrictions.models import Restriction
from apps.risk.models import Decision
from apps.users.models import Scope
from tests.exchange import DECISIONS, Exchange, act, ago, ahead, code_of, everything, open_exchange

LARGE = "60000"


def test_an_honest_order_is_allowed_and_recorded(exchange: Exchange) -> None:
    answer = exchange.decide("order.created")

    assert answer.status_code == 200
    told = answer.json()
    assert (told["outcome"], told["score"], told["band"]) == ("ALLOW", 0, "LOW")
    assert told["reasons"] == told["restrictions"] == []
    assert told["step_up"] == {"required": False, "random": False}
    assert told["user_message"] == "Everything is in order."
    event = Event.objects.get(pk=told["event_id"])
    assert (event.kind, event.client_id) == ("order.created", exchange.client.entity_id)
    assert event.request_id == answer.headers["X-Request-ID"]
    assert Decision.objects.get(pk=told["decision_id"]).event_id == event.pk


def test_a_large_withdrawal_waits_for_a_human_and_says_so(exchange: Exchange) -> None:
    told = exchange.decide("withdrawal.requested", amount_usd=LARGE).json()

    assert told["outcome"] == "REVIEW"
    (reason,) = told["reasons"]
    assert reason["code"] == "OVER_LIMIT"
    assert reason["sentence"] != told["user_message"]
    (hold,) = told["restrictions"]
    kept = Restriction.objects.get()
    assert (hold["on"], hold["ability"], hold["kind"]) == ("user", "withdraw", "HOLD")
    assert (kept.ability, kept.kind, str(kept.cause)) == ("withdraw", "HOLD", told["decision_id"])


@pytest.mark.parametrize("words", [{}, {"kind": "withdrawal.requested", "amount_usd": LARGE}])
def test_the_same_id_gets_the_same_answer(exchange: Exchange, words: dict[str, Any]) -> None:
    body = act(words.pop("kind", "order.created"), **words)
    first = exchange.post(DECISIONS, body)
    before = everything()
    exchange.decide("withdrawal.requested", user=body["user"], amount_usd="70000")
    between = everything()

    again = exchange.post(DECISIONS, body)

    assert "Idempotent-Replayed" not in first.headers
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.content == first.content
    assert everything() == between != before


def test_an_id_used_for_another_act_is_refused(exchange: Exchange) -> None:
    body = act("order.created")
    exchange.post(DECISIONS, body)
    before = everything()

    for other in ({"amount_usd": "100.01"}, {"user": "carol"}):
        assert code_of(exchange.post(DECISIONS, body | other)) == "EVENT_ID_REUSED"
    assert everything() == before


def test_ids_of_two_exchanges_have_nothing_to_do_with_each_other(
    exchange: Exchange, rival: Exchange
) -> None:
    body = act("order.created")
    one, other = exchange.post(DECISIONS, body), rival.post(DECISIONS, body)

    assert one.json()["decision_id"] != other.json()["decision_id"]
    assert "Idempotent-Replayed" not in other.headers


def test_an_act_recorded_before_has_no_decision_to_repeat(exchange: Exchange) -> None:
    body = act("order.created")
    exchange.record(body)
    before = everything()

    answer = exchange.post(DECISIONS, body)

    assert (answer.status_code, code_of(answer)) == (409, "RECORDED_WITHOUT_DECISION")
    assert everything() == before


@pytest.mark.parametrize("minutes", [-16, -400 * 24 * 60, 6])
def test_a_clock_that_is_wrong_is_refused(exchange: Exchange, minutes: float) -> None:
    before = everything()
    answer = exchange.decide(occurred_at=ahead(minutes=minutes))

    assert (answer.status_code, code_of(answer)) == (422, "CLOCK_SKEW")
    assert everything() == before


def test_how_wrong_a_clock_may_be_is_a_setting(exchange: Exchange, settings: Any) -> None:
    settings.DECISION_AGE_S, settings.CLOCK_AHEAD_S = 3600, 600
    assert exchange.decide(occurred_at=ago(minutes=50)).status_code == 200
    assert exchange.decide(occurred_at=ahead(minutes=9)).status_code == 200


def test_a_late_retry_still_gets_its_answer(exchange: Exchange, settings: Any) -> None:
    body = act("order.created", occurred_at=ago(minutes=10))
    first = exchange.post(DECISIONS, body)
    settings.DECISION_AGE_S = 60

    again = exchange.post(DECISIONS, body)

    assert (again.status_code, again.content) == (200, first.content)
    assert code_of(exchange.post(DECISIONS, body | {"id": "new"})) == "CLOCK_SKEW"


def test_an_act_that_no_checkpoint_judges_is_sent_elsewhere(exchange: Exchange) -> None:
    before = everything()
    answer = exchange.decide("order.completed")

    assert (answer.status_code, code_of(answer)) == (422, "NOT_JUDGED")
    assert "/api/v1/events" in answer.json()["detail"]
    assert everything() == before


def test_a_passed_face_check_lifts_the_step_up_it_was_asked_for(exchange: Exchange) -> None:
    stepped = exchange.decide("security.changed", signals={"change": "password"})
    user = Event.objects.get(pk=stepped.json()["event_id"]).user_id
    asked = Restriction.objects.create(
        subject_id=user,
        ability="withdraw",
        kind="STEP_UP",
        lifts_by="FACE",
        reason="NEW_DEVICE",
        user_sentence="Please confirm with a quick face check.",
        imposed_at=Event.objects.latest("at").at,
    )
    held = Restriction.objects.create(
        subject_id=user,
        ability="withdraw",
        kind="HOLD",
        reason="REVIEW",
        user_sentence="A person will look at it.",
        imposed_at=asked.imposed_at,
    )

    exchange.decide("face.failed")
    asked.refresh_from_db()
    assert asked.lifted_at is None

    assert exchange.decide("face.passed").json()["outcome"] == "ALLOW"
    asked.refresh_from_db()
    held.refresh_from_db()
    assert (asked.lifted_for, held.lifted_at) == ("face check passed", None)
    lifted = Event.objects.get(kind="restriction.lifted")
    assert (lifted.user_id, lifted.client_id) == (user, exchange.client.entity_id)


def test_a_face_check_that_is_doubted_lifts_nothing(exchange: Exchange) -> None:
    asked = Restriction.objects.create(
        subject_id=Event.objects.get(pk=exchange.decide().json()["event_id"]).user_id,
        ability="withdraw",
        kind="STEP_UP",
        lifts_by="FACE",
        reason="NEW_DEVICE",
        user_sentence="Please confirm with a quick face check.",
        imposed_at=Event.objects.latest("at").at,
    )

    told = exchange.decide("face.passed", signals={"virtual_camera": True, "face_of_banned": True})

    assert told.json()["outcome"] in ("REVIEW", "BLOCK")
    asked.refresh_from_db()
    assert asked.lifted_at is None


def test_a_decision_takes_five_statements(committed_exchange: Exchange) -> None:
    committed_exchange.decide("order.created")
    with CaptureQueriesContext(connection) as queries:
        assert committed_exchange.decide("order.created").status_code == 200
    assert [q["sql"].split()[0] for q in queries] == ["BEGIN", "SELECT", "WITH", "WITH", "COMMIT"]


def test_without_a_key(exchange: Exchange) -> None:
    before = everything()
    nobody = Exchange(exchange.client, "")
    answer = nobody.decide()

    assert (answer.status_code, code_of(answer)) == (401, "NOT_AUTHENTICATED")
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="otcrisk"'
    assert everything() == before


@pytest.mark.parametrize(
    "spoilt", [lambda key: key[:-1] + "x", lambda key: "otc_live_x", str.lower]
)
def test_with_a_wrong_key(exchange: Exchange, spoilt: Any) -> None:
    answer = Exchange(exchange.client, spoilt(exchange.key)).decide()
    assert (answer.status_code, code_of(answer)) == (401, "AUTHENTICATION_FAILED")


def test_with_a_key_that_lacks_the_scope(exchange: Exchange) -> None:
    before = everything()
    reader = open_exchange("acme", Scope.DECISIONS_READ)
    answer = reader.decide()

    assert (answer.status_code, code_of(answer)) == (403, "SCOPE_MISSING")
    assert "decisions:write" in answer.json()["detail"]
    assert everything() == before


def test_a_session_of_staff_is_no_key(exchange: Exchange, admin_client: Caller) -> None:
    answer = admin_client.post(DECISIONS, act(), content_type="application/json")
    assert answer.status_code == 401


def test_too_fast_is_told_when_to_come_back(exchange: Exchange, settings: Any) -> None:
    settings.DECISION_RATE_PER_S, settings.DECISION_BURST = 0.1, 2
    rate.forget()
    assert [exchange.decide().status_code for _ in range(2)] == [200, 200]
    before = everything()

    answer = exchange.decide()

    assert (answer.status_code, code_of(answer)) == (429, "TOO_MANY_REQUESTS")
    assert 1 <= int(answer.headers["Retry-After"]) <= 10
    assert everything() == before


def test_no_page_middleware_is_in_its_way(exchange: Exchange) -> None:
    answer = exchange.decide()
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert not answer.cookies
    assert "Vary" not in answer.headers


def test_a_key_in_the_clear_is_refused_in_production(exchange: Exchange, settings: Any) -> None:
    settings.SECURE_SSL_REDIRECT = True
    answer = exchange.decide()
    assert (answer.status_code, code_of(answer)) == (403, "HTTPS_REQUIRED")
