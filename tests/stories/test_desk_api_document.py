"""People's half of the API's document: what it promises is what a phone gets, examples included."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from schemathesis import Case

from apps.api.schema_desk import DESK, EXAMPLES
from tests.phones import Phones, document, validator
from tests.stories.test_api_document import CHECKS, a_few

written = schemathesis.openapi.from_path(settings.BASE_DIR / "docs" / "openapi.yml")
written.app = WSGIHandler()
people = written.include(tag=DESK)


@pytest.fixture
def bobs_phone(phones: Phones) -> Iterator[str]:
    """The session token of somebody in an order, on the connection of the test."""
    phones.desk.order()
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    token = phones.of("bob").token
    assert token
    yield token
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@people.parametrize()
@a_few(4)
def test_a_phone_gets_what_the_document_says(case: Case, bobs_phone: str) -> None:
    case.call_and_validate(headers={"X-Session-Token": bobs_phone}, checks=CHECKS)


def operations() -> list[tuple[str, dict[str, Any]]]:
    """People's operations by id."""
    return [
        (operation["operationId"], operation)
        for methods in document()["paths"].values()
        for operation in methods.values()
        if operation["tags"] == [DESK]
    ]


@pytest.mark.parametrize(("name", "operation"), operations(), ids=lambda one: str(one)[:30])
def test_every_operation_shows_real_examples(name: str, operation: dict[str, Any]) -> None:
    body = operation.get("requestBody", {}).get("content", {}).get("application/json")
    if body is not None:
        validator(json.dumps(body["schema"])).validate(body["example"])
    good = [
        answer["content"]["application/json"]
        for code, answer in operation["responses"].items()
        if code.startswith("2") and "application/json" in answer.get("content", {})
    ]
    shown = [answer for answer in good if "example" in answer]
    assert bool(shown) == bool(good), f"{name}: {EXAMPLES.name} has none"
    for answer in shown:
        validator(json.dumps(answer["schema"])).validate(answer["example"])


def test_every_deed_needs_a_key_and_every_operation_a_session() -> None:
    for name, operation in operations():
        assert operation["summary"], name
        assert {"sessionToken", "browserSession"} == {
            scheme for one in operation["security"] for scheme in one
        }
