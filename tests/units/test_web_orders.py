"""The room of an order and the list of orders: for its parties, in every state."""

import re
from typing import Any

from django.test import Client as Browser

from apps.flows import chat, trading
from apps.trades.models import Message, Order, Rating, ReadMark
from tests.desk import Desk
from tests.signing_in import code_of, has_factor
from tests.web import Web, forget_second_factor, queries_of

HOSTILE = "<script>alert(1)</script>\u202egnp.exe " + "W" * 500


def room(order: Order, deed: str = "") -> str:
    return f"/orders/{order.pk}/{deed}"


def title(text: str) -> str:
    found = re.search(r'<section class="next \w+">.*?<h2>(.*?)</h2>', text, re.S)
    assert found is not None
    return found[1]


def test_each_side_always_knows_what_is_next(web: Web, p2p: Desk) -> None:
    order = p2p.order()
    assert title(web.text("bob", room(order))) == "Pay 93.00 EUR, then say so"
    assert title(web.text("alice", room(order))) == "Wait for 93.00 EUR"

    p2p.pass_time(minutes=8)
    p2p.calm(lambda: p2p.pays(order))
    assert title(web.text("bob", room(order))) == "Wait for the release"
    assert title(web.text("alice", room(order))) == "Look into your bank for 93.00 EUR"

    p2p.calm(lambda: p2p.releases(order))
    assert title(web.text("bob", room(order))) == "You have received 100 USDT-TRC20"
    assert title(web.text("alice", room(order))) == "You have sold 100 USDT-TRC20"


def test_the_buyer_sees_whom_to_pay_and_the_seller_whose_money_to_look_for(
    web: Web, p2p: Desk
) -> None:
    order = p2p.order()
    buyer = web.text("bob", room(order))
    assert order.payee_number in buyer
    assert order.payee_holder in buyer
    assert "Write nothing about crypto" in buyer
    assert p2p.account("alice").number not in web.text("alice", room(order)).replace(
        order.payee_number[-4:], ""
    )
    p2p.calm(lambda: p2p.pays(order))
    seller = web.text("alice", room(order))
    assert "Bob Example" in seller
    assert "Nobody from the desk asks you to release." in seller
    # Once it is over, nobody sees anybody's account any more.
    p2p.calm(lambda: p2p.releases(order))
    assert order.payee_number not in web.text("bob", room(order))


def test_from_opening_to_rating_on_the_pages(web: Web, p2p: Desk) -> None:
    order = p2p.order()
    payer = str(p2p.account("bob").pk)
    refused = web.post("bob", room(order, "pay/"), {"payer_account": payer})
    assert refused.status_code == 422
    web.post("bob", room(order, "pay/"), {"payer_account": payer, "sure": "on"})
    assert Order.objects.get().status == "PAID"

    looked = {"arrived": "on", "from_named_payer": "on"}
    short = web.post("alice", room(order, "release/"), looked)
    assert short.status_code == 422
    assert "Release only when the whole amount" in short.content.decode()
    done = web.post("alice", room(order, "release/"), looked | {"in_full": "on"})
    assert done["Location"] == room(order)
    assert Order.objects.get().status == "COMPLETED"

    web.post("bob", room(order, "rate/"), {"is_positive": "yes", "tags": ["FAST"]})
    rating = Rating.objects.get()
    assert (rating.rated, rating.is_positive, rating.tags) == (p2p.person("alice"), True, ["FAST"])
    assert "Rate Alice" not in web.text("bob", room(order))


def test_a_release_asks_who_one_is_and_then_goes_on(web: Web, p2p: Desk) -> None:
    order = p2p.order(step="PAID")
    alice = web.of("alice")
    has_factor(order.seller)
    forget_second_factor(alice)
    looked = {"arrived": "on", "from_named_payer": "on", "in_full": "on"}
    answer = web.post("alice", room(order, "release/"), looked)
    assert answer.status_code == 302
    assert "reauthenticate" in answer["Location"]
    assert Order.objects.get().status == "PAID"
    web.post("alice", answer["Location"], {"code": code_of(order.seller)})
    assert Order.objects.get().status == "COMPLETED"


