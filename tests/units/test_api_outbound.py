"""Where webhooks may go: out, to the address that was judged, and nowhere else."""

import socket
from typing import Any

import pytest

from apps.core.errors import Refused
from apps.flows import outbound

URL = "https://hooks.example.org/otcrisk"


@pytest.fixture
def in_earnest(settings: Any) -> None:
    """As in production: https and public addresses only."""
    settings.WEBHOOKS_TO_PRIVATE = False


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    """What the names of the world resolve to; a name gives its addresses one call after another."""
    known: dict[str, list[str]] = {}

    def resolve(host: str, port: int, **_: Any) -> list[Any]:
        if host not in known:
            raise socket.gaierror(-2, "Name or service not known")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, port)) for ip in known[host]]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    return known


@pytest.fixture
def nothing_leaves(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """No connection is made; where one would have gone."""
    tried: list[tuple[str, int]] = []

    def connect(address: tuple[str, int], *_: Any, **__: Any) -> Any:
        tried.append(address)
        raise ConnectionRefusedError(111, "refused")

    monkeypatch.setattr("urllib3.util.connection.create_connection", connect)
    return tried


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example.org/",
        "ftp://hooks.example.org/",
        "hooks.example.org",
        "https://",
        "https://ana:secret@hooks.example.org/",
        "https://127.0.0.1/",
        "https://10.1.2.3/",
        "https://169.254.169.254/latest/meta-data/",
        "https://[::1]/",
        "https://[::ffff:10.0.0.1]/",
        "https://[64:ff9b::a00:1]/",
        "https://[fd00::1]/",
        "https://hooks.example.org/a b",
        "https://hooks.example.org/" + "a" * 500,
    ],
)
def test_urls_nothing_is_ever_sent_to(in_earnest: None, url: str) -> None:
    with pytest.raises(Refused) as refusal:
        outbound.check(url)
    assert (refusal.value.code, refusal.value.status) == ("URL_REFUSED", 422)


def test_a_public_https_url_is_taken(in_earnest: None) -> None:
    outbound.check(URL)


@pytest.mark.parametrize(
    "inside",
    ["127.0.0.1", "10.0.0.8", "192.168.1.1", "100.64.0.1", "169.254.169.254", "0.0.0.0"],
)
def test_a_name_that_leads_inside_leads_nowhere(
    in_earnest: None,
    names: dict[str, list[str]],
    nothing_leaves: list[tuple[str, int]],
    inside: str,
) -> None:
    names["hooks.example.org"] = ["203.0.114.9", inside]

    sent = outbound.post(URL, body=b"{}", headers={})

    assert sent.error == "We send to public addresses only."
    assert nothing_leaves == []


def test_the_connection_goes_to_the_address_that_was_judged(
    in_earnest: None, names: dict[str, list[str]], nothing_leaves: list[tuple[str, int]]
) -> None:
    names["hooks.example.org"] = ["93.184.216.34"]

    sent = outbound.post(URL, body=b"{}", headers={})

    assert nothing_leaves == [("93.184.216.34", 443)]
    assert (sent.status, sent.error) == (None, "NewConnectionError")


def test_a_name_nobody_knows(in_earnest: None, names: dict[str, list[str]]) -> None:
    sent = outbound.post(URL, body=b"{}", headers={})
    assert sent.status is None
    assert sent.error.startswith("name not resolved")


def test_numbers_in_disguise_are_resolved_and_judged(
    in_earnest: None, names: dict[str, list[str]], nothing_leaves: list[tuple[str, int]]
) -> None:
    names["2130706433"] = ["127.0.0.1"]
    assert outbound.post("https://2130706433/", body=b"", headers={}).status is None
    assert nothing_leaves == []
