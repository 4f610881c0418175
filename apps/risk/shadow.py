"""Drafts in shadow: what each would have said of decisions already made, from what they stored.

Never in the request: a task walks the log by transaction, behind every one still running, so that a
late commit is not passed by. Features and facts are those on which the live policy decided, the
random draw is the same. Where a restriction took part, the draft is shown no milder than the
decision was: what stood then is not stored, and it would have bound the draft as well.
"""

import json
import time
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.db import connection, transaction

from apps.core import locks
from apps.core.ids import entity_id
from apps.risk import act_facts, live
from apps.risk.decide import draw
from apps.risk.models import (
    FeatureSet,
    Maker,
    Policy,
    PolicyStatus,
    ShadowCursor,
    ShadowDecision,
)
from apps.risk.policy import CompiledPolicy, ability_of, conclude
from apps.risk.policy_settings import SEVERITY
from apps.risk.row import FEATURE_NAMES, row
from apps.risk.rules import State

NAN = float("nan")
#: So many decisions are judged at once when a draft enters the shadow, for a first impression.
FIRST_LOOK = 2_000
#: Transactions per step; a step is one transaction of ours.
STEP = 5_000
FROM_RESTRICTIONS = frozenset({"RESTRICTED", "OVER_CAP", "COUNTERPARTY_RESTRICTED"})
_AT = {name: place for place, name in enumerate(FEATURE_NAMES)}

_COLUMNS = """
SELECT d.id, d.at, d.checkpoint, d.outcome, d.score, d.reasons, d."values", d.hits, d.feature_set,
       d.policy, e.kind, e.amount_usd, e.data
"""
NEWEST = f"""{_COLUMNS}
FROM (SELECT * FROM risk_decision ORDER BY id DESC LIMIT %s) d
JOIN events_event e ON e.id = d.id
WHERE d.maker = '{Maker.ENGINE.value}' AND NOT d.degraded
"""
WRITTEN_BY = f"""{_COLUMNS}
FROM events_event e JOIN risk_decision d ON d.id = e.id
WHERE e.xid >= %s AND e.xid < %s AND d.maker = '{Maker.ENGINE.value}' AND NOT d.degraded
"""
OLDEST_RUNNING = "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint"


def run(*, at: datetime, seconds: float = 20.0) -> int:
    """Bring every draft in shadow up to date, for at most `seconds`; return how many judgements."""
    until = time.monotonic() + seconds
    done = 0
    drafts = Policy.objects.filter(status=PolicyStatus.DRAFT, shadow=True).order_by("id")
    for draft in drafts.prefetch_related("rules"):
        policy = live.compile_policy(draft)
        more = True
        while more and time.monotonic() < until:
            made, more = _step(draft, policy, at)
            done += made
    return done


def _step(draft: Policy, policy: CompiledPolicy, at: datetime) -> tuple[int, bool]:
    """Judge the next transactions; how many judgements, and whether there is more to do."""
    with transaction.atomic():
        locks.hold(entity_id(kind="lock", scope="risk", ref=f"shadow {draft.pk}"))
        cursor = ShadowCursor.objects.filter(policy=draft).first()
        upto = _rows(OLDEST_RUNNING, [])[0][0]
        if cursor is None:
            found = _rows(NEWEST, [FIRST_LOOK])
            ShadowCursor.objects.create(
                policy=draft, xid=upto, since=min((f[1] for f in found), default=at), at=at
            )
        elif cursor.xid >= upto:
            return 0, False
        else:
            upto, last = min(upto, cursor.xid + STEP), upto
            found = _rows(WRITTEN_BY, [cursor.xid, upto])
            ShadowCursor.objects.filter(policy=draft).update(xid=upto, at=at)
            more = upto < last
            return _record(draft, policy, found), more
        return _record(draft, policy, found), False


def _record(draft: Policy, policy: CompiledPolicy, found: Sequence[Sequence[Any]]) -> int:
    judged = [judged for one in found if (judged := _judged(draft, policy, one))]
    ShadowDecision.objects.bulk_create(judged, ignore_conflicts=True, batch_size=500)
    return len(judged)


def _judged(draft: Policy, policy: CompiledPolicy, one: Sequence[Any]) -> ShadowDecision | None:
    id, at, checkpoint, outcome, score, reasons, stored, hits, feature_set, by, *act = one
    kind, amount_usd, data = act
    if checkpoint not in policy.by_checkpoint:
        return None
    facts = act_facts.of_act(kind=kind, at=at, amount_usd=amount_usd, data=json.loads(data))
    values = aligned(feature_set=feature_set, values=stored)
    states, steady = policy.evaluate(
        checkpoint=checkpoint,
        row=row(features=values, facts=facts),
        snoozed=_silent(by, checkpoint, bytes(hits)),
    )
    side, amount = facts["side"], facts["amount_usd"]
    spent = "withdrawal_usd_24h" if checkpoint == "CP5" else "order_usd_24h"
    verdict = conclude(
        policy=policy,
        checkpoint=checkpoint,
        ability=ability_of(kind=kind, side=side if isinstance(side, str) else None),
        states=states,
        steady=steady,
        amount_usd=amount if isinstance(amount, float) else NAN,
        spent_today_usd=values[_AT[spent]],
        hours_since_face=values[_AT["hours_since_face"]],
        forbidden=(),
        draw=draw(id),
    )
    said, codes = verdict.outcome, [reason.code for reason in verdict.reasons]
    bound = [code for code in reasons if code in FROM_RESTRICTIONS]
    if bound:
        codes = [*bound, *codes]
        said = max(said, outcome, key=SEVERITY.__getitem__)
    return ShadowDecision(
        policy=draft.pk,
        decision=id,
        at=at,
        outcome=said,
        score=verdict.score,
        reasons=codes,
        live_outcome=outcome,
        live_score=score,
    )


def aligned(*, feature_set: int, values: Sequence[float | None]) -> list[float]:
    """Return stored values in the order of today's registry; NaN where it had no such feature."""
    place = {name: at for at, name in enumerate(names_of(feature_set))}
    found = []
    for name in FEATURE_NAMES:
        at = place.get(name)
        value = values[at] if at is not None and at < len(values) else None
        found.append(NAN if value is None else value)
    return found


def names_of(feature_set: int) -> tuple[str, ...]:
    """Return the features of one version of the registry, in the order in which it stored them."""
    return _names(feature_set, connection.settings_dict["NAME"])


@lru_cache(maxsize=64)
def _names(feature_set: int, database: str) -> tuple[str, ...]:
    found = FeatureSet.objects.filter(pk=feature_set).values_list("names", flat=True).first()
    return tuple(found or ())


def _silent(policy: int | None, checkpoint: str, hits: bytes) -> frozenset[str]:
    """Return the codes that were snoozed when the live policy decided."""
    if policy is None or State.SNOOZED not in hits:
        return frozenset()
    rules = live.compiled(policy).by_checkpoint[checkpoint]
    return frozenset(
        rule.code for rule, state in zip(rules, hits, strict=False) if state == State.SNOOZED
    )


def _rows(statement: str, params: list[Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        return cursor.fetchall()
