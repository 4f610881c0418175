"""What workers run of the engine's own: drafts in shadow, nearness to bans."""

from typing import Any

from celery import shared_task
from django.db import transaction

from apps.core import clock
from apps.risk import links, shadow


@shared_task
def shadow_drafts(**_: Any) -> int:
    """Let drafts in shadow judge what was decided since the last round; how many judgements."""
    return shadow.run(at=clock.now())


@shared_task
def measure_links(**_: Any) -> int:
    """Measure everybody's nearness to a ban anew; how many are near one."""
    with transaction.atomic():
        return links.recompute()
