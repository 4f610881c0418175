"""The life of a policy: copied from another, edited as a draft by its author, promoted by a second.

What judges people is changed by two: only the author edits a draft, so that whoever promotes it has
written none of it. The database refuses edits once a policy is live, and a promotion by its author.
"""

import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from pydantic import ValidationError

from apps.core import partitions
from apps.core.errors import Refused
from apps.flows import staff
from apps.risk.live import compile_policy
from apps.risk.models import Policy, PolicyStatus, Rule, ShadowCursor, ShadowDecision
from apps.risk.policy import MAX_POINTS
from apps.risk.policy_settings import OUTCOMES, Measure, PolicySettings
from apps.risk.row import VOCABULARY
from apps.risk.rules import RuleError, errors
from apps.risk.vocabulary import CHECKPOINTS, SIGNALS
from apps.users.models import User
from apps.users.roles import Deed

CODE = re.compile(r"[A-Z][A-Z0-9_]{2,39}")
CHOICES = {signal.name: signal.choices for signal in SIGNALS if signal.choices}
#: What an author may write in a rule; `position` is kept.
FIELDS = (
    "code",
    "signal",
    "typology",
    "source",
    "checkpoints",
    "expression",
    "points",
    "at_least",
    "hard",
    "measure",
    "analyst_sentence",
    "user_sentence",
)


def draft_from(
    *,
    by: User,
    at: datetime,
    policy: Policy,
    name: str,
    note: str = "",
    request_id: str | None = None,
) -> Policy:
    """Copy a policy with all its rules into a draft of one's own."""
    staff.may(by, Deed.DRAFT_POLICIES)
    name = staff.words(name, "name", most=80)
    partitions.ensure(at)
    with transaction.atomic(durable=True):
        draft = Policy.objects.create(
            name=name,
            settings=policy.settings,
            note=note.strip(),
            based_on=policy,
            created_by=by,
            created_at=at,
        )
        Rule.objects.bulk_create(
            Rule(policy=draft, **{name: getattr(rule, name) for name in (*FIELDS, "position")})
            for rule in policy.rules.order_by("position", "code")
        )
        _event("policy.drafted", draft, by, at, request_id, based_on=policy.pk)
    return draft


def add_rule(
    *,
    by: User,
    at: datetime,
    policy: Policy,
    said: Mapping[str, Any],
    request_id: str | None = None,
) -> Rule:
    """Add a rule to one's draft; Refused field by field when it is wrong."""
    checked = rule_fields(said)
    partitions.ensure(at)
    with transaction.atomic(durable=True):
        draft = _own_draft(policy.pk, by)
        _free_code(draft, checked["code"])
        last = draft.rules.order_by("-position").first()
        rule = Rule.objects.create(
            policy=draft, position=last.position + 1 if last else 0, **checked
        )
        _changed(draft, by, at, request_id, rule=rule.code, change="added")
    return rule


def edit_rule(
    *, by: User, at: datetime, rule: Rule, said: Mapping[str, Any], request_id: str | None = None
) -> Rule:
    """Rewrite a rule of one's draft; Refused field by field when it is wrong."""
    checked = rule_fields(said)
    partitions.ensure(at)
    with transaction.atomic(durable=True):
        draft = _own_draft(rule.policy_id, by)
        rule = draft.rules.get(pk=rule.pk)
        if checked["code"] != rule.code:
            _free_code(draft, checked["code"])
        for name, value in checked.items():
            setattr(rule, name, value)
        rule.save(update_fields=list(checked))
        _changed(draft, by, at, request_id, rule=rule.code, change="edited")
    return rule


def remove_rule(*, by: User, at: datetime, rule: Rule, request_id: str | None = None) -> None:
    """Take a rule out of one's draft."""
    partitions.ensure(at)
    with transaction.atomic(durable=True):
        draft = _own_draft(rule.policy_id, by)
        draft.rules.filter(pk=rule.pk).delete()
        _changed(draft, by, at, request_id, rule=rule.code, change="removed")


