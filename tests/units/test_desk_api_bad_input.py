"""What apps send wrongly: an answer that says which field, and nothing written."""

from typing import Any

import pytest

from apps.core.idempotency import HEADER
from apps.core.models import IdempotencyKey
from apps.events.models import Event
from apps.ledger.models import Entry
from apps.trades.models import Ad, Attachment, Message, Order, Withdrawal
from apps.users.models import PayoutAccount
from tests.exchange import code_of
from tests.phones import Phones
from tests.stories.test_desk_api import ad_body, order_body
from tests.wallet import USDT, entry

AMOUNTS: tuple[Any, ...] = (
    "0.1234567890123456789", "-1", "NaN", "Infinity", "1e3", "1,5", "0x1f", "٣", "+1", " 1", "",
    "1" * 21, "9" * 400, 1, 1.5, True, [], {},
)  # fmt: skip


def written() -> list[int]:
    """How many rows there are of all that a deed may leave behind."""
    tables = (
        Ad, Order, Message, Attachment, Entry, Event, Withdrawal, PayoutAccount, IdempotencyKey,
    )  # fmt: skip
    return [table.objects.count() for table in tables]  # type: ignore[attr-defined]


@pytest.mark.parametrize("amount", AMOUNTS, ids=lambda one: repr(one)[:24])
def test_no_amount_but_plain_text_is_taken(phones: Phones, amount: Any) -> None:
    desk = phones.desk
    desk.funds("alice")
    ad, cold = desk.ad("alice"), entry(desk)
    own = str(desk.account("alice").pk)
    alice, bob = phones.of("alice"), phones.of("bob")
    desk.account("bob")
    before = written()
    for phone, path, body, field in (
        (bob, "/orders", order_body(phones, str(ad.pk), fiat_amount=amount), "fiat_amount"),
        (alice, "/ads", ad_body(own, quantity=amount), "quantity"),
        (alice, "/ads", ad_body(own, price=amount), "price"),
        (alice, "/ads", ad_body(own, max_fiat=amount), "max_fiat"),
        (
            alice,
            "/wallet/withdrawals",
            {"asset": USDT, "amount": amount, "entry": str(cold.pk)},
            "amount",
        ),
    ):
        refused = phone.post(path, body)
        assert (refused.status_code, code_of(refused)) == (422, "VALIDATION_FAILED"), path
        assert list(refused.json()["errors"]) == [field]
    assert written() == before


@pytest.mark.parametrize("amount", ["0", "10000000000000000000", "99999999999999999999"])
def test_amounts_that_are_none_or_more_than_there_is_are_refused(
    phones: Phones, amount: str
) -> None:
    desk = phones.desk
    desk.funds("alice")
    ad, own = desk.ad("alice"), str(desk.account("alice").pk)
    body = order_body(phones, str(ad.pk), fiat_amount=amount)
    before = written()
    assert phones.of("bob").post("/orders", body).status_code == 422
    for field in ("quantity", "min_fiat", *(["price"] if amount == "0" else [])):
        assert phones.of("alice").post("/ads", ad_body(own, **{field: amount})).status_code == 422
    assert written() == before


def test_fields_that_are_not_known_are_named(phones: Phones) -> None:
    ad = "00000000-0000-0000-0000-000000000000"
    refused = phones.of("bob").post("/orders", order_body(phones, ad, discount="1"))
    assert (refused.status_code, list(refused.json()["errors"])) == (422, ["discount"])
    query = phones.of("bob").get("/orders?states=live")
    assert (query.status_code, list(query.json()["errors"])) == (422, ["states"])


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"{", "BODY_UNREADABLE"),
        (b'{"text": "a", "text": "b"}', "FIELD_TWICE"),
        (b'{"text": NaN}', "BODY_UNREADABLE"),
        (b"\xff", "BODY_UNREADABLE"),
        (b"[" * 100_000, "BODY_UNREADABLE"),
    ],
)
def test_json_that_means_two_things_is_refused(phones: Phones, body: bytes, code: str) -> None:
    order = phones.desk.order()
    before = written()
    refused = phones.of("bob").post(f"/orders/{order.pk}/messages", body)
    assert (refused.status_code, code_of(refused)) == (400, code)
    assert written() == before


def test_a_deed_without_a_key_is_refused(phones: Phones) -> None:
    order = phones.desk.order()
    before = written()
    refused = phones.of("bob").post(f"/orders/{order.pk}/pay", {}, key="")
    assert (refused.status_code, code_of(refused)) == (400, "IDEMPOTENCY_KEY_MISSING")
    assert HEADER in refused.json()["detail"]
    assert written() == before


def test_what_is_no_picture_is_no_file(phones: Phones) -> None:
    order = phones.desk.order()
    bob, path = phones.of("bob"), f"/orders/{order.pk}/files"
    before = written()
    for data in (b"", b"MZ\x90\x00", b"<svg onload=alert(1)>", b"\x89PNG\r\n\x1a\nbroken"):
        refused = bob.post(path, data, Content_Type="image/png")
        assert 400 <= refused.status_code < 500
        assert code_of(refused)
    too_large = bob.post(path, b"\xff\xd8\xff" + bytes(10 * 1024 * 1024), Content_Type="image/jpeg")
    assert (too_large.status_code, code_of(too_large)) == (413, "BODY_TOO_LARGE")
    assert written() == before


def test_things_that_are_not_there_are_404_and_foreign_assets_422(phones: Phones) -> None:
    phones.desk.merchant("alice")
    own = str(phones.desk.account("alice").pk)
    nothing = "00000000-0000-0000-0000-000000000000"
    alice = phones.of("alice")
    assert code_of(alice.post("/orders", order_body(phones, nothing))) == "NO_SUCH_AD"
    foreign = alice.post("/ads", ad_body(own, asset="DOGE"))
    assert (foreign.status_code, list(foreign.json()["errors"])) == (422, ["asset"])
    theirs = ad_body(str(phones.desk.account("bob").pk))
    assert list(alice.post("/ads", theirs).json()["errors"]) == ["rails"]
    assert alice.get("/wallet/statement?asset=DOGE").status_code == 422


def test_somebody_who_asks_too_fast_is_told_to_wait(
    phones: Phones, monkeypatch: pytest.MonkeyPatch
) -> None:
    from apps.api.v1.desk.base import DeedThrottle

    order = phones.desk.order()
    monkeypatch.setattr(DeedThrottle, "rate_per_s", 0.001)
    monkeypatch.setattr(DeedThrottle, "burst", 2.0)
    bob = phones.of("bob")
    path, lines = f"/orders/{order.pk}/messages", ["one", "two", "three"]
    answers = [bob.post(path, {"text": text}) for text in lines]
    assert [answer.status_code for answer in answers] == [201, 201, 429]
    assert int(answers[2].headers["Retry-After"]) > 0
    assert bob.get(path).status_code == 200


def test_the_room_and_the_lists_cost_the_same_however_much_there_is(
    phones: Phones, django_assert_max_num_queries: Any
) -> None:
    order = phones.desk.order()
    bob, here = phones.of("bob"), f"/orders/{order.pk}"
    for number in range(3):
        bob.post(f"{here}/messages", {"text": f"line {number}"})
        phones.desk.order(ad=order.ad, fiat=str(20 + number))
    for path, most in ((here, 12), ("/orders", 8), (f"{here}/messages", 8), ("/notices", 6)):
        with django_assert_max_num_queries(most):
            assert bob.get(path).status_code == 200
