"""The exchange's own wallet service: told in signed requests, reports over the API."""

import json
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
import time_machine
from standardwebhooks import Webhook, WebhookVerificationError

from apps.core.errors import Refused
from apps.flows import deposits
from apps.trades.models import Deposit, DepositAddress, Withdrawal
from tests.desk import Desk
from tests.exchange import Exchange, code_of, open_exchange
from tests.wallet import USDT, address, clock, fresh, money, withdraws

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


class Service:
    """A wallet service: what it was told, what it answers by type (status, JSON)."""

    def __init__(self) -> None:
        self.heard: list[tuple[dict[str, str], dict[str, Any]]] = []
        self.answers: dict[str, tuple[int, Any]] = {}
        self.url = ""

    def types(self) -> list[str]:
        return [body["type"] for _, body in self.heard]


@pytest.fixture
def service(settings: Any) -> Iterator[Service]:
    here = Service()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            with time_machine.travel(int(headers["webhook-timestamp"]), tick=False):
                body = Webhook(SECRET).verify(raw, headers)
            here.heard.append((headers, body))
            status, answer = here.answers.get(body["type"], (200, None))
            told = json.dumps(answer).encode() if answer is not None else b""
            self.send_response(status)
            self.send_header("Content-Length", str(len(told)))
            self.end_headers()
            self.wfile.write(told)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    here.url = f"http://127.0.0.1:{server.server_port}/wallet"
    settings.CUSTODY, settings.CUSTODY_URL, settings.CUSTODY_SECRET = "webhook", here.url, SECRET
    settings.WEBHOOKS_TO_PRIVATE = True
    thread = Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield here
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def wallet_key(p2p: Desk, clean_process: None) -> Exchange:
    """The wallet service's key, and no more than it needs."""
    return open_exchange("wallets", "custody:write")


def report(key: Exchange, withdrawal: Withdrawal, **body: Any) -> Any:
    return key.post(f"/api/v1/custody/withdrawals/{withdrawal.pk}", body)


def test_it_is_told_once_signed_and_reports_the_rest(
    p2p: Desk, service: Service, wallet_key: Exchange
) -> None:
    made = withdraws(p2p)
    clock(p2p, seconds=5)
    ((headers, body),) = service.heard
    assert headers["webhook-id"] == str(made.pk)
    assert body["data"] == {
        "withdrawal": str(made.pk),
        "asset": USDT,
        "network": "TRON",
        "address": made.address,
        "amount": "99.000000",
    }
    with pytest.raises(WebhookVerificationError):
        Webhook("whsec_" + "A" * 32).verify(json.dumps(body), headers)
    assert (fresh(made).status, money(p2p, "alice")) == ("PROCESSING", (9900, 100))

    for _ in range(2):
        answer = report(wallet_key, made, state="BROADCAST", tx_id="tx9", network_fee="0.4")
        assert answer.json() == {
            "id": str(made.pk), "status": "BROADCAST", "tx_id": "tx9", "confirmations": 0,
        }  # fmt: skip
        assert money(p2p, "alice") == (9900, 0)
    for _ in range(2):
        answer = report(wallet_key, made, state="CONFIRMED", tx_id="tx9", confirmations=20)
        assert answer.json()["status"] == "CONFIRMED"
    assert code_of(report(wallet_key, made, state="FAILED")) == "REPORT_CONFLICT"
    assert money(p2p, "alice") == (9900, 0)


def test_a_failure_gives_the_money_back_once(
    p2p: Desk, service: Service, wallet_key: Exchange
) -> None:
    made = withdraws(p2p)
    clock(p2p, seconds=5)
    for _ in range(3):
        answer = report(wallet_key, made, state="FAILED", reason="NO_COINS")
        assert answer.json()["status"] == "FAILED"
        assert money(p2p, "alice") == (10_000, 0)
    sent = report(wallet_key, made, state="BROADCAST", tx_id="tx9")
    assert code_of(sent) == "REPORT_CONFLICT"
    assert money(p2p, "alice") == (10_000, 0)


def test_after_a_lost_answer_it_is_asked_first(p2p: Desk, service: Service) -> None:
    service.answers = {"withdrawal.send": (500, None)}
    made = withdraws(p2p)
    clock(p2p, seconds=5)
    assert (service.types(), fresh(made).status) == (["withdrawal.send"], "PROCESSING")
    service.answers["withdrawal.status"] = (503, None)
    clock(p2p, minutes=10)
    # It can't tell: it is not told again.
    assert service.types() == ["withdrawal.send", "withdrawal.status"]
    service.answers["withdrawal.status"] = (404, None)
    service.answers["withdrawal.send"] = (202, None)
    clock(p2p, hours=1)
    assert service.types()[2:] == ["withdrawal.status", "withdrawal.send"]
    assert {h["webhook-id"] for h, body in service.heard if body["type"] == "withdrawal.send"} == {
        str(made.pk)
    }
    service.answers["withdrawal.status"] = (200, {"state": "BROADCAST", "tx_id": "tx9"})
    clock(p2p, hours=1)
    assert (fresh(made).status, money(p2p, "alice")) == ("BROADCAST", (9900, 0))


