"""The feature registry: a documented pure function, registered, is four things at once.

Typed rule vocabulary, model column, data dictionary (its docstring) and drift monitor. A function
names its inputs as parameters (apps.risk.velocity.inputs says what each name means) and is written
with the operations of apps.risk.features.ops, which mean the same for one act (floats) and for
columns of acts (arrays): one code, no skew. A missing value is NaN.
"""

import hashlib
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])

UNITS = (
    "count",
    "usd",
    "ratio",
    "hours",
    "seconds",
    "km",
    "km/h",
    "sigma",
    "yes/no",
    "links",
    "hour",
    "0-100",
)


@dataclass(frozen=True, slots=True)
class Feature:
    """One registered feature: its name is the function's, its meaning the docstring."""

    name: str
    family: str
    unit: str
    doc: str
    inputs: tuple[str, ...]
    function: Callable[..., Any]

    @property
    def is_bool(self) -> bool:
        """True for yes/no features."""
        return self.unit == "yes/no"


_FEATURES: dict[str, Feature] = {}


def feature(*, unit: str) -> Callable[[F], F]:
    """Register a pure function as a feature of its module's family."""

    def register(function: F) -> F:
        _register(function, unit)
        return function

    return register


def _register(function: Callable[..., Any], unit: str) -> None:
    name = function.__name__
    doc = inspect.getdoc(function)
    if unit not in UNITS:
        raise ValueError(f"feature {name}: unit {unit!r} is none of {', '.join(UNITS)}")
    if not doc:
        raise ValueError(f"feature {name} says nothing about itself")
    if name in _FEATURES:
        raise ValueError(f"two features are called {name}")
    family = function.__module__.rsplit(".", 1)[-1]
    inputs = tuple(inspect.signature(function).parameters)
    _FEATURES[name] = Feature(name, family, unit, doc, inputs, function)


def all_features() -> tuple[Feature, ...]:
    """Return every feature, in the order in which decisions store their values."""
    return tuple(_FEATURES.values())


def digest() -> str:
    """Return 32 hex digits that change whenever a feature's name, unit or inputs do."""
    text = "\n".join(f"{f.name} {f.unit} {' '.join(f.inputs)}" for f in all_features())
    return hashlib.sha256(text.encode()).hexdigest()[:32]
