"""Features: documented pure functions from an act and its velocity to numbers."""

from apps.risk.features import (  # noqa: F401  (importing a family registers its features)
    counterparty,
    device,
    history,
    links,
    login,
    network,
    payment,
    reputation,
    timing,
)
from apps.risk.features.registry import Feature, all_features, digest, feature

__all__ = ["Feature", "all_features", "digest", "feature"]