def edit_settings(
    *,
    by: User,
    at: datetime,
    policy: Policy,
    settings: dict[str, Any],
    request_id: str | None = None,
) -> None:
    """Replace thresholds, odds, limits and the rest of one's draft; Refused on contradictions."""
    try:
        PolicySettings.model_validate(settings)
    except ValidationError as fault:
        found = {".".join(map(str, e["loc"])) or "settings": [e["msg"]] for e in fault.errors()}
        raise Refused(
            "SETTINGS_INVALID", 422, "These settings contradict themselves.", found
        ) from fault
    partitions.ensure(at)
    with transaction.atomic(durable=True):
        draft = _own_draft(policy.pk, by)
        draft.settings = settings
        draft.save(update_fields=["settings"])
        _changed(draft, by, at, request_id, change="settings")


def set_shadow(
    *, by: User, at: datetime, policy: Policy, on: bool, request_id: str | None = None
) -> None:
    """Let a draft judge beside the live policy, without consequences, or stop it."""
    staff.may(by, Deed.DRAFT_POLICIES)
    partitions.ensure(at)
    with transaction.atomic(durable=True):
        draft = _draft(policy.pk)
        if on:
            _compiles(draft)
        draft.shadow = on
        draft.save(update_fields=["shadow"])
        _event("policy.shadowed", draft, by, at, request_id, on=on)


def discard(*, by: User, at: datetime, policy: Policy, request_id: str | None = None) -> None:
    """Throw one's draft away, with what it said in shadow."""
    partitions.ensure(at)
    with transaction.atomic(durable=True):
        draft = _own_draft(policy.pk, by)
        if Policy.objects.filter(based_on=draft).exists():
            raise Refused("HAS_COPIES", 409, "Other drafts were copied from this one.")
        number = draft.pk
        _forget_shadow(number)
        draft.delete()
        data = {"policy": number}
        staff.write_event("policy.discarded", by=by, at=at, data=data, request_id=request_id)


def promote(*, by: User, at: datetime, policy: Policy, request_id: str | None = None) -> None:
    """Make another's draft the live policy, and retire the one before, in one transaction."""
    staff.may(by, Deed.PROMOTE_POLICIES)
    partitions.ensure(at)
    with transaction.atomic(durable=True):
        draft = _draft(policy.pk)
        if draft.created_by_id == by.pk:
            raise Refused(
                "SECOND_PERSON_NEEDED",
                403,
                "You wrote this draft: somebody else has to make it live.",
            )
        _compiles(draft)
        retired = Policy.objects.select_for_update().filter(status=PolicyStatus.LIVE).first()
        if retired:
            retired.status, retired.retired_at = PolicyStatus.RETIRED, at
            retired.save(update_fields=["status", "retired_at"])
        draft.status, draft.live_at = PolicyStatus.LIVE, at
        draft.promoted_by, draft.shadow = by, False
        draft.save(update_fields=["status", "live_at", "promoted_by", "shadow"])
        _event(
            "policy.promoted", draft, by, at, request_id, retired=retired.pk if retired else None
        )


