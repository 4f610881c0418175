"""The API's document: what it promises is what the API does, and people can read it."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
import yaml
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis
from jsonschema import Draft202012Validator
from playwright.sync_api import Browser
from schemathesis import Case
from schemathesis.checks import CheckFunction
from schemathesis.specs.openapi import checks as promises

from apps.api.v1.base import KeyThrottle
from tests.exchange import DECISIONS, EVENTS, Exchange, act, everything

EXAMPLES = 15


def a_few(examples: int) -> Any:
    """So many examples of each address, the same in every run."""
    return hypothesis(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )


# The committed document, which tests/architecture holds against the generated one.
document = schemathesis.openapi.from_path(settings.BASE_DIR / "docs" / "openapi.yml")
document.app = WSGIHandler()
# People's half of it is tried in test_desk_api_document.py.
integrators = document.include(tag="Integrators")


@schemathesis.serializer("application/x-ndjson")
def lines(_: Any, value: Any) -> bytes:
    """The body of a batch is text as it stands, or one generated value as its only line."""
    return value.encode() if isinstance(value, str) else json.dumps(value).encode()


CHECKS: list[CheckFunction] = [
    schemathesis.checks.not_a_server_error,
    promises.status_code_conformance,
    promises.content_type_conformance,
    promises.response_schema_conformance,
]


@pytest.fixture
def hasty(exchange: Exchange, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Exchange]:
    """An exchange that may ask as fast as it likes, on the connection of the test."""
    monkeypatch.setattr(KeyThrottle, "rate_per_s", 1e6)
    monkeypatch.setattr(KeyThrottle, "burst", 1e6)
    settings.DECISION_RATE_PER_S = settings.DECISION_BURST = 1e6
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield exchange
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@integrators.parametrize()
@a_few(EXAMPLES)
def test_the_api_does_what_its_document_says(case: Case, hasty: Exchange) -> None:
    case.call_and_validate(headers={"Authorization": f"Bearer {hasty.key}"}, checks=CHECKS)


@integrators.parametrize()
@a_few(5)
def test_nothing_answers_without_a_key(case: Case, hasty: Exchange) -> None:
    response = case.call(headers={"Authorization": ""})
    # What is no address or no method of ours is refused before anybody looks for a key.
    assert response.status_code in (401, 404, 405, 411, 413)


def promised(method: str, address: str, status: int) -> Draft202012Validator:
    """What the committed document says of an answer."""
    whole = yaml.safe_load((settings.BASE_DIR / "docs" / "openapi.yml").read_text())
    answer = whole["paths"][address][method]["responses"][str(status)]
    if "$ref" in answer:
        answer = whole["components"]["responses"][answer["$ref"].rsplit("/", 1)[1]]
    (media,) = answer["content"].values()
    return Draft202012Validator(media["schema"] | {"components": whole["components"]})


def test_real_answers_are_what_was_promised(exchange: Exchange) -> None:
    large = act("withdrawal.requested", amount_usd="60000", signals={"scam_address": True})
    hook = {"url": "http://127.0.0.1:9/", "kinds": ["*"]}
    told = exchange.post(DECISIONS, large)
    added = exchange.post("/api/v1/webhooks", hook)
    held = exchange.get("/api/v1/restrictions")
    one, webhook = held.json()["results"][0]["id"], added.json()["id"]
    restrictions, webhooks = "/api/v1/restrictions", "/api/v1/webhooks"
    device = {"user": "alice", "platform": "WEB", "ip": "198.51.100.7"}
    answers = {
        ("post", DECISIONS): told,
        ("get", "/api/v1/decisions/{id}"): exchange.get(f"{DECISIONS}/{told.json()['event_id']}"),
        ("get", "/api/v1/users/{ref}/risk"): exchange.get("/api/v1/users/alice/risk"),
        ("get", restrictions): held,
        ("post", f"{restrictions}/{{id}}/lift"): exchange.post(
            f"{restrictions}/{one}/lift", {"reason": "checked"}
        ),
        ("post", EVENTS): exchange.record(act("order.completed"), b"{", act(user="a b")),
        ("post", "/api/v1/devices"): exchange.post("/api/v1/devices", device),
        ("post", webhooks): added,
        ("get", webhooks): exchange.get(webhooks),
        ("get", f"{webhooks}/{{id}}"): exchange.get(f"{webhooks}/{webhook}"),
        ("post", f"{webhooks}/{{id}}/test"): exchange.post(f"{webhooks}/{webhook}/test"),
        ("get", f"{webhooks}/{{id}}/deliveries"): exchange.get(f"{webhooks}/{webhook}/deliveries"),
    }
    for (method, address), answer in answers.items():
        assert answer.status_code < 300, (address, answer.content)
        promised(method, address, answer.status_code).validate(answer.json())
    refused = exchange.decide(amount_usd=5)
    promised("post", DECISIONS, refused.status_code).validate(refused.json())


def test_everybody_may_read_it(exchange: Exchange) -> None:
    exchange.key = ""
    before = everything()
    answer = exchange.get("/api/schema")
    assert answer.status_code == 200
    text = answer.content.decode()
    for address in ("/api/v1/decisions", "/api/v1/events", "/api/v1/webhooks/{id}/deliveries"):
        assert f"\n  {address}:\n" in text
    assert everything() == before


@pytest.fixture
def page(browser: Browser, live_server: Any) -> Iterator[tuple[Any, list[str]]]:
    """The document's page in a real browser, and what the browser complained about."""
    complaints: list[str] = []
    context = browser.new_context()
    tab = context.new_page()
    tab.on("console", lambda said: said.type == "error" and complaints.append(said.text))
    tab.on("pageerror", lambda fault: complaints.append(str(fault)))
    tab.on(
        "request",
        lambda asked: (
            asked.url.startswith((live_server.url, "data:"))
            or complaints.append(f"left home: {asked.url}")
        ),
    )
    tab.goto(f"{live_server.url}/api/docs")
    yield tab, complaints
    context.close()


@pytest.mark.browser
def test_the_page_shows_every_address_under_a_strict_policy(page: tuple[Any, list[str]]) -> None:
    tab, complaints = page
    tab.wait_for_selector(".opblock-summary-path")
    shown = tab.locator(".opblock-summary-path").all_inner_texts()
    assert any("/api/v1/decisions" in text for text in shown)
    assert len(shown) >= 13
    assert complaints == []
