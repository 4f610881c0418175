"""Who gets what from every address of the desk: one table, and no address without a row in it.

Bob buys from alice: the order is both's, the ad is alice's, the account is bob's. Each cell is
tried on the same desk, and what it did is undone before the next.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import product
from typing import Any
from uuid import uuid4

import pytest
from django.db import transaction

from apps.api.v1.desk.urls import urlpatterns
from apps.core import clock
from apps.events.models import Entity, Event
from apps.flows import appeals, chat, review
from apps.trades.models import Message, Order
from apps.users import roles
from apps.users.models import DESK, User
from apps.users.roles import Role
from tests.appeals import STATEMENT
from tests.camera import Camera
from tests.desk import facts
from tests.exchange import code_of
from tests.phones import Phone, Phones
from tests.signing_in import has_factor
from tests.stories.test_desk_api import LOOKED, ad_body
from tests.wallet import DETAILS, USDT, address, asks, entry

WHO = ("buyer", "seller", "stranger", "staff", "banned", "anonymous")
EVERYBODY = (200, 200, 200, 200, 401, 401)
PARTIES = (200, 200, 404, 404, 401, 401)
BUYER = (200, 404, 404, 404, 401, 401)
SELLER = (404, 200, 404, 404, 401, 401)

#: What each of WHO is answered, by method and address.
TABLE: dict[str, tuple[int, ...]] = {
    "GET /catalogue": EVERYBODY,
    "GET /rules": EVERYBODY,
    "GET /me": EVERYBODY,
    "GET /me/limits": EVERYBODY,
    "GET /me/restrictions": EVERYBODY,
    "GET /me/devices": EVERYBODY,
    "POST /me/devices": (201, 201, 201, 201, 401, 401),
    "GET /me/sessions": EVERYBODY,
    "GET /notices": EVERYBODY,
    "POST /notices/read": (204, 204, 204, 204, 401, 401),
    # Whose face is known shows that.
    "POST /proofs": (403, 403, 200, 200, 401, 401),
    "GET /face": EVERYBODY,
    "POST /face/consent": EVERYBODY,
    "POST /face/forget": EVERYBODY,
    "POST /face/manual": (201, 201, 201, 201, 401, 401),
    # Bob and alice have agreed to it.
    "POST /face/challenges": (201, 201, 403, 403, 401, 401),
    "GET /face/challenges/{check}": BUYER,
    "POST /face/challenges/{check}/frames": BUYER,
    "POST /face/challenges/{shown}/finish": (404, 202, 404, 404, 401, 401),
    "POST /face/challenges/{check}/give-up": BUYER,
    "GET /accounts": EVERYBODY,
    "POST /accounts": (201, 201, 201, 201, 401, 401),
    "GET /accounts/{account}": BUYER,
    "DELETE /accounts/{account}": (204, 404, 404, 404, 401, 401),
    "GET /ads": EVERYBODY,
    "POST /ads": (422, 201, 422, 422, 401, 401),
    "GET /ads/{ad}": SELLER,
    "POST /ads/{ad}": SELLER,
    "POST /ads/{ad}/pause": SELLER,
    "POST /ads/{ad}/resume": (404, 409, 404, 404, 401, 401),
    "POST /ads/{ad}/close": SELLER,
    "GET /orders": EVERYBODY,
    "POST /orders": (201, 409, 422, 422, 401, 401),
    "GET /orders/{order}": PARTIES,
    "POST /orders/{order}/pay": (200, 403, 404, 404, 401, 401),
    "POST /orders/{order}/cancel": (200, 403, 404, 404, 401, 401),
    "POST /orders/{order}/wish-cancel": (403, 200, 404, 404, 401, 401),
    "POST /orders/{paid}/release": (403, 200, 404, 404, 401, 401),
    "GET /orders/{order}/messages": PARTIES,
    "POST /orders/{order}/messages": (201, 201, 404, 404, 401, 401),
    "POST /orders/{order}/files": (201, 201, 404, 404, 401, 401),
    "GET /orders/{order}/files/{file}": PARTIES,
    "POST /orders/{order}/read-mark": (204, 204, 404, 404, 401, 401),
    "POST /orders/{paid}/appeal": (409, 201, 404, 404, 401, 401),
    "POST /orders/{paid}/report-payment": (403, 201, 404, 404, 401, 401),
    "GET /orders/{done}/pack.pdf": PARTIES,
    "GET /orders/{done}/pack.json": PARTIES,
    "GET /appeals": EVERYBODY,
    "GET /appeals/{appeal}": PARTIES,
    "POST /appeals/{appeal}/answer": PARTIES,
    "POST /appeals/{appeal}/withdraw": (200, 403, 404, 404, 401, 401),
    "POST /appeals/{appeal}/evidence": (201, 201, 404, 404, 401, 401),
    "POST /appeals/{appeal}/objection": (409, 409, 404, 404, 401, 401),
    "POST /orders/{done}/rating": (201, 201, 404, 404, 401, 401),
    "GET /market?asset=USDT-TRC20&fiat=EUR&side=SELL": EVERYBODY,
    "GET /market/{ad}": EVERYBODY,
    "GET /people/{person}": EVERYBODY,
    "GET /people/{person}/ratings": EVERYBODY,
    "POST /people/{person}/relations": (200, 422, 200, 200, 401, 401),
    "POST /people/{person}/reports": (201, 422, 201, 201, 401, 401),
    "GET /merchant": (404, 200, 404, 404, 401, 401),
    "POST /merchant": (409, 200, 409, 409, 401, 401),
    "POST /merchant/apply": (403, 409, 403, 403, 401, 401),
    "POST /merchant/leave": (409, 200, 409, 409, 401, 401),
    "POST /merchant/margin/top-up": (409, 409, 409, 409, 401, 401),
    "POST /merchant/margin/withdraw": (409, 409, 409, 409, 401, 401),
    "GET /wallet/balances": EVERYBODY,
    "GET /wallet/statement": EVERYBODY,
    "GET /wallet/withdrawable/{asset}": EVERYBODY,
    "POST /wallet/deposit-address": EVERYBODY,
    "GET /wallet/deposits": EVERYBODY,
    "GET /wallet/addresses": EVERYBODY,
    "POST /wallet/addresses": (201, 201, 201, 201, 401, 401),
    "GET /wallet/addresses/{entry}": SELLER,
    "DELETE /wallet/addresses/{unused}": (404, 204, 404, 404, 401, 401),
    "POST /wallet/addresses/{entry}/verify": (404, 409, 404, 404, 401, 401),
    "GET /wallet/withdrawals": EVERYBODY,
    # One of hers is looked at by a human: until then there is no other.
    "POST /wallet/withdrawals": (404, 403, 404, 404, 401, 401),
    "GET /wallet/withdrawals/{withdrawal}": SELLER,
    "POST /wallet/withdrawals/{withdrawal}/cancel": SELLER,
    "POST /wallet/withdrawals/{withdrawal}/details": SELLER,
}


def bodies(things: dict[str, Any]) -> dict[str, Any]:
    """What is sent, by method and address; nothing where nothing is named."""
    own = str(things["sellers_account"])
    offer = {k: v for k, v in ad_body(own).items() if k not in ("side", "asset", "fiat")}
    take = {
        "ad": str(things["ad"]),
        "rail": "sepa_instant",
        "fiat_amount": "50",
        "account": str(things["account"]),
    }
    number = f"DE{uuid4().int % 10**20:020d}"
    return {
        "POST /me/devices": {"platform": "IOS"},
        "POST /notices/read": {},
        "POST /face/consent": {"with_search": True},
        "POST /face/manual": {"reason": "NO_CAMERA"},
        "POST /face/challenges": {},
        "POST /face/challenges/{check}/frames": {"pictures": []},
        "POST /accounts": {"rail": "sepa_instant", "holder": "Some Body", "number": number},
        "POST /ads": ad_body(own),
        "POST /ads/{ad}": offer,
        "POST /orders": take,
        "POST /orders/{order}/pay": {},
        "POST /orders/{order}/cancel": {"unpaid": True},
        "POST /orders/{paid}/release": LOOKED,
        "POST /orders/{order}/messages": {"text": "Hello"},
        "POST /orders/{order}/files": things["picture"],
        "POST /orders/{paid}/appeal": {"reason": "NO_REPLY", "statement": STATEMENT},
        "POST /orders/{paid}/report-payment": {"what": "THIRD_PARTY"},
        "POST /appeals/{appeal}/answer": {"consensus": False},
        "POST /appeals/{appeal}/evidence": form(what="OTHER", words="Look at my bank."),
        "POST /appeals/{appeal}/objection": form(things["picture"], statement=STATEMENT),
        "POST /orders/{done}/rating": {"is_positive": True, "tags": ["FAST"]},
        "POST /people/{person}/relations": {"kind": "TRUST", "on": True},
        "POST /people/{person}/reports": {"category": "THREATS"},
        "POST /merchant": {"headline": "Fast and friendly"},
        "POST /merchant/apply": {"headline": "", "tier": "LITE"},
        "POST /wallet/deposit-address": {"network": "TRON"},
        "POST /wallet/addresses": {
            "label": "Cold",
            "asset": USDT,
            "address": address("another"),
            "destination": "SELF_HOSTED",
        },
        "POST /wallet/withdrawals": {
            "asset": USDT,
            "amount": "50",
            "entry": str(things["entry"]),
        },
        "POST /wallet/withdrawals/{withdrawal}/details": DETAILS,
        "POST /orders/{order}/read-mark": {"seq": 1},
    }


def addresses() -> set[str]:
    """Every method and address that there is."""
    found = set()
    for one in urlpatterns:
        view: Any = one.callback
        path = str(one.pattern).replace("<uuid:", "{").replace("<str:", "{").replace(">", "}")
        found |= {
            f"{method.upper()} /{path}"
            for method in ("get", "post", "put", "patch", "delete")
            if hasattr(view.view_class, method)
        }
    return found


def plain(row: str) -> str:
    """A row's address as the table of addresses has it: things are ids."""
    path = row.partition("?")[0]
    for thing in THINGS:
        path = path.replace(f"{{{thing}}}", "{id}")
    return path


