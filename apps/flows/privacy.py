"""What a person may ask of us about their data: all of it in their hands, or destroyed."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import models, transaction

from apps.cases.models import Case, Status
from apps.core import locks, partitions
from apps.core.errors import Refused
from apps.devices import habits
from apps.devices import services as devices
from apps.devices.models import Device, Habit, Sighting
from apps.events.models import Entity, Event
from apps.faces import privacy as faces
from apps.flows import staff
from apps.restrictions.models import Restriction
from apps.risk.vocabulary import KINDS
from apps.screening import privacy as lists
from apps.trades import privacy as desk
from apps.users import privacy
from apps.users.models import DESK, User
from apps.users.privacy import PrivacyDeed
from apps.users.roles import Deed


class Ground(models.TextChoices):
    """Why it is done: a code, because the log takes no words."""

    OWN = "OWN", "the person did it themselves"
    REQUEST = "REQUEST", "the person asked us to"
    AUTHORITY = "AUTHORITY", "an authority ordered it"
    RETENTION = "RETENTION", "we have no more reason to keep it"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Who asks, on what ground, and whether they have just shown again who they are."""

    by: User
    ground: Ground
    confirmed: bool = False
    request_id: str | None = None


def export_user(*, user: User, asked: Asked, at: datetime) -> dict[str, Any]:
    """Everything we hold on a person, ready for json.dumps; what watches for fraud is not told.

    By compliance with a ground, or by the person who has just confirmed who they are.
    """
    _may(asked, user, Deed.EXPORT_PEOPLE)
    partitions.ensure(at)
    with transaction.atomic(durable=True):
        subject = _subject(user, at)
        exported = privacy.export(user)
        sections: dict[str, list[dict[str, Any]]] = {
            "devices": _devices(subject),
            "sightings": _sightings(subject),
            "habits": _habits(subject),
            "restrictions": _restrictions(subject),
            "acts": _acts(subject),
            **desk.export(user),
            # Pictures of a face, live, are what an impostor needs: whoever is signed in doesn't
            # get them, only the person whom compliance knows to have asked.
            **faces.export(user, with_pictures=asked.ground == Ground.REQUEST),
        }
        counts = {name: len(rows) for name, rows in sections.items()}
        _record(exported.deed, counts, asked, subject, at)
    return exported.document | sections


def erase_user(*, user: User, asked: Asked, at: datetime) -> PrivacyDeed:
    """Destroy what names a person and close the account for good; Refused while a case is open.

    Their ids stay in the log, which holds nothing else of them.
    """
    _may(asked, user, Deed.ERASE_PEOPLE)
    partitions.ensure(at)
    with transaction.atomic(durable=True):
        locks.hold(user.entity_id)
        subject = _subject(user, at)
        if Case.objects.filter(subject=subject, status=Status.OPEN).exists():
            raise Refused(
                "CASE_OPEN",
                409,
                "Something about this account is still being looked into. Try again later.",
            )
        if why := desk.open_matters(user, at=at) + faces.open_matters(user):
            raise Refused("MATTERS_OPEN", 409, " ".join(why))
        of_desk = desk.erase(user, at=at) | faces.erase(user, at=at)
        deed = privacy.erase(User.objects.select_for_update().get(pk=user.pk), at=at)
        forgotten = devices.forget_user(user_entity=subject.id)
        habits.forget(user_entity=subject.id)
        of_lists = lists.erase(user)
        _record(deed, {"sightings": forgotten, **of_desk, **of_lists}, asked, subject, at)
    user.refresh_from_db()
    return deed


def _may(asked: Asked, user: User, deed: Deed) -> None:
    own = asked.by.pk == user.pk
    if own != (asked.ground == Ground.OWN):
        raise Refused("WRONG_GROUND", 422, "Say why this is done.", {"ground": ["Choose one."]})
    if not own:
        staff.may(asked.by, deed)
    elif not asked.confirmed:
        raise Refused("CONFIRMATION_NEEDED", 403, "Confirm first that it is you.")


def _subject(user: User, at: datetime) -> Entity:
    # Who never acted has no entity yet, and the log refers to nobody without one.
    words = {"kind": "user", "scope": DESK, "ref": str(user.id), "first_at": at}
    return Entity.objects.get_or_create(id=user.entity_id, defaults=words)[0]


def _record(
    deed: PrivacyDeed, counts: dict[str, int], asked: Asked, subject: Entity, at: datetime
) -> None:
    staff.write_event(
        deed.kind,
        by=asked.by,
        at=at,
        subject=subject,
        data={"ground": asked.ground.value, **deed.data, **counts},
        request_id=asked.request_id,
    )


def _devices(subject: Entity) -> list[dict[str, Any]]:
    seen_with = Sighting.objects.filter(user_entity=subject.id).values("device")
    found = Device.objects.filter(pk__in=seen_with).order_by("first_seen_at")
    return [
        {
            "id": str(device.pk),
            "platform": device.platform,
            "attributes": device.attributes,
            "first_seen_at": device.first_seen_at.isoformat(),
            "last_seen_at": device.last_seen_at.isoformat(),
        }
        for device in found
    ]


def _habits(subject: Entity) -> list[dict[str, Any]]:
    # Not the figures themselves: whoever has taken an account over could learn to type like it.
    found = Habit.objects.filter(user_entity=subject.id).order_by("device_id")
    return [
        {"device": str(one.device_id), "page_views": one.views, "last_at": one.at.isoformat()}
        for one in found
    ]


def _sightings(subject: Entity) -> list[dict[str, Any]]:
    found = Sighting.objects.filter(user_entity=subject.id).order_by("first_at", "pk")
    return [
        {
            "device": str(sighting.device_id),
            "subnet": sighting.subnet,
            "first_at": sighting.first_at.isoformat(),
            "last_at": sighting.last_at.isoformat(),
            "count": sighting.count,
        }
        for sighting in found
    ]


def _restrictions(subject: Entity) -> list[dict[str, Any]]:
    # What the person was told; neither the code nor the decision behind it.
    found = Restriction.objects.filter(subject=subject).order_by("imposed_at", "pk")
    return [
        {
            "ability": restriction.ability,
            "kind": restriction.kind,
            "told": restriction.user_sentence,
            "imposed_at": restriction.imposed_at.isoformat(),
            "until": restriction.until.isoformat() if restriction.until else None,
            "lifted_at": restriction.lifted_at.isoformat() if restriction.lifted_at else None,
        }
        for restriction in found
    ]


def _acts(subject: Entity) -> list[dict[str, Any]]:
    # What the person did. What we made of it stays here: whoever is watched for money laundering
    # must not learn of it, and a fraud must not learn what gives them away.
    found = Event.objects.filter(user=subject, kind__in=KINDS).select_related("ip", "device")
    return [
        {
            "id": str(event.pk),
            "kind": event.kind,
            "at": event.at.isoformat(),
            "ip": event.ip.ref if event.ip else None,
            "device": event.device.ref if event.device else None,
            "amount_usd": str(event.amount_usd) if event.amount_usd is not None else None,
        }
        for event in found.order_by("id").iterator()
    ]
