"""What every deed of staff shares: whether they may, and the event and decision that it leaves."""

from datetime import datetime
from typing import Any
from uuid import UUID

from apps.core.errors import Refused
from apps.core.ids import uuid7
from apps.events import log
from apps.events.act import Act, Party
from apps.events.models import Entity
from apps.risk import live
from apps.risk.models import Decision, Maker
from apps.users import roles
from apps.users.models import DESK, User
from apps.users.roles import Deed

#: Where no checkpoint judged: staff acted of their own accord.
NO_CHECKPOINT = ""


def may(by: User, deed: Deed) -> None:
    """Refused unless this member of staff may do the deed."""
    if not roles.may(by, deed):
        raise Refused(
            "NOT_PERMITTED",
            status=403,
            detail=f"Your role does not allow you to {deed.label}.",
        )


def words(text: str, field: str, *, least: int = 3, most: int = 500) -> str:
    """Return what somebody wrote, trimmed; Refused when it says nothing or too much."""
    text = " ".join(text.split())
    if len(text) < least:
        raise Refused("REASON_NEEDED", 422, "Please say why.", {field: ["Please say why."]})
    if len(text) > most:
        sentence = f"At most {most} characters, please."
        raise Refused("TOO_LONG", 422, sentence, {field: [sentence]})
    return text


def write_event(
    kind: str,
    *,
    by: User,
    at: datetime,
    subject: Entity | None = None,
    data: dict[str, Any] | None = None,
    request_id: str | None = None,
) -> UUID:
    """Write what a member of staff did to the log (ids and codes only) and return its id.

    It is no act of the person it is done to, and counts in no stream.
    The integrator whose subject it is becomes the event's client, so its webhooks are told.
    """
    parties: dict[str, Any] = {}
    if subject is not None:
        party = Party(subject.kind, subject.scope, subject.ref)
        if subject.kind in ("user", "device", "ip", "account", "address"):
            parties[subject.kind] = party
        if subject.scope not in ("", DESK):
            parties["client"] = Party("client", "", subject.scope)
    act = Act(
        id=uuid7(at),
        at=at,
        kind=kind,
        scope=subject.scope if subject else DESK,
        actor=Party("user", DESK, str(by.id)),
        data=data or {},
        request_id=request_id,
        **parties,
    )
    log.add(act)
    return act.id


def write_decision(
    *,
    event: UUID,
    at: datetime,
    outcome: str,
    reason: str,
    proposer: User,
    approver: User | None = None,
    supersedes: Decision | None = None,
    note: str = "",
    id: UUID | None = None,
) -> Decision:
    """Write a judgement by staff; it carries the score of the decision that it supersedes."""
    before = supersedes
    return Decision.objects.create(
        id=id or uuid7(at),
        event_id=event,
        at=at,
        maker=Maker.STAFF,
        checkpoint=before.checkpoint if before else NO_CHECKPOINT,
        outcome=outcome,
        score=before.score if before else 0,
        band=before.band if before else 0,
        reasons=[reason],
        weights=[0.0],
        values=[],
        hits=b"",
        feature_set=before.feature_set if before else live.feature_set(at),
        policy=before.policy if before else None,
        degraded=False,
        drawn=False,
        standing=before.standing if before else 0,
        moved=0,
        took_us=0,
        supersedes=before.id if before else None,
        proposer=proposer,
        approver=approver,
        note=note or None,
    )
