"""The Celery app and, in BEAT, everything that happens by the clock."""

import os
from typing import Any

from celery import Celery
from celery.schedules import crontab
from celery.signals import beat_init, celeryd_init, setup_logging

from otcrisk import embedded

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "otcrisk.settings")
embedded.start()

app = Celery("otcrisk")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

# name → {"task": "apps.x.tasks.y", "schedule": seconds or crontab(...)}. Written to the database
# when beat starts; staff may pause an entry there, but its task and times come from here.
BEAT: dict[str, dict[str, Any]] = {
    "seal events": {"task": "apps.flows.tasks.seal_events", "schedule": 60.0},
    "keep house": {"task": "apps.flows.tasks.keep_house", "schedule": 6 * 3600.0},
    "rescore users": {"task": "apps.flows.tasks.rescore_users", "schedule": 900.0},
    "lift due restrictions": {"task": "apps.flows.tasks.lift_due_restrictions", "schedule": 60.0},
    # The desk's deadlines; the next round does what this one would have.
    "expire orders": {
        "task": "apps.flows.tasks.expire_orders",
        "schedule": 5.0,
        "options": {"expires": 5.0},
    },
    "resume what waited": {
        "task": "apps.flows.tasks.resume_waiting",
        "schedule": 5.0,
        "options": {"expires": 5.0},
    },
    "move appeals": {
        "task": "apps.flows.tasks.move_appeals",
        "schedule": 30.0,
        "options": {"expires": 30.0},
    },
    "resume withdrawals": {
        "task": "apps.flows.tasks.resume_withdrawals",
        "schedule": 5.0,
        "options": {"expires": 5.0},
    },
    "look at wallets": {
        "task": "apps.flows.tasks.custody_look",
        "schedule": 5.0,
        "options": {"expires": 5.0},
    },
    "expire face checks": {
        "task": "apps.flows.tasks.expire_faces",
        "schedule": 10.0,
        "options": {"expires": 10.0},
    },
    "delete face pictures": {
        "task": "apps.flows.tasks.delete_face_pictures",
        "schedule": crontab(minute=20),
    },
    "fetch watch-lists": {
        "task": "apps.flows.tasks.fetch_watch_lists",
        "schedule": crontab(minute=20, hour="*/6"),
    },
    "screen everybody": {
        "task": "apps.flows.tasks.screen_everybody",
        "schedule": 60.0,
        "options": {"expires": 60.0},  # a list that changed is gone through round by round
    },
    "mail notices": {
        "task": "apps.flows.tasks.mail_notices",
        "schedule": 60.0,
        "options": {"expires": 60.0},
    },
    # In the quiet hours, one after the other.
    "forget unseen devices": {
        "task": "apps.flows.tasks.forget_unseen_devices",
        "schedule": crontab(hour=3, minute=10),
    },
    "suspend ads": {
        "task": "apps.flows.tasks.suspend_ads",
        "schedule": 10.0,
        "options": {"expires": 10.0},
    },
    "read prices": {
        "task": "apps.flows.tasks.read_prices",
        "schedule": 60.0,
        "options": {"expires": 60.0},
    },
    "review merchants": {"task": "apps.flows.tasks.review_merchants", "schedule": 3600.0},
    "weigh ratings": {
        "task": "apps.flows.tasks.weigh_ratings",
        "schedule": crontab(hour=3, minute=25),
    },
    "clear sessions": {
        "task": "apps.flows.tasks.clear_sessions",
        "schedule": crontab(hour=3, minute=40),
    },
    "shadow drafts": {
        "task": "apps.risk.tasks.shadow_drafts",
        "schedule": 10.0,
        "options": {"expires": 10.0},  # the next round goes on where this one would have
    },
    "measure links to bans": {"task": "apps.risk.tasks.measure_links", "schedule": 6 * 3600.0},
    "forget deliveries": {"task": "apps.flows.tasks.forget_deliveries", "schedule": 6 * 3600.0},
    "dispatch webhooks": {
        "task": "apps.flows.tasks.dispatch_webhooks",
        "schedule": 5.0,
        "options": {"expires": 5.0},  # the next round does the same
    },
}
app.conf.beat_schedule = BEAT


@celeryd_init.connect
@beat_init.connect
def refuse_unsafe_production(**_: object) -> None:
    from otcrisk import checks

    checks.refuse_unsafe_production()


@beat_init.connect
def drop_entries_that_left_the_code(**_: object) -> None:
    import structlog
    from django_celery_beat.models import PeriodicTask

    PeriodicTask.objects.exclude(name__in=BEAT).delete()
    structlog.get_logger(__name__).info("clock.started", entries=len(BEAT))


@setup_logging.connect
def keep_our_logging(**_: object) -> None:
    """Celery leaves logging alone when this signal has a receiver."""
