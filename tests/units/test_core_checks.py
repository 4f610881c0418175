"""A desk with unusable keys or a library that ends processes says so before it starts."""

import importlib.metadata
from typing import Any

import pytest
from pytest_django import Settings

from apps.core import checks


def ids(messages: list[Any]) -> list[str]:
    return [message.id for message in messages]


def test_this_desk_is_in_order() -> None:
    assert checks.keys_are_usable(None) == []
    assert checks.setuptools_is_old_enough(None) == []
    assert checks.hot_statements_are_planned_once(None) == []


def test_an_empty_ring_is_an_error(settings: Settings) -> None:
    settings.FIELD_KEYS = {}
    assert ids(checks.keys_are_usable(None)) == ["core.E001"]


@pytest.mark.parametrize(
    ("ring", "expected"),
    [
        ({"a": b"short"}, ["core.E002"]),
        ({"a": b"x" * 32, "b": "x" * 32}, ["core.E002"]),
        ({"": b"x" * 32}, ["core.E003"]),
        ({"a" * 256: b"x" * 32}, ["core.E003"]),
    ],
)
def test_each_key_has_an_id_and_32_bytes(
    settings: Settings, ring: dict[str, Any], expected: list[str]
) -> None:
    settings.FIELD_KEYS = ring
    assert ids(checks.keys_are_usable(None)) == expected


def test_a_short_index_key_is_an_error(settings: Settings) -> None:
    settings.BLIND_INDEX_KEY = b"short"
    assert ids(checks.keys_are_usable(None)) == ["core.E004"]


@pytest.mark.parametrize("found", ["82.0.0", "90.1", None])
def test_a_setuptools_without_pkg_resources_is_an_error(
    monkeypatch: pytest.MonkeyPatch, found: str | None
) -> None:
    def version(name: str) -> str:
        if found is None:
            raise importlib.metadata.PackageNotFoundError(name)
        return found

    monkeypatch.setattr(checks, "version", version)
    monkeypatch.setattr(checks, "find_spec", lambda name: object())
    assert ids(checks.setuptools_is_old_enough(None)) == ["core.E005"]
    monkeypatch.setattr(checks, "find_spec", lambda name: None)
    assert checks.setuptools_is_old_enough(None) == []


def test_a_connection_that_plans_each_time_is_a_warning(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(settings.DATABASES["default"]["OPTIONS"], "options", "-c jit=off")
    assert ids(checks.hot_statements_are_planned_once(None)) == ["core.W001"]
