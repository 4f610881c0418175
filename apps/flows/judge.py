"""judge(): one act, judged and written in one durable transaction of five statements.

BEGIN · lock the user · the one read · (pure Python) · the one write, last · COMMIT.
See docs/decisions/0003-hot-path.md for why the write comes last.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import structlog
from django.db import DatabaseError, IntegrityError, OperationalError, transaction
from psycopg.errors import DeadlockDetected

from apps.cases import carry_out as cases
from apps.core import locks, partitions
from apps.core.errors import Refused
from apps.core.statement import Statement
from apps.events import write as events_write
from apps.events.act import Act
from apps.events.models import IngestKey
from apps.flows import list_checks, sessions
from apps.restrictions import write as restrictions_write
from apps.restrictions.write import Imposition
from apps.risk import live, record
from apps.risk.decide import AlreadyKnown, Judgement, decide, degraded
from apps.risk.facts import facts_of
from apps.risk.models import Decision
from apps.risk.velocity import write as velocity_write

log = structlog.get_logger(__name__)

_ALWAYS = (*events_write.PARTS, *record.PARTS)
_SELDOM = (
    *events_write.ENTITY_PARTS,
    *record.LINK_PARTS,
    *restrictions_write.PARTS,
    *cases.PARTS,
)


def _one(*parts: str) -> Statement:
    counts = "(SELECT count(*) FROM hd), (SELECT count(*) FROM eg)"
    return Statement(f"WITH {', '.join(parts)} SELECT {counts}")


#: Most acts are allowed, and touch nothing that is new: their write is spared the rest.
WRITE_KNOWN = _one(*_ALWAYS, *velocity_write.KNOWN_PARTS)
WRITE_WHOLE = _one(*_ALWAYS, *velocity_write.PARTS, *_SELDOM)


class Vanished(Exception):
    """A head or link that the read saw was gone at the write: it has to be written anew."""


@dataclass(frozen=True, slots=True)
class Judged:
    """The answer to an act: a fresh judgement, or the decision that it got the first time."""

    judgement: Judgement | None = None
    decision: Decision | None = None
    consequences: cases.Consequences = cases.NONE


def judge(act: Act) -> Judged:
    """Judge one act, carry the verdict out and record all of it, or nothing.

    Asking twice with the same id answers the same; with another body it is Refused. Where the
    database can't answer, the checkpoint's fail-safe is recorded instead.
    """
    partitions.ensure(act.at)
    # Registered outside the transaction: a rollback must not take back what this process remembers.
    live.feature_set()
    try:
        try:
            return _judge(act)
        except (IntegrityError, Vanished):
            # The same id arrived twice at once under different users: the first has it. Or what the
            # read saw was erased before the write: the second read knows.
            return _judge(act)
        except OperationalError as error:
            # While the tables are small the server updates heads in no certain order: two acts on
            # the same shared entities may then lock each other out, and one of them goes again.
            if not isinstance(error.__cause__, DeadlockDetected):
                raise
            return _judge(act)
    except DatabaseError:
        log.exception("engine.degraded", kind=act.kind, act=str(act.id))
        return _without_the_engine(act)


def _without_the_engine(act: Act) -> Judged:
    judgement = degraded(act)
    try:
        with transaction.atomic(durable=True):
            lock(act)
            consequences = write(act, judgement=judgement)
    except IntegrityError:
        # The id was known already, which the read that failed could not tell.
        if act.client is None:
            raise
        key = IngestKey.objects.filter(client=act.client.id, ref=act.ref).first()
        if key is None:
            raise
        return Judged(decision=repeated(act, AlreadyKnown(key.event, bytes(key.digest).hex())))
    return Judged(judgement=judgement, consequences=consequences)


def _judge(act: Act) -> Judged:
    with transaction.atomic(durable=True):
        lock(act)
        act = list_checks.with_lists(act)
        answer = decide(act)
        if isinstance(answer, AlreadyKnown):
            return Judged(decision=repeated(act, answer))
        consequences = write(act, judgement=answer)
    return Judged(judgement=answer, consequences=consequences)


def write(
    act: Act, *, judgement: Judgement | None, holds: Sequence[Imposition] = ()
) -> cases.Consequences:
    """Write an act, with its judgement and consequences if it was judged: the one write.

    `holds` are what the flow itself imposes on the thing that the act is about.
    """
    facts = judgement.facts if judgement else facts_of(act)
    consequences = cases.carry_out(judgement) if judgement else cases.NONE
    if holds:
        consequences = replace(consequences, impositions=(*consequences.impositions, *holds))
    what = velocity_write.touch(act, facts)
    params = {
        **events_write.params(act),
        **velocity_write.params(act, what),
        **(record.params(judgement) if judgement else record.NOTHING),
    }
    nearer = record.nearer(judgement) if judgement else []
    found = judgement.found if judgement else None
    plain = not (nearer or consequences.impositions or consequences.alerts)
    if plain and velocity_write.is_known(act, what=what, found=found):
        if WRITE_KNOWN.run(params) != [(len(what.heads), len(what.links))]:
            raise Vanished(str(act.id))
        return consequences
    WRITE_WHOLE.run(
        params
        | events_write.entity_params(act)
        | record.link_params(nearer)
        | restrictions_write.params(
            consequences.impositions, cause=act.id if judgement else None, at=act.at
        )
        | cases.params(consequences.alerts, at=act.at)
    )
    if consequences.impositions:
        sessions.end_denied(consequences.impositions, parties=act.parties.values())
    return consequences


def repeated(act: Act, known: AlreadyKnown) -> Decision:
    """Return the decision that this id got before; Refused when its body was another."""
    if known.digest != act.digest.hex():
        raise Refused(
            "EVENT_ID_REUSED",
            status=422,
            detail="This id was already sent with another body. Use a new id for a new act.",
        )
    decision = Decision.objects.filter(pk=known.event).first()
    if decision is None:
        raise Refused(
            "RECORDED_WITHOUT_DECISION",
            status=409,
            detail="This id was recorded as an event without a decision, so it has none to repeat.",
        )
    return decision


def lock(*acts: Act) -> None:
    """Lock whom the acts are counted for until the transaction ends."""
    subjects = [subject for act in acts if (subject := subject_of(act)) is not None]
    if subjects:
        locks.hold(*subjects)


def subject_of(act: Act) -> int | None:
    """Return whom an act is counted for: without a user (a failed sign-in), where it came from."""
    ids = act.ids
    return ids.get("user") or ids.get("device") or ids.get("ip")
