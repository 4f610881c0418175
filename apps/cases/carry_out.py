"""carry_out(): from a judgement to its consequences, restrictions and cases, and nothing else."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from apps.cases.models import Queue
from apps.core.ids import uuid7
from apps.core.statement import Statement
from apps.restrictions import queries
from apps.restrictions.write import Imposition
from apps.risk import live
from apps.risk.decide import Judgement
from apps.risk.policy import Due
from apps.risk.policy_settings import LadderStep, Measure, PolicySettings
from apps.risk.sentences import for_subject

#: Forbidding anything for good is for two people, never for the engine.
AUTOMATIC_CEILING_HOURS = 30 * 24.0
DEFAULT_DUE_HOURS = 24.0
#: Acts of somebody who has not shown to be the user: they may cost the user a further proof, never
#: a hold or a ban, or anybody could lock out anybody. What they do cost falls on where they came
#: from, and so does the case.
UNPROVEN = frozenset({"signin.failed"})
#: The ladder's step without a measure.
WARNING = Measure(kind="WARN", ability="all", hours=24, lifts_by="TIME")


@dataclass(frozen=True, slots=True)
class Alert:
    """A case to open, or to join when the subject's is open already."""

    queue: str
    subject: int
    priority: int
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Consequences:
    """What a judgement entails."""

    impositions: tuple[Imposition, ...] = ()
    alerts: tuple[Alert, ...] = ()


NONE = Consequences()

PARTS = (
    """cs AS (
  INSERT INTO cases_case AS c (id, queue, subject_id, status, priority, alerts, first_decision,
    last_decision, opened_at, last_alert_at, due_at, outcome)
  SELECT a.id, a.queue, a.subject, 'OPEN', a.priority, 1, :cause::uuid, :cause::uuid,
    :at::timestamptz, :at::timestamptz, a.due_at, ''
  FROM unnest(:cs_id::uuid[], :cs_queue::text[], :cs_subject::bigint[], :cs_priority::smallint[],
       :cs_due_at::timestamptz[]) AS a(id, queue, subject, priority, due_at)
  ORDER BY a.queue, a.subject
  ON CONFLICT (queue, subject_id) WHERE status = 'OPEN' DO UPDATE SET
    alerts = c.alerts + 1, priority = greatest(c.priority, excluded.priority),
    last_decision = coalesce(excluded.last_decision, c.last_decision),
    last_alert_at = excluded.last_alert_at,
    due_at = least(c.due_at, excluded.due_at)
)""",
)


def params(alerts: Sequence[Alert], *, at: datetime) -> dict[str, Any]:
    """Return the parameters of PARTS; they share `at` and `cause` with the restrictions'."""
    return {
        "cs_id": [uuid7(at) for _ in alerts],
        "cs_queue": [a.queue for a in alerts],
        "cs_subject": [a.subject for a in alerts],
        "cs_priority": [a.priority for a in alerts],
        "cs_due_at": [a.due_at for a in alerts],
    }


OPEN = Statement(f"WITH {PARTS[0]} SELECT 1")


def open_cases(alerts: Sequence[Alert], *, cause: UUID | None, at: datetime) -> None:
    """Open cases, or join those that are open, where no judgement is written with them."""
    OPEN.run({"at": at, "cause": cause, **params(alerts, at=at)})


def carry_out(judgement: Judgement) -> Consequences:
    """Return what a judgement entails; an allowed act entails nothing and asks nothing."""
    verdict = judgement.verdict
    if verdict.outcome == "ALLOW" and not verdict.measures:
        return NONE
    ids, at = judgement.act.ids, judgement.act.at
    settings = live.compiled(judgement.policy).settings if judgement.policy else None
    impositions = []
    unproven = judgement.act.kind in UNPROVEN
    for due in verdict.measures:
        subject = ids.get(due.measure.on)
        if unproven and due.measure.on == "user" and due.measure.kind != "STEP_UP":
            continue
        if subject is not None:
            impositions += _impose(due, subject=subject, judgement=judgement, settings=settings)
    alerts = []
    queue = _queue(judgement)
    roles = ("ip", "device", "user") if unproven else ("user", "device", "ip")
    subject = next((ids[role] for role in roles if role in ids), None)
    if queue and subject is not None:
        hours = settings.case_due_hours.get(queue, DEFAULT_DUE_HOURS) if settings else 1.0
        alerts.append(Alert(queue, subject, verdict.score, at + timedelta(hours=hours)))
    fresh = [one for one in _widest(impositions) if not _stands(one, judgement)]
    return Consequences(tuple(fresh), tuple(alerts))


