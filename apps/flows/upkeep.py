"""What staff do to the machinery: pause a periodic task, end an integrator's key."""

from datetime import datetime

from django.db import transaction
from django_celery_beat.models import PeriodicTask

from apps.core import partitions
from apps.core.errors import Refused
from apps.flows import staff
from apps.users import services
from apps.users.models import ApiKey, User
from apps.users.roles import Deed


def switch_task(
    *, by: User, at: datetime, task: PeriodicTask, on: bool, request_id: str | None = None
) -> None:
    """Pause a periodic task, or let it run again; beat notices within seconds."""
    staff.may(by, Deed.MANAGE_CLIENTS)
    partitions.ensure(at)
    with transaction.atomic(durable=True):
        task.enabled = on
        task.save()
        kind = "schedule.resumed" if on else "schedule.paused"
        staff.write_event(kind, by=by, at=at, data={"task": task.task}, request_id=request_id)


def revoke_key(*, by: User, at: datetime, key: ApiKey, request_id: str | None = None) -> None:
    """End an API key for good."""
    staff.may(by, Deed.MANAGE_CLIENTS)
    partitions.ensure(at)
    with transaction.atomic(durable=True):
        if not services.revoke_key(key=key, at=at):
            raise Refused("KEY_ENDED", 409, "This key has ended already.")
        data = {"key": str(key.pk), "client": key.client.slug}
        staff.write_event("apikey.revoked", by=by, at=at, data=data, request_id=request_id)
