"""Lines of an order's chat, numbered and chained, and notices to people."""

import hashlib
import json
from datetime import datetime
from typing import Any

from apps.core import sql
from apps.core.errors import Refused
from apps.core.ids import uuid7
from apps.trades.files import Accepted
from apps.trades.models import Attachment, Message, MessageKind, Notice, Order
from apps.users.models import User

LONGEST = 2_000
MOST_LINES, MOST_FILES = 2_000, 60

READ = """
INSERT INTO trades_readmark AS m (order_id, reader_id, seq, at)
VALUES ($1::uuid, $2::uuid, $3::int, $4::timestamptz)
ON CONFLICT (order_id, reader_id) DO UPDATE SET seq = excluded.seq, at = excluded.at
WHERE m.seq < excluded.seq
"""


def say(
    *, order: Order, sender: User, text: str, at: datetime, attachment: Attachment | None = None
) -> Message:
    """Add what a party says; the order's row is locked, so that numbers have no gaps."""
    text = text.strip()
    if not text and attachment is None:
        raise Refused(
            "MESSAGE_EMPTY", 422, "Write something first.", {"text": ["Write something."]}
        )
    if len(text) > LONGEST:
        sentence = f"At most {LONGEST} characters at a time, please."
        raise Refused("MESSAGE_TOO_LONG", 422, sentence, {"text": [sentence]})
    return _add(order, sender=sender, text=text or None, attachment=attachment, at=at)


def tell(*, order: Order, code: str, at: datetime, **params: Any) -> Message:
    """Add a line of the desk's own: a code, which each reader sees in their own language."""
    return _add(order, code=code, params=params, at=at)


def notify(
    user: User, code: str, *, at: datetime, order: Order | None = None, **params: Any
) -> Notice:
    """Let a person know of something."""
    return Notice.objects.create(
        id=uuid7(at), user=user, code=code, order=order, params=params, at=at
    )


def read(*, order: Order, reader: User, seq: int, at: datetime) -> None:
    """Note how far somebody has read; never backwards."""
    sql.run(READ, [order.pk, reader.pk, seq, at])


def attach(*, order: Order, uploader: User, file: Accepted, at: datetime) -> Attachment:
    """Keep a file that was checked, encrypted."""
    if Attachment.objects.filter(order=order).count() >= MOST_FILES:
        raise Refused("TOO_MANY_FILES", 409, f"An order takes at most {MOST_FILES} files.")
    row = Attachment(
        id=uuid7(at),
        order=order,
        uploader=uploader,
        kind=file.kind,
        content_type=file.content_type,
        size=len(file.data),
        sha256=file.sha256,
        original_sha256=file.original_sha256,
        phash=file.phash,
        width=file.width,
        height=file.height,
        meta=file.meta,
        content=file.data,
        at=at,
    )
    row.save(force_insert=True)
    return row


def digest_of(message: Message, *, before: str) -> str:
    """The digest (64 hex digits) that chains a line to the one before it."""
    said = {
        "seq": message.seq,
        "sender": str(message.sender_id) if message.sender_id else None,
        "at": message.at.isoformat(),
        "kind": message.kind,
        "text": hashlib.sha256(message.body.encode()).hexdigest() if message.body else None,
        "code": message.code,
        "params": message.params,
        "file": message.attachment.sha256 if message.attachment else None,
    }
    words = json.dumps(said, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(f"{before}\n{words}".encode()).hexdigest()


def _add(
    order: Order,
    *,
    at: datetime,
    sender: User | None = None,
    text: str | None = None,
    code: str = "",
    params: dict[str, Any] | None = None,
    attachment: Attachment | None = None,
) -> Message:
    Order.objects.select_for_update().only("id").get(pk=order.pk)
    last = Message.objects.filter(order=order).order_by("-seq").only("seq", "digest").first()
    if sender and last and last.seq >= MOST_LINES:
        raise Refused("CHAT_FULL", 409, "This chat is full. Open an appeal if you need help.")
    kind = MessageKind.SYSTEM if sender is None else MessageKind.TEXT
    line = Message(
        id=uuid7(at),
        order=order,
        seq=last.seq + 1 if last else 1,
        sender=sender,
        kind=MessageKind.FILE if attachment else kind,
        body=text,
        code=code,
        params=params or {},
        attachment=attachment,
        at=at,
    )
    line.digest = digest_of(line, before=last.digest if last else str(order.pk))
    line.save(force_insert=True)
    return line
