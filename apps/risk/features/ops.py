"""Operations that mean the same for one number and for a column of numbers; NaN is 'unknown'."""

import math
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Num: TypeAlias = float | NDArray[np.float64]

NAN = math.nan
_EARTH_KM = 6371.0088


def ratio(part: Num, whole: Num) -> Num:
    """Return part / whole; unknown where the whole is zero or anything is unknown."""
    if isinstance(part, np.ndarray) or isinstance(whole, np.ndarray):
        return np.divide(
            part,
            whole,
            out=np.full(np.broadcast(part, whole).shape, NAN),
            where=np.not_equal(whole, 0),
        )
    return part / whole if whole else NAN


def known(value: Num, otherwise: float) -> Num:
    """Return the value, or `otherwise` where it is unknown."""
    if isinstance(value, np.ndarray):
        return np.where(np.isnan(value), otherwise, value)
    return otherwise if value != value else value


def least(value: Num, other: Num) -> Num:
    """Return the smaller of two; an unknown one is passed over."""
    if isinstance(value, np.ndarray) or isinstance(other, np.ndarray):
        return np.fmin(value, other)
    if value != value:
        return other
    return value if other != other or value <= other else other


def maximum(value: Num, other: Num) -> Num:
    """Return the larger of two; unknown where either is."""
    if isinstance(value, np.ndarray) or isinstance(other, np.ndarray):
        return np.maximum(value, other)
    return NAN if value != value or other != other else max(value, other)


def when(value: Num, condition: Num) -> Num:
    """Return the value where the condition is 1; unknown elsewhere."""
    if isinstance(value, np.ndarray) or isinstance(condition, np.ndarray):
        return np.where(np.equal(condition, 1.0), value, NAN)
    return value if condition == 1.0 else NAN


def at_least(value: Num, bound: float) -> Num:
    """Return 1 where value >= bound, 0 where not; unknown stays unknown."""
    if isinstance(value, np.ndarray):
        return np.where(np.isnan(value), NAN, (value >= bound).astype(np.float64))
    return NAN if value != value else float(value >= bound)


def pick(index: Num, *choices: Num) -> Num:
    """Return choices[index]; unknown where the index is."""
    if isinstance(index, np.ndarray):
        found = np.full(index.shape, NAN)
        for at, choice in enumerate(choices):
            np.copyto(found, choice, where=index == at)
        return found
    return NAN if index != index else choices[int(index)]


def distance_km(lat: Num, lon: Num, lat2: Num, lon2: Num) -> Num:
    """Return the great-circle distance in km between two places in degrees (haversine)."""
    m = np if any(isinstance(x, np.ndarray) for x in (lat, lon, lat2, lon2)) else math
    half_lat = m.sin((lat2 - lat) * (math.pi / 360)) ** 2  # type: ignore[attr-defined]
    half_lon = m.sin((lon2 - lon) * (math.pi / 360)) ** 2  # type: ignore[attr-defined]
    turn = m.cos(lat * (math.pi / 180)) * m.cos(lat2 * (math.pi / 180))  # type: ignore[attr-defined]
    return 2 * _EARTH_KM * _asin(half_lat + turn * half_lon)


def _asin(square: Num) -> Num:
    if isinstance(square, np.ndarray):
        return np.arcsin(np.sqrt(np.minimum(1.0, square)))
    return math.asin(math.sqrt(min(1.0, square))) if square == square else NAN