THINGS = (
    "order", "paid", "done", "ad", "account", "person", "appeal", "entry", "unused", "withdrawal",
    "check", "shown",
)  # fmt: skip


def test_no_address_is_without_a_row_and_no_row_without_an_address() -> None:
    assert {plain(row) for row in TABLE} == addresses()


@contextmanager
def undone() -> Iterator[None]:
    """Whatever happens in here has not happened afterwards."""
    block: Any = transaction.atomic()
    block._from_testcase = True  # the deeds' own transactions may be durable in it
    with block:
        yield
        transaction.set_rollback(True)


@pytest.fixture
def things(phones: Phones, a_picture: bytes) -> dict[str, Any]:
    """An order that waits for bob's payment, another that is paid, alice's ad, bob's account."""
    desk = phones.desk
    order = desk.order()
    paid = desk.order(ad=order.ad, step="PAID", fiat="40")
    desk.now -= timedelta(hours=30)
    book, unused = entry(desk), entry(desk, seed="other")
    desk.now += timedelta(hours=30)
    leaving = desk.judged("REVIEW", lambda: asks(desk, "alice", book)).withdrawal
    done = desk.order(ad=order.ad, step="COMPLETED", fiat="30")
    disputed = desk.order(ad=order.ad, step="PAID", fiat="20")
    appeal = appeals.open_appeal(
        actor=disputed.buyer,
        order=disputed,
        reason="BANK_PROBLEM",
        statement=STATEMENT,
        request_facts=facts(disputed.buyer),
        at=desk.now + timedelta(minutes=30),
    )
    camera = Camera(desk)
    for name in ("alice", "bob"):
        camera.known(name)
    desk.now = clock.now() - timedelta(seconds=60)
    shown = camera.shows(camera.begins("alice"))
    desk.now = clock.now()
    check = camera.begins("bob")
    kept = chat.send_file(actor=order.buyer, order=order, data=a_picture, at=desk.now)
    return {
        "check": check.pk,
        "shown": shown.pk,
        "order": order.pk,
        "paid": paid.pk,
        "done": done.pk,
        "appeal": appeal.pk,
        "asset": USDT,
        "entry": book.pk,
        "unused": unused.pk,
        "withdrawal": leaving.pk,
        "person": desk.person("alice").pk,
        "ad": order.ad_id,
        "account": desk.account("bob").pk,
        "sellers_account": desk.account("alice").pk,
        "file": kept.attachment_id,
        "picture": a_picture,
    }


