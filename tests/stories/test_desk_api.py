"""The desk as a mobile app lives it: look, open, talk, pay, release; retries and polling."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from apps.trades.models import AddressBookEntry, DayTally, Message, Order, PairTally
from tests.appeals import STATEMENT, Court
from tests.exchange import code_of
from tests.phones import Phones
from tests.signing_in import has_factor
from tests.wallet import DETAILS, USDT, address, entry, reports

LOOKED = {"arrived": True, "from_named_payer": True, "in_full": True}
ACCOUNT = {"rail": "sepa_instant", "holder": "Bob Example", "number": "DE02 1001 0010 0006 8201 01"}


def ad_body(account: str, **words: Any) -> dict[str, Any]:
    """A sell ad of 1000 USDT at 0.93 EUR."""
    body: dict[str, Any] = {
        "side": "SELL",
        "asset": "USDT-TRC20",
        "fiat": "EUR",
        "price_type": "FIXED",
        "price": "0.93",
        "quantity": "1000",
        "min_fiat": "10",
        "max_fiat": "900",
        "window_min": 30,
        "rails": [{"rail": "sepa_instant", "account": account}],
        "terms": "Pay from your own account only.",
    }
    return body | words


def order_body(phones: Phones, ad: str, **words: Any) -> dict[str, Any]:
    """Bob takes an ad for 93 EUR."""
    account = phones.desk.account("bob")
    body = {"ad": ad, "rail": "sepa_instant", "fiat_amount": "93", "account": str(account.pk)}
    return body | words


def opened(phones: Phones) -> dict[str, Any]:
    """An order that bob has opened on an ad of alice's."""
    phones.desk.funds("alice")
    ad = phones.desk.ad("alice")
    answer = phones.of("bob").post("/orders", order_body(phones, str(ad.pk)))
    assert answer.status_code == 201, answer.content
    order: dict[str, Any] = answer.json()["order"]
    return order


def test_an_app_trades_from_the_catalogue_to_the_release(phones: Phones) -> None:
    alice, bob = phones.of("alice"), phones.of("bob")
    phones.desk.merchant("alice")
    phones.desk.funds("alice")
    catalogue = bob.get("/catalogue").json()
    assert "USDT-TRC20" in [one["code"] for one in catalogue["assets"]]
    own = phones.desk.account("alice")
    posted = alice.post("/ads", ad_body(str(own.pk))).json()
    assert (posted["outcome"], posted["ad"]["status"]) == ("ALLOW", "ONLINE")
    account = bob.post("/accounts", ACCOUNT).json()

    body = order_body(phones, posted["ad"]["id"], account=account["id"], price="0.93")
    moved = bob.post("/orders", body).json()
    order = moved["order"]
    assert (moved["outcome"], order["status"], order["role"]) == (
        "ALLOW",
        "AWAITING_PAYMENT",
        "BUYER",
    )
    assert order["payee"]["number"] == own.number
    assert order["next_steps"] == ["PAY", "CANCEL", "APPEAL", "SAY"]
    here = f"/orders/{order['id']}"
    assert bob.post(f"{here}/messages", {"text": "On its way."}).json()["seq"] == 2
    assert bob.post(f"{here}/pay", {}).json()["order"]["status"] == "PAID"

    seen = alice.get(here).json()
    assert (seen["role"], seen["payer_holder"]) == ("SELLER", "Bob Example")
    assert "RELEASE" in seen["next_steps"]
    done = alice.post(f"{here}/release", LOOKED).json()
    assert done["order"]["status"] == "COMPLETED"
    (balance,) = [b for b in bob.get("/wallet/balances").json() if b["asset"] == "USDT-TRC20"]
    assert balance["available"] == "100"
    lines = bob.get("/wallet/statement?asset=USDT-TRC20").json()["lines"]
    assert [(line["kind"], line["amount"], line["ref"]) for line in lines] == [
        ("J2_RELEASE", "100", order["id"])
    ]
    assert [step["after"] for step in bob.get(here).json()["timeline"]] == [
        "AWAITING_PAYMENT",
        "PAID",
        "RELEASING",
        "COMPLETED",
    ]