def test_the_buyer_cancels_with_their_word_and_the_seller_can_only_ask(web: Web, p2p: Desk) -> None:
    order = p2p.order()
    assert web.get("alice", room(order, "cancel/")).status_code == 403
    web.post("alice", room(order, "wish-cancel/"))
    assert "The seller asks you to cancel." in web.text("bob", room(order))
    wordless = web.post("bob", room(order, "cancel/"))
    assert wordless.status_code == 422
    assert Order.objects.get().status == "AWAITING_PAYMENT"
    web.post("bob", room(order, "cancel/"), {"unpaid": "on"})
    assert Order.objects.get().cancel_reason == "MUTUAL"
    assert "Buyer and seller agreed to cancel." in web.text("bob", room(order))


def test_a_stepped_up_order_waits_for_its_taker_and_goes_on_when_they_confirm(
    web: Web, p2p: Desk
) -> None:
    p2p.funds("alice")
    ad = p2p.ad("alice")
    order = p2p.judged("STEP_UP", lambda: p2p.opens("bob", ad)).order
    assert title(web.text("bob", room(order))) == "Confirm that it is you"
    assert title(web.text("alice", room(order))) == "A check comes first"
    assert web.get("alice", room(order, "prove/")).status_code == 302
    assert "no second factor yet" in web.text("bob", room(order, "prove/"))

    has_factor(p2p.person("bob"))
    web.post("bob", room(order, "prove/"))
    assert Order.objects.get().status == "AWAITING_PAYMENT"


def test_whoever_waits_for_a_person_reads_why(web: Web, p2p: Desk) -> None:
    p2p.funds("alice")
    ad = p2p.ad("alice")
    order = p2p.judged("REVIEW", lambda: p2p.opens("bob", ad)).order
    text = web.text("bob", room(order))
    assert title(text) == "A person takes a look"
    assert "Why am I waiting?" in text


def test_only_the_parties_find_an_order(web: Web, p2p: Desk) -> None:
    order = p2p.order(step="PAID")
    line = chat.say(actor=order.buyer, order=order, text="hello", at=p2p.now)
    pages = ["", "news/", "pay/", "cancel/", "release/", "prove/", "rate/"]
    for deed in pages:
        assert web.get("mallory", room(order, deed)).status_code == 404, deed
        answer = Browser().get(room(order, deed))
        assert (answer.status_code, "/accounts/login/" in answer["Location"]) == (302, True), deed
    for deed in ("say/", "wish-cancel/", "pay/", "cancel/", "release/", "prove/"):
        form = {"text": "hi", "payer_account": str(p2p.account("mallory").pk), "sure": "on"}
        form |= {"unpaid": "on", "arrived": "on", "from_named_payer": "on", "in_full": "on"}
        assert web.post("mallory", room(order, deed), form).status_code == 404, deed
    assert Message.objects.order_by("-seq")[0] == line
    assert Order.objects.get().status == "PAID"
    assert web.get("alice", room(order, "pay/")).status_code == 403
    assert web.get("bob", room(order, "release/")).status_code == 403


def test_whoever_is_banned_is_nobody(web: Web, p2p: Desk) -> None:
    order = p2p.order()
    bob = web.of("bob")
    order.buyer.is_active = False
    order.buyer.save(update_fields=["is_active"])
    assert bob.get(room(order)).status_code == 302


def test_news_are_nothing_until_something_happens(web: Web, p2p: Desk) -> None:
    order = p2p.order()
    text = web.text("bob", room(order))
    state = re.search(r'name="state" value="(\w+)"', text)
    after = re.search(r'name="after" value="(\d+)"', text)
    assert state is not None
    assert after is not None
    known = {"state": state[1], "after": after[1]}
    assert web.get("bob", room(order, "news/"), data=known).status_code == 204

    chat.say(actor=order.seller, order=order, text="Hello Bob", at=p2p.now)
    answer = web.get("bob", room(order, "news/"), data=known)
    assert "Hello Bob" in answer.content.decode()
    assert 'id="state"' not in answer.content.decode()

    trading.wish_cancel(actor=order.seller, order=order, at=p2p.now)
    answer = web.get("bob", room(order, "news/"), data=known).content.decode()
    assert "The seller asks you to cancel." in answer
    assert 'hx-swap-oob="beforeend:#lines"' in answer
    assert ReadMark.objects.get(reader=order.buyer).seq == 3


