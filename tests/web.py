"""The desk's pages as tests see them: people signed in at the desk's own clock."""

import time
from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext

from tests.desk import Desk
from tests.staff import signed_in


class Web:
    """Browsers of the cast; every random check stays out of the way."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.browsers: dict[str, Browser] = {}

    def of(self, name: str, *, second_factor: bool = True) -> Browser:
        """The browser in which somebody of the cast is signed in."""
        if name not in self.browsers:
            self.browsers[name] = signed_in(self.desk.person(name), second_factor=second_factor)
        return self.browsers[name]

    def get(self, name: str, path: str, **words: Any) -> Any:
        """A page as somebody sees it."""
        return self.of(name).get(path, **words)

    def post(self, name: str, path: str, form: dict[str, Any] | None = None, **words: Any) -> Any:
        """A form that somebody sends."""
        return self.desk.calm(lambda: self.of(name).post(path, form or {}, **words))

    def text(self, name: str, path: str) -> str:
        """What a page says; it has to be there."""
        answer = self.get(name, path)
        assert answer.status_code == 200, (path, answer.status_code)
        return str(answer.content.decode())


def forget_second_factor(browser: Browser) -> None:
    """As if an hour had passed since the second factor was shown."""
    session = browser.session
    for record in session["account_authentication_methods"]:
        record["at"] = time.time() - 3600
    session.save()


def queries_of(browser: Browser, path: str) -> list[str]:
    """The statements that a page takes."""
    with CaptureQueriesContext(connection) as seen:
        assert browser.get(path).status_code == 200
    return [query["sql"] for query in seen.captured_queries]


@pytest.fixture
def web(p2p: Desk) -> Iterator[Web]:
    """The desk's pages at the desk's clock."""
    cache.clear()
    with patch("apps.core.clock.now", lambda: p2p.now):
        yield Web(p2p)
