"""The exchange's own wallet service as custodian: signed requests in the Standard Webhooks format.

It is told `withdrawal.send` (webhook-id: the withdrawal's id, so that a repetition is the same
message), asked `withdrawal.status` and `address.give`, and reports by itself through the API
(POST /api/v1/custody/…). Its addresses are those of settings, under the rules of outbound.py.
"""

import json
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from standardwebhooks import Webhook as Signer

from apps.core import money
from apps.core.ids import uuid7
from apps.flows import outbound
from apps.ledger.models import Asset
from apps.trades.custody import NoAnswer, Report, Sending, State

LONGEST_ANSWER = 64 * 1024
NOT_FOUND = 404


class Webhook:
    """A custodian behind HTTP; what it does not answer, nobody knows."""

    #: It reports by itself: asking is for what got lost.
    asked_every = timedelta(minutes=10)

    def give_address(self, *, user: UUID, asset: Asset, at: datetime) -> str:
        """Ask for the person's address on the asset's network."""
        data = {"user": str(user), "network": asset.network, "asset": asset.pk}
        answer = _ask("address.give", f"address-{user}-{asset.network}", data, at=at)
        address = answer.get("address")
        if not isinstance(address, str) or not address:
            raise NoAnswer("no address in the answer")
        return address

    def send(self, sending: Sending, *, at: datetime) -> Report:
        """Tell it to send; without more words it has accepted that."""
        answer = _ask("withdrawal.send", str(sending.id), _words(sending), at=at)
        return _report(answer) if answer.get("state") else Report(state=State.ACCEPTED)

    def status(self, sending: Sending, *, at: datetime) -> Report:
        """Ask what became of it; 404 says that it never heard of it."""
        id = f"{sending.id}-status-{uuid7(at).hex[-12:]}"
        answer = _ask("withdrawal.status", id, _words(sending), at=at, missing={"state": "UNKNOWN"})
        return _report(answer)


def _ask(
    kind: str,
    id: str,
    data: dict[str, Any],
    *,
    at: datetime,
    missing: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Send one signed request and read the answer; `missing` is what a 404 stands for."""
    with transaction.atomic(durable=True):
        # Fails inside a transaction, which would stay open for as long as the other side takes.
        pass
    body = json.dumps(
        {"type": kind, "timestamp": at.isoformat(), "data": data}, separators=(",", ":")
    )
    sent = outbound.post(
        settings.CUSTODY_URL,
        body=body.encode(),
        headers={
            "Content-Type": "application/json",
            "User-Agent": "otcrisk-custody/1",
            "webhook-id": id,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": Signer(settings.CUSTODY_SECRET).sign(id, at, body),
        },
        read=LONGEST_ANSWER,
    )
    if sent.status == NOT_FOUND and missing is not None:
        return missing
    if not sent.accepted:
        raise NoAnswer(sent.error or f"status {sent.status}")
    if not sent.body.strip():
        return {}
    try:
        answer = json.loads(sent.body)
    except ValueError:
        raise NoAnswer("the answer is no JSON") from None
    if not isinstance(answer, dict):
        raise NoAnswer("the answer is no JSON object")
    return answer


def _report(answer: dict[str, Any]) -> Report:
    try:
        fee = answer.get("network_fee")
        return Report(
            state=State(str(answer.get("state"))),
            tx_id=str(answer.get("tx_id") or "")[:100],
            confirmations=max(0, int(answer.get("confirmations") or 0)),
            network_fee=None if fee is None else money.parse(fee),
            reason=str(answer.get("reason") or "")[:40],
        )
    except (ValueError, TypeError) as fault:
        raise NoAnswer(f"the answer is no report: {type(fault).__name__}") from None


def _words(sending: Sending) -> dict[str, Any]:
    return {
        "withdrawal": str(sending.id),
        "asset": sending.asset.pk,
        "network": sending.asset.network,
        "address": sending.address,
        "amount": money.plain(_exact(sending)),
    }


def _exact(sending: Sending) -> Decimal:
    """Without digits that the network does not count in."""
    return sending.asset.round_down(sending.amount)
