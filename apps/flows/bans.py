"""What takes two people: a ban, its end, and lifting what a cleared decision held.

A ban reaches those who share strong links with the banned only as a case for a human: nothing here
ever restricts anybody but the subject that two people named.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction

from apps.cases.carry_out import Alert, open_cases
from apps.cases.models import Queue
from apps.cases.proposals import Deed as What
from apps.cases.proposals import Proposal, Stage
from apps.core import locks, partitions
from apps.core.errors import Refused
from apps.events.models import Entity
from apps.flows import face_search, restricting, staff
from apps.restrictions.models import Ability, Kind, Restriction
from apps.risk import links, live
from apps.risk.models import Policy, PolicyStatus
from apps.risk.policy_settings import PolicySettings
from apps.users.models import User
from apps.users.roles import Deed

#: A person this near shares something with the banned; further away is for the engine's features.
LINKED_HOPS = 2
LINKED_PRIORITY = 600
#: Who may decide what was proposed.
DECIDED_WITH = {
    What.BAN: Deed.APPROVE_BANS,
    What.UNBAN: Deed.APPROVE_BANS,
    What.LIFT: Deed.APPROVE_REVIEWS,
}


def propose_ban(
    *,
    by: User,
    at: datetime,
    subject: Entity,
    reason: str,
    user_sentence: str,
    note: str,
    request_id: str | None = None,
) -> Proposal:
    """Propose to deny a subject everything for good; nothing happens until another approves."""
    staff.may(by, Deed.PROPOSE_BANS)
    if not reason.strip() or len(user_sentence.strip()) < 10:
        raise Refused(
            "BAN_INCOMPLETE",
            422,
            "A ban needs a reason code and a sentence for the person.",
            {"user_sentence": ["The person reads this: write one whole sentence."]},
        )
    if _bans_of(subject):
        raise Refused("BANNED_ALREADY", 409, "This is banned already.")
    payload = {
        "reason": reason.strip().upper().replace(" ", "_")[:40],
        "user_sentence": user_sentence.strip()[:300],
    }
    return _propose(What.BAN, by, at, subject, payload, note, request_id)


def propose_unban(
    *, by: User, at: datetime, subject: Entity, note: str, request_id: str | None = None
) -> Proposal:
    """Propose to end a ban."""
    staff.may(by, Deed.PROPOSE_BANS)
    found = _bans_of(subject)
    if not found:
        raise Refused("NOT_BANNED", 409, "This is not banned.")
    payload = {"restrictions": [str(r.pk) for r in found]}
    return _propose(What.UNBAN, by, at, subject, payload, note, request_id)


def propose_lift(
    *,
    by: User,
    at: datetime,
    subject: Entity,
    restrictions: Sequence[Restriction],
    decision: UUID,
    note: str,
    request_id: str | None = None,
) -> Proposal | None:
    """Propose to lift what a decision held, inside the reviewer's transaction.

    None when a lift for this subject waits already: whoever approves that sees this one's note.
    """
    if Proposal.objects.filter(deed=What.LIFT, subject=subject, stage=Stage.PENDING).exists():
        return None
    payload = {"restrictions": [str(r.pk) for r in restrictions], "decision": str(decision)}
    return _made(What.LIFT, by, at, subject, payload, note, request_id)


def approve(
    *, by: User, at: datetime, proposal: Proposal, note: str = "", request_id: str | None = None
) -> None:
    """Carry out what another one proposed; Refused for the proposer and for what is decided."""
    what = What(proposal.deed)
    staff.may(by, DECIDED_WITH[what])
    _not_the_proposer(by, proposal)
    partitions.ensure(at)
    with transaction.atomic(durable=True):
        locks.hold(proposal.subject_id)
        _decide(proposal, Stage.APPROVED, by, at, note, request_id)
        if what is What.BAN:
            _ban(proposal, by, at, request_id)
        else:
            ids = proposal.payload["restrictions"]
            held = list(Restriction.objects.select_related("subject").filter(pk__in=ids))
            reason = f"approved by two: {proposal.note}"[:200]
            restricting.lift_all(held, by=by, at=at, reason=reason)
            if what is What.UNBAN:
                links.recompute()
                face_search.unbanned(proposal.subject)


def reject(
    *, by: User, at: datetime, proposal: Proposal, note: str, request_id: str | None = None
) -> None:
    """Refuse what another one proposed, saying why."""
    staff.may(by, DECIDED_WITH[What(proposal.deed)])
    _not_the_proposer(by, proposal)
    note = staff.words(note, "note")
    partitions.ensure(at)
    with transaction.atomic(durable=True):
        _decide(proposal, Stage.REJECTED, by, at, note, request_id)


def withdraw(*, by: User, at: datetime, proposal: Proposal, request_id: str | None = None) -> None:
    """Take back what one proposed oneself."""
    if proposal.proposer_id != by.pk:
        raise Refused("NOT_YOURS", 403, "Only who proposed it may take it back.")
    partitions.ensure(at)
    with transaction.atomic(durable=True):
        _decide(proposal, Stage.WITHDRAWN, by, at, "", request_id)


def _propose(
    deed: What,
    by: User,
    at: datetime,
    subject: Entity,
    payload: dict[str, Any],
    note: str,
    request_id: str | None,
) -> Proposal:
    note = staff.words(note, "note")
    partitions.ensure(at)
    try:
        with transaction.atomic(durable=True):
            locks.hold(subject.id)
            return _made(deed, by, at, subject, payload, note, request_id)
    except IntegrityError as conflict:
        raise Refused(
            "PROPOSED_ALREADY", 409, "The same proposal waits for approval already."
        ) from conflict


def _made(
    deed: What,
    by: User,
    at: datetime,
    subject: Entity,
    payload: dict[str, Any],
    note: str,
    request_id: str | None,
) -> Proposal:
    proposal = Proposal.objects.create(
        deed=deed, subject=subject, payload=payload, note=note[:500], proposer=by, proposed_at=at
    )
    _event("proposal.made", proposal, by, at, request_id)
    return proposal


def _decide(
    proposal: Proposal, stage: Stage, by: User, at: datetime, answer: str, request_id: str | None
) -> None:
    decided = Proposal.objects.filter(pk=proposal.pk, stage=Stage.PENDING).update(
        stage=stage, decider=by, decided_at=at, answer=" ".join(answer.split())[:500]
    )
    if not decided:
        raise Refused("DECIDED_ALREADY", 409, "This proposal has been decided already.")
    _event(f"proposal.{stage.lower()}", proposal, by, at, request_id)


def _ban(proposal: Proposal, by: User, at: datetime, request_id: str | None) -> None:
    subject = proposal.subject
    settings = _settings()
    step = next((s.name for s in reversed(settings.ladder)), "") if settings else ""
    _restriction, decision = restricting.imposed_by(
        by=proposal.proposer,
        approver=by,
        at=at,
        subject=subject,
        terms=restricting.Terms(
            kind=Kind.DENY,
            ability=Ability.ALL,
            reason=proposal.payload["reason"],
            user_sentence=proposal.payload["user_sentence"],
            step=step,
        ),
        note=proposal.note,
        request_id=request_id,
    )
    face_search.banned(subject, at=at)
    hours = settings.case_due_hours.get(Queue.LINKED, 48.0) if settings else 48.0
    alerts = [
        Alert(Queue.LINKED, near.entity, LINKED_PRIORITY, at + timedelta(hours=hours))
        for near in links.spread(entity=subject.id)
        if near.kind == "user" and 0 < near.hops <= LINKED_HOPS
    ]
    open_cases(alerts, cause=decision.id, at=at)
    for alert in alerts:
        linked = Entity.objects.filter(pk=alert.subject).first()
        data = {"queue": alert.queue, "cause": str(decision.id), "linked_to": str(subject.id)}
        staff.write_event(
            "case.opened", by=by, at=at, subject=linked, data=data, request_id=request_id
        )


def _event(kind: str, proposal: Proposal, by: User, at: datetime, request_id: str | None) -> None:
    data = {"proposal": str(proposal.pk), "deed": proposal.deed}
    staff.write_event(
        kind, by=by, at=at, subject=proposal.subject, data=data, request_id=request_id
    )


def _not_the_proposer(by: User, proposal: Proposal) -> None:
    if proposal.proposer_id == by.pk:
        raise Refused(
            "SECOND_PERSON_NEEDED", 403, "You proposed this: somebody else has to decide it."
        )


def _bans_of(subject: Entity) -> list[Restriction]:
    return list(
        Restriction.objects.filter(
            subject=subject, kind=Kind.DENY, ability=Ability.ALL, until=None, lifted_at=None
        )
    )


def _settings() -> PolicySettings | None:
    policy = Policy.objects.filter(status=PolicyStatus.LIVE).only("id").first()
    return live.compiled(policy.pk).settings if policy else None
