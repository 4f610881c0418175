from django.apps import AppConfig

from apps.core import partitions


class EventsConfig(AppConfig):
    name = "apps.events"
    label = "events"

    def ready(self) -> None:
        partitions.register(
            partitions.Partitioned(table="events_event", key="uuid7", append_only=True)
        )
