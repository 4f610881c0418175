"""The pipeline: facts → features → rules → score → verdict. It never raises for what it judges."""

import hashlib
import hmac
import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

import structlog
from django.conf import settings as django_settings
from django.db import DatabaseError

from apps.events.act import Act
from apps.risk import live
from apps.risk.facts import Facts, collect, facts_of
from apps.risk.policy import CompiledPolicy, Forbidden, Verdict, ability_of, conclude, fail_safe
from apps.risk.row import FEATURE_NAMES, Value, compute, row
from apps.risk.standing import Move, move
from apps.risk.velocity.read import Found
from apps.risk.vocabulary import KINDS, ROLES

log = structlog.get_logger(__name__)
NAN = math.nan
_AT = {name: place for place, name in enumerate(FEATURE_NAMES)}


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict with everything it rests on, not yet written."""

    act: Act
    checkpoint: str
    verdict: Verdict
    facts: dict[str, Value]
    values: Sequence[float] = ()
    states: Sequence[int] = ()
    policy: int | None = None
    move: Move = field(default_factory=Move)
    found: Found | None = None
    took_us: int = 0

    @property
    def hops(self) -> dict[str, float]:
        """The nearest ban of each of the act's own entities, by role."""
        known = self.found.hops if self.found else {}
        return {str(ROLES[at - 1]): hops for at, hops in known.items()}

    @property
    def ability(self) -> str | None:
        """The ability that the act uses."""
        return _ability(self.act, self.facts)


@dataclass(frozen=True, slots=True)
class AlreadyKnown:
    """The sender has sent this id before: the event it stands for, and the digest of its body."""

    event: UUID
    digest: str


def decide(act: Act) -> Judgement | AlreadyKnown:
    """Judge one act inside the caller's transaction, under the lock on its user.

    What the database refuses is the caller's to answer with `degraded`; any other fault yields the
    fail-safe here.
    """
    started = time.perf_counter_ns()
    facts = policy = None
    try:
        facts = collect(act)
        if facts.found.answer:
            event, digest = facts.found.answer
            return AlreadyKnown(UUID(event), digest)
        if facts.found.policy is None:
            raise LookupError("no policy is live")
        policy = live.compiled(facts.found.policy)
        return _judge(facts, policy, started)
    except DatabaseError:
        raise
    except Exception:
        log.exception("engine.fault", kind=act.kind, act=str(act.id))
        return _fail_safe(act, facts, policy, started)


def degraded(act: Act) -> Judgement:
    """Return the fail-safe judgement of an act that could not even be read about."""
    return _fail_safe(act, None, None, time.perf_counter_ns())


def _judge(facts: Facts, policy: CompiledPolicy, started: int) -> Judgement:
    act, found = facts.act, facts.found
    checkpoint = checkpoint_of(act.kind)
    ability = _ability(act, facts.of_act)
    values = compute(velocity=facts.velocity, facts=facts.of_act)
    states, steady = policy.evaluate(
        checkpoint=checkpoint, row=row(features=values, facts=facts.of_act), snoozed=found.snoozed
    )
    verdict = conclude(
        policy=policy,
        checkpoint=checkpoint,
        ability=ability,
        states=states,
        steady=steady,
        amount_usd=_number(facts.of_act["amount_usd"]),
        spent_today_usd=values[_AT[_SPENT.get(checkpoint, "order_usd_24h")]],
        hours_since_face=values[_AT["hours_since_face"]],
        forbidden=_forbidden(found),
        draw=draw(act.id),
    )
    return Judgement(
        act=act,
        checkpoint=checkpoint,
        verdict=verdict,
        facts=dict(facts.of_act),
        values=values,
        states=states,
        policy=policy.id,
        move=move(
            settings=policy.settings.standing,
            standing=found.standing,
            score=verdict.score,
            at=act.at.timestamp(),
        ),
        found=found,
        took_us=(time.perf_counter_ns() - started) // 1000,
    )


_SPENT = {"CP5": "withdrawal_usd_24h"}


def _fail_safe(
    act: Act, read: Facts | None, policy: CompiledPolicy | None, started: int
) -> Judgement:
    checkpoint = checkpoint_of(act.kind)
    facts = dict(facts_of(act))
    standing = read.found.standing if read else None
    return Judgement(
        act=act,
        checkpoint=checkpoint,
        verdict=fail_safe(
            settings=policy.settings if policy else None,
            checkpoint=checkpoint,
            kind=act.kind,
            amount_usd=_number(facts["amount_usd"]),
            ability=_ability(act, facts),
            forbidden=_forbidden(read.found) if read else (),
        ),
        facts=facts,
        policy=policy.id if policy else None,
        move=Move(value=standing[0]) if standing else Move(),
        took_us=(time.perf_counter_ns() - started) // 1000,
    )


def checkpoint_of(kind: str) -> str:
    """Return the checkpoint that judges acts of this kind; LookupError where none does."""
    checkpoint = KINDS[kind]
    if checkpoint is None:
        raise LookupError(f"{kind} is recorded, not judged")
    return checkpoint


def draw(event: UUID) -> float:
    """Return the event's number in [0, 1), which only the secret's holder can reproduce."""
    secret = django_settings.STEP_UP_SECRET
    digest = hmac.digest(secret.encode(), event.bytes, hashlib.sha256)
    return int.from_bytes(digest[:7], "big") / 2**56


def _ability(act: Act, facts: Mapping[str, Value]) -> str | None:
    side = facts.get("side")
    return ability_of(kind=act.kind, side=side if isinstance(side, str) else None)


def _forbidden(found: Found) -> list[Forbidden]:
    return [
        Forbidden(role, ability, kind, reason, cap)
        for role, ability, kind, reason, cap, _ in found.restrictions
    ]


def _number(value: Value) -> float:
    return value if isinstance(value, float) else NAN
