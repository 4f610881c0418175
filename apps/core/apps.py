"""Core: registers its checks, and keeps partitions ready after every migration."""

from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class CoreConfig(AppConfig):
    """The words all apps share."""

    name = "apps.core"
    label = "core"

    def ready(self) -> None:
        from apps.core import checks  # noqa: F401  (registers them)

        post_migrate.connect(_partitions_ahead, sender=self, dispatch_uid="core.partitions")


def _partitions_ahead(**_: Any) -> None:
    from apps.core import partitions
    from apps.core.clock import now

    partitions.forget()
    partitions.ensure_ahead(now())
