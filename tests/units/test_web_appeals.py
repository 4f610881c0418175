"""Appeals on the pages of their parties."""

from io import BytesIO

from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from apps.trades.models import Appeal, Evidence, Order
from tests.desk import Desk
from tests.web import Web

STORY = "I paid at noon from my own account, and nothing has happened since then."


def picture(name: str = "bank.png") -> SimpleUploadedFile:
    data = BytesIO()
    Image.effect_noise((64, 48), 90).convert("RGB").save(data, "PNG")
    return SimpleUploadedFile(name, data.getvalue(), "image/png")


def appealed(web: Web, p2p: Desk) -> Appeal:
    order = p2p.order(step="PAID")
    p2p.pass_time(minutes=15)
    answer = web.post(
        "bob",
        f"/orders/{order.pk}/appeal/",
        {"reason": "PAID_NOT_RELEASED", "statement": STORY},
    )
    appeal = Appeal.objects.get()
    assert answer["Location"] == f"/appeals/{appeal.pk}/"
    return appeal


def test_an_appeal_is_opened_with_what_fits_the_state(web: Web, p2p: Desk) -> None:
    order = p2p.order(step="PAID")
    path = f"/orders/{order.pk}/appeal/"
    assert "Give the seller time" in web.text("bob", path)
    early = web.post("bob", path, {"reason": "PAID_NOT_RELEASED", "statement": STORY})
    assert early.status_code == 409
    assert "CLAIMED_PAID_NOT_RECEIVED" not in web.text("bob", path)
    assert "CLAIMED_PAID_NOT_RECEIVED" in web.text("alice", path)
    p2p.pass_time(minutes=15)
    short = web.post("bob", path, {"reason": "PAID_NOT_RELEASED", "statement": "help"})
    assert short.status_code == 422
    assert not Appeal.objects.exists()
    assert "open an appeal" in web.text("bob", f"/orders/{order.pk}/")


def test_both_show_what_they_have_and_neither_sees_the_others(web: Web, p2p: Desk) -> None:
    appeal = appealed(web, p2p)
    path = f"/appeals/{appeal.pk}/"
    assert "You talk to each other" in web.text("alice", path)
    assert STORY in web.text("bob", path)
    assert STORY not in web.text("alice", path)
    web.post("alice", f"{path}answer/", {"consensus": "no"})
    appeal.refresh_from_db()
    assert appeal.state == "EVIDENCE"

    empty = web.post("bob", f"{path}show/", {"what": "BANK_STATEMENT", "words": ""})
    assert empty.status_code == 422
    said = {"what": "BANK_STATEMENT", "words": "My statement", "file": picture()}
    assert web.post("bob", f"{path}show/", said)["Location"] == path
    shown = Evidence.objects.get(shown_at__isnull=False)
    assert shown.attachment is not None
    assert "My statement" in web.text("bob", path)
    assert "My statement" not in web.text("alice", path)


def test_the_buyer_gives_in_after_a_question(web: Web, p2p: Desk) -> None:
    appeal = appealed(web, p2p)
    path = f"/appeals/{appeal.pk}/withdraw/"
    assert "goes back to the seller at once" in web.text("bob", path)
    assert web.post("alice", path).status_code == 403
    web.post("bob", path)
    assert Order.objects.get().status == "CANCELLED"
    assert "Taken back" in web.text("bob", f"/appeals/{appeal.pk}/")


def test_the_seller_reports_money_of_somebody_else(web: Web, p2p: Desk) -> None:
    order = p2p.order(step="PAID")
    path = f"/orders/{order.pk}/report/"
    assert web.get("bob", path).status_code == 403
    nothing = web.post("alice", path, {"what": "AMOUNT", "received": ""})
    assert nothing.status_code == 422
    assert "Say how much arrived" in nothing.content.decode()
    web.post("alice", path, {"what": "THIRD_PARTY"})
    order.refresh_from_db()
    assert (order.status, order.third_party) == ("APPEALED", True)
    room = web.text("bob", f"/orders/{order.pk}/")
    assert "It has to go back to where it came from." in room
    assert Appeal.objects.get().reason == "THIRD_PARTY_PAYMENT"


def test_only_the_parties_find_an_appeal(web: Web, p2p: Desk) -> None:
    appeal = appealed(web, p2p)
    path = f"/appeals/{appeal.pk}/"
    for deed in ("", "withdraw/", "object/"):
        assert web.get("mallory", f"{path}{deed}").status_code == 404, deed
    for deed in ("answer/", "show/", "withdraw/", "object/"):
        form = {"consensus": "yes", "what": "OTHER", "words": "x", "statement": STORY}
        assert web.post("mallory", f"{path}{deed}", form).status_code == 404, deed
    appeal.refresh_from_db()
    assert appeal.state == "NEGOTIATING"