def rule_fields(said: Mapping[str, Any]) -> dict[str, Any]:
    """Return a rule's fields from what an author wrote; Refused field by field."""
    wrong: dict[str, list[str]] = {}
    found: dict[str, Any] = {
        name: str(said.get(name) or "").strip()
        for name in FIELDS
        if name not in ("checkpoints", "points", "hard", "measure")
    }
    found["checkpoints"] = [c for c in CHECKPOINTS if c in (said.get("checkpoints") or ())]
    found["hard"] = bool(said.get("hard"))
    found["code"] = found["code"].upper()
    if not CODE.fullmatch(found["code"]):
        wrong["code"] = ["Capitals, digits and _, beginning with a letter: NEW_DEVICE."]
    if not found["checkpoints"]:
        wrong["checkpoints"] = ["Choose where this rule is asked."]
    if faults := errors(found["expression"], VOCABULARY, choices=CHOICES):
        wrong["expression"] = [str(fault) for fault in faults]
    try:
        found["points"] = int(said.get("points") or 0)
        if not 0 <= found["points"] <= MAX_POINTS:
            raise ValueError
    except ValueError:
        wrong["points"] = [f"A whole number from 0 to {MAX_POINTS}."]
    if found["at_least"] not in ("", *OUTCOMES[1:]):
        wrong["at_least"] = ["Choose an outcome, or none."]
    if not wrong and not found["points"] and not found["at_least"]:
        wrong["points"] = ["A rule without points must force an outcome."]
    if found["hard"] and found["at_least"] not in ("REVIEW", "BLOCK"):
        wrong["at_least"] = ["A hard rule forces REVIEW or BLOCK."]
    for name in ("typology", "source", "analyst_sentence", "user_sentence"):
        if not found[name]:
            wrong[name] = ["Please fill this in."]
    for name, most in (("signal", 8), ("typology", 30), ("source", 200)):
        found[name] = found[name][:most]
    for name in ("analyst_sentence", "user_sentence"):
        found[name] = found[name][:300]
    found["measure"] = _measure(said.get("measure"), wrong)
    if wrong:
        raise Refused("RULE_INVALID", 422, "Some fields need attention.", wrong)
    return found


def _measure(said: Any, wrong: dict[str, list[str]]) -> dict[str, Any]:
    if not said or said == "{}":
        return {}
    try:
        given = json.loads(said) if isinstance(said, str) else said
        Measure.model_validate(given)
    except (ValidationError, ValueError) as fault:
        found = fault.errors()[0]["msg"] if isinstance(fault, ValidationError) else "not JSON"
        wrong["measure"] = [f"This measure is not usable: {found}."]
        return {}
    return dict(given)


def _own_draft(id: int, by: User) -> Policy:
    staff.may(by, Deed.DRAFT_POLICIES)
    draft = _draft(id)
    if draft.created_by_id != by.pk:
        raise Refused(
            "NOT_YOUR_DRAFT",
            403,
            "Only its author edits a draft, so that whoever promotes it has written none of it. "
            "Copy it into a draft of your own.",
        )
    return draft


def _draft(id: int) -> Policy:
    policy = Policy.objects.select_for_update().filter(pk=id).first()
    if policy is None:
        raise Refused("UNKNOWN_POLICY", 404, "There is no such policy.")
    if policy.status != PolicyStatus.DRAFT:
        raise Refused(
            "POLICY_FROZEN", 409, "A policy that was live is frozen: copy it to change it."
        )
    return policy


def _free_code(draft: Policy, code: str) -> None:
    if draft.rules.filter(code=code).exists():
        raise Refused(
            "RULE_CODE_TAKEN",
            409,
            "This policy has a rule of that name.",
            {"code": ["Another rule of this policy has that code."]},
        )


def _compiles(policy: Policy) -> None:
    try:
        compile_policy(policy)
    except (RuleError, ValidationError) as fault:
        raise Refused("POLICY_BROKEN", 409, f"This policy can't judge: {fault}") from fault


def _changed(draft: Policy, by: User, at: datetime, request_id: str | None, **what: Any) -> None:
    # What the draft said before it was changed is no comparison any more.
    _forget_shadow(draft.pk)
    _event("policy.edited", draft, by, at, request_id, **what)


def _forget_shadow(policy: int) -> None:
    ShadowDecision.objects.filter(policy=policy).delete()
    ShadowCursor.objects.filter(policy=policy).delete()


def _event(
    kind: str, policy: Policy, by: User, at: datetime, request_id: str | None, **data: Any
) -> None:
    staff.write_event(kind, by=by, at=at, data={"policy": policy.pk, **data}, request_id=request_id)
