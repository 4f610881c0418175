from django.apps import AppConfig


class OtcriskConfig(AppConfig):
    name = "otcrisk"

    def ready(self) -> None:
        from otcrisk import celery, checks  # noqa: F401  shared tasks need the app; checks register themselves