@pytest.fixture
def a_picture() -> bytes:
    from io import BytesIO

    from PIL import Image

    kept = BytesIO()
    Image.effect_noise((64, 48), 40).save(kept, "PNG")
    return kept.getvalue()


def staff_phone(phones: Phones) -> Phone:
    """Somebody of the desk who has no business with this order."""
    user = phones.desk.person("sam")
    roles.give(user=user, role=Role.SENIOR)
    user.refresh_from_db()
    return phones.of("sam")


def ban(phones: Phones, user: User) -> None:
    """Shut somebody out; their sessions end in the same moment."""
    by, at = User.objects.get(email="sam@example.org"), clock.now()
    entity, _ = Entity.objects.get_or_create(
        id=user.entity_id,
        defaults={"kind": "user", "scope": DESK, "ref": str(user.pk), "first_at": at},
    )
    review.impose(
        by=by,
        at=at,
        subject=entity,
        kind="DENY",
        ability="all",
        reason="FRAUD",
        user_sentence="Your account is closed. Write to support.",
        note="told by the bank",
        until=at + timedelta(days=1),
    )


def test_everybody_gets_what_the_table_says(phones: Phones, things: dict[str, Any]) -> None:
    staff, bob, alice = staff_phone(phones), phones.of("bob"), phones.of("alice")
    mallory = phones.of("mallory")
    for phone in (staff, bob, alice, mallory):
        assert phone.user
        has_factor(phone.user)
    callers: dict[str, Callable[[], Phone]] = {
        "buyer": lambda: bob,
        "seller": lambda: alice,
        "stranger": lambda: mallory,
        "staff": lambda: staff,
        "banned": lambda: (ban(phones, phones.desk.person("bob")), bob)[1],
        "anonymous": phones.nobody,
    }
    told: dict[str, dict[str, int]] = {row: {} for row in TABLE}
    for row, who in product(TABLE, WHO):
        method, _, path = row.partition(" ")
        with undone():
            phone, before = callers[who](), left_behind()
            answer = ask(phone, method, path.format(**things), bodies(things).get(row))
            if answer.status_code in (401, 404):
                assert left_behind() == before, f"{who} left something behind: {row}"
            if answer.status_code >= 400:
                assert code_of(answer)
        told[row][who] = answer.status_code
    assert told == {row: dict(zip(WHO, codes, strict=True)) for row, codes in TABLE.items()}


