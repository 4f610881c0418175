"""From a checked body to an Act: entities named, the account's number forgotten, clock compared."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from hashlib import blake2b
from typing import Any

from django.conf import settings

from apps.api.act_body import ActBody
from apps.api.act_needs import lacking
from apps.api.keys import party_of
from apps.core.errors import Refused
from apps.core.ids import uuid7
from apps.events.act import Act, Party
from apps.events.payment_accounts import account_party
from apps.risk.vocabulary import KINDS
from apps.users.queries import AuthenticatedClient

DIGEST_BYTES = 16
# What the event log keeps of it.
REQUEST_ID_LENGTH = 64


def act_of(
    body: ActBody, *, client: AuthenticatedClient, at: datetime, request_id: str | None
) -> Act:
    """Return the act that a body stands for; Refused when its kind needs more."""
    given = _given(body)
    if missing := lacking(body.kind, given):
        raise Refused(
            "VALIDATION_FAILED", status=422, detail="Some fields need attention.", fields=missing
        )
    scope = client.slug
    amount = Decimal(body.amount_usd) if body.amount_usd is not None else None
    account = account_party(body.account) if body.account is not None else None
    occurred_at = datetime.fromisoformat(body.occurred_at)
    data = {name: value for name, value in (body.signals or {}).items() if value is not None}
    if body.order is not None:
        data["order"] = body.order
    return Act(
        id=uuid7(at),
        at=at,
        occurred_at=occurred_at,
        kind=body.kind,
        scope=scope,
        client=party_of(client),
        user=_party("user", scope, body.user),
        counterparty=_party("user", scope, body.counterparty),
        device=_party("device", scope, body.device),
        ip=_party("ip", "", body.ip),
        account=account,
        address=_party("address", "", body.address),
        amount_usd=amount,
        data=data,
        ref=body.id,
        digest=_digest(body, occurred_at, amount, account, data),
        request_id=request_id and request_id[:REQUEST_ID_LENGTH],
    )


def refuse_not_judged(kind: str) -> None:
    """Refused for acts that no checkpoint judges."""
    if KINDS[kind] is None:
        raise Refused(
            "NOT_JUDGED",
            status=422,
            detail=f"{kind} is recorded, not judged: send it to POST /api/v1/events.",
            fields={"kind": [f"{kind} is recorded, not judged."]},
        )


def refuse_ahead(act: Act) -> None:
    """Refused when the sender's clock is ahead of ours by more than a bit."""
    ahead = timedelta(seconds=settings.CLOCK_AHEAD_S)
    if act.occurred_at is not None and act.occurred_at - act.at > ahead:
        raise _skewed(f"occurred_at lies more than {_words(ahead)} ahead of our clock.")


def is_late(act: Act, *, oldest: timedelta) -> bool:
    """Whether the act happened longer ago than that."""
    return act.occurred_at is not None and act.at - act.occurred_at > oldest


def refuse_late(act: Act, *, oldest: timedelta) -> None:
    """Refused when the act happened longer ago than that."""
    if is_late(act, oldest=oldest):
        raise _skewed(f"occurred_at lies more than {_words(oldest)} back.")


def decision_age() -> timedelta:
    """How old an act may be that asks for a decision."""
    return timedelta(seconds=settings.DECISION_AGE_S)


def event_age() -> timedelta:
    """How old an act may be that is only recorded."""
    return timedelta(seconds=settings.EVENT_AGE_S)


def _given(body: ActBody) -> dict[str, Any]:
    given = {name: value for name, value in body if value is not None and name != "signals"}
    for name, value in (body.signals or {}).items():
        if value is not None:
            given[f"signals.{name}"] = value
    return given


def _party(kind: str, scope: str, ref: str | None) -> Party | None:
    return Party(kind, scope, ref) if ref is not None else None


def _digest(
    body: ActBody,
    occurred_at: datetime,
    amount: Decimal | None,
    account: Party | None,
    data: dict[str, Any],
) -> bytes:
    # Of what was meant, not of how it was spelt; and never of the account's number itself.
    said = [
        body.kind,
        occurred_at.astimezone(UTC).isoformat(),
        body.user,
        body.counterparty,
        body.device,
        body.ip,
        account and account.ref,
        body.address,
        None if amount is None else f"{amount:.2f}",
        sorted(data.items()),
    ]
    return blake2b(json.dumps(said).encode(), digest_size=DIGEST_BYTES).digest()


def _skewed(sentence: str) -> Refused:
    return Refused("CLOCK_SKEW", status=422, detail=sentence, fields={"occurred_at": [sentence]})


def _words(span: timedelta) -> str:
    minutes = int(span.total_seconds() // 60)
    return f"{minutes // 1440} days" if minutes >= 2880 else f"{minutes} minutes"
