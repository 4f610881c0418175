"""One log: readable lines in development, JSON in production, and in it nothing about a person."""

import re
from typing import Any

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

PERSONAL = {
    "email",
    "password",
    "name",
    "phone",
    "ip",
    "user_agent",
    "token",
    "key",
    "account",
    "address",
    "cookie",
}
PROBES = {"GET /healthz", "GET /healthz/lists", "GET /metrics"}
_QUERY = re.compile(r"\?[^\s'\"]*")


def without_personal_data(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """Drop fields that name a person, and the query string of a logged address."""
    for field in PERSONAL & event.keys():
        del event[field]
    if isinstance(event.get("request"), str):
        event["request"] = _QUERY.sub("?…", event["request"])
    return event


def without_probes(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """Drop the lines of load balancers and scrapers that found everything in order."""
    if event.get("code") == 200 and event.get("request") in PROBES:
        raise structlog.DropEvent
    return event


def configure(*, level: str, json: bool) -> dict[str, Any]:
    """Set structlog up and return Django's LOGGING, so that both write the same lines."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.StackInfoRenderer(),
        without_probes,
        without_personal_data,
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    end: list[Processor] = (
        [structlog.processors.dict_tracebacks, structlog.processors.JSONRenderer()]
        if json
        else [structlog.dev.ConsoleRenderer(colors=False, pad_event_to=0)]
    )
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "line": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": shared,
                "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, *end],
            }
        },
        "handlers": {"out": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["out"], "level": level},
        "loggers": {
            "django": {"handlers": [], "propagate": True},
            "django.server": {"handlers": [], "propagate": True},
            # Work that comes every few seconds is told of when it fails, by celery.app.trace.
            "celery.app.trace": {"level": "WARNING"},
            "celery.beat": {"level": "WARNING"},
            "celery.worker.strategy": {"level": "WARNING"},
            "django_structlog.celery": {"level": "WARNING"},
            # Writing a PDF, they list every letter of it.
            "fontTools": {"level": "ERROR"},
            "fpdf": {"level": "ERROR"},
        },
    }
