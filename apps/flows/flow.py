"""What every deed of the desk shares: one durable transaction, locked first, written last.

    @flow.deed
    def do_it(*, actor: User, …, at: datetime) -> …:
        with flow.transaction(actor, other, at=at):
            …                                        # may they? do it
            judgement = flow.judge(act)              # the engine's one read
            …                                        # what follows from it
            flow.write(act, judgement=judgement)     # the one write: event, counts, decision

Inside the transaction nobody else moves anything of the people named. See docs/decisions/0003.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from decimal import Decimal
from functools import wraps
from typing import ParamSpec, TypeVar

import structlog
from django.db import DatabaseError, OperationalError
from django.db import transaction as database
from psycopg.errors import DeadlockDetected

from apps.core import idempotency, locks, partitions
from apps.core.errors import Refused
from apps.events import log as log_of_events
from apps.events.act import Act
from apps.flows import judge as engine
from apps.flows import own_acts
from apps.flows.request_facts import RequestFacts
from apps.restrictions import queries as restrictions
from apps.restrictions.write import Imposition
from apps.risk import live
from apps.risk.decide import AlreadyKnown, Judgement, decide, degraded
from apps.risk.sentences import for_user
from apps.users.models import User

log = structlog.get_logger(__name__)
TRIES = 3
#: How long a deed waits that the engine could not judge.
BLIND_HOLD = timedelta(minutes=15)
P = ParamSpec("P")
T = TypeVar("T")


def deed(function: Callable[P, T]) -> Callable[P, T]:
    """Do it again where another deed got in between: it has changed nothing then."""

    @wraps(function)
    def done(*args: P.args, **kwargs: P.kwargs) -> T:
        for tries in range(1, TRIES + 1):
            try:
                return function(*args, **kwargs)
            except (engine.Vanished, OperationalError) as fault:
                again = isinstance(fault, engine.Vanished) or isinstance(
                    fault.__cause__, DeadlockDetected
                )
                if not again or tries == TRIES:
                    raise
        raise AssertionError("unreachable")

    return done


@contextmanager
def transaction(*people: User, at: datetime) -> Iterator[None]:
    """A durable transaction that holds the lock of each of these people until it ends."""
    partitions.ensure(at)
    # Registered outside the transaction: a rollback must not take back what this process remembers.
    live.feature_set()
    try:
        with database.atomic(durable=True):
            idempotency.claim()
            locks.hold(*(user.entity_id for user in people))
            yield
    except Forbidden as refused:
        with database.atomic(durable=True):
            log_of_events.add(refused.tried)
        raise


class Forbidden(Refused):
    """What was tried is forbidden to the person: it changes nothing, and the log says so."""

    def __init__(self, refused: Refused, tried: Act) -> None:
        super().__init__(refused.code, refused.status, refused.detail, refused.fields)
        self.tried = tried


def require(
    actor: User,
    ability: str,
    *,
    at: datetime,
    request_facts: RequestFacts,
    usd: Decimal | None = None,
) -> None:
    """Forbidden unless the person may do this now; asked after locking, before doing it."""
    try:
        restrictions.require(actor.entity_id, ability, at=at, amount_usd=usd)
    except Refused as refused:
        tried = own_acts.act(
            "deed.refused",
            user=actor,
            request_facts=request_facts,
            at=at,
            usd=usd,
            ability=ability,
            code=refused.code,
        )
        raise Forbidden(refused, tried) from refused


def judge(act: Act) -> Judgement:
    """Judge an act within the transaction; where the engine can't, its fail-safe answers."""
    try:
        with database.atomic():
            answer = decide(act)
    except DatabaseError:
        log.exception("engine.degraded", kind=act.kind, act=str(act.id))
        return degraded(act)
    if isinstance(answer, AlreadyKnown):
        raise LookupError("an act with a fresh id was judged before")
    return answer


def write(
    act: Act, *, judgement: Judgement | None = None, holds: Sequence[Imposition] = ()
) -> None:
    """Write the act with its judgement and what follows from it: the last thing before commit."""
    engine.write(act, judgement=judgement, holds=holds)


def sentence(judgement: Judgement) -> str:
    """What the person is told of a judgement."""
    policy = live.compiled(judgement.policy) if judgement.policy else None
    return for_user(policy, judgement.verdict)


def hold_on(
    entity: int, judgement: Judgement, *, ability: str, stands: bool = False
) -> list[Imposition]:
    """What keeps the thing itself waiting: a face check for STEP_UP, a human for REVIEW.

    A BLOCK is for the deed to refuse; where the deed `stands` all the same, a human looks.

    Where the engine could not judge, a review is a short hold: nothing goes on after it, but the
    deed may be tried again, and is judged then.
    """
    outcome = judgement.verdict.outcome
    if outcome == "BLOCK" and stands:
        outcome = "REVIEW"
    if outcome not in ("STEP_UP", "REVIEW"):
        return []
    reasons = judgement.verdict.reasons
    blind = judgement.verdict.degraded and outcome == "REVIEW"
    return [
        Imposition(
            subject=entity,
            ability=ability,
            kind="STEP_UP" if outcome == "STEP_UP" else "HOLD",
            reason=reasons[0].code if reasons else outcome,
            user_sentence=sentence(judgement),
            lifts_by="TIME" if blind else "FACE" if outcome == "STEP_UP" else "STAFF",
            until=judgement.act.at + BLIND_HOLD if blind else None,
        )
    ]
