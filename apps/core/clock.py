"""The clock: read once at the edge of a deed, then handed down as `at`."""

from datetime import UTC, datetime


def now() -> datetime:
    """This moment in UTC."""
    return datetime.now(UTC)
