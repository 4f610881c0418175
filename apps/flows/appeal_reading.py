"""What parties wrote and showed, read by those who decide about it: each look is in the log."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import models

from apps.core.errors import Refused
from apps.events.models import Entity
from apps.flows import flow, staff
from apps.trades.models import Appeal, Attachment, Evidence, Message
from apps.trades.queries import appeals as appeals_of
from apps.users import roles
from apps.users.models import User
from apps.users.roles import Deed


class Ground(models.TextChoices):
    """Why private words and files are read: a code, because the log takes no words."""

    DECIDE = "DECIDE", "to decide this appeal"
    APPROVE = "APPROVE", "to agree to a decision"
    SAFETY = "SAFETY", "somebody may be in danger"


@dataclass(frozen=True, slots=True)
class Papers:
    """What both parties of an appeal wrote and showed."""

    statement: str | None
    objection: str | None
    lines: list[Message]
    evidence: list[Evidence]


@flow.deed
def read_papers(
    *, by: User, appeal: Appeal, ground: str, at: datetime, request_id: str | None = None
) -> Papers:
    """The transcript of the order and what was stated and shown; files are opened one by one."""
    order = appeal.order
    with flow.transaction(at=at):
        _may_read(by, appeal, ground)
        for party in (order.buyer, order.seller):
            _looked(by, party, appeal, at, request_id, ground=ground, what="papers")
    lines = Message.objects.filter(order=order).select_related("sender", "attachment")
    shown = appeal.evidence.select_related("party", "asked_by", "attachment")
    return Papers(
        statement=appeal.statement,
        objection=appeal.objection,
        lines=list(lines.defer("attachment__content").order_by("seq")),
        evidence=list(shown.defer("attachment__content").order_by("id")),
    )


@flow.deed
def read_file(
    *,
    by: User,
    appeal: Appeal,
    file: UUID,
    ground: str,
    at: datetime,
    request_id: str | None = None,
) -> Attachment:
    """One file of the order, from the chat or shown as evidence; each look is in the log."""
    with flow.transaction(at=at):
        _may_read(by, appeal, ground)
        found = (
            Attachment.objects.filter(pk=file, order=appeal.order_id)
            .select_related("uploader")
            .first()
        )
        if found is None or found.content is None:
            raise Refused("NO_SUCH_FILE", 404, "There is no such file in this order.")
        _looked(
            by, found.uploader, appeal, at, request_id, ground=ground, what="file", file=str(file)
        )
    return found


def may_read(by: User, appeal: Appeal) -> bool:
    """Whether this member of staff decides about the appeal now, or is asked to agree."""
    if appeal.state in appeals_of.ENDED or by.pk in (appeal.order.buyer_id, appeal.order.seller_id):
        return False
    if appeal.agent_id == by.pk:
        return roles.may(by, Deed.DECIDE_APPEALS)
    pending = appeals_of.pending_ruling(appeal)
    return pending is not None and roles.may(by, Deed.APPROVE_APPEALS) and pending.by_id != by.pk


def _may_read(by: User, appeal: Appeal, ground: str) -> None:
    if ground not in Ground.values:
        raise Refused("GROUND_NEEDED", 422, "Say why you look.", {"ground": ["Choose one."]})
    if not may_read(by, appeal):
        raise Refused(
            "TAKE_FIRST", 403, "Only who has taken this appeal, or is asked to agree, reads this."
        )


def _looked(
    by: User, person: User, appeal: Appeal, at: datetime, request_id: str | None, **data: str
) -> None:
    staff.write_event(
        "pii.read",
        by=by,
        at=at,
        subject=Entity.objects.filter(pk=person.entity_id).first(),
        data={"appeal": str(appeal.pk), **data},
        request_id=request_id,
    )
