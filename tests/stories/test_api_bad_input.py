"""Whatever arrives, the answer is a problem with a machine code, and nothing was written."""

import json
from typing import Any

import pytest

from tests.exchange import DECISIONS, EVENTS, Exchange, act, code_of, everything

GOOD = json.dumps(act("order.created")).encode()
TWICE = GOOD[:-1] + b', "user": "mallory"}'
DEEP = b'{"signals":' * 20_000
WITH_NAN = GOOD.replace(b'"buy"', b'"buy", "lat": NaN')
WITH_INFINITY = GOOD.replace(b'"buy"', b'"buy", "lat": -Infinity')

HOPELESS = [
    pytest.param(b"", 400, "BODY_UNREADABLE", id="nothing"),
    pytest.param(GOOD[:-9], 400, "BODY_UNREADABLE", id="cut off"),
    pytest.param(b"\xff\xfe" + GOOD, 400, "BODY_UNREADABLE", id="not utf-8"),
    pytest.param(GOOD.replace(b"alice", b"al\xc3\x28ce"), 400, "BODY_UNREADABLE", id="bad utf-8"),
    pytest.param(GOOD + GOOD, 400, "BODY_UNREADABLE", id="two bodies"),
    pytest.param(DEEP[:30_000], 400, "BODY_UNREADABLE", id="deep"),
    pytest.param(TWICE, 400, "FIELD_TWICE", id="a field twice"),
    pytest.param(WITH_NAN, 422, "VALIDATION_FAILED", id="NaN"),
    pytest.param(WITH_INFINITY, 422, "VALIDATION_FAILED", id="-Infinity"),
    pytest.param(b"[" + GOOD + b"]", 422, "VALIDATION_FAILED", id="a list"),
    pytest.param(GOOD.replace(b'"alice"', b"null"), 422, "VALIDATION_FAILED", id="no user"),
    pytest.param(GOOD.replace(b"alice", b"al\\u0000"), 422, "VALIDATION_FAILED", id="a zero byte"),
    pytest.param(GOOD.replace(b'"100.00"', b"100.00"), 422, "VALIDATION_FAILED", id="a float"),
    pytest.param(GOOD.replace(b'"user"', b'"person"'), 422, "VALIDATION_FAILED", id="a new field"),
    pytest.param(GOOD.replace(b"alice", b"bob"), 422, "VALIDATION_FAILED", id="own counterparty"),
    pytest.param(
        GOOD.replace(b"198.51.100.7", b"localhost"), 422, "VALIDATION_FAILED", id="no address"
    ),
]


@pytest.mark.parametrize(("body", "status", "code"), HOPELESS)
def test_a_decision_on_nonsense(exchange: Exchange, body: bytes, status: int, code: str) -> None:
    before = everything()
    answer = exchange.post(DECISIONS, body)

    assert (answer.status_code, code_of(answer)) == (status, code)
    assert everything() == before


@pytest.mark.parametrize(("body", "status", "code"), HOPELESS[1:])
def test_nonsense_as_a_line_of_a_batch(
    exchange: Exchange, body: bytes, status: int, code: str
) -> None:
    before = everything()
    answer = exchange.record(body)

    assert answer.status_code == 200
    told = answer.json()
    assert (told["accepted"], told["duplicates"]) == (0, 0)
    assert [(one["line"], one["code"]) for one in told["rejected"]] == [(1, code)]
    assert everything() == before


@pytest.mark.parametrize("path", [DECISIONS, EVENTS, "/api/v1/devices", "/api/v1/webhooks"])
def test_ten_megabytes_are_too_much_everywhere(exchange: Exchange, path: str) -> None:
    before = everything()
    kind = "application/x-ndjson" if path == EVENTS else "application/json"
    answer = exchange.post(path, b" " * 10_000_000, Content_Type=kind)

    assert (answer.status_code, code_of(answer)) == (413, "BODY_TOO_LARGE")
    assert everything() == before


