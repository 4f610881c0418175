"""What people type into the console, before a flow judges it."""

import ipaddress
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django import forms
from django.utils.dateparse import parse_datetime

from apps.cases.models import Outcome, Queue
from apps.cases.models import Status as CaseStatus
from apps.console.stream import Wanted
from apps.core.ids import entity_id
from apps.events.models import Entity
from apps.faces.engine.verdict import Species
from apps.faces.models import Outcome as FaceOutcome
from apps.flows import identity
from apps.restrictions.models import Ability, Kind, LiftedBy
from apps.risk.models import ListName
from apps.risk.policy_settings import OUTCOMES
from apps.risk.vocabulary import CHECKPOINTS

OUTCOME_CHOICES = [(o, o.replace("_", "-").capitalize()) for o in reversed(OUTCOMES)]
CHECKPOINT_CHOICES = list(CHECKPOINTS.items())
#: A payment account is found by the beginning of its fingerprint, from so many digits on.
PREFIX = 8


class Moment(forms.Field):
    """A moment in UTC, as <input type=datetime-local> writes it."""

    widget = forms.DateTimeInput(attrs={"type": "datetime-local"})

    def to_python(self, value: Any) -> datetime | None:
        if not value:
            return None
        found = parse_datetime(str(value))
        if found is None:
            raise forms.ValidationError("Write a moment, such as 2026-11-30 18:00.")
        return found if found.tzinfo else found.replace(tzinfo=UTC)


class StreamFilter(forms.Form):
    """What of the decision stream to show."""

    outcome = forms.MultipleChoiceField(choices=OUTCOME_CHOICES, required=False)
    checkpoint = forms.MultipleChoiceField(choices=CHECKPOINT_CHOICES, required=False)
    score_from = forms.IntegerField(min_value=0, max_value=1000, required=False)
    score_to = forms.IntegerField(min_value=0, max_value=1000, required=False)
    reason = forms.CharField(max_length=40, required=False)
    user = forms.CharField(max_length=200, required=False)
    device = forms.CharField(max_length=200, required=False)
    ip = forms.CharField(max_length=64, required=False)
    thing = forms.CharField(max_length=200, required=False)
    client = forms.CharField(max_length=64, required=False)
    degraded = forms.BooleanField(required=False)
    drawn = forms.BooleanField(required=False)
    start = Moment(required=False)
    end = Moment(required=False)
    before = forms.UUIDField(required=False)

    def clean(self) -> dict[str, Any]:
        said: dict[str, Any] = super().clean() or {}
        low, high = said.get("score_from"), said.get("score_to")
        if low is not None and high is not None and low > high:
            self.add_error("score_to", "The upper score lies below the lower one.")
        start, end = said.get("start"), said.get("end")
        if start and end and start >= end:
            self.add_error("end", "The end lies before the start.")
        if sum(bool(said.get(name)) for name in ("device", "ip", "thing")) > 1:
            self.add_error("thing", "Choose one of device, IP address, account or address.")
        return said

    def wanted(self) -> Wanted:
        """Return the filter with references resolved to ids; nothing found is an empty filter."""
        said = self.cleaned_data
        things, kind = _things(said)
        return Wanted(
            outcomes=tuple(said["outcome"]),
            checkpoints=tuple(said["checkpoint"]),
            score_from=said["score_from"],
            score_to=said["score_to"],
            reason=said["reason"].strip().upper(),
            degraded=said["degraded"],
            drawn=said["drawn"],
            users=_known("user", said["user"]) if said["user"] else None,
            things=things,
            thing_kind=kind,
            clients=(entity_id(kind="client", scope="", ref=said["client"].strip()),)
            if said["client"]
            else None,
            start=said["start"],
            end=said["end"],
            before=said["before"],
        )


def _things(said: dict[str, Any]) -> tuple[tuple[int, ...] | None, str]:
    if said["device"]:
        return _known("device", said["device"]), "device"
    if said["ip"]:
        return _known("ip", _address(said["ip"])), "ip"
    if said["thing"]:
        for kind in ("address", "account"):
            if found := _known(kind, said["thing"]):
                return found, kind
        return (), "address"
    return None, ""