def test_a_retry_with_its_key_is_done_once_and_answered_the_same(phones: Phones) -> None:
    phones.desk.funds("alice")
    body = order_body(phones, str(phones.desk.ad("alice").pk))
    bob, key = phones.of("bob"), str(uuid4())
    first, second = (bob.post("/orders", body, key=key) for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json()
    assert second.headers["Idempotent-Replayed"] == "true"
    assert Order.objects.count() == 1
    # The same key is the same deed on every device of the person; another deed needs another.
    twin = phones.another("bob").post("/orders", body, key=key)
    assert twin.json() == first.json()
    other = bob.post("/orders", body | {"fiat_amount": "50"}, key=key)
    assert (other.status_code, code_of(other)) == (422, "IDEMPOTENCY_KEY_REUSED")


def test_a_blocked_deed_is_answered_the_same_when_it_is_sent_again(phones: Phones) -> None:
    phones.desk.funds("alice")
    body = order_body(phones, str(phones.desk.ad("alice").pk))
    bob, key = phones.of("bob"), str(uuid4())
    first = phones.desk.judged("BLOCK", lambda: bob.post("/orders", body, key=key))
    again = bob.post("/orders", body, key=key)
    assert [code_of_kept(one) for one in (first, again)] == ["BLOCKED", "BLOCKED"]
    assert Order.objects.count() == 1


def code_of_kept(answer: Any) -> str:
    assert answer.status_code == 403
    assert answer.headers["Content-Type"] == "application/problem+json"
    code: str = answer.json()["code"]
    return code


def test_polling_costs_a_304_while_nothing_happens(phones: Phones) -> None:
    order = opened(phones)
    bob, here = phones.of("bob"), f"/orders/{order['id']}"
    for path in (here, f"{here}/messages", "/orders?state=live", "/notices", "/me", "/ads"):
        first = bob.get(path)
        tag = first.headers["ETag"]
        assert bob.get(path, If_None_Match=tag).status_code == 304, path
        assert bob.get(path, If_None_Match=f'W/{tag}, "x"').status_code == 304, path
        assert bob.get(path, If_None_Match='"stale"').status_code == 200, path
    tag = bob.get(here).headers["ETag"]
    phones.of("alice").post(f"{here}/messages", {"text": "Hello"})
    assert bob.get(here, If_None_Match=tag).status_code == 200
    assert "Cookie" in bob.get(here).headers["Vary"]


def test_two_devices_of_one_person_see_the_same(phones: Phones) -> None:
    order = opened(phones)
    one, other = phones.of("bob"), phones.another("bob")
    here = f"/orders/{order['id']}"
    one.post(f"{here}/messages", {"text": "From my phone"})
    lines = other.get(f"{here}/messages?after=1").json()
    assert [(line["seq"], line["sender"], line["text"]) for line in lines["lines"]] == [
        (2, "YOU", "From my phone")
    ]
    assert one.post(f"{here}/read-mark", {"seq": 2}).status_code == 204
    assert other.get(here).json()["read_to"] == 2
    assert phones.of("alice").get(here).json()["partner_read_to"] == 2
    sessions = other.get("/me/sessions").json()
    assert sorted(one["is_current"] for one in sessions) == [False, True]


def test_a_release_asks_for_a_proof_and_says_where_to_give_it(phones: Phones) -> None:
    order = opened(phones)
    here = f"/orders/{order['id']}"
    phones.of("bob").post(f"{here}/pay", {})
    alice = phones.another("alice")
    session = session_of(alice.token)
    session["account_authentication_methods"] = []  # it was an hour ago
    session.save()
    refused = alice.post(f"{here}/release", LOOKED)
    assert (refused.status_code, code_of(refused)) == (403, "CONFIRM_IDENTITY")
    assert refused.json()["confirm"] == {
        "with": "PASSWORD",
        "url": "/_allauth/app/v1/auth/reauthenticate",
    }
    assert Order.objects.get().status == "PAID"
    assert alice.get("/me").json()["confirmed"] is False
    assert phones.of("alice").post(f"{here}/release", LOOKED).status_code == 200


def session_of(token: str | None) -> Any:
    from allauth.headless.internal.sessionkit import session_store

    return session_store(token)


def test_a_stepped_up_order_goes_on_once_the_second_factor_is_shown(phones: Phones) -> None:
    phones.desk.funds("alice")
    body = order_body(phones, str(phones.desk.ad("alice").pk))
    bob = phones.of("bob")
    moved = phones.desk.judged("STEP_UP", lambda: bob.post("/orders", body)).json()
    order = moved["order"]
    assert (moved["outcome"], order["status"]) == ("STEP_UP", "CREATED")
    assert (order["display_status"], order["payee"]) == ("PROOF_NEEDED", None)
    assert order["held"]["sentence"]
    assert order["next_steps"][0] == "PROVE"
    assert order["held"]["prove_with"] == ["ENROL", "MANUAL"]
    of_alice = phones.of("alice").get(f"/orders/{order['id']}").json()["held"]
    assert (of_alice["sentence"], of_alice["prove_with"]) == ("", [])
    with_password = phones.another("bob", factor=False).post("/proofs")
    assert code_of(with_password) == "CONFIRM_IDENTITY"
    assert code_of(bob.post("/proofs")) == "PROOF_TOO_YOUNG"
    has_factor(bob.user)
    asked = bob.get(f"/orders/{order['id']}").json()["held"]
    assert asked["prove_with"] == ["SECOND_FACTOR", "ENROL", "MANUAL"]
    assert bob.post("/proofs").json()["orders"] == [order["id"]]
    after = bob.get(f"/orders/{order['id']}").json()
    assert (after["status"], after["held"]) == ("AWAITING_PAYMENT", None)


def test_a_seller_asks_and_the_buyer_cancels(phones: Phones) -> None:
    order = opened(phones)
    here = f"/orders/{order['id']}"
    asked = phones.of("alice").post(f"{here}/wish-cancel").json()
    assert asked["order"]["cancel_wished"] is True
    refused = phones.of("bob").post(f"{here}/cancel", {"unpaid": False})
    assert (refused.status_code, code_of(refused)) == (422, "CONFIRM_UNPAID")
    done = phones.of("bob").post(f"{here}/cancel", {"unpaid": True}).json()
    assert (done["order"]["status"], done["order"]["cancel_reason"]) == ("CANCELLED", "MUTUAL")


def test_an_ad_is_edited_paused_resumed_and_closed(phones: Phones) -> None:
    alice = phones.of("alice")
    phones.desk.merchant("alice")
    phones.desk.funds("alice")
    own = str(phones.desk.account("alice").pk)
    ad = alice.post("/ads", ad_body(own)).json()["ad"]
    offer = {k: v for k, v in ad_body(own).items() if k not in ("side", "asset", "fiat")}
    edited = alice.post(f"/ads/{ad['id']}", offer | {"price": "0.94", "quantity": "500"}).json()
    assert (edited["ad"]["price"], edited["ad"]["remaining"], edited["ad"]["revision"]) == (
        "0.94",
        "500",
        2,
    )
    assert alice.get(f"/ads/{ad['id']}").json() == edited["ad"]
    for verb, status in (("pause", "PAUSED"), ("resume", "ONLINE"), ("close", "CLOSED")):
        assert alice.post(f"/ads/{ad['id']}/{verb}").json()["status"] == status
    assert [one["id"] for one in alice.get("/ads?status=CLOSED").json()["results"]] == [ad["id"]]
    again = alice.post(f"/ads/{ad['id']}/resume")
    assert (again.status_code, code_of(again)) == (409, "AD_STATE")


def test_lists_go_on_by_cursor(phones: Phones) -> None:
    phones.desk.funds("alice")
    ad = phones.desk.ad("alice", max_fiat=900)
    bob = phones.of("bob")
    ids = [
        bob.post("/orders", order_body(phones, str(ad.pk), fiat_amount=str(20 + n))).json()
        for n in range(3)
    ]
    first = bob.get("/orders?limit=2").json()
    assert [one["id"] for one in first["results"]] == [
        ids[2]["order"]["id"],
        ids[1]["order"]["id"],
    ]
    rest = bob.get(first["next"].partition("/api/v1")[2]).json()
    assert [one["id"] for one in rest["results"]] == [ids[0]["order"]["id"]]
    assert rest["next"] is None


def test_notices_are_told_and_marked_as_read(phones: Phones) -> None:
    opened(phones)
    alice = phones.of("alice")
    notices = alice.get("/notices?unread=true").json()["results"]
    assert [one["code"] for one in notices] == ["ORDER_NEW"]
    assert alice.get("/me").json()["unread_notices"] == 1
    assert alice.post("/notices/read", {"upto": notices[0]["id"]}).status_code == 204
    assert alice.get("/notices?unread=true").json()["results"] == []
    assert alice.post("/notices/read", {}).status_code == 204


def test_one_sees_limits_devices_and_restrictions(phones: Phones) -> None:
    bob = phones.of("bob")
    phones.desk.account("bob")
    limits = {one["code"]: one for one in bob.get("/me/limits").json()}
    assert limits["TIER_ORDER"]["usd"] == "10000"
    assert limits["DAY"]["left_usd"] == "25000"
    assert limits["RAIL"]["sentence"]
    device = bob.post("/me/devices", {"platform": "ANDROID"})
    assert device.status_code == 201
    token = device.json()["token"]
    again = bob.post("/me/devices", {"platform": "ANDROID"}, X_Device_Token=token)
    assert (again.json()["id"], again.json()["token"]) == (device.json()["id"], None)
    assert [one["id"] for one in bob.get("/me/devices").json()] == [device.json()["id"]]
    assert bob.get("/me/restrictions").json() == []
    assert bob.get("/rules").json()["tiers"][0]["code"] == "EVERYBODY"


def test_one_looks_at_the_market_and_at_whoever_offers(phones: Phones) -> None:
    phones.desk.funds("alice")
    ad = phones.desk.ad("alice", min_kyc=3)
    bob = phones.of("bob")
    page = bob.get("/market?asset=USDT-TRC20&fiat=EUR&side=SELL&amount=93").json()
    (offer,) = page["offers"]
    assert (offer["ad"], offer["price"], offer["is_takeable"]) == (str(ad.pk), "0.93", True)
    assert bob.get(f"/market/{ad.pk}").json() == offer
    fresh = phones.of("newbie")
    phones.desk.people["newbie"].kyc_level = 1
    phones.desk.people["newbie"].save()
    (seen,) = fresh.get("/market?asset=USDT-TRC20&fiat=EUR&side=SELL").json()["offers"]
    assert [one["code"] for one in seen["unmet"]] == ["MIN_KYC"]
    alice = bob.get(f"/people/{offer['owner']['id']}").json()
    assert (alice["nickname"], alice["badge"]) == ("Alice", "Verified merchant")
    blocked = bob.post(f"/people/{alice['id']}/relations", {"kind": "BLOCK", "on": True}).json()
    assert blocked["relations"] == ["BLOCK"]
    assert bob.get("/market?asset=USDT-TRC20&fiat=EUR&side=SELL").json()["offers"] == []
    assert bob.get(f"/market/{ad.pk}").status_code == 404


def test_partners_rate_each_other_and_report_to_the_desk(phones: Phones) -> None:
    order = opened(phones)
    here, bob, alice = f"/orders/{order['id']}", phones.of("bob"), phones.of("alice")
    early = bob.post(f"{here}/rating", {"is_positive": True})
    assert (early.status_code, code_of(early)) == (409, "NOT_COMPLETED")
    bob.post(f"{here}/pay", {})
    alice.post(f"{here}/release", LOOKED)
    said = {"is_positive": True, "tags": ["FAST"], "comment": "Friendly."}
    assert bob.post(f"{here}/rating", said).status_code == 201
    partner = order["partner"]["id"]
    (rating,) = bob.get(f"/people/{partner}/ratings").json()["results"]
    assert (rating["by"], rating["comment"]) == ("Bob", "Friendly.")
    report = {"category": "EXTRA_FEES", "words": "Asked for 5 more.", "order": order["id"]}
    assert bob.post(f"/people/{partner}/reports", report).status_code == 201


def test_a_merchant_says_something_about_oneself(phones: Phones) -> None:
    phones.desk.merchant("alice")
    phones.desk.funds("alice", "20000")
    alice = phones.of("alice")
    words = {"headline": "At any hour", "opens_at": "08:00:00", "closes_at": "20:00:00"}
    assert alice.post("/merchant", words).json()["headline"] == "At any hour"
    assert alice.get("/merchant").json()["opens_at"] == "08:00:00"
    assert alice.post("/merchant/margin/top-up").status_code == 200
    applied = alice.post("/merchant/apply", {"tier": "LITE", "headline": ""})
    assert (applied.status_code, code_of(applied)) == (409, "TIER_HELD")
    assert alice.post("/merchant/leave").json()["state"] == "LEFT"
    early = alice.post("/merchant/margin/withdraw")
    assert early.status_code == 409


def test_a_grown_trader_applies_to_be_a_merchant(phones: Phones) -> None:
    carol, desk = phones.desk.person("carol"), phones.desk
    desk.funds("carol")
    DayTally.objects.create(user=carol, day=desk.now.date(), bought=30)
    for number in range(10):
        partner = desk.person(f"partner-{number}")
        PairTally.objects.create(
            user=carol, other=partner, orders=3, first_at=desk.now, last_at=desk.now
        )
    applied = phones.of("carol").post("/merchant/apply", {"tier": "LITE", "headline": "Hello"})
    assert (applied.status_code, applied.json()["state"]) == (201, "APPLIED")
    balances = {b["asset"]: b for b in phones.of("carol").get("/wallet/balances").json()}
    assert balances["USDT-TRC20"]["margin"] == "500"


def test_an_account_is_removed_and_stays_on_record(phones: Phones) -> None:
    bob = phones.of("bob")
    account = bob.post("/accounts", ACCOUNT).json()
    assert bob.get("/accounts").json() == [account]
    assert bob.get(f"/accounts/{account['id']}").json() == account
    assert bob.delete(f"/accounts/{account['id']}").status_code == 204
    assert bob.get(f"/accounts/{account['id']}").status_code == 404


def test_a_picture_travels_through_the_chat(phones: Phones, a_picture: bytes) -> None:
    order = opened(phones)
    here, bob = f"/orders/{order['id']}", phones.of("bob")
    key = str(uuid4())
    line = bob.post(f"{here}/files", a_picture, key=key, Content_Type="image/png").json()
    again = bob.post(f"{here}/files", a_picture, key=key, Content_Type="image/png").json()
    assert line == again
    assert Message.objects.filter(kind="FILE").count() == 1
    address = f"{here}/files/{line['file']['id']}"
    shown = phones.of("alice").get(address, Accept="image/*")
    assert shown.headers["Content-Type"] == line["file"]["content_type"]
    assert shown.headers["Content-Security-Policy"].startswith("sandbox")
    tag = shown.headers["ETag"]
    assert phones.of("alice").get(address, If_None_Match=tag).status_code == 304
    assert phones.of("mallory").get(address).status_code == 404


@pytest.fixture
def a_picture() -> bytes:
    """A small PNG."""
    from io import BytesIO

    from PIL import Image

    kept = BytesIO()
    Image.effect_noise((64, 48), 40).save(kept, "PNG")
    return kept.getvalue()


def test_what_two_people_disagree_on_is_heard(phones: Phones, a_picture: bytes) -> None:
    order = phones.desk.order(step="PAID")
    alice, bob = phones.of("alice"), phones.of("bob")
    said = {"reason": "CLAIMED_PAID_NOT_RECEIVED", "statement": STATEMENT}
    opened = alice.post(f"/orders/{order.pk}/appeal", said).json()
    assert (opened["state"], opened["opened_by"]) == ("NEGOTIATING", "YOU")
    assert bob.get(f"/orders/{order.pk}").json()["appeal"]["id"] == opened["id"]
    here = f"/appeals/{opened['id']}"
    seen = bob.get(here).json()
    assert (seen["opened_by"], seen["statement"]) == ("PARTNER", None)
    assert bob.post(f"{here}/answer", {"consensus": False}).json()["state"] == "EVIDENCE"
    shown = bob.send(f"{here}/evidence", a_picture, what="SCREENSHOT", words="My bank says so.")
    assert (shown.status_code, shown.json()["words"]) == (201, "My bank says so.")
    assert [one["id"] for one in bob.get(here).json()["evidence"]] == [shown.json()["id"]]
    assert alice.get(here).json()["evidence"] == []
    early = alice.send(f"{here}/objection", a_picture, statement=STATEMENT)
    assert (early.status_code, code_of(early)) == (409, "OBJECTION_TOO_LATE")
    assert bob.post(f"{here}/withdraw").json()["state"] == "WITHDRAWN"
    assert [one["id"] for one in alice.get("/appeals").json()["results"]] == [opened["id"]]


def test_a_seller_reports_a_payment_from_somebody_else(phones: Phones) -> None:
    order = phones.desk.order(step="PAID")
    told = phones.of("alice").post(f"/orders/{order.pk}/report-payment", {"what": "THIRD_PARTY"})
    assert told.json()["reason"] == "THIRD_PARTY_PAYMENT"
    room = phones.of("bob").get(f"/orders/{order.pk}").json()
    assert (room["status"], room["third_party"]) == ("APPEALED", True)


def test_a_party_takes_the_record_of_an_order_along(phones: Phones) -> None:
    order = phones.desk.order(step="COMPLETED")
    bob = phones.of("bob")
    pdf = bob.get(f"/orders/{order.pk}/pack.pdf")
    assert (pdf.status_code, pdf.content[:5]) == (200, b"%PDF-")
    record = bob.get(f"/orders/{order.pk}/pack.json?with_texts=true").json()
    assert record["pack"]["made_for"] == "BUYER"
    assert record["pack"]["with_texts"] is True


def test_a_decision_is_objected_to_with_something_new(phones: Phones, a_picture: bytes) -> None:
    phones.desk.pass_time(hours=-1)
    court = Court(phones.desk)
    appeal = court.opens(court.paid())
    court.decides(court.heard(appeal), outcome="RELEASE")
    alice, here = phones.of("alice"), f"/appeals/{appeal.pk}"
    told = alice.get(here).json()
    assert (told["outcome"], told["may_object"], told["agent"] is None) == ("RELEASE", True, False)
    objected = alice.send(f"{here}/objection", a_picture, statement=STATEMENT)
    assert (objected.status_code, objected.json()["state"]) == (200, "OBJECTION")
    again = alice.send(f"{here}/objection", a_picture, statement=STATEMENT)
    assert code_of(again) == "OBJECTED_ALREADY"


def test_crypto_arrives_and_leaves(phones: Phones) -> None:
    desk, alice = phones.desk, phones.of("alice")
    given = alice.post("/wallet/deposit-address", {"network": "TRON"}).json()
    reports(desk, "alice")
    assert [one["asset"] for one in alice.get("/wallet/deposits").json()["results"]] == [USDT]
    desk.funds("alice")
    cold = {"asset": USDT, "address": address("cold"), "destination": "SELF_HOSTED"}
    own = alice.post("/wallet/addresses", cold | {"label": "Cold"}).json()
    assert own["usable_at"] > own["added_at"]
    assert alice.get(f"/wallet/addresses/{own['id']}").json() == own
    early = alice.post(f"/wallet/addresses/{own['id']}/verify")
    assert (early.status_code, code_of(early)) == (409, "NOT_VERIFIED_YET")
    assert given["address"] in early.json()["detail"]
    AddressBookEntry.objects.update(usable_at=desk.now, added_at=desk.now - timedelta(days=2))
    reports(desk, "alice", sender=own["address"], tx_id="proof")
    verified = alice.post(f"/wallet/addresses/{own['id']}/verify").json()
    assert verified["verified_at"] is not None
    floor = alice.get(f"/wallet/withdrawable/{USDT}").json()
    assert (floor["withdrawable"], floor["locks"]) == ("10100", [])

    body = {"asset": USDT, "amount": "100", "entry": own["id"]}
    asked = desk.judged("REVIEW", lambda: alice.post("/wallet/withdrawals", body)).json()
    leaving = asked["withdrawal"]
    assert (asked["outcome"], leaving["status"]) == ("REVIEW", "UNDER_REVIEW")
    assert (leaving["amount"], leaving["sent"], leaving["label"]) == ("100", "99", "Cold")
    here = f"/wallet/withdrawals/{leaving['id']}"
    assert alice.post(f"{here}/details", DETAILS).status_code == 200
    assert alice.post(f"{here}/cancel").json()["status"] == "CANCELLED"
    assert alice.get(here).json()["is_cancellable"] is False
    assert [one["id"] for one in alice.get("/wallet/withdrawals").json()["results"]] == [
        leaving["id"]
    ]
    assert alice.delete(f"/wallet/addresses/{own['id']}").status_code == 204
    assert alice.get("/wallet/addresses").json() == []


def test_a_withdrawal_asks_for_a_proof_first(phones: Phones) -> None:
    phones.desk.funds("alice")
    own, alice = entry(phones.desk), phones.another("alice")
    session = session_of(alice.token)
    session["account_authentication_methods"] = []
    session.save()
    refused = alice.post(
        "/wallet/withdrawals", {"asset": USDT, "amount": "9", "entry": str(own.pk)}
    )
    assert code_of(refused) == "CONFIRM_IDENTITY"