def form(file: bytes | None = None, **fields: str) -> Callable[[Phone, str], Any]:
    return lambda phone, path: phone.send(path, file, **fields)


def ask(phone: Phone, method: str, path: str, body: Any) -> Any:
    return body(phone, path) if callable(body) else phone.call(method, path, body)


def left_behind() -> list[Any]:
    """What nobody without business may change."""
    orders = Order.objects.order_by("id").values_list("id", "status", "status_at")
    return [list(orders), Message.objects.count(), Event.objects.count()]


def test_a_restricted_person_is_told_why_and_until_when(
    phones: Phones, things: dict[str, Any]
) -> None:
    staff_phone(phones)
    bob = phones.of("bob")
    user = phones.desk.person("bob")
    review.impose(
        by=phones.desk.person("sam"),
        at=clock.now(),
        subject=Entity.objects.get(pk=user.entity_id),
        kind="DENY",
        ability="take_buy",
        reason="MULE",
        user_sentence="You can't buy for a day, because a payment of yours was taken back.",
        note="recalled",
        until=clock.now() + timedelta(days=1),
    )
    refused = bob.post("/orders", bodies(things)["POST /orders"])
    assert (refused.status_code, code_of(refused)) == (403, "RESTRICTED")
    assert refused.json()["detail"].startswith("You can't buy for a day")
    (told,) = bob.get("/me/restrictions").json()
    assert (told["ability"], told["kind"]) == ("take_buy", "DENY")
    assert told["until"] is not None
    assert "reason" not in told
    assert "MULE" not in str(told)


def test_a_browser_needs_its_csrf_token(phones: Phones, things: dict[str, Any]) -> None:
    from django.test import Client as Browser

    browser = Browser(enforce_csrf_checks=True)
    browser.cookies["sessionid"] = phones.of("bob").token or ""
    address = f"/api/v1/orders/{things['order']}"
    assert browser.get(address).status_code == 200
    words: Any = {"content_type": "application/json", "headers": {"Idempotency-Key": "k1"}}
    refused = browser.post(f"{address}/pay", "{}", **words)
    assert (refused.status_code, code_of(refused)) == (403, "FORBIDDEN")
    browser.cookies["csrftoken"] = "a" * 32
    words["headers"]["X-CSRFToken"] = "a" * 32
    form = browser.post(f"{address}/pay", {}, headers=words["headers"])
    assert (form.status_code, code_of(form)) == (415, "MEDIA_TYPE_UNSUPPORTED")
    assert browser.post(f"{address}/pay", "{}", **words).status_code == 200
