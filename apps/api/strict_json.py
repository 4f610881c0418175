"""JSON that means one thing to everybody: no field twice, no NaN, no endless depth, UTF-8."""

import json
from collections.abc import Mapping
from typing import IO, Any

from rest_framework.parsers import BaseParser

from apps.core.errors import Refused


def loads(body: bytes) -> Any:
    """Parse a body; Refused when it is not JSON, or not the same JSON to every reader."""
    try:
        return json.loads(body.decode("utf-8"), object_pairs_hook=once, parse_constant=_no_constant)
    except UnicodeDecodeError:
        why = "it is not UTF-8"
    except RecursionError:
        why = "it is nested too deep"
    except json.JSONDecodeError as fault:
        why = f"{fault.msg} at line {fault.lineno} column {fault.colno}"
    except ValueError:
        why = "it holds a number that is none"
    raise Refused("BODY_UNREADABLE", status=400, detail=f"The body is not JSON: {why}.")


def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object's fields; Refused when one stands twice."""
    fields = dict(pairs)
    if len(fields) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)[:60]
        raise Refused(
            "FIELD_TWICE",
            status=400,
            detail="A field stands twice in one object.",
            fields={twice: ["This field stands twice."]},
        )
    return fields


def _no_constant(name: str) -> None:
    raise ValueError(name)


class StrictJSONParser(BaseParser):
    """DRF's face of it."""

    media_type = "application/json"

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        return loads(stream.read())