def _stands(one: Imposition, judgement: Judgement) -> bool:
    """Return whether the same restriction, for the same reason, has half of its time yet to run.

    Who goes on doing what already limited them is not limited anew with every act.
    """
    if judgement.found is None:
        return False
    ids, now = judgement.act.ids, judgement.act.at.timestamp()
    for role, ability, kind, reason, cap, until in judgement.found.restrictions:
        if (ids.get(role), ability, kind, reason) != (
            one.subject,
            one.ability,
            one.kind,
            one.reason,
        ):
            continue
        as_low = one.cap_usd is None or (cap is not None and cap <= one.cap_usd)
        wanted = one.until.timestamp() - now if one.until else None
        as_long = until is None or (wanted is not None and until - now >= wanted / 2)
        if as_low and as_long:
            return True
    return False


def _queue(judgement: Judgement) -> str | None:
    verdict = judgement.verdict
    if verdict.outcome not in ("REVIEW", "BLOCK"):
        return None
    if verdict.degraded:
        return Queue.ENGINE
    forced = [r for r in verdict.reasons if r.forces == verdict.outcome]
    # A person who runs into a restriction that stands already is no news to anybody, nor is one who
    # does not meet a condition: a rule without points accuses nobody.
    known = {"RESTRICTED", "OVER_CAP", "COUNTERPARTY_RESTRICTED"}
    if forced and all(
        r.code in known or (verdict.outcome == "BLOCK" and not r.weight) for r in forced
    ):
        return None
    return Queue.REVIEW if verdict.outcome == "REVIEW" else Queue.BLOCKED


def _impose(
    due: Due, *, subject: int, judgement: Judgement, settings: PolicySettings | None
) -> list[Imposition]:
    at, measure, step = judgement.act.at, due.measure, ""
    ability = measure.ability
    if measure.kind == "LADDER":
        found = (
            next_step(subject=subject, settings=settings, at=at, least=measure.step)
            if settings
            else None
        )
        if found is None:
            return []
        step, measure = found.name, found.measure or WARNING
    ability = ability or measure.ability or judgement.ability
    if ability is None:
        return []
    hours = measure.hours
    if measure.kind == "DENY":
        hours = min(hours or AUTOMATIC_CEILING_HOURS, AUTOMATIC_CEILING_HOURS)
    verdict = judgement.verdict
    policy = live.compiled(judgement.policy) if judgement.policy else None
    top = verdict.reasons[0].code if verdict.reasons else verdict.outcome
    return [
        Imposition(
            subject=subject,
            ability=ability,
            kind=measure.kind,
            reason=due.reason or top,
            user_sentence=for_subject(policy, verdict, due.reason),
            lifts_by=measure.lifts_by,
            cap_usd=measure.cap_usd,
            until=at + timedelta(hours=hours) if hours else None,
            step=step,
        )
    ]


def next_step(
    *, subject: int, settings: PolicySettings, at: datetime, least: str = ""
) -> LadderStep | None:
    """Return the ladder's next step for the subject, at least that named; None while one serves.

    What somebody tries while they serve a step is refused, but it is no new offence, unless it is
    one that begins above that step. The last step before a ban repeats: the ban itself is a
    decision of two people.
    """
    automatic = [
        step
        for step in settings.ladder
        if step.measure is None or step.measure.kind != "DENY" or step.measure.hours
    ]
    if not automatic:
        return None
    met = queries.ladder_steps(
        subject=subject, since=queries.memory(at, settings.ladder_memory_days), at=at
    )
    places = {step.name: place for place, step in enumerate(automatic)}
    lowest = places.get(least, 0)
    if any(in_force and places.get(name, lowest) >= lowest for name, in_force in met):
        return None
    reached = max((places.get(name, -1) for name, _ in met), default=-1)
    return automatic[min(max(reached + 1, lowest), len(automatic) - 1)]


def _widest(impositions: Sequence[Imposition]) -> list[Imposition]:
    """Keep one imposition per subject, ability and kind: its latest end, its lowest cap."""
    kept: dict[tuple[int, str, str], Imposition] = {}
    for one in impositions:
        key = (one.subject, one.ability, one.kind)
        before = kept.get(key)
        if before is None:
            kept[key] = one
            continue
        later = one if _ends(one) > _ends(before) else before
        caps = [cap for cap in (one.cap_usd, before.cap_usd) if cap is not None]
        kept[key] = replace(later, cap_usd=min(caps, default=None), step=before.step or one.step)
    return list(kept.values())


def _ends(imposition: Imposition) -> float:
    return imposition.until.timestamp() if imposition.until else math.inf
