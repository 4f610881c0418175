"""Mobile apps as tests see them: a person's session token, and answers held to the document.

Every answer to a phone is checked against docs/openapi.yml, and strictly: what the document does
not name may not be in it.
"""

import json
import os
import re
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
import yaml
from allauth.account.internal.flows.login import record_authentication
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client as Caller
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from jsonschema import Draft202012Validator

from apps.api.schema_desk import EXAMPLES
from apps.api.v1.desk.base import DeedThrottle, TraderThrottle
from apps.api.v1.desk.face import FrameThrottle
from apps.api.v1.desk.talk import FileThrottle
from apps.core import clock
from apps.users.models import User
from tests.desk import Desk
from tests.market import usual_ip

API = "/api/v1"
#: What was asked and answered, by operation: the document's examples, written where DESK_EXAMPLES
#: is set (then run: manage.py spectacular --file docs/openapi.yml).
HEARD: dict[str, dict[str, Any]] = {}
SHOWN = 2


def session_for(user: User, *, factor: bool = True) -> str:
    """A session of this person's that begins now, with a second factor or with a password."""
    session = import_module(settings.SESSION_ENGINE).SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    request: Any = SimpleNamespace(session=session, user=user)
    record_authentication(request, user, method="password")
    if factor:
        record_authentication(request, user, method="mfa", type="totp")
    session.save()
    UserSession.objects.create(
        user=user, session_key=session.session_key, ip="198.51.100.7", user_agent="phone/1"
    )
    return str(session.session_key)


@dataclass
class Phone:
    """Somebody's app; `token` None: nobody has signed in."""

    user: User | None
    token: str | None
    caller: Caller = field(default_factory=lambda: Caller(raise_request_exception=False))

    def call(
        self, method: str, path: str, body: Any = None, *, key: str | None = None, **headers: str
    ) -> Any:
        """One request; a deed gets a new key unless one is named ("": none)."""
        raw = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body)
        told = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.token:
            told["X-Session-Token"] = self.token
        key = str(uuid4()) if key is None and method != "GET" else key
        if key:
            told["Idempotency-Key"] = key
        where = usual_ip(str(self.user.pk)) if self.user else "198.51.100.9"
        kind = told.pop("Content-Type", "application/json")
        answer = self.caller.generic(
            method, f"{API}{path}", raw, content_type=kind, headers=told, REMOTE_ADDR=where
        )
        hold_to_document(method, f"{API}{path}", body, answer)
        return answer

    def get(self, path: str, **headers: str) -> Any:
        return self.call("GET", path, **headers)

    def post(self, path: str, body: Any = None, **words: Any) -> Any:
        return self.call("POST", path, body, **words)

    def send(self, path: str, file: bytes | None = None, **fields: str) -> Any:
        """A form with a file in it."""
        files = {"file": SimpleUploadedFile("it", file)} if file is not None else {}
        form = encode_multipart(BOUNDARY, fields | files)
        return self.post(path, form, Content_Type=MULTIPART_CONTENT)

    def delete(self, path: str) -> Any:
        return self.call("DELETE", path)


def hold_to_document(method: str, path: str, body: Any, answer: Any) -> None:
    """Fails unless the committed document promises just this answer."""
    address, operation = operation_of(method, path)
    responses = operation["responses"]
    assert str(answer.status_code) in responses, (method, address, answer.status_code, answer)
    promised = responses[str(answer.status_code)]
    if "$ref" in promised:
        promised = document()["components"]["responses"][promised["$ref"].rsplit("/", 1)[1]]
    kind = answer.headers.get("Content-Type", "").partition(";")[0]
    content = promised.get("content", {})
    told = None
    if not content:
        assert answer.content == b"", (method, address)
    else:
        assert kind in content, (method, address, kind)
        if kind.endswith("json"):
            told = answer.json()
            validator(json.dumps(content[kind]["schema"])).validate(told)
    if "DESK_EXAMPLES" in os.environ and answer.status_code < 300:
        _write_down(operation["operationId"], body, str(answer.status_code), told)


def _write_down(operation: str, body: Any, status: str, told: Any) -> None:
    heard = HEARD.setdefault(operation, {"responses": {}})
    if told is not None:
        heard["responses"][status] = _short(told)
    if body is not None and not isinstance(body, bytes):
        heard["request"] = body
    EXAMPLES.write_text(json.dumps(HEARD, indent=1, sort_keys=True, ensure_ascii=False) + "\n")


def _short(told: Any) -> Any:
    """An example shows what there is of each list, not how much."""
    if isinstance(told, list):
        return [_short(one) for one in told[:SHOWN]]
    if isinstance(told, dict):
        return {name: _short(one) for name, one in told.items()}
    return told


def operation_of(method: str, path: str) -> tuple[str, dict[str, Any]]:
    """The address of the document that a path belongs to, and its operation."""
    plain = path.partition("?")[0]
    for address, methods in document()["paths"].items():
        pattern = re.sub(r"\{[^}]+\}", "[^/]+", address)
        if method.lower() in methods and re.fullmatch(pattern, plain):
            return address, methods[method.lower()]
    raise AssertionError(f"the document knows no {method} {plain}")


@cache
def document() -> dict[str, Any]:
    """The committed document, with every object closed."""
    whole: dict[str, Any] = yaml.safe_load((settings.BASE_DIR / "docs" / "openapi.yml").read_text())
    for schema in whole["components"]["schemas"].values():
        if "properties" in schema and "allOf" not in schema:
            schema.setdefault("additionalProperties", False)
    return whole


@cache
def validator(schema: str) -> Draft202012Validator:
    return Draft202012Validator(json.loads(schema) | {"components": document()["components"]})


def _phones(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> "Phones":
    desk.now = clock.now()
    monkeypatch.setattr("apps.risk.decide.draw", lambda *_, **__: 0.999)
    for throttle in (TraderThrottle, DeedThrottle, FileThrottle, FrameThrottle):
        monkeypatch.setattr(throttle, "rate_per_s", 1e6)
        monkeypatch.setattr(throttle, "burst", 1e6)
    return Phones(desk)


@dataclass
class Phones:
    """The cast with their phones, on a desk whose clock is the real one."""

    desk: Desk
    known: dict[str, Phone] = field(default_factory=dict)

    def of(self, name: str, **words: Any) -> Phone:
        """Somebody's phone: signed in with a second factor when first named."""
        if name not in self.known:
            user = self.desk.person(name)
            self.known[name] = Phone(user, session_for(user, **words))
        return self.known[name]

    def another(self, name: str, **words: Any) -> Phone:
        """Another phone of the same person."""
        user = self.desk.person(name)
        return Phone(user, session_for(user, **words))

    def nobody(self) -> Phone:
        """A phone on which nobody has signed in."""
        return Phone(None, None)


@pytest.fixture
def phones(p2p: Desk, monkeypatch: pytest.MonkeyPatch) -> Phones:
    """Phones whose owners' deeds are rolled back after the test."""
    return _phones(p2p, monkeypatch)


@pytest.fixture
def committed_phones(committed_p2p: Desk, monkeypatch: pytest.MonkeyPatch) -> Phones:
    """The same where transactions are real."""
    return _phones(committed_p2p, monkeypatch)
