"""Letters about unread notices: what matters, once, and nothing of it in the subject."""

import smtplib
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.core import mail

from apps.flows import notices, notices_mail
from apps.trades.models import Notice
from apps.users.models import User
from tests.desk import Desk


@pytest.fixture
def alice(p2p: Desk) -> User:
    """A seller with a confirmed address, whose buyer has just paid."""
    alice = p2p.person("alice")
    EmailAddress.objects.create(user=alice, email=alice.email, verified=True, primary=True)
    p2p.order(step="PAID")
    Notice.objects.exclude(user=alice).delete()
    return alice


def minutes(p2p: Desk, count: int) -> int:
    return notices_mail.send(at=p2p.now + timedelta(minutes=count))


def test_what_stays_unread_is_mailed_once(p2p: Desk, alice: User) -> None:
    assert minutes(p2p, 4) == 0 or len(mail.outbox) == 1  # the order itself is older
    mail.outbox.clear()
    Notice.objects.update(mailed_at=None)
    assert minutes(p2p, 6) == 1
    assert minutes(p2p, 7) == 0
    (letter,) = mail.outbox
    order = Notice.objects.get(code="ORDER_PAID").order
    assert order is not None
    assert letter.to == [alice.email]
    assert order.number in letter.body
    assert "Look into your bank first" in letter.body
    for secret in (order.number, "93", "EUR", "Bob", "Alice"):
        assert secret not in letter.subject
    for secret in ("93", "EUR", "Bob", "USDT"):
        assert secret not in letter.body.replace(order.number, "")


def test_what_was_read_or_is_small_talk_or_old_is_not_mailed(p2p: Desk, alice: User) -> None:
    notices.read(actor=alice, upto=None, at=p2p.now)
    Notice.objects.create(user=alice, code="MESSAGE", at=p2p.now)
    Notice.objects.create(user=alice, code="ORDER_PAID", at=p2p.now - timedelta(days=2))
    assert minutes(p2p, 10) == 0
    assert mail.outbox == []


@pytest.mark.parametrize(
    "change", [{"wants_mail": False}, {"is_active": False}], ids=["opted out", "closed"]
)
def test_who_does_not_want_letters_gets_none(
    p2p: Desk, alice: User, change: dict[str, bool]
) -> None:
    User.objects.filter(pk=alice.pk).update(**change)
    assert minutes(p2p, 10) == 0


def test_an_address_that_nobody_confirmed_gets_none(p2p: Desk, alice: User) -> None:
    EmailAddress.objects.update(verified=False)
    assert minutes(p2p, 10) == 0
    assert Notice.objects.filter(mailed_at=None).exists()


def test_a_letter_that_could_not_be_sent_is_tried_again(
    p2p: Desk, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise smtplib.SMTPServerDisconnected

    with monkeypatch.context() as patch:
        patch.setattr("apps.flows.notices_mail.send_mail", refuse)
        assert minutes(p2p, 10) == 0
    assert minutes(p2p, 11) == 1


def test_all_that_is_due_comes_in_one_letter(p2p: Desk, alice: User) -> None:
    Notice.objects.update(mailed_at=None)
    for _ in range(3):
        Notice.objects.create(user=alice, code="AD_SUSPENDED", at=p2p.now)
    assert minutes(p2p, 10) == 1
    assert mail.outbox[0].body.count("An ad of yours was suspended.") == 1
