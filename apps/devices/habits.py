"""What is kept of somebody's rhythm at a device: a profile, and what went on there just now."""

from datetime import datetime, timedelta
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from apps.core.errors import Refused
from apps.devices import queries, rhythm
from apps.devices.models import Device, Habit, Lately

MOST_BYTES = 2_048
#: For so long what was seen at a device tells who is there.
LATELY = timedelta(minutes=15)
#: More standard deviations than that tell nothing more.
MOST_Z = 100.0


class _Told(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    n: Annotated[int, Field(ge=1, le=5_000)]
    mean: Annotated[float, Field(allow_inf_nan=False)]
    sd: Annotated[float, Field(ge=0, le=100_000, allow_inf_nan=False)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    measures: dict[str, _Told] = Field(max_length=len(rhythm.MEASURES))


def read(body: bytes) -> rhythm.View:
    """Check what a page tells of one view; Refused names the measures that can't be taken."""
    if len(body) > MOST_BYTES:
        raise Refused("RHYTHM_TOO_LARGE", 413, f"A summary has at most {MOST_BYTES} bytes.")
    try:
        said = _Body.model_validate_json(body)
    except ValidationError:
        raise Refused("RHYTHM_REFUSED", 400, "The summary can't be read.") from None
    faults = {name: ["not within its bounds"] for name in said.measures if not _fits(name, said)}
    if faults:
        raise Refused("RHYTHM_REFUSED", 400, "The summary can't be taken.", faults)
    return rhythm.view_of(
        {name: rhythm.Told(one.n, one.mean, one.sd) for name, one in said.measures.items()}
    )


def note(*, device: Device, user_entity: int | None, view: rhythm.View, at: datetime) -> None:
    """Note a page view at a device; it becomes part of a person's profile if it is like theirs.

    The caller owns a transaction.
    """
    if not view:
        return
    lately, _ = Lately.objects.select_for_update().get_or_create(
        device=device, defaults={"views": {}, "since": at, "at": at}
    )
    if at - lately.at > LATELY or (user_entity and lately.user_entity not in (None, user_entity)):
        lately.views, lately.since, lately.user_entity = {}, at, None
    lately.views = rhythm.learnt(lately.views, view)
    lately.at, lately.user_entity = at, user_entity or lately.user_entity
    lately.save(update_fields=["views", "since", "at", "user_entity"])
    if user_entity is not None:
        _learn(device, user_entity, lately.views, view, at)


def behaviour_z(
    *, device: Device, user_entity: int, at: datetime, seen_at: Device | None = None
) -> float | None:
    """How unlike the person whoever is at the device now behaves; None: can't be told.

    `seen_at` is the row of the same device under which it was seen, where that is another.
    """
    lately = Lately.objects.filter(device=seen_at or device, at__gt=at - LATELY).first()
    known = Habit.objects.filter(device=device, user_entity=user_entity).first()
    if lately is None or known is None or lately.user_entity not in (None, user_entity):
        return None
    found = rhythm.distance(known.profile, rhythm.mean_of(lately.views))
    return None if found is None else round(found, 2)


def signals_of(
    *, device: Device, user_entity: int, at: datetime, seen_at: Device | None = None
) -> dict[str, bool | float]:
    """What a device tells rules of this person at it: two queries."""
    told: dict[str, bool | float] = {**queries.signals_of(device=device, at=at)}
    z = behaviour_z(device=device, user_entity=user_entity, at=at, seen_at=seen_at)
    return told if z is None else told | {"behaviour_z": min(z, MOST_Z)}


def forget(*, user_entity: int) -> int:
    """Delete a person's profiles, and what was seen of them lately; how many profiles."""
    Lately.objects.filter(user_entity=user_entity).delete()
    count, _ = Habit.objects.filter(user_entity=user_entity).delete()
    return count


def _learn(
    device: Device, user_entity: int, lately: rhythm.Profile, view: rhythm.View, at: datetime
) -> None:
    known, _ = Habit.objects.select_for_update().get_or_create(
        device=device, user_entity=user_entity, defaults={"profile": {}, "at": at}
    )
    known.at = at
    unlike = rhythm.distance(known.profile, rhythm.mean_of(lately))
    if unlike is not None and unlike >= rhythm.LEARNS_BELOW:
        known.unlike += 1
    else:
        known.profile, known.views = rhythm.learnt(known.profile, view), known.views + 1
    known.save(update_fields=["profile", "views", "unlike", "at"])


def _fits(name: str, said: _Body) -> bool:
    measure = rhythm.MEASURES.get(name)
    return measure is not None and measure.low <= said.measures[name].mean <= measure.high
