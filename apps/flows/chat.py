"""What the parties of an order write and show to each other; the engine reads none of it."""

from datetime import datetime

from django.db import transaction

from apps.core import idempotency, partitions
from apps.core.errors import Refused
from apps.flows import own_acts
from apps.trades import files
from apps.trades.models import Attachment, Message, Order
from apps.trades.services import talk
from apps.trades.states import OrderStatus
from apps.users.models import User

#: After its end an order's chat stays open for so long: refunds and thanks need words.
OPEN_AFTER_END_DAYS = 5
MESSAGE_SENT = "message.sent"


def say(*, actor: User, order: Order, text: str, at: datetime) -> Message:
    """A party writes a line."""
    partitions.ensure(at)
    with transaction.atomic(durable=True):
        idempotency.claim()
        _party(actor, order, at=at)
        line = talk.say(order=order, sender=actor, text=text, at=at)
        _sent(line, by=actor, order=order, at=at)
    return line


def send_file(*, actor: User, order: Order, data: bytes, text: str = "", at: datetime) -> Message:
    """A party shows a picture or a document, checked by its content and freed of what it hides."""
    _party(actor, order, at=at)
    # Decoding takes its time: not while the row is locked.
    file = files.accept(data, purpose=files.Purpose.MESSAGE)
    partitions.ensure(at)
    with transaction.atomic(durable=True):
        idempotency.claim()
        kept = talk.attach(order=order, uploader=actor, file=file, at=at)
        line = talk.say(order=order, sender=actor, text=text, attachment=kept, at=at)
        _sent(line, by=actor, order=order, at=at)
    return line


def read(*, actor: User, order: Order, seq: int, at: datetime) -> None:
    """A party has read up to this line."""
    with transaction.atomic(durable=True):
        talk.read(order=order, reader=actor, seq=seq, at=at)


def attachment_for(actor: User, order: Order, id: object) -> Attachment:
    """A file that a party may see: sent in the chat, or their own; NO_SUCH_FILE (404).

    What the other side shows in an appeal is between them and the agent.
    """
    found = Attachment.objects.filter(pk=id, order=order).first()
    is_seen = found is not None and (
        found.uploader_id == actor.pk or Message.objects.filter(attachment=found).exists()
    )
    if found is None or not is_seen or actor.pk not in (order.buyer_id, order.seller_id):
        raise Refused("NO_SUCH_FILE", 404, "There is no such file in this order.")
    return found


def _party(actor: User, order: Order, *, at: datetime) -> None:
    if actor.pk not in (order.buyer_id, order.seller_id):
        raise Refused("NO_SUCH_ORDER", 404, "There is no such order of yours.")
    if order.status == OrderStatus.REJECTED:
        raise Refused("CHAT_CLOSED", 409, "This order never began.")
    if order.ended_at and (at - order.ended_at).days >= OPEN_AFTER_END_DAYS:
        raise Refused("CHAT_CLOSED", 409, "This chat is closed. Open an appeal if you need help.")


def _sent(line: Message, *, by: User, order: Order, at: datetime) -> None:
    """Let the other party know; the log learns that there is a line, not what it says."""
    other = _other(by, order)
    talk.notify(other, "MESSAGE", at=at, order=order)
    own_acts.note(MESSAGE_SENT, by=by, of=other, at=at, order=str(order.pk), seq=line.seq)


def _other(actor: User, order: Order) -> User:
    return order.seller if actor.pk == order.buyer_id else order.buyer
