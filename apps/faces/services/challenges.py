"""Challenges: issued, prompted one step at a time, and ended for good."""

import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import F, Q

from apps.core import crypto
from apps.core.errors import Refused
from apps.core.ids import uuid7
from apps.devices.models import Device
from apps.faces import prompts as stored
from apps.faces import states
from apps.faces.engine import asking
from apps.faces.engine.session import Prompt, Sensor
from apps.faces.models import Challenge, Picture, Purpose
from apps.faces.services import pictures
from apps.faces.services.pictures import Taken
from apps.faces.states import ChallengeState
from apps.users.models import User

LASTS = timedelta(seconds=120)
NONCE_BYTES = 16
#: A worker that has not judged by then is gone: its task is ended sooner.
JUDGED_WITHIN = timedelta(seconds=100)
#: A check needs at least so many pictures while each prompt is shown.
LEAST_PER_PROMPT = 6


def issue(
    *,
    user: User,
    purpose: Purpose,
    prompts: tuple[Prompt, ...],
    sensors: Iterable[Sensor],
    device: Device | None,
    channel: str,
    facts: str,
    hints: dict[str, Any],
    at: datetime,
) -> Challenge:
    """A new challenge, its first prompt released; the one that was open is given up."""
    for one in Challenge.objects.filter(user=user, state=ChallengeState.OPEN):
        end(one, ChallengeState.ABANDONED, at=at)
    return Challenge.objects.create(
        id=uuid7(at),
        user=user,
        purpose=purpose,
        nonce=secrets.token_bytes(NONCE_BYTES),
        session_key=crypto.new_key(),
        prompts=stored.to_rows(prompts),
        colours=next((asking.to_text(one.flashes) for one in prompts if one.flashes), ""),
        released=[0],
        sensors=sorted(sensors),
        device=device,
        channel=channel,
        facts=facts,
        hints=hints,
        issued_at=at,
        expires_at=at + LASTS,
    )


def prompts_of(challenge: Challenge) -> tuple[Prompt, ...]:
    """What the challenge asks, with the times at which it was shown."""
    return stored.from_rows(challenge.prompts, challenge.released)


def shown(challenge: Challenge) -> Prompt:
    """The prompt that is on the screen."""
    return prompts_of(challenge)[len(challenge.released) - 1]


def go_on(challenge: Challenge, *, at: datetime) -> Prompt | None:
    """Release the next prompt once the one on the screen has had its time; None before that."""
    if len(challenge.released) == len(challenge.prompts):
        return None
    current, now = shown(challenge), int((at - challenge.issued_at).total_seconds() * 1000)
    since = now - (current.released_ms or 0)
    seen = challenge.pictures.filter(kind="COLOUR", prompt_seq=current.seq).count()
    if since < stored.lasts_ms(current) - stored.TOLERANCE_MS or seen < LEAST_PER_PROMPT:
        return None
    challenge.released = [*challenge.released, now]
    challenge.save(update_fields=["released"])
    return shown(challenge)


def finish(challenge: Challenge, taken: Taken, *, at: datetime) -> None:
    """Close the challenge for judgement; Refused while something that it asks is outstanding."""
    last = len(challenge.prompts) - 1
    if len(challenge.released) <= last or taken.last_prompt < last:
        raise Refused("FACE_NOT_DONE", 409, "Not everything that was asked has been shown.")
    step(challenge, ChallengeState.FINISHED, at=at, finished_at=at)


def in_hand(id: UUID, *, at: datetime) -> bool:
    """Take a finished check in hand to judge it; False where another worker has it, or has done."""
    free = Q(judging_since=None) | Q(judging_since__lte=at - JUDGED_WITHIN)
    rows = Challenge.objects.filter(free, pk=id, state=ChallengeState.FINISHED)
    return bool(rows.update(tries=F("tries") + 1, judging_since=at))


def out_of_hand(id: UUID) -> None:
    """Leave a finished check to the next worker."""
    Challenge.objects.filter(pk=id, state=ChallengeState.FINISHED).update(judging_since=None)


def end(challenge: Challenge, to: ChallengeState, *, at: datetime) -> None:
    """End a challenge: its pictures and its key are gone."""
    shown = pictures.digests(challenge)
    step(challenge, to, at=at, ended_at=at, session_key=None, facts=None, digests=shown)
    Picture.objects.filter(challenge=challenge).delete()


def step(challenge: Challenge, to: ChallengeState, *, at: datetime, **columns: Any) -> None:
    """Move a challenge on, if it still is where we saw it; Refused otherwise."""
    before = ChallengeState(challenge.state)
    if not states.CHALLENGE.allows(before, to):
        raise _over(challenge)
    moved = Challenge.objects.filter(pk=challenge.pk, state=before).update(state=to, **columns)
    if not moved:
        raise _over(challenge)
    challenge.refresh_from_db()


def open_one(challenge: Challenge, *, at: datetime) -> None:
    """Refused unless the challenge still takes pictures."""
    late = challenge.state == ChallengeState.OPEN and at >= challenge.expires_at
    if late or challenge.state == ChallengeState.EXPIRED:
        raise Refused("FACE_EXPIRED", 410, "This face check took too long. Start a new one.")
    if challenge.state != ChallengeState.OPEN:
        raise _over(challenge)


def _over(challenge: Challenge) -> Refused:
    return Refused("FACE_OVER", 409, "This face check is over. Start a new one.")
