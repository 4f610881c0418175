"""Lifting what is forbidden: by staff, by the integrator, by a passed face check, by the clock.

Each lift is one compare-and-swap statement that ends the restriction and writes its event, so a
restriction is lifted once, whoever comes first. The caller may own a transaction or none.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from apps.core import partitions, sql
from apps.core.errors import Refused
from apps.core.ids import uuid7
from apps.events.act import Party
from apps.restrictions.models import Ability, Kind, LiftedBy, Restriction
from apps.users.models import DESK, User

TIME_IS_UP = "time is up"
FACE_PASSED = "face check passed"
CHECKED_BY_HAND = "checked by hand"
FACTOR_SHOWN = "second factor shown"
TOO_LATE = "not proven in time"
OVER = "what it held is over"
PROOF_GIVEN = "second proof given at sign-in"
BATCH = 500

# $1 restrictions, $2 as many event ids, $3 at, $4 reason, $5 user of ours, $6 who (entity),
# $7 how. The event belongs to the integrator and the person of the decision that imposed it; what
# staff imposed belongs to those of its subject.
LIFT = """
WITH due AS (
  SELECT * FROM unnest($1::uuid[], $2::uuid[]) AS d(id, event)
), lifted AS (
  UPDATE restrictions_restriction r
  SET lifted_at = $3::timestamptz, lifted_for = $4::text, lifted_by_id = $5::uuid
  FROM due WHERE r.id = due.id AND r.lifted_at IS NULL
  RETURNING r.id, r.subject_id, r.ability, r.kind, r.cause, due.event
)
INSERT INTO events_event (id, at, kind, client_id, actor_id, user_id, data)
SELECT l.event, $3::timestamptz, 'restriction.lifted', coalesce(c.client_id, owner.id), $6::bigint,
  coalesce(c.user_id, CASE WHEN s.kind = 'user' THEN s.id END),
  jsonb_build_object('restriction', l.id, 'subject', l.subject_id::text, 'ability', l.ability,
    'kind', l.kind, 'by', $7::text)
FROM lifted l
LEFT JOIN events_entity s ON s.id = l.subject_id
LEFT JOIN events_event c ON c.id = l.cause
LEFT JOIN events_entity owner
  ON owner.ref = s.scope AND owner.kind = 'client' AND owner.scope = '' AND s.scope <> ''
RETURNING (data->>'restriction')::uuid
"""


def lift(*, restriction: Restriction, by: User | Party, reason: str, at: datetime) -> None:
    """End a restriction for the reason given by staff or by an integrator; Refused if it ended."""
    ours = isinstance(by, User)
    lifted = _lift(
        [restriction.pk],
        at=at,
        reason=reason,
        user=by if isinstance(by, User) else None,
        actor=Party("user", DESK, str(by.id)) if isinstance(by, User) else by,
        how="STAFF" if ours else "CLIENT",
    )
    if not lifted:
        raise Refused(
            "RESTRICTION_ENDED",
            status=409,
            detail="This restriction has been lifted already.",
        )
    restriction.refresh_from_db()


def lift_due(*, at: datetime) -> int:
    """End every restriction whose time is up; how many."""
    count = 0
    due = Restriction.objects.filter(lifted_at=None, until__lte=at).order_by("until", "id")
    while ids := list(due.values_list("id", flat=True)[:BATCH]):
        count += len(_lift(ids, at=at, reason=TIME_IS_UP, how="TIME"))
    return count


def satisfy_step_up(
    *, user: int, at: datetime, also: Sequence[int] = (), reason: str = FACE_PASSED
) -> int:
    """End what a passed face check lifts, of all that was imposed until then; how many.

    On the user, and on `also`: the entities of what of theirs waits for it.
    """
    asked = Restriction.objects.filter(
        subject__in=[user, *also],
        kind=Kind.STEP_UP,
        lifts_by=LiftedBy.FACE,
        lifted_at=None,
        imposed_at__lte=at,
    )
    ids = list(asked.values_list("id", flat=True))
    return len(_lift(ids, at=at, reason=reason, how="FACE"))


def end_step_ups(*, subject: int, at: datetime) -> int:
    """End the wait for a face check of something that stays where it was; how many there were."""
    return _end(subject, [Kind.STEP_UP], reason=TOO_LATE, at=at)


def end_waits(*, subject: int, at: datetime) -> int:
    """End whatever something waited for that is over itself; how many there were."""
    return _end(subject, [Kind.STEP_UP, Kind.HOLD], reason=OVER, at=at)


def _end(subject: int, kinds: Sequence[str], *, reason: str, at: datetime) -> int:
    asked = Restriction.objects.filter(subject=subject, kind__in=kinds, lifted_at=None)
    return len(_lift(list(asked.values_list("id", flat=True)), at=at, reason=reason, how="TIME"))


def satisfy_sign_in(*, user: int, at: datetime) -> int:
    """End the step-ups on signing in that a proof given while signing in answers; how many.

    Whatever else waits for a face goes on waiting: a code by mail is no face.
    """
    asked = Restriction.objects.filter(
        subject=user,
        ability=Ability.LOGIN,
        kind=Kind.STEP_UP,
        lifts_by=LiftedBy.FACE,
        lifted_at=None,
        imposed_at__lte=at,
    )
    ids = list(asked.values_list("id", flat=True))
    return len(_lift(ids, at=at, reason=PROOF_GIVEN, how="SIGN_IN"))


def _lift(
    ids: Sequence[UUID],
    *,
    at: datetime,
    reason: str,
    how: str,
    user: User | None = None,
    actor: Party | None = None,
) -> list[UUID]:
    if not ids:
        return []
    partitions.ensure(at)
    rows = sql.run(
        LIFT,
        [
            list(ids),
            [uuid7(at) for _ in ids],
            at,
            reason,
            user and user.pk,
            actor and actor.id,
            how,
        ],
    )
    return [lifted for (lifted,) in rows]
