"""Silencing a rule that fires wrongly, for hours, until the policy is mended."""

from datetime import datetime, timedelta

from django.db import transaction

from apps.core import partitions
from apps.core.errors import Refused
from apps.flows import staff
from apps.risk.models import Rule, Snooze
from apps.users.models import User
from apps.users.roles import Deed

LONGEST_SNOOZE = timedelta(hours=72)


def snooze_rule(
    *,
    by: User,
    at: datetime,
    code: str,
    until: datetime,
    reason: str,
    request_id: str | None = None,
) -> Snooze:
    """Silence a rule of the live policy for some hours: it is evaluated, shown, and counts nothing.

    A hard rule is never silenced.
    """
    staff.may(by, Deed.PROMOTE_POLICIES)
    reason = staff.words(reason, "reason", most=200)
    if not at < until <= at + LONGEST_SNOOZE:
        hours = int(LONGEST_SNOOZE.total_seconds() // 3600)
        sentence = f"A rule may be silent for {hours} hours at most, from now on."
        raise Refused("SNOOZE_TOO_LONG", 422, sentence, {"until": [sentence]})
    rule = Rule.objects.filter(code=code, policy__status="LIVE").first()
    if rule is None:
        raise Refused("UNKNOWN_RULE", 404, "The live policy has no such rule.")
    if rule.hard:
        raise Refused("HARD_RULE", 409, "A hard rule can't be silenced: change the policy instead.")
    partitions.ensure(at)
    with transaction.atomic(durable=True):
        snooze = Snooze.objects.create(code=code, since=at, until=until, reason=reason, by=by)
        staff.write_event(
            "rule.snoozed",
            by=by,
            at=at,
            data={"code": code, "until": until.isoformat(), "snooze": str(snooze.id)},
            request_id=request_id,
        )
    return snooze


def wake_rule(*, by: User, at: datetime, snooze: Snooze, request_id: str | None = None) -> None:
    """Let a silenced rule count again."""
    staff.may(by, Deed.PROMOTE_POLICIES)
    partitions.ensure(at)
    with transaction.atomic(durable=True):
        if not Snooze.objects.filter(pk=snooze.pk, until__gt=at).update(until=at):
            raise Refused("AWAKE_ALREADY", 409, "The rule counts again already.")
        data = {"code": snooze.code, "snooze": str(snooze.id)}
        staff.write_event("rule.woken", by=by, at=at, data=data, request_id=request_id)
