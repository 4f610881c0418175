"""Sending: each withdrawal once, whatever dies in between; money conserved."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from apps.core.errors import Refused
from apps.flows import custody, selfcheck, withdrawal_reviews, withdrawals
from apps.flows.selfcheck import CHECKS
from apps.ledger import queries as ledger
from apps.ledger import services as ledger_services
from apps.ledger.models import EntryKind
from apps.trades.custody import NoAnswer, Report, State
from apps.trades.custody.sandbox import Sandbox
from apps.trades.models import SandboxTransfer, Withdrawal
from apps.users.roles import Role
from tests.desk import Desk
from tests.staff import colleague
from tests.wallet import (
    asks,
    clock,
    conserved,
    cool_entry,
    crash_after_sending,
    fresh,
    money,
    withdraws,
)


def kinds(withdrawal: Withdrawal) -> list[str]:
    return [entry.kind for entry in ledger.entries_of(withdrawal.pk)]


def violations() -> list[str]:
    return [found.what for check in CHECKS for found in selfcheck.run(check)]


def test_a_worker_that_dies_after_sending_has_sent_once(p2p: Desk) -> None:
    made = withdraws(p2p)
    with crash_after_sending(), pytest.raises(KeyboardInterrupt):
        custody.work(id=made.pk, at=p2p.now)
    assert (fresh(made).status, SandboxTransfer.objects.count()) == ("PROCESSING", 1)
    assert money(p2p, "alice") == (9900, 100)

    # Whoever looks too early leaves it to the one who may still be at it.
    clock(p2p, seconds=30)
    assert fresh(made).status == "PROCESSING"
    clock(p2p, minutes=3)
    made = fresh(made)
    assert made.status in ("BROADCAST", "CONFIRMED")
    assert SandboxTransfer.objects.get().withdrawal == made.pk
    assert kinds(made) == [EntryKind.J9_REQUEST, EntryKind.J9_BROADCAST]
    assert money(p2p, "alice") == (9900, 0)


def test_a_worker_that_dies_before_sending_has_lost_nothing(
    p2p: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = withdraws(p2p)
    with monkeypatch.context() as broken:
        broken.setattr(Sandbox, "send", _raises(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            custody.work(id=made.pk, at=p2p.now)
    assert (fresh(made).status, SandboxTransfer.objects.count()) == ("PROCESSING", 0)
    clock(p2p, hours=1)
    assert SandboxTransfer.objects.count() == 1
    assert fresh(made).status == "BROADCAST"


def test_a_custodian_that_cannot_tell_is_asked_later_and_never_sent_to_blindly(
    p2p: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = withdraws(p2p)
    with monkeypatch.context() as broken:
        broken.setattr(Sandbox, "send", _raises(NoAnswer))
        clock(p2p, seconds=5)
        broken.setattr(Sandbox, "status", _raises(NoAnswer))
        broken.undo()
        broken.setattr(Sandbox, "status", _raises(NoAnswer))
        clock(p2p, minutes=10)
        assert SandboxTransfer.objects.count() == 0
    assert (fresh(made).status, fresh(made).sends) == ("PROCESSING", 2)
    clock(p2p, hours=1)
    assert (fresh(made).status, SandboxTransfer.objects.count()) == ("BROADCAST", 1)


def test_what_the_chain_never_takes_up_comes_back_once(p2p: Desk) -> None:
    made = withdraws(p2p)
    clock(p2p, seconds=5)
    assert (fresh(made).status, money(p2p, "alice")) == ("BROADCAST", (9900, 0))
    SandboxTransfer.objects.update(fails=True)
    clock(p2p, hours=1)
    made = fresh(made)
    assert (made.status, made.reject_reason) == ("FAILED", "NEVER_MINED")
    assert money(p2p, "alice") == (10_000, 0)
    assert kinds(made) == ["J9_REQUEST", "J9_BROADCAST", "CORRECTION", "J9_RETURN"]
    custody.report(id=made.pk, said=Report(state=State.FAILED), at=p2p.now)
    assert money(p2p, "alice") == (10_000, 0)
    assert violations() == []


def test_what_contradicts_the_record_is_refused(p2p: Desk) -> None:
    made = withdraws(p2p)
    sent = Report(state=State.BROADCAST, tx_id="tx", confirmations=1)
    with pytest.raises(Refused, match="REPORT_CONFLICT"):
        custody.report(id=made.pk, said=sent, at=p2p.now)
    clock(p2p, seconds=5)
    clock(p2p, hours=1)
    assert fresh(made).status == "CONFIRMED"
    with pytest.raises(Refused, match="REPORT_CONFLICT"):
        custody.report(id=made.pk, said=Report(state=State.FAILED), at=p2p.now)
    assert money(p2p, "alice") == (9900, 0)


def test_an_hour_of_silence_heals(p2p: Desk) -> None:
    one = withdraws(p2p)
    other = withdraws(p2p, "bob", judged="STEP_UP")
    clock(p2p, hours=1)
    clock(p2p, hours=1)
    assert (fresh(one).status, fresh(other).status) == ("CONFIRMED", "REJECTED")
    assert (money(p2p, "alice"), money(p2p, "bob")) == ((9900, 0), (10_000, 0))
    assert violations() == []


def both(*deeds: Callable[[], Any]) -> list[str]:
    """Do all at once, each on a connection of its own; what became of each."""
    start, said = threading.Barrier(len(deeds)), ["" for _ in deeds]

    def do(place: int, deed: Callable[[], Any]) -> None:
        start.wait()
        try:
            deed()
            said[place] = "done"
        except Refused as refused:
            said[place] = refused.code
        except Exception as fault:
            said[place] = repr(fault)
        finally:
            connection.close()

    threads = [threading.Thread(target=do, args=pair) for pair in enumerate(deeds)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(said)


@pytest.mark.django_db(transaction=True)
def test_the_last_coins_leave_once(committed_p2p: Desk) -> None:
    desk = committed_p2p
    desk.funds("alice", "100")
    to = cool_entry(desk)
    ask = lambda: asks(desk, "alice", to)  # noqa: E731
    assert desk.judged("ALLOW", lambda: both(ask, ask)) == ["INSUFFICIENT_FUNDS", "done"]
    assert money(desk, "alice") == (0, 100)
    assert conserved() == 100


@pytest.mark.django_db(transaction=True)
def test_cancelling_and_approving_at_once(committed_p2p: Desk) -> None:
    desk = committed_p2p
    made = withdraws(desk, judged="REVIEW")
    sam = colleague(Role.SENIOR, "sam")
    said = both(
        lambda: withdrawals.cancel(actor=made.user, withdrawal=made, at=desk.now),
        lambda: withdrawal_reviews.approve(
            by=sam, withdrawal=made, note="spoke to her", at=desk.now
        ),
    )
    assert said == ["WITHDRAWAL_STATE", "done"]
    status = fresh(made).status
    assert (status, money(desk, "alice")) in (
        ("CANCELLED", (10_000, 0)),
        ("APPROVED", (9900, 100)),
    )
    assert violations() == []


@pytest.mark.django_db(transaction=True)
def test_two_workers_send_once(committed_p2p: Desk) -> None:
    desk = committed_p2p
    made = withdraws(desk)
    work = lambda: custody.work(id=made.pk, at=desk.now)  # noqa: E731
    assert both(work, work, work) == ["done"] * 3
    assert SandboxTransfer.objects.count() == 1
    assert (fresh(made).status, fresh(made).sends) == ("BROADCAST", 1)
    assert kinds(made) == ["J9_REQUEST", "J9_BROADCAST"]


@pytest.mark.django_db(transaction=True)
def test_a_late_worker_and_the_next_one_send_once(
    committed_p2p: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = committed_p2p
    made = withdraws(desk)
    slow, real = threading.Event(), Sandbox.send

    def send(self: Sandbox, sending: Any, *, at: Any) -> Report:
        if at == desk.now:
            slow.wait(10)
        return real(self, sending, at=at)

    monkeypatch.setattr(Sandbox, "send", send)
    later = desk.now.replace(minute=desk.now.minute + 10)

    def next_one() -> None:
        while fresh(made).status != "PROCESSING":
            pass
        custody.work(id=made.pk, at=later)
        slow.set()

    assert both(lambda: custody.work(id=made.pk, at=desk.now), next_one) == ["done", "done"]
    assert SandboxTransfer.objects.count() == 1
    assert kinds(made) == ["J9_REQUEST", "J9_BROADCAST"]
    assert violations() == []


def _raises(fault: type[BaseException]) -> Callable[..., Any]:
    def call(*_: Any, **__: Any) -> Any:
        raise fault("as if")

    return call


def test_selfcheck_sees_money_that_lies_where_it_should_not(p2p: Desk) -> None:
    made = withdraws(p2p)
    assert violations() == []
    ledger_services.return_withdrawal(
        withdrawal=made.pk,
        user=made.user,
        asset=made.asset,
        amount=made.amount,
        at=p2p.now,
        by=None,
    )
    assert violations() == [
        f"withdrawal {made.pk} is APPROVED: 0E-18 lies in WITHDRAW_PENDING, and should be "
        "100.000000000000000000"
    ]