@pytest.mark.parametrize("path", [DECISIONS, EVENTS])
def test_a_body_in_chunks_is_asked_for_its_length(exchange: Exchange, path: str) -> None:
    answer = exchange.caller.generic(
        "POST",
        path,
        b"",
        headers={"Authorization": f"Bearer {exchange.key}", "Transfer-Encoding": "chunked"},
        CONTENT_LENGTH="",
    )
    assert (answer.status_code, code_of(answer)) == (411, "LENGTH_REQUIRED")


@pytest.mark.parametrize("kind", ["text/plain", "application/xml", "multipart/form-data", ""])
@pytest.mark.parametrize("path", [DECISIONS, EVENTS, "/api/v1/devices"])
def test_another_media_type(exchange: Exchange, path: str, kind: str) -> None:
    before = everything()
    answer = exchange.post(path, GOOD, Content_Type=kind)

    assert (answer.status_code, code_of(answer)) == (415, "MEDIA_TYPE_UNSUPPORTED")
    assert everything() == before


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
def test_another_method(exchange: Exchange, method: str) -> None:
    answer = exchange.call(method, DECISIONS, GOOD)
    assert (answer.status_code, code_of(answer)) == (405, "METHOD_NOT_ALLOWED")
    assert answer.headers["Allow"] == "POST"


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"{", 400, "BODY_UNREADABLE"),
        (b'{"a":' * 5000, 400, "BODY_UNREADABLE"),
        (b'{"reason": "\xff\xfe"}', 400, "BODY_UNREADABLE"),
        (b'{"reason": NaN}', 400, "BODY_UNREADABLE"),
        (b'{"reason": "abc", "reason": "abd"}', 400, "FIELD_TWICE"),
        (b"[1]", 422, "VALIDATION_FAILED"),
        (b'{"reason": ["abc"]}', 422, "VALIDATION_FAILED"),
        (b'{"reason": "abc", "force": true}', 422, "VALIDATION_FAILED"),
    ],
)
def test_nonsense_to_the_other_addresses(
    exchange: Exchange, body: bytes, status: int, code: str
) -> None:
    held = exchange.decide("withdrawal.requested", amount_usd="60000").json()
    (restriction,) = exchange.get("/api/v1/restrictions").json()["results"]
    assert restriction["decision_id"] == held["decision_id"]
    before = everything()

    answer = exchange.post(f"/api/v1/restrictions/{restriction['id']}/lift", body)

    assert (answer.status_code, code_of(answer)) == (status, code)
    assert everything() == before
    (still,) = exchange.get("/api/v1/restrictions").json()["results"]
    assert still["lifted_at"] is None


def test_a_fault_of_ours_tells_nothing(exchange: Exchange, monkeypatch: pytest.MonkeyPatch) -> None:
    def fault(*_: Any, **__: Any) -> None:
        raise RuntimeError("the password is swordfish")

    monkeypatch.setattr("apps.flows.decisions.judge", fault)
    before = everything()

    answer = exchange.decide()

    assert (answer.status_code, code_of(answer)) == (500, "SERVER_ERROR")
    assert "swordfish" not in answer.content.decode()
    assert everything() == before


def test_a_database_that_is_gone_is_no_decision(
    exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.db import OperationalError

    def gone(*_: Any, **__: Any) -> None:
        raise OperationalError("connection refused to db.internal")

    monkeypatch.setattr("apps.flows.decisions.judge", gone)
    answer = exchange.decide()

    assert (answer.status_code, code_of(answer)) == (503, "UNAVAILABLE")
    assert answer.headers["Retry-After"] == "1"
    assert "db.internal" not in answer.content.decode()


def test_no_account_number_reaches_the_log(
    exchange: Exchange, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    number = "DE89370400440532013000"
    exchange.decide("account.added", account=number)
    exchange.decide("account.added", account=number + " é")
    exchange.decide("account.added", account=number, zip="1")
    exchange.record(act("account.added", account=number), act(account=number + "é"))

    written = capsys.readouterr()
    assert number not in written.out + written.err + caplog.text