@pytest.mark.parametrize("answer", ["no object", {"state": "SENT"}, {"state": "BROADCAST"}, 7])
def test_nonsense_in_an_answer_moves_nothing(p2p: Desk, service: Service, answer: Any) -> None:
    service.answers = {"withdrawal.send": (200, answer)}
    made = withdraws(p2p)
    clock(p2p, seconds=5)
    assert (fresh(made).status, money(p2p, "alice")) == ("PROCESSING", (9900, 100))


def test_a_service_that_is_not_there_loses_nothing(
    p2p: Desk, service: Service, settings: Any
) -> None:
    there, settings.CUSTODY_URL = settings.CUSTODY_URL, "http://127.0.0.1:9/wallet"
    made = withdraws(p2p)
    clock(p2p, seconds=5)
    assert fresh(made).status == "PROCESSING"
    settings.CUSTODY_URL = there
    service.answers = {"withdrawal.status": (404, None)}
    clock(p2p, hours=1)
    assert service.types() == ["withdrawal.status", "withdrawal.send"]


def test_private_addresses_are_not_asked_in_earnest(
    p2p: Desk, service: Service, settings: Any
) -> None:
    settings.WEBHOOKS_TO_PRIVATE = False
    made = withdraws(p2p)
    clock(p2p, seconds=5)
    assert (service.heard, fresh(made).status) == ([], "PROCESSING")


def test_it_gives_addresses_and_only_valid_ones(p2p: Desk, service: Service) -> None:
    alice = p2p.person("alice")
    for told in (None, {"address": 7}, {"address": "0x12"}):
        service.answers = {"address.give": (200, told)}
        with pytest.raises(Refused):
            deposits.address_of(actor=alice, network="TRON", at=p2p.now)
    assert not DepositAddress.objects.exists()
    service.answers = {"address.give": (200, {"address": address("alices")})}
    given = deposits.address_of(actor=alice, network="TRON", at=p2p.now)
    assert given.address == address("alices")
    heard = len(service.heard)
    deposits.address_of(actor=alice, network="TRON", at=p2p.now + timedelta(days=1))
    assert len(service.heard) == heard


def arrival(**words: Any) -> dict[str, Any]:
    said = {
        "asset": USDT, "address": address("alices"), "tx_id": "t1", "amount": "50",
        "confirmations": 20, "sender": address("somebody"),
    }  # fmt: skip
    return said | words


def test_deposits_are_reported_over_the_api(
    p2p: Desk, service: Service, wallet_key: Exchange
) -> None:
    service.answers = {"address.give": (200, {"address": address("alices")})}
    deposits.address_of(actor=p2p.person("alice"), network="TRON", at=p2p.now)
    path = "/api/v1/custody/deposits"
    answer = wallet_key.post(path, arrival(confirmations=1))
    assert (answer.status_code, answer.json()["status"]) == (200, "DETECTED")
    for _ in range(2):
        assert wallet_key.post(path, arrival()).json()["status"] == "CREDITED"
    assert money(p2p, "alice") == (50, 0)
    for words in (
        {"amount": "-50"}, {"amount": "1e3"}, {"amount": 50}, {"amount": "NaN"},
        {"amount": "0.0000000000000000001"}, {"amount": "1.1234567"}, {"amount": "9" * 30},
        {"asset": "DOGE"}, {"output": -1}, {"output": 2**40}, {"surprise": True}, {"tx_id": ""},
        {"address": address("nobodys")}, {"address": "x"},
    ):  # fmt: skip
        answer = wallet_key.post(path, arrival(**({"tx_id": "t2"} | words)))
        assert answer.status_code in (404, 422), (words, answer.content)
    assert Deposit.objects.count() == 1


def test_only_a_key_for_it_may_report(p2p: Desk, service: Service, clean_process: None) -> None:
    made = withdraws(p2p)
    clock(p2p, seconds=5)
    other = open_exchange("acme", "decisions:write", "events:write")
    sent = {"state": "BROADCAST", "tx_id": "t"}
    for path, body in (
        (f"/api/v1/custody/withdrawals/{made.pk}", sent),
        ("/api/v1/custody/deposits", arrival()),
    ):
        assert code_of(other.post(path, body)) == "SCOPE_MISSING"
        assert other.caller.post(path, body, "application/json").status_code == 401
    assert fresh(made).status == "PROCESSING"
