"""Sending what is approved, and making true what the custodian reports of it.

A withdrawal is claimed before the custodian hears of it, and the custodian is asked outside of
every transaction. Whatever is lost in between (an answer, a worker, an hour) the next attempt
finds out by asking what became of it, and only sends what the custodian never heard of. Value goes
back on a report that it failed, never because an answer is late.
"""

from datetime import datetime, timedelta
from uuid import UUID

import structlog
from django.conf import settings

from apps.core.errors import Refused
from apps.flows import flow, held, list_checks, own_acts, screening
from apps.flows.custody_webhook import Webhook
from apps.flows.withdrawal_steps import end, locked, note_screening, subject_of, takes_two
from apps.screening.models import Role
from apps.trades.custody import Custodian, NoAnswer, Report, Sending, State
from apps.trades.custody.sandbox import Sandbox
from apps.trades.models import Withdrawal
from apps.trades.services import withdrawals
from apps.trades.services.talk import notify
from apps.trades.states import WithdrawalStatus

log = structlog.get_logger(__name__)

#: How long whoever claimed a withdrawal has it to themselves, longer with each attempt.
LEASE, LONGEST_LEASE = timedelta(minutes=2), timedelta(hours=1)
BATCH = 200
S = WithdrawalStatus


def custodian() -> Custodian:
    """The custodian of this desk; NO_WALLET (503) where it has none."""
    if settings.CUSTODY == "sandbox":
        return Sandbox()
    if settings.CUSTODY == "webhook":
        return Webhook()
    raise Refused(
        "NO_WALLET",
        503,
        "This desk has no wallet connected: nothing can come or leave.",
        None,
        3600,
    )


def require_wallet() -> None:
    """Refused where nothing could be sent."""
    custodian()


def due(*, at: datetime) -> list[UUID]:
    """The withdrawals to send, to send again or to ask after, those longest due first."""
    late = Withdrawal.objects.filter(status__in=[S.PROCESSING, S.BROADCAST], next_send_at__lte=at)
    fresh = Withdrawal.objects.filter(status=S.APPROVED)
    ids = [*fresh.order_by("status_at").values_list("pk", flat=True)[:BATCH]]
    return ids + [*late.order_by("next_send_at").values_list("pk", flat=True)[:BATCH]]


def work(*, id: UUID, at: datetime) -> bool:
    """Send one withdrawal, or find out what became of it; whether the custodian answered."""
    claimed = claim(id=id, at=at)
    if claimed is None:
        return False
    sending, known = claimed
    wallet = custodian()
    try:
        said = wallet.status(sending, at=at) if known else Report(state=State.UNKNOWN)
        if said.state == State.UNKNOWN:
            said = wallet.send(sending, at=at)
    except NoAnswer as why:
        log.warning("custody.no_answer", withdrawal=str(id), why=str(why))
        return False
    report(id=id, said=said, at=at)
    return True


@flow.deed
def claim(*, id: UUID, at: datetime) -> tuple[Sending, bool] | None:
    """Make the next attempt at a withdrawal one's own; whether the custodian may know of it.

    None when nothing is to be done now. One that is held meanwhile, or whose address a list names
    by now, goes back to UNDER_REVIEW.
    """
    withdrawal = Withdrawal.objects.select_related("user").get(pk=id)
    with flow.transaction(withdrawal.user, at=at):
        withdrawal = locked(withdrawal)
        fresh = withdrawal.status == S.APPROVED
        if not fresh and not _is_due(withdrawal, at=at):
            return None
        if fresh and _is_listed_by_now(withdrawal, at=at):
            _to_review(withdrawal, "SCREENING_HIT", at=at)
            return None
        if fresh and held.is_held(withdrawal.entity, withdrawal.user, "withdraw", at=at):
            _to_review(withdrawal, "HELD", at=at)
            return None
        if withdrawal.status == S.BROADCAST:
            withdrawals.ask_later(withdrawal, until=at + custodian().asked_every)
        else:
            withdrawals.claim(withdrawal, at=at, lease=_lease(withdrawal))
    sending = Sending(
        id=withdrawal.pk,
        asset=withdrawal.asset,
        address=withdrawal.address,
        amount=withdrawal.sent,
    )
    return sending, not fresh