def _known(kind: str, ref: str) -> tuple[int, ...]:
    """Return the ids of the entities under a reference, in every scope; a prefix of an account."""
    ref = ref.strip()
    rows = Entity.objects.filter(kind=kind)
    if kind == "account" and len(ref) >= PREFIX:
        ref = ref.rstrip("…").lower()
        rows = rows.filter(ref__gte=ref, ref__lt=f"{ref}g")
    else:
        rows = rows.filter(ref=ref)
    return tuple(rows.values_list("id", flat=True)[:20])


def _address(text: str) -> str:
    try:
        return str(ipaddress.ip_address(text.strip()))
    except ValueError:
        return text.strip()


def found(text: str) -> list[Entity]:
    """Return every entity that somebody may mean: by reference, address or account prefix."""
    ids = {
        id
        for kind in ("user", "device", "ip", "subnet", "account", "address")
        for id in _known(kind, _address(text) if kind == "ip" else text)
    }
    return sorted(Entity.objects.in_bulk(ids).values(), key=lambda e: (e.kind, e.scope, e.ref))


def as_uuid(text: str) -> UUID | None:
    """Return the id that somebody pasted, None when it is none."""
    try:
        return UUID(text.strip())
    except ValueError:
        return None


class Impose(forms.Form):
    """A restriction to be."""

    kind = forms.ChoiceField(choices=Kind.choices)
    ability = forms.ChoiceField(choices=Ability.choices)
    until = Moment(required=False)
    cap_usd = forms.DecimalField(required=False, max_digits=20, decimal_places=2)
    lifts_by = forms.ChoiceField(choices=LiftedBy.choices)
    reason = forms.CharField(max_length=40)
    user_sentence = forms.CharField(max_length=300)
    note = forms.CharField(max_length=500)
    step = forms.CharField(max_length=20, required=False)


class Ban(forms.Form):
    """A ban to be proposed."""

    reason = forms.CharField(max_length=40)
    user_sentence = forms.CharField(max_length=300)
    note = forms.CharField(max_length=500)


class Identity(forms.Form):
    """What a document says of somebody."""

    legal_name = forms.CharField(max_length=120)
    country = forms.CharField(min_length=2, max_length=2)
    level = forms.TypedChoiceField(
        coerce=int, choices=[(level, str(level)) for level in identity.LEVELS]
    )


class Listing(forms.Form):
    """An entity to be put on a list."""

    list = forms.ChoiceField(choices=ListName.choices)
    until = Moment(required=False)
    reason = forms.CharField(max_length=200)


class RestrictionFilter(forms.Form):
    """Which restrictions to list."""

    state = forms.ChoiceField(
        choices=[("live", "in force"), ("ended", "ended"), ("all", "all")], required=False
    )
    kind = forms.MultipleChoiceField(choices=Kind.choices, required=False)
    ability = forms.MultipleChoiceField(choices=Ability.choices, required=False)
    reason = forms.CharField(max_length=40, required=False)
    subject = forms.CharField(max_length=200, required=False)
    before = forms.UUIDField(required=False)


class CaseFilter(forms.Form):
    """Which cases to list."""

    status = forms.ChoiceField(
        choices=[("", "open"), (CaseStatus.CLOSED, "closed")], required=False
    )
    queue = forms.ChoiceField(choices=[("", "all queues"), *Queue.choices], required=False)
    mine = forms.BooleanField(required=False)
    page = forms.IntegerField(min_value=1, max_value=1000, required=False)


class CloseCase(forms.Form):
    """How a case ends."""

    outcome = forms.ChoiceField(choices=Outcome.choices)
    note = forms.CharField(max_length=500)


class AuditFilter(forms.Form):
    """Which deeds of staff to list."""

    person = forms.CharField(max_length=64, required=False)
    kind = forms.CharField(max_length=40, required=False)
    start = Moment(required=False)
    end = Moment(required=False)
    before = forms.UUIDField(required=False)


class FaceFilter(forms.Form):
    """Which face checks to list."""

    outcome = forms.ChoiceField(choices=[("", "any outcome"), *FaceOutcome.choices], required=False)
    species = forms.ChoiceField(
        choices=[("", "any attack"), *((one.value, one.value) for one in Species)], required=False
    )
    device = forms.CharField(max_length=80, required=False)
    person = forms.UUIDField(required=False)
    start = Moment(required=False)
    end = Moment(required=False)
    all = forms.BooleanField(required=False)
    page = forms.IntegerField(min_value=1, max_value=1000, required=False)
