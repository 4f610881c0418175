"""Fixtures every test may use; the cast and the stories bring their own."""

import os
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests import chromium
from tests.desk import committed_p2p, p2p  # noqa: F401  for every test
from tests.exchange import (  # noqa: F401  for every test
    clean_process,
    committed_exchange,
    exchange,
    rival,
)
from tests.face_phones import face_phones  # noqa: F401  for every test
from tests.people import committed_desk, committed_world, desk, world  # noqa: F401  for every test
from tests.phones import committed_phones, phones  # noqa: F401  for every test
from tests.receiver import alone_on_the_server, no_pause, receiver  # noqa: F401  for every test
from tests.web import web  # noqa: F401  for every test


@pytest.fixture(scope="session")
def monkeysession() -> Iterator[pytest.MonkeyPatch]:
    """`monkeypatch` for a whole session."""
    with pytest.MonkeyPatch.context() as patch:
        yield patch


@pytest.fixture(scope="session")
def browser(monkeysession: pytest.MonkeyPatch) -> Iterator[Browser]:
    """A headless Chromium. Where there is none, its tests are skipped, but fail in CI."""
    path = chromium.find()
    if path is None:
        missing = "no Chromium found: bin/test installs one, CHROMIUM=/path names one"
        pytest.fail(missing) if os.environ.get("CI") else pytest.skip(missing)
    # Playwright keeps an event loop in this thread, which Django takes for asynchronous code.
    monkeysession.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    with sync_playwright() as playwright:
        # Its sandbox needs rights that root and containers lack; the pages are our own.
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()
