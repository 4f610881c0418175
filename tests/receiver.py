"""An exchange's own endpoint, and what beat and workers do to reach it."""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from django.core.cache import cache

from apps.core.clock import now
from apps.flows import deliveries, webhooks
from tests.exchange import Exchange

PATH = "/api/v1/webhooks"
# What pg_snapshot_xmin says of the whole server, of this database alone.
OLDEST_HERE = """
SELECT coalesce(
  min(backend_xid::text::bigint), pg_snapshot_xmax(pg_current_snapshot())::text::bigint)
FROM pg_stat_activity WHERE datname = current_database() AND backend_xid IS NOT NULL
"""


@dataclass
class Receiver:
    """The exchange's own endpoint: what arrived, and what it answers."""

    url: str = ""
    status: int = 204
    arrived: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    def bodies(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, body in self.arrived]


@pytest.fixture
def receiver(alone_on_the_server: None, no_pause: None) -> Iterator[Receiver]:
    """A server on this machine that keeps what it is sent."""
    here = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            here.arrived.append(({k.lower(): v for k, v in self.headers.items()}, body))
            self.send_response(here.status)
            self.send_header("Location", f"{here.url}/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    here.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield here
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def alone_on_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """Transactions of other test runs, in databases of their own, hold nothing back."""
    monkeypatch.setattr(webhooks, "XMIN", OLDEST_HERE)


@pytest.fixture
def no_pause() -> Iterator[None]:
    """Receivers of earlier tests are forgotten."""
    cache.clear()
    yield
    cache.clear()


def subscribe(exchange: Exchange, receiver: Receiver, *kinds: str) -> dict[str, Any]:
    answer = exchange.post(PATH, {"url": f"{receiver.url}/hook", "kinds": list(kinds) or ["*"]})
    assert answer.status_code == 201, answer.content
    told: dict[str, Any] = answer.json()
    return told


def send_all(at: datetime | None = None) -> int:
    """What beat and a worker do until nothing is due."""
    webhooks.owe(at=at or now())
    sent = 0
    for subscriber in deliveries.due(at=at or now()):
        while one := deliveries.take(subscriber=subscriber, at=at or now()):
            deliveries.deliver(delivery=one, at=at or now())
            sent += 1
    return sent


def log_of(exchange: Exchange, id: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = exchange.get(f"{PATH}/{id}/deliveries").json()["results"]
    return found
