"""Appeals from their opening to the decision: who may, when, and what it does not do."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from apps.core.errors import Refused
from apps.events.models import Event
from apps.flows import appeals, desk_sweeps
from apps.ledger import queries as ledger
from apps.ledger.models import Asset, Entry
from apps.restrictions.models import Restriction
from apps.risk.models import Decision
from apps.trades.models import Appeal, DayTally, Evidence, Message, Notice, Order, Penalty, Ruling
from apps.users import roles
from apps.users.models import User
from apps.users.roles import Role
from tests.appeals import FINDING, STATEMENT, Court, picture
from tests.desk import Desk


@pytest.fixture
def court(p2p: Desk) -> Court:
    return Court(p2p)


def everything() -> tuple[Any, ...]:
    """Whatever an appeal may touch, as it is in the database."""
    tables = (Appeal, Ruling, Evidence, Entry, Event, Decision, Restriction, Message, Notice)
    return (
        *(table.objects.count() for table in tables),
        *Order.objects.order_by("id").values_list("status", "third_party"),
        *Appeal.objects.order_by("id").values_list("state", "outcome", "agent", "phase_until"),
    )


def refused(code: str, deed: Any) -> Refused:
    """The deed is refused with this code, and nothing has changed."""
    before = everything()
    with pytest.raises(Refused) as refusal:
        deed()
    assert refusal.value.code == code
    assert everything() == before
    return refusal.value


def test_bob_appeals_and_the_crypto_stays_where_it_is(court: Court) -> None:
    order = court.paid()
    appeal = court.opens(order)

    order.refresh_from_db()
    assert (appeal.kind, appeal.state, order.status) == ("LIVE", "NEGOTIATING", "APPEALED")
    assert ledger.in_escrow(order.pk, order.asset) == order.escrow
    assert appeal.phase_until == court.desk.now + timedelta(hours=2)
    event = Event.objects.get(kind="appeal.opened")
    assert event.user_id == court.desk.person("bob").entity_id
    assert Decision.objects.get(pk=event.pk).checkpoint == "CP4"
    assert STATEMENT not in str(event.data)
    told = Notice.objects.filter(code="APPEAL_OPENED").values_list("user", flat=True)
    assert list(told) == [court.desk.person("alice").pk]
    assert DayTally.objects.get(user=court.desk.person("alice")).appeals == 1
    # In the database the words are not to be read.
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement FROM trades_appeal")
        assert STATEMENT.encode() not in bytes(cursor.fetchone()[0])
    assert Appeal.objects.get().statement == STATEMENT


def test_the_buyer_gives_the_seller_ten_minutes(court: Court) -> None:
    order = court.desk.order(step="PAID")
    court.desk.pass_time(minutes=9)
    refusal = refused("APPEAL_TOO_EARLY", lambda: court.opens(order))
    assert refusal.retry_after == 60
    court.desk.pass_time(minutes=1)
    assert court.opens(order).state == "NEGOTIATING"


def test_the_seller_need_not_wait(court: Court) -> None:
    order = court.desk.order(step="PAID")
    assert court.opens(order, "alice", "CLAIMED_PAID_NOT_RECEIVED").opener_id == order.seller_id


def test_paid_but_not_marked(court: Court) -> None:
    order = court.desk.order()
    court.opens(order, "bob", "BANK_PROBLEM")
    # The window to pay is over: whoever paid in time does not lose by it.
    assert desk_sweeps.expire_orders(at=court.desk.now + timedelta(hours=3)) == 0
    assert Order.objects.get().status == "APPEALED"


@pytest.mark.parametrize(
    ("step", "by", "reason"),
    [
        ("AWAITING_PAYMENT", "alice", "CLAIMED_PAID_NOT_RECEIVED"),
        ("PAID", "bob", "RELEASED_NOT_RECEIVED"),
        ("COMPLETED", "bob", "PAID_NOT_RELEASED"),
        ("COMPLETED", "alice", "PAID_BUT_CANCELLED"),
        ("PAID", "bob", "NO_SUCH_REASON"),
    ],
)
def test_a_claim_has_to_fit_where_the_order_stands(
    court: Court, step: str, by: str, reason: str
) -> None:
    order = court.desk.order(step=step)
    court.desk.pass_time(minutes=20)
    refused("APPEAL_REASON", lambda: court.opens(order, by, reason))


def test_strangers_and_few_words_open_nothing(court: Court) -> None:
    order = court.paid()
    refused("NO_SUCH_ORDER", lambda: court.opens(order, "mallory"))
    words = {"actor": order.buyer, "order": order, "reason": "NO_REPLY", "at": court.desk.now}
    for text in ("too short", "x" * 5_001):
        refused(
            "STATEMENT_LENGTH",
            lambda text=text: appeals.open_appeal(
                statement=text, request_facts=court.desk.facts("bob"), **words
            ),
        )


def test_one_appeal_at_a_time(court: Court) -> None:
    order = court.paid()
    court.opens(order)
    refused("APPEAL_OPEN", lambda: court.opens(order, "alice", "NO_REPLY"))
    with pytest.raises(IntegrityError, match="one_open_appeal"), transaction.atomic():
        Appeal.objects.create(
            order=order, kind="LIVE", reason="OTHER", state="OPEN", opened_at=court.desk.now,
            decide_by=court.desk.now,
        )  # fmt: skip


def test_a_day_after_paid_the_clock_appeals_and_never_releases(court: Court) -> None:
    order = court.desk.order(step="PAID")
    at = court.desk.now
    assert desk_sweeps.escalate_paid(at=at + timedelta(hours=23, minutes=59)) == 0
    # The clock stood still for an hour; the next beat does what was left undone, once.
    late = at + timedelta(hours=25)
    assert desk_sweeps.escalate_paid(at=late) == 1
    assert desk_sweeps.escalate_paid(at=late) == 0
    appeal = Appeal.objects.get()
    assert (appeal.opener, appeal.state, appeal.reason) == (None, "OPEN", "PAID_NOT_RELEASED")
    order.refresh_from_db()
    assert order.status == "APPEALED"
    assert ledger.in_escrow(order.pk, order.asset) == order.escrow
    assert Notice.objects.filter(code="APPEAL_OPENED").count() == 2
    # It accuses nobody.
    assert not DayTally.objects.filter(appeals__gt=0).exists()


def test_an_unheard_appeal_is_never_decided_by_time(court: Court) -> None:
    order = court.paid()
    court.opens(order)
    for _day in range(30):
        court.desk.pass_time(days=1)
        desk_sweeps.advance_appeals(at=court.desk.now)
        desk_sweeps.escalate_paid(at=court.desk.now)
        desk_sweeps.expire_orders(at=court.desk.now)
        desk_sweeps.resume_waiting(at=court.desk.now)
    order.refresh_from_db()
    assert order.status == "APPEALED"
    assert Appeal.objects.get().state == "IN_REVIEW"
    assert ledger.in_escrow(order.pk, order.asset) == order.escrow


def test_phases_follow_the_clock_and_nobody_loses_time_by_an_outage(court: Court) -> None:
    appeal = court.opens(court.paid())
    opened = court.desk.now
    assert desk_sweeps.advance_appeals(at=opened + timedelta(hours=1, minutes=59)) == 0
    late = opened + timedelta(hours=3)
    assert desk_sweeps.advance_appeals(at=late) == 1
    appeal.refresh_from_db()
    assert (appeal.state, appeal.phase_until) == ("EVIDENCE", late + timedelta(hours=24))
    assert desk_sweeps.advance_appeals(at=late) == 0
    assert desk_sweeps.advance_appeals(at=late + timedelta(hours=24)) == 1
    appeal.refresh_from_db()
    assert (appeal.state, appeal.phase_until) == ("IN_REVIEW", None)


def test_agreeing_takes_the_usual_step_of_whoever_owns_it(court: Court) -> None:
    order = court.paid()
    appeal = court.opens(order)
    alice, bob = court.desk.person("alice"), court.desk.person("bob")
    at = court.desk.now
    refused(
        "NOT_YOURS_TO_DO",
        lambda: appeals.answer(actor=bob, appeal=appeal, consensus=True, at=at),
    )
    appeals.answer(actor=alice, appeal=appeal, consensus=True, at=at)
    order.refresh_from_db()
    assert order.status == "APPEALED"

    court.desk.pass_time(minutes=5)
    done = court.desk.calm(lambda: court.desk.releases(order)).order
    assert done.status == "COMPLETED"
    appeal.refresh_from_db()
    assert (appeal.state, appeal.outcome) == ("CLOSED", "")
    assert appeal.closed_at == court.desk.now
    assert Entry.objects.filter(ref=order.pk, is_terminal=True).count() == 1


def test_without_an_agreement_evidence_is_collected_at_once(court: Court) -> None:
    appeal = court.opens(court.paid())
    appeals.answer(
        actor=court.desk.person("alice"), appeal=appeal, consensus=False, at=court.desk.now
    )
    appeal.refresh_from_db()
    assert appeal.state == "EVIDENCE"
    refused(
        "APPEAL_STATE",
        lambda: appeals.answer(
            actor=court.desk.person("alice"), appeal=appeal, consensus=True, at=court.desk.now
        ),
    )


def test_bob_gives_in_and_alice_has_her_crypto_back(court: Court) -> None:
    order = court.paid()
    appeal = court.opens(order)
    refused(
        "NOT_YOURS_TO_DO",
        lambda: appeals.withdraw(
            actor=court.desk.person("alice"), appeal=appeal, at=court.desk.now
        ),
    )
    appeals.withdraw(actor=court.desk.person("bob"), appeal=appeal, at=court.desk.now)
    order.refresh_from_db()
    appeal.refresh_from_db()
    assert (order.status, order.cancel_reason, appeal.state) == (
        "CANCELLED",
        "REFUNDED",
        "WITHDRAWN",
    )
    # "Paid" was taken back: no automation trusts this order again.
    assert order.paid_reverted is True
    assert court.balance("alice", "reserved") == 1000
    kinds = Event.objects.filter(kind__in=["order.paid_reverted", "order.cancelled"])
    assert kinds.count() == 2


def test_a_payment_by_somebody_else_goes_back_to_its_source(court: Court) -> None:
    order = court.desk.order(step="PAID")
    report = {"order": order, "what": "THIRD_PARTY", "at": court.desk.now}
    refused(
        "NOT_YOURS_TO_DO",
        lambda: appeals.report_payment(
            actor=order.buyer, request_facts=court.desk.facts("bob"), **report
        ),
    )
    appeal = appeals.report_payment(
        actor=order.seller, request_facts=court.desk.facts("alice"), **report
    )
    order.refresh_from_db()
    assert (order.third_party, order.status, appeal.state) == (True, "APPEALED", "EVIDENCE")
    assert Message.objects.filter(code="REFUND_TO_SOURCE").count() == 1
    event = Event.objects.get(kind="appeal.opened")
    assert event.data["payer_confirmed"] is False
    assert event.data["declared_account"] is False
    refused(
        "REFUND_FIRST",
        lambda: appeals.withdraw(actor=order.buyer, appeal=appeal, at=court.desk.now),
    )
    # Whoever releases for it all the same is held by the engine, whatever they tick (R30).
    moved = court.desk.calm(lambda: court.desk.releases(order))
    assert moved.outcome == "REVIEW"
    released = Event.objects.get(kind="order.released")
    assert (released.data["payer_confirmed"], released.data["declared_account"]) == (False, False)
    assert "RELEASE_PAYER_DIFFERS" in Decision.objects.get(pk=released.pk).reasons


def test_another_amount_is_told_with_what_arrived(court: Court) -> None:
    order = court.desk.order(step="PAID")
    report = {
        "actor": order.seller, "order": order, "what": "AMOUNT", "at": court.desk.now,
        "request_facts": court.desk.facts("alice"),
    }  # fmt: skip
    for received in (None, Decimal(-1), Decimal("NaN"), order.fiat_amount):
        refused(
            "RECEIVED_NEEDED",
            lambda received=received: appeals.report_payment(received=received, **report),
        )
    appeal = appeals.report_payment(received=Decimal("46.50"), **report)
    assert (appeal.reason, appeal.received) == ("AMOUNT_MISMATCH", Decimal("46.50"))
    assert Event.objects.get(kind="appeal.opened").data["payment_ratio"] == 0.5
    moved = court.desk.calm(lambda: court.desk.releases(order))
    assert moved.outcome == "REVIEW"
    reasons = Decision.objects.get(pk=Event.objects.get(kind="order.released").pk).reasons
    assert "RELEASE_AMOUNT_DIFFERS" in reasons


def test_a_frozen_bank_account_speaks_against_the_other_side(court: Court) -> None:
    order = court.desk.order(step="PAID")
    court.opens(order, "alice", "BANK_FROZEN")
    event = Event.objects.get(kind="freeze.reported")
    alice, bob = court.desk.person("alice"), court.desk.person("bob")
    assert (event.user_id, event.actor_id) == (bob.entity_id, alice.entity_id)
    assert event.account.ref == order.payer_account.number_index
    # The reporter's own device and address are not laid at the other's door.
    assert (event.device_id, event.ip_id) == (None, None)
    held = Restriction.objects.get(subject=bob.entity_id)
    assert (held.ability, held.kind, held.reason) == ("withdraw", "HOLD", "REPORTED")
    assert not Restriction.objects.filter(subject=alice.entity_id).exists()


def test_parties_show_what_they_have(court: Court) -> None:
    appeal = court.opens(court.paid())
    court.tells(appeal, "bob", what="SCREENSHOT", words="", data=picture())
    appeal.refresh_from_db()
    assert appeal.state == "EVIDENCE"
    shown = Evidence.objects.get()
    assert (shown.what, shown.attachment.kind) == ("SCREENSHOT", "IMAGE")
    bob = court.desk.person("bob")
    for words in ({"what": "PIANO"}, {"words": " "}, {"words": "x" * 2_001}):
        with pytest.raises(Refused):
            court.tells(appeal, "bob", **words)
    with pytest.raises(Refused) as refusal:
        court.tells(appeal, "bob", data=b"MZ\x90 a program")
    assert refusal.value.code == "FILE_TYPE_REFUSED"
    refused("NO_SUCH_ORDER", lambda: court.tells(appeal, "mallory"))
    assert Evidence.objects.filter(party=bob).count() == 1
    # What was shown stays as it was shown.
    with pytest.raises(DatabaseError, match="evidence_is_shown_once"), transaction.atomic():
        Evidence.objects.update(shown_at=court.desk.now + timedelta(days=1))


def test_the_agent_has_a_name_and_asks_for_things(court: Court) -> None:
    appeal = court.opens(court.paid())
    sam, ana = court.member("sam"), court.member("ana", Role.ANALYST)
    ask = {"appeal": appeal, "what": "VIDEO", "words": "Record your bank's page.",
           "party": court.desk.person("alice"), "at": court.desk.now}  # fmt: skip
    refused("TAKE_FIRST", lambda: appeals.ask(by=sam, **ask))
    court.takes(appeal)
    told = Notice.objects.filter(code="APPEAL_TAKEN")
    assert {notice.params["agent"] for notice in told} == {str(sam.pk)}
    assert told.count() == 2
    refused("TAKEN_ALREADY", lambda: court.takes(appeal, "ana"))
    refused("TAKE_FIRST", lambda: appeals.ask(by=ana, **ask))

    row = appeals.ask(by=sam, **ask)
    assert row.due_at == court.desk.now + timedelta(hours=24)
    court.tells(appeal, "alice", what="VIDEO", words="My bank has none; here is a picture.",
                data=picture())  # fmt: skip
    row.refresh_from_db()
    assert (row.words, row.shown_at) == ("Record your bank's page.", court.desk.now)
    assert row.answer == "My bank has none; here is a picture."
    judged = appeals.judge_evidence(by=sam, evidence=row, verdict="DOUBTFUL", at=court.desk.now)
    assert (judged.verdict, judged.judged_by) == ("DOUBTFUL", sam)


def test_staff_keep_out_of_their_own_orders(court: Court) -> None:
    appeal = court.opens(court.paid())
    bob = court.desk.person("bob")
    roles.give(user=bob, role=Role.SENIOR)
    court.staff["bob"] = User.objects.get(pk=bob.pk)
    refused("OWN_ORDER", lambda: court.takes(appeal, "bob"))


def test_only_who_decides_reads_what_was_written_and_every_look_is_on_record(court: Court) -> None:
    appeal = court.opens(court.paid())
    court.tells(appeal, "bob", data=picture())
    file = Evidence.objects.get().attachment_id
    sam = court.member("sam")
    look = {"appeal": appeal, "at": court.desk.now, "ground": "DECIDE"}
    refused("TAKE_FIRST", lambda: appeals.read_papers(by=sam, **look))
    court.takes(appeal)
    appeal.refresh_from_db()
    refused("GROUND_NEEDED", lambda: appeals.read_papers(by=sam, **(look | {"ground": "curious"})))
    refused("TAKE_FIRST", lambda: appeals.read_papers(by=court.member("cora"), **look))

    papers = appeals.read_papers(by=sam, **look)
    assert papers.statement == STATEMENT
    assert [line.seq for line in papers.lines] == list(range(1, len(papers.lines) + 1))
    assert [one.party for one in papers.evidence] == [court.desk.person("bob")]
    assert appeals.read_file(by=sam, file=file, **look).content
    looks = Event.objects.filter(kind="pii.read", actor=sam.entity_id)
    assert {event.user_id for event in looks if event.data["what"] == "papers"} == {
        court.desk.person(name).entity_id for name in ("alice", "bob")
    }
    assert [event.data["ground"] for event in looks] == ["DECIDE"] * 3


def test_nobody_loses_unheard(court: Court) -> None:
    appeal = court.opens(court.paid())
    court.takes(appeal)
    refused("HEAR_THEM_FIRST", lambda: court.decides(appeal))
    # Once the time to answer is over, silence may be decided against.
    court.desk.pass_time(hours=24)
    court.decides(appeal)
    assert Order.objects.get().status == "COMPLETED"


def test_a_decision_waits_for_what_the_agent_asked_for(court: Court) -> None:
    appeal = court.opens(court.paid())
    court.heard(appeal)
    appeals.ask(
        by=court.member("sam"),
        appeal=appeal,
        party=court.desk.person("alice"),
        what="BANK_STATEMENT",
        words="The page of yesterday.",
        at=court.desk.now,
    )
    refused("HEAR_THEM_FIRST", lambda: court.decides(appeal))
    court.tells(appeal, "alice", what="BANK_STATEMENT", words="Here it is.")
    court.decides(appeal)
    assert Appeal.objects.get().outcome == "RELEASE"


def test_words_of_decisions_are_not_in_the_log(court: Court) -> None:
    appeal = court.opens(court.paid())
    court.heard(appeal)
    court.decides(appeal)
    said = str(list(Event.objects.values_list("data", flat=True)))
    assert FINDING[:20] not in said
    assert STATEMENT[:20] not in said
    assert Penalty.objects.count() == 15
    assert Asset.objects.exists()
