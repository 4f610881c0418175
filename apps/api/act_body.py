"""An act as integrators send it: what may stand in it, and how it is checked.

Everything is closed: unknown fields, other types and texts longer than a code are refused, so that
a person's words get no further than this file.
"""

import ipaddress
import json
import re
from datetime import datetime
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
)
from pydantic_core import ErrorDetails
from typing_extensions import TypedDict  # pydantic takes Python's own from 3.12 on

from apps.api.strict_json import once
from apps.core import net
from apps.core.errors import Refused
from apps.risk.vocabulary import KINDS, SIGNALS, Signal

MOST_ERRORS = 20
LONGEST_NAME = 60
ISO_COUNTRY = "ISO 3166"
EVM = "0x"

HINTS = {
    "id": "Write 1 to 80 letters, digits and . _ : -",
    "occurred_at": "Write RFC 3339 with an offset, such as 2026-03-09T12:00:00Z.",
    "amount_usd": 'Write dollars as text with at most two decimals, such as "1250.75".',
    "ip": "Write one IPv4 or IPv6 address.",
    "account": "Write 4 to 80 letters, digits and signs.",
    "address": "Write 4 to 180 letters, digits and signs, without spaces.",
    "kind": "Write one of the kinds in the list of the API's document.",
}
HINTS |= dict.fromkeys(("user", "counterparty", "device", "order"), HINTS["id"])
SENTENCES = {
    "missing": "This field is required.",
    "extra_forbidden": "This field is not known.",
    "string_type": "Write this as text.",
    "bool_type": "Write true or false.",
    "float_type": "Write this as a number.",
    "finite_number": "Write a finite number.",
    "model_type": "Write this as an object.",
    "model_attributes_type": "Write this as an object.",
    "dict_type": "Write this as an object.",
}


def _moment(text: str) -> str:
    datetime.fromisoformat(text)
    return text


def _ip(text: str) -> str:
    if "%" in text:
        raise ValueError("an address without a zone")
    return net.canonical(str(ipaddress.ip_address(text)))


def _address(text: str) -> str:
    # Of EVM addresses upper case is a checksum, of others part of the address.
    return text.lower() if text[:2].lower() == EVM else text


def _kind(text: str) -> str:
    if text not in KINDS:
        raise ValueError("an unknown kind")
    return text


REF = re.compile(r"^[A-Za-z0-9._:-]{1,80}$")
Ref = Annotated[str, StringConstraints(pattern=REF.pattern)]
Code = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]{1,24}$")]
Country = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
Kind = Annotated[str, AfterValidator(_kind), Field(json_schema_extra={"enum": sorted(KINDS)})]
Moment = Annotated[
    str,
    StringConstraints(
        pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?"
        r"(Z|[+-][0-9]{2}:[0-9]{2})$"
    ),
    AfterValidator(_moment),
    Field(json_schema_extra={"format": "date-time"}),
]
Usd = Annotated[str, StringConstraints(pattern=r"^(0|[1-9][0-9]{0,11})(\.[0-9]{1,2})?$")]
Ip = Annotated[str, StringConstraints(max_length=45), AfterValidator(_ip)]
Account = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[!-~ ]{4,80}$")]
Address = Annotated[
    str,
    StringConstraints(strip_whitespace=True, pattern=r"^[!-~]{4,180}$"),
    AfterValidator(_address),
]


#: Takes what is named, as the types named, and nothing else; null is as good as absent.
CLOSED = ConfigDict(extra="forbid", strict=True, hide_input_in_errors=True)


def _type_of(signal: Signal) -> Any:
    if signal.type == "bool":
        return bool
    if signal.type == "number":
        return Annotated[float, Field(ge=signal.low, le=signal.high, allow_inf_nan=False)]
    if signal.choices:
        return Annotated[
            str,
            StringConstraints(pattern=f"^({'|'.join(signal.choices)})$"),
            Field(json_schema_extra={"enum": list(signal.choices)}),
        ]
    return Country if signal.unit == ISO_COUNTRY else Code


# A dictionary that holds what was sent and no more: most acts carry a handful of fifty signals.
# Its names come from the vocabulary, which no type checker can read.
Signals = TypedDict(  # type: ignore[misc]
    "Signals",
    {
        signal.name: Annotated[
            _type_of(signal) | None, Field(description=f"{signal.doc} ({signal.unit})")
        ]
        for signal in SIGNALS
    },
    total=False,
)
Signals.__doc__ = "What the sender knows and the engine can't find out by itself."
Signals.__pydantic_config__ = CLOSED  # type: ignore[attr-defined]


class ActBody(BaseModel):
    """One act of one of the sender's users."""

    model_config = CLOSED

    id: Annotated[
        Ref,
        Field(description="The sender's own id of this act: sent again, it gets the same answer."),
    ]
    kind: Annotated[Kind, Field(description="What the user did.")]
    occurred_at: Annotated[Moment, Field(description="When, by the sender's clock (RFC 3339).")]
    user: Annotated[
        Ref | None, Field(description="Who did it: the sender's own opaque reference, no e-mail.")
    ] = None
    counterparty: Annotated[Ref | None, Field(description="The other user of the trade.")] = None
    device: Annotated[
        Ref | None, Field(description="The device: an id from POST /devices, or one's own.")
    ] = None
    ip: Annotated[Ip | None, Field(description="The user's network address.")] = None
    account: Annotated[
        Account | None,
        Field(
            description="Number or token of the payment account. Only its keyed hash is kept; "
            "spaces, hyphens and case don't matter."
        ),
    ] = None
    address: Annotated[Address | None, Field(description="The crypto address.")] = None
    amount_usd: Annotated[
        Usd | None, Field(description='US dollars as text, at most two decimals: "1250.75".')
    ] = None
    order: Annotated[Ref | None, Field(description="The sender's id of the order.")] = None
    signals: Annotated[Signals | None, Field(description="What the sender knows of it.")] = None


def parse(body: bytes) -> ActBody:
    """Read one act; Refused says everything that is wrong with it."""
    try:
        act = ActBody.model_validate_json(body)
    except ValidationError as fault:
        raise _refusal(fault) from None
    # The validator takes the last of two equal names, somebody else's parser may take the first.
    # What it let through is flat and small enough for a second look.
    json.loads(body, object_pairs_hook=once)
    return act


def _refusal(fault: ValidationError) -> Refused:
    errors = fault.errors(include_url=False, include_input=False)
    if errors[0]["type"] == "json_invalid":
        why = str(errors[0].get("ctx", {}).get("error", ""))
        return Refused("BODY_UNREADABLE", status=400, detail=f"The body is not JSON: {why}.")
    fields: dict[str, list[str]] = {}
    for error in errors[:MOST_ERRORS]:
        name = ".".join(str(part)[:LONGEST_NAME] for part in error["loc"]) or "body"
        fields.setdefault(name, []).append(_sentence(error))
    return Refused(
        "VALIDATION_FAILED", status=422, detail="Some fields need attention.", fields=fields
    )


def _sentence(error: ErrorDetails) -> str:
    kind, name = error["type"], str(error["loc"][-1]) if error["loc"] else ""
    if kind in SENTENCES and (kind in ("missing", "extra_forbidden") or name not in HINTS):
        return SENTENCES[kind]
    if name in HINTS and len(error["loc"]) == 1:
        return HINTS[name]
    choices = next((s.choices for s in SIGNALS if s.name == name), ())
    if choices:
        return f"Write one of: {', '.join(choices)}."
    if kind == "string_pattern_mismatch":
        return f"Write a short code that matches {error['ctx']['pattern']}"
    return f"{error['msg']}."
