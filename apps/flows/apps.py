from django.apps import AppConfig


class FlowsConfig(AppConfig):
    name = "apps.flows"
    label = "flows"

    def ready(self) -> None:
        from apps.flows import sign_in_signals

        sign_in_signals.connect()
