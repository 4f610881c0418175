"""Numbers as people read them: units, thousands, how long ago."""

import math
from datetime import UTC, datetime, timedelta
from decimal import Decimal

UNKNOWN = "unknown"


def number(value: float) -> str:
    """Return 12,500 or 0.85: thousands marked, three significant digits after the point."""
    if value == 0:
        return "0"
    if abs(value) >= 100 or float(value).is_integer():
        return f"{value:,.0f}"
    places = max(0, 2 - math.floor(math.log10(abs(value))))
    return f"{value:,.{min(places, 6)}f}".rstrip("0").rstrip(".")


def usd(value: Decimal | float | None) -> str:
    """Return 1,234.50 USD; whole dollars without cents."""
    if value is None or value != value:
        return UNKNOWN
    text = f"{value:,.2f}"
    return f"{text.removesuffix('.00')} USD"


def in_unit(value: float | None, unit: str) -> str:
    """Return a feature's value with its unit."""
    if value is None or math.isnan(value):
        return UNKNOWN
    if unit == "yes/no":
        return "yes" if value else "no"
    if unit == "usd":
        return usd(value)
    if unit == "hours":
        return hours(value)
    if unit == "seconds":
        return hours(value / 3600)
    if unit == "hour":
        return f"{int(value) % 24:02d}:{int(value % 1 * 60):02d}"
    if unit == "sigma":
        return f"{number(value)} σ"
    if unit in ("km", "km/h"):
        return f"{number(value)} {unit}"
    if unit == "links":
        return f"{number(value)} {'link' if value == 1 else 'links'}"
    return number(value)


def hours(value: float) -> str:
    """Return a span as people say it: 40 s, 12 min, 3.5 h, 4 d, 2.1 y."""
    sign, seconds = ("−" if value < 0 else ""), abs(value) * 3600
    if seconds == 0:
        return "0 s"
    for size, unit in ((365.25 * 86400, "y"), (86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= (size if unit != "d" else 2 * size):
            return f"{sign}{_short(seconds / size)} {unit}"
    return f"{sign}{_short(seconds)} s"


def ago(at: datetime, now: datetime) -> str:
    """Return "12 s ago", "in 3 h", in the largest whole unit."""
    seconds = (now - at).total_seconds()
    span = _span(abs(seconds))
    if abs(seconds) < 1:
        return "now"
    return f"{span} ago" if seconds >= 0 else f"in {span}"


def exact(at: datetime) -> str:
    """Return the moment in UTC, to the second."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def microseconds(value: float | None) -> str:
    """Return "0.8 ms" for 800."""
    if value is None:
        return "–"
    return f"{value / 1000:.1f} ms" if value < 100_000 else f"{value / 1000:,.0f} ms"


def span(delta: timedelta) -> str:
    """Return how long something lasts, in the largest whole unit."""
    return _span(abs(delta.total_seconds()))


def _span(seconds: float) -> str:
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{int(seconds // size)} {unit}"
    return f"{int(seconds)} s"


def _short(value: float) -> str:
    return f"{value:.0f}" if value >= 10 else f"{value:.1f}".removesuffix(".0")
