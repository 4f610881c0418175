"""Disputes, field by field, as one of the parties may see them."""

from datetime import datetime
from typing import Any

from rest_framework import serializers as s

from apps.api.v1.desk.amounts import AmountField, plain
from apps.api.v1.desk.order_shapes import WHO
from apps.flows.appeal_evidence import MOST_WORDS
from apps.flows.appeal_terms import LONGEST
from apps.flows.public_event import moment
from apps.trades.models import (
    Appeal,
    AppealKind,
    AppealOutcome,
    AppealReason,
    Evidence,
    EvidenceKind,
    Fault,
)
from apps.trades.queries import appeals
from apps.trades.states import AppealState
from apps.users.models import User

NOT_YET = [("", "")]


class AppealIn(s.Serializer):
    reason = s.ChoiceField(choices=AppealReason.choices)
    statement = s.CharField(
        max_length=LONGEST, help_text="What happened, in 20 characters or more."
    )


class ReportPaymentIn(s.Serializer):
    what = s.ChoiceField(
        choices=("THIRD_PARTY", "AMOUNT"), help_text="Somebody else paid; or how much."
    )
    received = AmountField(required=False, allow_null=True, help_text="AMOUNT: what arrived.")


class AnswerIn(s.Serializer):
    consensus = s.BooleanField(help_text="You two have agreed.")


class EvidenceIn(s.Serializer):
    what = s.ChoiceField(choices=EvidenceKind.choices)
    words = s.CharField(max_length=MOST_WORDS, required=False, allow_blank=True, default="")
    file = s.FileField(
        required=False, help_text="A picture, a PDF, an MP4 or WebM video; up to 50 MiB."
    )


class ObjectionIn(s.Serializer):
    statement = s.CharField(max_length=LONGEST)
    file = s.FileField(help_text="Something that was not shown before.")


class EvidenceOut(s.Serializer):
    id = s.UUIDField()
    what = s.ChoiceField(choices=EvidenceKind.choices)
    words = s.CharField(help_text="What you wrote, or what the agent asks for.")
    is_asked = s.BooleanField(help_text="The agent asks for it.")
    due_at = s.DateTimeField(allow_null=True)
    shown_at = s.DateTimeField(allow_null=True)
    file = s.UUIDField(allow_null=True, help_text="One of the order's files.")


class AppealOut(s.Serializer):
    id = s.UUIDField()
    order = s.UUIDField()
    kind = s.ChoiceField(choices=AppealKind.choices)
    reason = s.ChoiceField(choices=AppealReason.choices)
    state = s.ChoiceField(choices=AppealState.choices)
    opened_by = s.ChoiceField(choices=WHO)
    statement = s.CharField(allow_null=True, help_text="Your own, if you appealed.")
    opened_at = s.DateTimeField()
    phase_until = s.DateTimeField(allow_null=True, help_text="When the clock moves it on.")
    decide_by = s.DateTimeField()
    agent = s.CharField(allow_null=True, help_text="Who of the desk has taken it.")
    outcome = s.ChoiceField(choices=[*NOT_YET, *AppealOutcome.choices])
    outcome_reason = s.ChoiceField(choices=[*NOT_YET, *AppealReason.choices])
    fault = s.ChoiceField(choices=[*NOT_YET, *Fault.choices])
    finding = s.CharField(allow_null=True, help_text="The agent's words to both.")
    buyer_amount = AmountField(allow_null=True)
    seller_amount = AmountField(allow_null=True)
    decided_at = s.DateTimeField(allow_null=True)
    may_object = s.BooleanField(help_text="Until `phase_until`, once, with something new.")
    objected_by = s.ChoiceField(choices=[*NOT_YET, *[(who, who) for who in WHO]])
    closed_at = s.DateTimeField(allow_null=True)


class WholeAppealOut(AppealOut):
    evidence = EvidenceOut(many=True, help_text="Yours, and what you are asked for.")


def appeal_words(one: Appeal, *, actor: User, at: datetime) -> dict[str, Any]:
    """A dispute as one of its parties sees it."""
    may_object = (
        one.state == AppealState.DECIDED
        and one.objection_by_id is None
        and one.phase_until is not None
        and at < one.phase_until
        and actor.pk in {user.pk for user in appeals.losers(one)}
    )
    return {
        "id": str(one.pk),
        "order": str(one.order_id),
        "kind": one.kind,
        "reason": one.reason,
        "state": one.state,
        "opened_by": _who(one.opener_id, actor),
        "statement": one.statement if one.opener_id == actor.pk else None,
        "opened_at": moment(one.opened_at),
        "phase_until": moment(one.phase_until),
        "decide_by": moment(one.decide_by),
        "agent": one.agent.nickname if one.agent else None,
        "outcome": one.outcome,
        "outcome_reason": one.outcome_reason,
        "fault": one.fault,
        "finding": one.finding,
        "buyer_amount": plain(one.buyer_amount),
        "seller_amount": plain(one.seller_amount),
        "decided_at": moment(one.decided_at),
        "may_object": may_object,
        "objected_by": _who(one.objection_by_id, actor) if one.objection_by_id else "",
        "closed_at": moment(one.closed_at),
    }


def evidence_words(one: Evidence) -> dict[str, Any]:
    """Something that the party has shown, or is asked for."""
    return {
        "id": str(one.pk),
        "what": one.what,
        "words": one.words or "",
        "is_asked": one.asked_by_id is not None,
        "due_at": moment(one.due_at),
        "shown_at": moment(one.shown_at),
        "file": str(one.attachment_id) if one.attachment_id else None,
    }


def _who(id: Any, actor: User) -> str:
    return "DESK" if id is None else "YOU" if id == actor.pk else "PARTNER"
