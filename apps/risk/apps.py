from django.apps import AppConfig

from apps.core import partitions


class RiskConfig(AppConfig):
    name = "apps.risk"
    label = "risk"

    def ready(self) -> None:
        partitions.register(
            partitions.Partitioned(table="risk_point", key="timestamptz", append_only=True)
        )
        partitions.register(
            partitions.Partitioned(table="risk_decision", key="uuid7", append_only=True)
        )
