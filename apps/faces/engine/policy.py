"""What sessions are measured against: the limits of every check, a version, and their error rates.

Each check declares its own `Limits` with the values it was developed with; a calibrated policy is
a JSON document that overrides them, and says for which error rates it was chosen and on what data.
"""

from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any, get_type_hints

from apps.faces.engine.checks.actions import Limits as ActionsLimits
from apps.faces.engine.checks.colour import Limits as ColourLimits
from apps.faces.engine.checks.identity import Limits as IdentityLimits
from apps.faces.engine.checks.match import Limits as MatchLimits
from apps.faces.engine.checks.presence import Limits as PresenceLimits
from apps.faces.engine.checks.protocol import Limits as ProtocolLimits
from apps.faces.engine.checks.sensors import Limits as SensorsLimits
from apps.faces.engine.checks.shape import Limits as ShapeLimits
from apps.faces.engine.checks.texture import Limits as TextureLimits


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The limits of all checks. `rates` are the figures of the calibration, for the model card."""

    version: int = 0
    protocol: ProtocolLimits = field(default_factory=ProtocolLimits)
    presence: PresenceLimits = field(default_factory=PresenceLimits)
    identity: IdentityLimits = field(default_factory=IdentityLimits)
    actions: ActionsLimits = field(default_factory=ActionsLimits)
    shape: ShapeLimits = field(default_factory=ShapeLimits)
    colour: ColourLimits = field(default_factory=ColourLimits)
    texture: TextureLimits = field(default_factory=TextureLimits)
    sensors: SensorsLimits = field(default_factory=SensorsLimits)
    match: MatchLimits = field(default_factory=MatchLimits)
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
