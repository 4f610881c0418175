"""What an exchange reads back: its own decisions, users and restrictions, and nobody else's."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from apps.api.v1.base import KeyThrottle
from apps.core.clock import now
from apps.core.ids import entity_id, uuid7
from apps.events.models import Event
from apps.restrictions import services
from apps.restrictions.models import Restriction
from apps.risk.models import Decision, Maker, Standing
from apps.risk.row import FEATURE_NAMES
from apps.users.models import Scope, User
from tests.exchange import Exchange, act, code_of, everything, open_exchange

ANY = "01a20333-14e1-74f1-9cc9-c11639d71d0b"
RISKY = {"scam_address": True, "exposure_severe": 0.9}


def held(exchange: Exchange, **words: Any) -> Any:
    return exchange.decide("withdrawal.requested", **{"amount_usd": "60000"} | words).json()


def user_id(name: str = "alice", scope: str = "acme") -> int:
    return entity_id(kind="user", scope=scope, ref=name)


def test_a_decision_is_read_with_all_it_rests_on(exchange: Exchange) -> None:
    body = act("withdrawal.requested", amount_usd="60000", signals=RISKY, order="o-9")
    told = exchange.post("/api/v1/decisions", body).json()

    read = exchange.get(f"/api/v1/decisions/{told['decision_id']}").json()

    assert {name: read[name] for name in told} == told
    assert read["checkpoint"] == "CP5"
    assert read["act"]["id"] == body["id"]
    assert read["act"]["user"] == "alice"
    assert read["act"]["amount_usd"] == "60000.00"
    assert read["act"]["address"] == "bc1qexample"
    assert (read["act"]["order"], read["act"]["signals"]) == ("o-9", RISKY)
    assert list(read["features"]) == list(FEATURE_NAMES)
    assert read["features"]["withdrawals_24h"] == 0
    assert read["features"]["cp_age_hours"] is None
    hits = {code for code, state in read["rules"].items() if state == "HIT"}
    assert hits == {reason["code"] for reason in told["reasons"]} & read["rules"].keys()
    assert hits
    assert read["reviews"] == []


def test_a_payment_account_is_never_read_back(exchange: Exchange) -> None:
    told = exchange.decide("account.added").json()
    whole = exchange.get(f"/api/v1/decisions/{told['decision_id']}").content.decode()
    account = Event.objects.get(pk=told["event_id"]).account
    assert account is not None
    assert account.ref not in whole
    assert "3704" not in whole


def test_what_staff_decided_instead_is_read_beside_it(exchange: Exchange) -> None:
    told = held(exchange)
    first = Decision.objects.get(pk=told["decision_id"])
    sam = User.objects.create_user("sam@example.org", "x")
    Decision.objects.create(
        id=uuid7(now() + timedelta(minutes=1)),
        event_id=first.event_id,
        at=now(),
        maker=Maker.STAFF,
        checkpoint=first.checkpoint,
        outcome="ALLOW",
        score=first.score,
        band=first.band,
        reasons=["CLEARED"],
        weights=[0.0],
        values=[],
        hits=b"",
        feature_set=first.feature_set,
        policy=first.policy,
        degraded=False,
        drawn=False,
        standing=0,
        moved=0,
        took_us=0,
        supersedes=first.pk,
        proposer=sam,
        note="Called the customer.",
    )

    read = exchange.get(f"/api/v1/decisions/{told['decision_id']}")

    (review,) = read.json()["reviews"]
    assert (review["outcome"], review["reasons"]) == ("ALLOW", ["CLEARED"])
    assert read.json()["outcome"] == "REVIEW"
    # Notes and names of staff are ours.
    assert "Called" not in read.content.decode()
    assert "sam@" not in read.content.decode()


def test_a_decision_without_the_engine_is_read_like_any_other(
    exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fault(*_: Any, **__: Any) -> Any:
        raise ZeroDivisionError

    monkeypatch.setattr("apps.risk.decide.compute", fault)
    told = exchange.decide("withdrawal.requested").json()
    assert told["degraded"] is True
    assert told["user_risk"] == {"value": None, "moved": None}
    assert [reason["code"] for reason in told["reasons"]] == ["ENGINE_FAULT"]

    read = exchange.get(f"/api/v1/decisions/{told['decision_id']}").json()

    assert {name: read[name] for name in told} == told
    assert read["features"] == read["rules"] == {}


def test_where_a_user_stands_and_what_moved_them(exchange: Exchange) -> None:
    exchange.decide("order.created")
    told = exchange.decide("withdrawal.requested", signals=RISKY).json()
    assert told["user_risk"]["value"] > 0

    risk = exchange.get("/api/v1/users/alice/risk").json()

    assert risk["user"] == "alice"
    assert risk["value"] == told["user_risk"]["value"]
    (move,) = risk["trend"]
    assert move["decision_id"] == told["decision_id"]
    assert move["kind"] == "withdrawal.requested"
    assert move["moved"] == told["user_risk"]["moved"]
    assert move["reasons"] == [reason["code"] for reason in told["reasons"]]
    assert {one["kind"] for one in risk["restrictions"]} == {
        one["kind"] for one in told["restrictions"] if one["on"] == "user"
    }


def test_a_score_decays_while_nothing_happens(exchange: Exchange) -> None:
    exchange.decide("order.created")
    Standing.objects.filter(pk=user_id()).update(value=800, at=now() - timedelta(days=7))

    risk = exchange.get("/api/v1/users/alice/risk").json()

    assert (risk["value"], risk["band"]) == (400, "ELEVATED")


@pytest.mark.parametrize("ref", ["nobody", "a b", "%00", "x" * 300])
def test_a_user_we_never_saw(exchange: Exchange, ref: str) -> None:
    answer = exchange.get(f"/api/v1/users/{ref}/risk")
    assert (answer.status_code, code_of(answer)) == (404, "NOT_FOUND")


def test_restrictions_are_listed_newest_first_page_by_page(exchange: Exchange) -> None:
    for name in ("u1", "u2", "u3"):
        held(exchange, user=name)

    first = exchange.get("/api/v1/restrictions?limit=2").json()
    second = exchange.get(first["next"]).json()

    refs = [one["subject"]["ref"] for one in first["results"] + second["results"]]
    assert refs == ["u3", "u2", "u1"]
    assert second["next"] is None


def test_restrictions_by_user_and_state(exchange: Exchange) -> None:
    held(exchange, user="u1")
    held(exchange, user="u2")
    expired = Restriction.objects.get(subject=user_id("u2"))
    Restriction.objects.filter(pk=expired.pk).update(until=now() - timedelta(seconds=1))

    def refs(query: str) -> list[str]:
        found = exchange.get(f"/api/v1/restrictions?{query}").json()["results"]
        return [one["subject"]["ref"] for one in found]

    assert refs("") == refs("state=live") == ["u1"]
    assert refs("state=ended") == ["u2"]
    assert refs("state=all") == ["u2", "u1"]
    assert refs("state=all&user=u1") == ["u1"]
    assert refs("user=nobody") == []
    assert code_of(exchange.get("/api/v1/restrictions?state=some")) == "VALIDATION_FAILED"
    assert code_of(exchange.get("/api/v1/restrictions?cursor=nonsense")) == "NOT_FOUND"


def test_lifting_a_restriction_frees_the_user_and_is_told(exchange: Exchange) -> None:
    held(exchange)
    (one,) = exchange.get("/api/v1/restrictions").json()["results"]
    assert exchange.decide("withdrawal.requested").json()["outcome"] == "REVIEW"

    answer = exchange.post(
        f"/api/v1/restrictions/{one['id']}/lift", {"reason": "papers were checked"}
    )

    assert answer.status_code == 200
    assert answer.json()["lifted_for"] == "papers were checked"
    event = Event.objects.get(kind="restriction.lifted")
    assert event.client_id == event.actor_id == exchange.client.entity_id
    assert event.user_id == user_id()
    assert event.data["restriction"] == one["id"]
    assert exchange.decide("withdrawal.requested").json()["outcome"] == "ALLOW"


def test_lifting_again_under_the_same_key_is_answered_again(exchange: Exchange) -> None:
    held(exchange)
    (one,) = exchange.get("/api/v1/restrictions").json()["results"]
    path, body = f"/api/v1/restrictions/{one['id']}/lift", {"reason": "papers were checked"}

    first = exchange.post(path, body, Idempotency_Key="k-1")
    again = exchange.post(path, body, Idempotency_Key="k-1")

    assert again.status_code == 200
    assert again.json() == first.json()
    assert again.headers["Idempotent-Replayed"] == "true"
    assert code_of(exchange.post(path, body, Idempotency_Key="k-2")) == "RESTRICTION_ENDED"
    other = exchange.post(path, {"reason": "something else"}, Idempotency_Key="k-1")
    assert code_of(other) == "IDEMPOTENCY_KEY_REUSED"
    assert Event.objects.filter(kind="restriction.lifted").count() == 1


def test_a_ban_by_two_people_is_not_lifted_by_a_key(exchange: Exchange) -> None:
    exchange.decide()
    ban = Restriction.objects.create(
        subject_id=user_id(),
        ability="all",
        kind="DENY",
        reason="FRAUD",
        user_sentence="Your account is closed.",
        imposed_at=now(),
    )
    before = everything()

    answer = exchange.post(f"/api/v1/restrictions/{ban.pk}/lift", {"reason": "please"})

    assert (answer.status_code, code_of(answer)) == (409, "BAN_NEEDS_TWO")
    assert everything() == before


def test_the_clock_ends_what_is_due_with_an_event_each(exchange: Exchange) -> None:
    for name in ("u1", "u2", "u3"):
        held(exchange, user=name)
    due = Restriction.objects.exclude(subject=user_id("u3"))
    due.update(until=now() - timedelta(minutes=1))
    before = Event.objects.count()

    assert services.lift_due(at=now()) == 2
    assert services.lift_due(at=now()) == 0

    assert Event.objects.count() == before + 2
    events = Event.objects.filter(kind="restriction.lifted")
    assert {event.user_id for event in events} == {user_id("u1"), user_id("u2")}
    assert {event.data["by"] for event in events} == {"TIME"}
    assert {event.client_id for event in events} == {exchange.client.entity_id}
    assert Restriction.objects.get(lifted_at=None).subject_id == user_id("u3")


def test_a_rival_sees_and_lifts_nothing(exchange: Exchange, rival: Exchange) -> None:
    told = held(exchange)
    (one,) = exchange.get("/api/v1/restrictions").json()["results"]
    hook = exchange.post("/api/v1/webhooks", {"url": "http://127.0.0.1:9/", "kinds": ["*"]}).json()[
        "id"
    ]
    rival.decide(user="bob")
    before = everything()

    for method, path in (
        ("GET", f"decisions/{told['decision_id']}"),
        ("GET", "users/alice/risk"),
        ("POST", f"restrictions/{one['id']}/lift"),
        ("GET", f"webhooks/{hook}"),
        ("GET", f"webhooks/{hook}/deliveries"),
        ("POST", f"webhooks/{hook}/test"),
        ("DELETE", f"webhooks/{hook}"),
    ):
        body = {"reason": "because"} if path.endswith("lift") else None
        answer = rival.call(method, f"/api/v1/{path}", body)
        assert (answer.status_code, code_of(answer)) == (404, "NOT_FOUND"), path
    assert rival.get("/api/v1/restrictions?state=all").json()["results"] == []
    assert rival.get("/api/v1/webhooks").json() == []
    assert everything() == before
    assert exchange.get(f"/api/v1/webhooks/{hook}").status_code == 200


def test_what_was_never_there_is_not_there(exchange: Exchange) -> None:
    for path in (f"decisions/{uuid4()}", f"decisions/{uuid7()}", f"webhooks/{uuid7()}", "nothing"):
        answer = exchange.get(f"/api/v1/{path}")
        assert (answer.status_code, code_of(answer)) == (404, "NOT_FOUND")


def test_an_event_without_a_decision_has_none_to_read(exchange: Exchange) -> None:
    exchange.record(act("order.completed"))
    id = Event.objects.get().pk
    assert exchange.get(f"/api/v1/decisions/{id}").status_code == 404


@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        ("GET", f"decisions/{ANY}", Scope.DECISIONS_READ),
        ("POST", "events", Scope.EVENTS_WRITE),
        ("GET", "users/alice/risk", Scope.USERS_READ),
        ("GET", "restrictions", Scope.RESTRICTIONS_READ),
        (
            "POST",
            "restrictions/01a20333-14e1-74f1-9cc9-c11639d71d0b/lift",
            Scope.RESTRICTIONS_WRITE,
        ),
        ("POST", "devices", Scope.DEVICES_WRITE),
        ("GET", "webhooks", Scope.WEBHOOKS_WRITE),
        ("POST", "webhooks", Scope.WEBHOOKS_WRITE),
    ],
)
def test_every_address_wants_its_own_scope(
    exchange: Exchange, method: str, path: str, scope: Scope
) -> None:
    kind = "application/x-ndjson" if path == "events" else "application/json"
    others = [other for other in Scope.values if other != scope]
    without = open_exchange("acme", *others).call(
        method, f"/api/v1/{path}", b"{}", Content_Type=kind
    )
    alone = open_exchange("acme", scope).call(method, f"/api/v1/{path}", b"{}", Content_Type=kind)
    nobody = Exchange(exchange.client, "").call(method, f"/api/v1/{path}", b"{}")

    assert (without.status_code, code_of(without)) == (403, "SCOPE_MISSING")
    assert scope in without.json()["detail"]
    assert alone.status_code not in (401, 403)
    assert nobody.status_code == 401
    assert nobody.headers["WWW-Authenticate"]


def test_reading_too_fast_is_told_when_to_come_back(
    exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(KeyThrottle, "rate_per_s", 0.1)
    monkeypatch.setattr(KeyThrottle, "burst", 2)
    answers = [exchange.get("/api/v1/restrictions") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert code_of(answers[2]) == "TOO_MANY_REQUESTS"
    assert 1 <= int(answers[2].headers["Retry-After"]) <= 10
