"""The Celery app and, in BEAT, everything that happens by the clock."""

import os
from typing import Any

from celery import Celery
from celery.signals import beat_init, celeryd_init, setup_logging

from otcrisk import embedded

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "otcrisk.settings")
embedded.start()

app = Celery("otcrisk")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

# name → {"task": "apps.x.tasks.y", "schedule": seconds or crontab(...)}. Written to the database
# when beat starts; staff may pause an entry there, but its task and times come from here.
BEAT: dict[str, dict[str, Any]] = {}
app.conf.beat_schedule = BEAT


@celeryd_init.connect
@beat_init.connect
def refuse_unsafe_production(**_: object) -> None:
    from otcrisk import checks

    checks.refuse_unsafe_production()


@beat_init.connect
def drop_entries_that_left_the_code(**_: object) -> None:
    from django_celery_beat.models import PeriodicTask

    PeriodicTask.objects.exclude(name__in=BEAT).delete()


@setup_logging.connect
def keep_our_logging(**_: object) -> None:
    """Celery leaves logging alone when this signal has a receiver."""
