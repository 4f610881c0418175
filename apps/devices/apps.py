from django.apps import AppConfig


class DevicesConfig(AppConfig):
    name = "apps.devices"
    label = "devices"

    def ready(self) -> None:
        # A wrong threshold stops the start, not the first person who comes with a device.
        from apps.devices.services import thresholds

        thresholds()