def test_a_line_and_a_file_are_sent_with_and_without_scripts(web: Web, p2p: Desk) -> None:
    from io import BytesIO

    from django.core.files.uploadedfile import SimpleUploadedFile
    from PIL import Image

    order = p2p.order()
    plain = web.post("bob", room(order, "say/"), {"text": "Paid soon"})
    assert plain["Location"] == f"{room(order)}#say"
    picture = BytesIO()
    Image.effect_noise((64, 48), 90).convert("RGB").save(picture, "PNG")
    sent = SimpleUploadedFile("x.html", picture.getvalue(), "text/html")
    partly = web.post(
        "bob", room(order, "say/"), {"text": "", "file": sent, "after": "2"}, HTTP_HX_REQUEST="true"
    )
    assert partly.status_code == 200
    assert "<img" in partly.content.decode()
    kept = Message.objects.order_by("-seq")[0].attachment
    assert kept is not None
    file = web.get("alice", room(order, f"files/{kept.pk}/"))
    assert file["Content-Type"].startswith("image/")
    assert file["X-Content-Type-Options"] == "nosniff"
    assert file["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert "no-store" in file["Cache-Control"]
    assert web.get("mallory", room(order, f"files/{kept.pk}/")).status_code == 404

    evil = SimpleUploadedFile("a.png", b"<svg onload=alert(1)>", "image/png")
    refused = web.post("bob", room(order, "say/"), {"text": "", "file": evil})
    assert refused.status_code == 422
    assert web.post("bob", room(order, "say/"), {"text": " "}).status_code == 422


def test_hostile_words_are_only_words(web: Web, p2p: Desk) -> None:
    p2p.person("mallory").display_name = HOSTILE[:40]
    p2p.person("mallory").save()
    p2p.account("mallory", holder=HOSTILE[:120])
    p2p.funds("mallory")
    order = p2p.order(seller="mallory", ad=p2p.ad("mallory", terms=HOSTILE))
    chat.say(actor=order.seller, order=order, text=HOSTILE, at=p2p.now)
    for name in ("bob", "mallory"):
        for path in (room(order), "/orders/", "/market/?asset=USDT-TRC20&fiat=EUR"):
            text = web.text(name, path)
            assert "<script>alert" not in text, path
    text = web.text("bob", room(order))
    assert "&lt;script&gt;alert(1)" in text
    assert '<bdi dir="auto">&lt;script' in text


def test_a_room_costs_the_same_however_long_the_talk(web: Web, p2p: Desk) -> None:
    order = p2p.order(step="PAID")
    for name in ("bob", "alice"):
        web.get(name, room(order))
    few = {name: queries_of(web.of(name), room(order)) for name in ("bob", "alice")}
    last = Message.objects.order_by("-seq")[0].seq
    Message.objects.bulk_create(
        Message(
            order=order,
            seq=last + number,
            sender=order.seller if number % 2 else order.buyer,
            kind="TEXT",
            body=f"line {number}",
            at=p2p.now,
            digest="0" * 64,
        )
        for number in range(1, 1000)
    )
    ReadMark.objects.filter(order=order).update(seq=5000)
    for name in ("bob", "alice"):
        many = queries_of(web.of(name), room(order))
        assert len(many) == len(few[name]), many
        assert len(many) <= 12, [sql[:80] for sql in many]
    text = web.text("bob", room(order))
    assert text.count('class="line ') == 50
    older = re.search(r'href="\?before=(\d+)"', text)
    assert older is not None
    assert "line 949" in web.text("bob", f"{room(order)}?before={older[1]}")


def test_orders_are_listed_by_side_and_state_page_by_page(web: Web, p2p: Desk) -> None:
    for name in ("carol", "dave", "erin"):
        p2p.merchant(name)
    p2p.funds("alice")
    ad = p2p.ad("alice")
    orders = [p2p.order(ad=ad, fiat="20")]
    few = queries_of(web.of("bob"), "/orders/")
    for number in range(29):
        p2p.pass_time(minutes=1)
        order = p2p.order(ad=ad, fiat="20", buyer=("carol", "dave", "erin")[number % 3])
        if number % 2:
            trading.cancel(
                actor=order.buyer, order=order, at=p2p.now, unpaid=True, request_facts=_facts(order)
            )
        orders.append(order)
    first = web.text("alice", "/orders/")
    assert first.count("row-link") == 25
    following = re.search(r'href="(\?after=[\w-]+)"', first)
    assert following is not None
    assert web.text("alice", f"/orders/{following[1]}").count("row-link") == 5
    assert len(queries_of(web.of("alice"), "/orders/")) == len(few)
    assert web.text("alice", "/orders/?state=ended").count("row-link") == 14
    assert web.text("alice", "/orders/?side=buying").count("row-link") == 0
    assert "No orders here" in web.text("mallory", "/orders/?state=nonsense&after=x")


def _facts(order: Order) -> Any:
    from tests.desk import facts

    return facts(order.buyer)
