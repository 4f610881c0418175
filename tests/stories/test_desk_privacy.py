"""A trader's own data: taken along in full, erased only when nothing is open, and then for good."""

import json

import pytest

from apps.core.errors import Refused
from apps.flows import chat, privacy
from apps.flows.privacy import Asked, Ground
from apps.trades.models import Message, Order
from apps.trades.services import talk
from tests.desk import Desk

WORDS = "Sent from my savings account, reference 4711."


def own(desk: Desk, name: str) -> Asked:
    """The person asks for themselves and has just confirmed who they are."""
    return Asked(by=desk.person(name), ground=Ground.OWN, confirmed=True)


def test_bob_takes_along_what_he_traded_and_wrote(p2p: Desk) -> None:
    order = p2p.order(step="PAID")
    chat.say(actor=order.buyer, order=order, text=WORDS, at=p2p.now)
    chat.say(actor=order.seller, order=order, text="Thank you, I look.", at=p2p.now)

    told = privacy.export_user(user=order.buyer, asked=own(p2p, "bob"), at=p2p.now)

    assert [(o["side"], o["status"]) for o in told["orders"]] == [("buy", "PAID")]
    assert [m["body"] for m in told["messages"]] == [WORDS]
    assert "Alice Example" not in json.dumps(told)


def test_nobody_is_erased_with_an_open_order_or_money(p2p: Desk) -> None:
    p2p.order()
    for name in ("alice", "bob"):
        with pytest.raises(Refused) as refused:
            privacy.erase_user(user=p2p.person(name), asked=own(p2p, name), at=p2p.now)
        assert refused.value.code == "MATTERS_OPEN"
        assert p2p.person(name).erased_at is None


def test_what_an_erased_person_wrote_is_gone_and_the_transcript_still_proves_itself(
    p2p: Desk,
) -> None:
    order = p2p.order()
    chat.say(actor=order.buyer, order=order, text=WORDS, at=p2p.now)
    before = list(Message.objects.order_by("seq").values_list("digest", flat=True))
    p2p.cancels(order)

    privacy.erase_user(user=order.buyer, asked=own(p2p, "bob"), at=p2p.now)

    lines = list(Message.objects.order_by("seq"))
    assert [line.body for line in lines if line.sender_id] == [None]
    assert [line.digest for line in lines][: len(before)] == before
    assert lines[-1].digest == talk.digest_of(lines[-1], before=lines[-2].digest)
    assert Order.objects.get().status == "CANCELLED"
