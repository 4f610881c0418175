"""What sessions are measured against: the limits of every check, a version, and their error rates.

Each check declares its own `Limits` with the values it was developed with; a calibrated policy is
a JSON document that overrides them, and says for which error rates it was chosen and on what data.
"""

from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any, get_type_hints

from apps.faces.engine.checks import (
    actions,
    colour,
    identity,
    match,
    presence,
    protocol,
    sensors,
    shape,
    texture,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The limits of all checks. `rates` are the figures of the calibration, for the model card."""

    version: int = 0
    protocol: protocol.Limits = field(default_factory=protocol.Limits)
    presence: presence.Limits = field(default_factory=presence.Limits)
    identity: identity.Limits = field(default_factory=identity.Limits)
    actions: actions.Limits = field(default_factory=actions.Limits)
    shape: shape.Limits = field(default_factory=shape.Limits)
    colour: colour.Limits = field(default_factory=colour.Limits)
    texture: texture.Limits = field(default_factory=texture.Limits)
    sensors: sensors.Limits = field(default_factory=sensors.Limits)
    match: match.Limits = field(default_factory=match.Limits)
    rates: dict[str, Any] = field(default_factory=dict)


def from_document(document: dict[str, Any]) -> Policy:
    """A policy from its JSON document; ValueError names what is unknown or of the wrong kind."""
    types = get_type_hints(Policy)
    unknown = set(document) - {one.name for one in fields(Policy)}
    if unknown:
        raise ValueError(f"a face policy has no {', '.join(sorted(unknown))}")
    values = {
        name: _limits(name, types[name], value) if is_dataclass(types[name]) else value
        for name, value in document.items()
    }
    return Policy(**values)


def _limits(name: str, kind: Any, values: Any) -> Any:
    known = {one.name: one for one in fields(kind)}
    for key, value in values.items():
        if key not in known:
            raise ValueError(f"{name} has no limit {key!r}")
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ValueError(f"{name}.{key} must be a number")
    return kind(**values)
