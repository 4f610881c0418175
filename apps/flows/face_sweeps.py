"""What the clock does about face checks: ends the late ones, sends on the forgotten, deletes."""

from datetime import datetime, timedelta

from apps.cases.models import Case, Status
from apps.core.ids import entity_id
from apps.faces.models import Attempt, AuditPicture, Challenge
from apps.faces.services import challenges
from apps.faces.states import ChallengeState
from apps.flows import face_judging, flow
from apps.flows.desk_sweeps import each
from apps.users.models import DESK

BATCH = 200
#: A check that is not judged by then was lost on its way to a worker.
LOST_AFTER = timedelta(seconds=60)
#: For so long what follows from a judgement is done again: it changes nothing where it was done.
FOLLOWED_FOR = timedelta(minutes=5)
#: While a case is open its pictures are kept for so long at a time.
KEPT_ON = timedelta(days=1)


def expire(*, at: datetime) -> int:
    """End the checks that were not finished in time: their pictures are gone; how many."""
    due = Challenge.objects.filter(state=ChallengeState.OPEN, expires_at__lte=at)
    rows = due.select_related("user").order_by("expires_at")[:BATCH]
    return each(rows, lambda challenge: _expire(challenge, at=at))


def lost(*, at: datetime) -> list[Challenge]:
    """The finished checks that no worker has judged."""
    due = Challenge.objects.filter(state=ChallengeState.FINISHED, finished_at__lte=at - LOST_AFTER)
    return list(due.order_by("finished_at")[:BATCH])


def followed(*, at: datetime) -> int:
    """Do again what follows from the latest judgements: a worker may have died in between."""
    since = at - FOLLOWED_FOR
    latest = Attempt.objects.filter(at__gte=since, at__lt=at - LOST_AFTER, event__isnull=False)
    rows = latest.select_related("user", "challenge").order_by("at")[:BATCH]
    return each(rows, face_judging.follow)


def delete_due(*, at: datetime) -> int:
    """Delete the pictures whose time is over, unless a case of the person is open; how many."""
    due = AuditPicture.objects.filter(delete_at__lte=at).select_related("attempt")
    rows = list(due.order_by("delete_at")[:BATCH])
    people = {row.attempt.user_id: _entity(row.attempt.user_id) for row in rows}
    open_on = set(
        Case.objects.filter(subject__in=people.values(), status=Status.OPEN).values_list(
            "subject_id", flat=True
        )
    )
    kept = [row.pk for row in rows if people[row.attempt.user_id] in open_on]
    gone = [row.pk for row in rows if people[row.attempt.user_id] not in open_on]
    AuditPicture.objects.filter(pk__in=kept).update(delete_at=at + KEPT_ON)
    attempts = {row.attempt_id for row in rows if row.pk in set(gone)}
    AuditPicture.objects.filter(pk__in=gone).delete()
    Attempt.objects.filter(pk__in=attempts, pictures=None).update(trace=None)
    return len(gone)


@flow.deed
def _expire(challenge: Challenge, *, at: datetime) -> bool:
    with flow.transaction(challenge.user, at=at):
        fresh = Challenge.objects.get(pk=challenge.pk)
        if fresh.state != ChallengeState.OPEN:
            return False
        challenges.end(fresh, ChallengeState.EXPIRED, at=at)
    return True


def _entity(user: object) -> int:
    return entity_id(kind="user", scope=DESK, ref=str(user))
