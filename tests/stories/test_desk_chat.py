"""The chat of an order: numbered by the server, chained, immutable, seen by its parties only."""

from datetime import timedelta
from io import BytesIO

import pytest
from django.db import DatabaseError, connection, transaction
from PIL import Image

from apps.core.errors import Refused
from apps.events.models import Event
from apps.flows import chat
from apps.trades import files
from apps.trades.models import Attachment, Message, Notice, Order
from apps.trades.services import talk
from tests.desk import Desk


def receipt(place: bool = False) -> bytes:
    """A photograph of a receipt; with `place`, the camera noted where it was taken."""
    picture, exif = Image.radial_gradient("L").resize((640, 480)), Image.Exif()
    if place:
        exif.get_ifd(0x8825)[1] = "N"
        exif.get_ifd(0x8825)[2] = (52.0, 31.0, 12.0)
    out = BytesIO()
    picture.save(out, "JPEG", exif=exif)
    return out.getvalue()


def test_lines_are_numbered_and_chained(p2p: Desk) -> None:
    order = p2p.order()
    chat.say(actor=order.buyer, order=order, text="Hello", at=p2p.now)
    chat.say(actor=order.seller, order=order, text="Hi", at=p2p.now)
    lines = list(Message.objects.order_by("seq"))
    assert [line.seq for line in lines] == [1, 2, 3]
    before = str(order.pk)
    for line in lines:
        assert line.digest == talk.digest_of(line, before=before)
        before = line.digest
    assert list(Notice.objects.filter(code="MESSAGE").values_list("user", flat=True)) == [
        order.seller_id,
        order.buyer_id,
    ]


def test_no_line_is_changed_or_deleted_and_its_text_lies_encrypted(p2p: Desk) -> None:
    order = p2p.order()
    line = chat.say(actor=order.buyer, order=order, text="The IBAN is DE89", at=p2p.now)
    for statement in (
        "UPDATE trades_message SET seq = 9 WHERE id = %s",
        "UPDATE trades_message SET digest = 'x' WHERE id = %s",
        "DELETE FROM trades_message WHERE id = %s",
    ):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement, [line.pk])
    with connection.cursor() as cursor:
        cursor.execute("SELECT body FROM trades_message WHERE id = %s", [line.pk])
        assert b"DE89" not in bytes(cursor.fetchone()[0])


def test_a_picture_loses_its_place_and_keeps_its_hashes(p2p: Desk) -> None:
    order = p2p.order()
    chat.send_file(actor=order.buyer, order=order, data=receipt(place=True), at=p2p.now)
    kept = Attachment.objects.get()
    assert kept.kind == "IMAGE"
    assert not Image.open(BytesIO(kept.content)).getexif().get_ifd(0x8825)
    assert "GPS" not in str(kept.meta).upper()
    assert kept.original_sha256 != kept.sha256
    assert kept.phash is not None


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>", "FILE_TYPE_REFUSED"),
        (b"", "FILE_BROKEN"),
        (receipt()[:200], "FILE_BROKEN"),
    ],
)
def test_a_bad_file_is_refused_and_leaves_nothing(p2p: Desk, data: bytes, code: str) -> None:
    order = p2p.order()
    lines = Message.objects.count()
    with pytest.raises(Refused) as refused:
        chat.send_file(actor=order.buyer, order=order, data=data, at=p2p.now)
    assert refused.value.code == code
    assert (Message.objects.count(), Attachment.objects.count()) == (lines, 0)


def test_a_stranger_finds_no_order_and_no_file(p2p: Desk) -> None:
    order, mallory = p2p.order(), p2p.person("mallory")
    sent = chat.send_file(actor=order.buyer, order=order, data=receipt(), at=p2p.now)
    with pytest.raises(Refused, match="NO_SUCH_ORDER"):
        chat.say(actor=mallory, order=order, text="Let me in", at=p2p.now)
    with pytest.raises(Refused, match="NO_SUCH_FILE"):
        chat.attachment_for(mallory, order, sent.attachment_id)
    assert chat.attachment_for(order.seller, order, sent.attachment_id).pk == sent.attachment_id


def test_what_one_side_shows_in_an_appeal_is_not_the_others_to_see(p2p: Desk) -> None:
    order = p2p.order(step="PAID")
    shown = talk.attach(
        order=order,
        uploader=order.seller,
        file=files.accept(receipt(), purpose=files.Purpose.EVIDENCE),
        at=p2p.now,
    )
    assert chat.attachment_for(order.seller, order, shown.pk).pk == shown.pk
    with pytest.raises(Refused, match="NO_SUCH_FILE"):
        chat.attachment_for(order.buyer, order, shown.pk)


def test_the_chat_outlives_the_order_by_five_days(p2p: Desk) -> None:
    order = p2p.order(step="COMPLETED")
    order = Order.objects.get(pk=order.pk)
    chat.say(actor=order.buyer, order=order, text="Thanks!", at=p2p.now + timedelta(days=4))
    with pytest.raises(Refused, match="CHAT_CLOSED"):
        chat.say(actor=order.buyer, order=order, text="Again", at=p2p.now + timedelta(days=6))


def test_words_are_needed_and_bounded(p2p: Desk) -> None:
    order = p2p.order()
    for text, code in (("   ", "MESSAGE_EMPTY"), ("x" * 2001, "MESSAGE_TOO_LONG")):
        with pytest.raises(Refused, match=code):
            chat.say(actor=order.buyer, order=order, text=text, at=p2p.now)
    assert not Event.objects.filter(kind__startswith="message").exists()