@flow.deed
def report(*, id: UUID, said: Report, at: datetime) -> Withdrawal:
    """Make true what the custodian says of a withdrawal; the same report twice changes nothing.

    REPORT_CONFLICT (409) for what contradicts what is on record: a human has to look.
    """
    if said.state in (State.BROADCAST, State.CONFIRMED) and not 0 < len(said.tx_id) <= 100:
        sentence = "Name the transaction, in 1 to 100 characters."
        raise Refused("TX_ID_NEEDED", 422, sentence, {"tx_id": [sentence]})
    withdrawal = Withdrawal.objects.select_related("user").filter(pk=id).first()
    if withdrawal is None:
        raise Refused("NO_SUCH_WITHDRAWAL", 404, "There is no such withdrawal.")
    with flow.transaction(withdrawal.user, at=at):
        withdrawal = locked(withdrawal)
        if said.state in (State.UNKNOWN, State.ACCEPTED) or _is_known(withdrawal, said):
            return withdrawal
        if withdrawal.status not in (S.PROCESSING, S.BROADCAST):
            log.error(
                "custody.conflict", withdrawal=str(id), status=withdrawal.status, said=said.state
            )
            raise Refused(
                "REPORT_CONFLICT",
                409,
                f"This withdrawal is {S(withdrawal.status).label}: {said.state} contradicts it.",
            )
        if said.state == State.FAILED:
            end(withdrawal, S.FAILED, by=None, reason=said.reason[:40] or "FAILED", at=at)
            return withdrawal
        if withdrawal.status == S.PROCESSING:
            withdrawals.sent(
                withdrawal,
                tx_id=said.tx_id,
                network_fee=said.network_fee,
                confirmations=said.confirmations,
                ask_at=at + custodian().asked_every,
                at=at,
            )
        withdrawals.seen(withdrawal, tx_id=said.tx_id, confirmations=said.confirmations)
        if said.state == State.CONFIRMED:
            withdrawals.confirmed(withdrawal, confirmations=withdrawal.confirmations, at=at)
            flow.write(
                own_acts.act(
                    "withdrawal.completed",
                    user=withdrawal.user,
                    address=withdrawal.address,
                    usd=withdrawal.usd,
                    request_facts=own_acts.NOWHERE,
                    at=at,
                    about=own_acts.thing("withdrawal", withdrawal.pk),
                    asset=withdrawal.asset_id,
                )
            )
    return withdrawal


def _is_listed_by_now(withdrawal: Withdrawal, *, at: datetime) -> bool:
    """Whether a list names the address since it was screened; what staff approved knows scams."""
    listed = list_checks.signals(withdrawal.address)
    if not listed["sanctioned_address"] and (
        withdrawal.approved_by_id or not listed["scam_address"]
    ):
        return False
    list_checks.hold_address(
        withdrawal.user, withdrawal.address, role=Role.PAYS_TO, about=withdrawal.pk, at=at
    )
    said = screening.Screening((screening.Lists().screen(subject_of(withdrawal), at=at),))
    note_screening(withdrawal, said, at=at)
    return True


def _to_review(withdrawal: Withdrawal, why: str, *, at: datetime) -> None:
    withdrawals.step(withdrawal, S.UNDER_REVIEW, at=at, reason=why, takes_two=takes_two(withdrawal))
    notify(
        withdrawal.user, "WITHDRAWAL_UNDER_REVIEW", at=at, withdrawal=str(withdrawal.pk), why=why
    )


def _is_due(withdrawal: Withdrawal, *, at: datetime) -> bool:
    due_at = withdrawal.next_send_at
    return withdrawal.status in (S.PROCESSING, S.BROADCAST) and due_at is not None and due_at <= at


def _is_known(withdrawal: Withdrawal, said: Report) -> bool:
    """Whether the report says again what it said before, or less than what is on record."""
    if said.state == State.FAILED:
        return withdrawal.status == S.FAILED
    same = withdrawal.tx_id == said.tx_id
    return withdrawal.status == S.CONFIRMED and same


def _lease(withdrawal: Withdrawal) -> timedelta:
    return min(LEASE * 2 ** min(withdrawal.sends, 10), LONGEST_LEASE)
