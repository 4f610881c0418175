"""From a body to an act: what is kept, what is forgotten, what counts as the same."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

from apps.api.act_body import parse
from apps.api.act_needs import NEEDS
from apps.api.acts import act_of
from apps.core.errors import Refused
from apps.events.act import Act
from apps.risk.vocabulary import KINDS, SIGNALS
from apps.users.queries import AuthenticatedClient
from tests.exchange import act as body_of

NOON = datetime(2026, 3, 9, 12, tzinfo=UTC)
ACME = AuthenticatedClient(1, "acme", 7, frozenset(), uuid4())


def act(kind: str = "order.created", **words: Any) -> Act:
    body = body_of(kind, **{"id": "a-1", "occurred_at": "2026-03-09T12:00:00Z"} | words)
    return act_of(parse(json.dumps(body).encode()), client=ACME, at=NOON, request_id="r-1")


def refused(**words: Any) -> dict[str, list[str]]:
    with pytest.raises(Refused) as refusal:
        act(**words)
    assert refusal.value.status == 422
    return refusal.value.fields


def test_an_act_carries_what_was_sent() -> None:
    sent = act(signals={"side": "sell", "lat": 52, "vpn": False}, amount_usd="1250.5")

    assert (sent.kind, sent.scope, sent.ref, sent.at) == ("order.created", "acme", "a-1", NOON)
    assert sent.occurred_at == NOON
    assert sent.user
    assert (sent.user.kind, sent.user.scope, sent.user.ref) == (
        "user",
        "acme",
        "alice",
    )
    assert sent.ip
    assert (sent.ip.scope, sent.ip.ref) == ("", "198.51.100.7")
    assert sent.amount_usd == Decimal("1250.50")
    assert sent.data == {"side": "sell", "lat": 52.0, "vpn": False, "order": "o-1"}


def test_the_number_of_a_payment_account_is_forgotten_at_once() -> None:
    sent = act("account.added", account="DE89 3704 0044 0532 0130 00")

    assert "3704" not in repr(sent)
    assert sent.account
    assert len(sent.account.ref) == 64


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("DE89 3704 0044 0532 0130 00", "de89370400440532013000"),
        ("12-34-56 12345678", "12345612345678"),
        ("Ana@Example.org", "ana@example.org"),
    ],
)
def test_an_account_is_the_same_however_it_is_spelt(one: str, other: str) -> None:
    assert act("account.added", account=one).account == act("account.added", account=other).account


def test_hyphens_in_an_email_address_are_part_of_it() -> None:
    one, other = "a-b@example.org", "ab@example.org"
    assert act("account.added", account=one).account != act("account.added", account=other).account


def test_evm_addresses_are_one_in_any_case_and_others_are_not() -> None:
    mixed = "0xAbCdEf0123456789aBcDeF0123456789AbCdEf01"
    assert (
        act("address.added", address=mixed).address
        == act("address.added", address=mixed.lower()).address
    )
    assert (
        act("address.added", address="1BoatSLRHt").address
        != act("address.added", address="1boatslrht").address
    )


def test_an_ipv4_address_inside_ipv6_is_the_ipv4_address() -> None:
    assert act(ip="::ffff:198.51.100.7").ip == act(ip="198.51.100.7").ip


@pytest.mark.parametrize(
    "same",
    [
        {"occurred_at": "2026-03-09T13:00:00+01:00"},
        {"amount_usd": "100"},
        {"signals": {"side": "buy", "vpn": None}},
        {"account": None},
    ],
)
def test_the_digest_is_of_what_was_meant(same: dict[str, Any]) -> None:
    assert act().digest == act(**same).digest


@pytest.mark.parametrize(
    "other",
    [
        {"kind": "order.paid"},
        {"occurred_at": "2026-03-09T12:00:01Z"},
        {"user": "carol"},
        {"counterparty": "carol"},
        {"device": "other"},
        {"ip": "198.51.100.8"},
        {"account": "DE1234567890"},
        {"address": "bc1qother"},
        {"amount_usd": "100.01"},
        {"order": "o-2"},
        {"signals": {"side": "sell"}},
        {"signals": {"side": "buy", "vpn": True}},
    ],
)
def test_the_digest_notices_any_other_meaning(other: dict[str, Any]) -> None:
    kind = other.pop("kind", "order.created")
    assert act().digest != act(kind, **other).digest


@pytest.mark.parametrize(("kind", "field"), [(k, f) for k, fs in NEEDS.items() for f in fs])
def test_each_kind_says_what_it_lacks(kind: str, field: str) -> None:
    lacking = {"signals": {}} if field.startswith("signals.") else {field: None}
    assert field in refused(kind=kind, **lacking)


def test_every_kind_with_needs_is_a_kind() -> None:
    assert NEEDS.keys() <= KINDS.keys()


def test_a_failed_sign_in_needs_no_user_but_an_origin() -> None:
    assert act("signin.failed", user=None).user is None
    assert "user" in refused(kind="signin.failed", user=None, device=None, ip=None)
    assert "user" in refused(kind="signin.succeeded", user=None)


def test_nobody_is_their_own_counterparty() -> None:
    assert refused(counterparty="alice") == {"counterparty": ["Nobody is their own counterparty."]}


@pytest.mark.parametrize(
    "wrong",
    [
        {"zip": "10115"},
        {"user": "alice smith"},
        {"user": "alice|bob"},
        {"user": "a" * 81},
        {"user": 7},
        {"user": "al\x00ice"},
        {"id": ""},
        {"kind": "order.exploded"},
        {"occurred_at": "2026-03-09T12:00:00"},
        {"occurred_at": "2026-13-09T12:00:00Z"},
        {"occurred_at": 1773057600},
        {"occurred_at": "1773057600"},
        {"amount_usd": 100.0},
        {"amount_usd": "1e3"},
        {"amount_usd": "-5"},
        {"amount_usd": "100.001"},
        {"amount_usd": "1" * 13},
        {"amount_usd": "٣"},
        {"ip": "198.51.100.7:443"},
        {"ip": "fe80::1%eth0"},
        {"ip": "example.org"},
        {"account": "abc"},
        {"address": "bc1q x"},
        {"signals": []},
        {"signals": {"side": "buy", "mood": "good"}},
        {"signals": {"side": "hold"}},
        {"signals": {"side": "buy", "lat": "52"}},
        {"signals": {"side": "buy", "lat": 91}},
        {"signals": {"side": "buy", "lat": True}},
        {"signals": {"side": "buy", "vpn": 1}},
        {"signals": {"side": "buy", "vpn": "yes"}},
        {"signals": {"side": "buy", "country": "de"}},
        {"signals": {"side": "buy", "rail": "pay me on telegram"}},
        {"signals": {"side": "buy", "ip_risk": float("nan")}},
        {"signals": {"side": "buy", "ip_risk": float("inf")}},
    ],
)
def test_what_is_wrong_is_named(wrong: dict[str, Any]) -> None:
    (name,) = wrong
    assert {field.split(".")[0] for field in refused(**wrong)} == {name}


@pytest.mark.parametrize("name", ["account", "user", "address", "amount_usd", "ip"])
def test_what_was_wrong_is_never_repeated(name: str) -> None:
    assert "DE8937040044" not in str(refused(**{name: "DE89370400440532013000 é"}))


def test_every_signal_is_taken_within_its_bounds() -> None:
    for signal in SIGNALS:
        value: Any = True
        if signal.type == "number":
            value = signal.high
        elif signal.type == "text":
            value = signal.choices[0] if signal.choices else "DE"
        sent = act(signals={"side": "buy", signal.name: value})
        assert sent.data[signal.name] == value


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "BODY_UNREADABLE"),
        (b"{", "BODY_UNREADABLE"),
        (b"\xff\xfe", "BODY_UNREADABLE"),
        (b'{"id": "\xc3\x28"}', "BODY_UNREADABLE"),
        (b"[" * 100_000, "BODY_UNREADABLE"),
        (b'{"signals": ' * 10_000, "BODY_UNREADABLE"),
        (b'{"signals": {"lat": ' + b"9" * 5000 + b"}}", "BODY_UNREADABLE"),
        (b"[]", "VALIDATION_FAILED"),
        (b'"act"', "VALIDATION_FAILED"),
        (b"null", "VALIDATION_FAILED"),
    ],
)
def test_what_is_no_act_at_all(body: bytes, code: str) -> None:
    with pytest.raises(Refused) as refusal:
        parse(body)
    assert refusal.value.code == code


@pytest.mark.parametrize(
    "twice", ['"user": "mallory"', '"signals": {"side": "sell", "vpn": true, "vpn": false}']
)
def test_a_field_that_stands_twice_is_refused(twice: str) -> None:
    body = json.dumps(body_of("order.created"))[:-1] + f", {twice}}}"
    with pytest.raises(Refused) as refusal:
        parse(body.encode())
    assert (refusal.value.code, refusal.value.status) == ("FIELD_TWICE", 400)


def test_a_long_request_id_is_cut_to_what_the_log_keeps() -> None:
    body = parse(json.dumps(body_of()).encode())
    sent = act_of(body, client=ACME, at=NOON, request_id="r" * 128)
    assert sent.request_id == "r" * 64
