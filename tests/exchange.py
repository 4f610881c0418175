"""An exchange as tests see it: a client of ours with a key, and the acts of its users over HTTP."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest
from django.test import Client as Caller

from apps.api import rate
from apps.cases.models import Case
from apps.core.clock import now
from apps.events.models import Entity, Event, IngestKey
from apps.restrictions.models import Restriction
from apps.risk.models import Decision, Edge, Head, Point, Standing
from apps.users import queries, services
from apps.users.models import Client, Scope

DECISIONS = "/api/v1/decisions"
EVENTS = "/api/v1/events"
_numbers = count(1)


@dataclass
class Exchange:
    """One integrator: `key` opens what its scopes allow."""

    client: Client
    key: str
    caller: Caller = field(default_factory=lambda: Caller(raise_request_exception=False))

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """One request with the key; dicts and lists travel as JSON, bytes as they are."""
        raw = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body)
        told = {"Authorization": f"Bearer {self.key}"} | {
            name.replace("_", "-"): value for name, value in headers.items()
        }
        kind = told.pop("Content-Type", "application/json")
        return self.caller.generic(
            method, path, raw, content_type=kind, headers=told, CONTENT_TYPE=kind
        )

    def get(self, path: str, **headers: str) -> Any:
        return self.call("GET", path, **headers)

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        return self.call("POST", path, body, **headers)

    def decide(self, kind: str = "signin.succeeded", **words: Any) -> Any:
        """Ask for a decision on an act."""
        return self.post(DECISIONS, act(kind, **words))

    def record(self, *acts: dict[str, Any] | bytes, query: str = "") -> Any:
        """Send acts as NDJSON, to be recorded without a decision."""
        lines = [one if isinstance(one, bytes) else json.dumps(one).encode() for one in acts]
        headers = {"Content_Type": "application/x-ndjson"}
        return self.post(f"{EVENTS}{query}", b"\n".join(lines), **headers)


def act(kind: str = "signin.succeeded", **words: Any) -> dict[str, Any]:
    """The body of an act of alice's: complete for its kind, changed by `words` (None: left out)."""
    body: dict[str, Any] = {
        "id": f"act-{next(_numbers)}",
        "kind": kind,
        "occurred_at": datetime.now(UTC).isoformat(),
        "user": "alice",
        "device": "alice-phone",
        "ip": "198.51.100.7",
    }
    if kind.startswith("order."):
        body |= {
            "counterparty": "bob",
            "amount_usd": "100.00",
            "order": "o-1",
            "signals": {"side": "buy"},
        }
    if kind.startswith("withdrawal."):
        body |= {"amount_usd": "100.00", "address": "bc1qexample"}
    if kind == "address.added":
        body["address"] = "bc1qexample"
    if kind == "account.added":
        body["account"] = "DE89 3704 0044 0532 0130 00"
    return {name: value for name, value in (body | words).items() if value is not None}


def everything() -> dict[str, int]:
    """How many rows there are of all that an act may leave behind."""
    models = (Event, Entity, IngestKey, Decision, Head, Point, Edge, Standing, Restriction, Case)
    return {model.__name__: model.objects.count() for model in models}


def code_of(answer: Any) -> str:
    """The machine code of a refusal, which has to be a whole problem document."""
    assert answer.headers["Content-Type"] == "application/problem+json", answer.content[:300]
    problem = answer.json()
    assert problem["status"] == answer.status_code
    assert problem["request_id"] == answer.headers["X-Request-ID"]
    assert problem["detail"]
    code: str = problem["code"]
    return code


def ago(**span: float) -> str:
    """A moment before now as a sender writes it: ago(minutes=20)."""
    return (datetime.now(UTC) - timedelta(**span)).isoformat()


def ahead(**span: float) -> str:
    """A moment after now as a sender writes it: ahead(minutes=6)."""
    return (datetime.now(UTC) + timedelta(**span)).isoformat()


def open_exchange(slug: str, *scopes: str) -> Exchange:
    """A client of ours with a key of these scopes, or of all."""
    client = Client.objects.filter(slug=slug).first() or services.add_client(
        slug=slug, name=slug.title(), at=now()
    )
    _, key = services.issue_key(client=client, scopes=scopes or Scope.values, at=now())
    return Exchange(client, key)


@pytest.fixture
def clean_process() -> Iterator[None]:
    """A process that remembers nothing of earlier databases."""
    queries.forget_key()
    rate.forget()
    yield
    queries.forget_key()


@pytest.fixture
def exchange(desk: Any, clean_process: None) -> Exchange:
    """An integrator of a desk whose preset policy is live; rolled back after the test."""
    return open_exchange("acme")


@pytest.fixture
def committed_exchange(committed_desk: Any, clean_process: None) -> Exchange:
    """The same where transactions are real."""
    return open_exchange("acme")


@pytest.fixture
def rival(desk: Any) -> Exchange:
    """Another integrator, who must see nothing of the first one's."""
    return open_exchange("rival")
