"""Reputation: what others said of somebody after their deals, and how far it can be believed."""

from apps.risk.features.ops import Num, ratio
from apps.risk.features.registry import feature

#: Of somebody without ratings nothing is known: as if five ratings said what is usual.
USUAL_SHARE, USUAL_WEIGHT = 0.9, 5.0


@feature(unit="ratio")
def cp_trust(cp_positive_share: Num, cp_rating_weight: Num) -> Num:
    """Positive share of the counterparty's ratings, drawn to 0.9 while they weigh little."""
    said = cp_positive_share * cp_rating_weight + USUAL_SHARE * USUAL_WEIGHT
    return said / (cp_rating_weight + USUAL_WEIGHT)


@feature(unit="ratio")
def cp_positive_share_90d(cp_praised_n_90d: Num, cp_rated_n_90d: Num) -> Num:
    """Positive ratings of the counterparty per rating of the last 90 days, each counted once."""
    return ratio(cp_praised_n_90d, cp_rated_n_90d)


@feature(unit="count")
def cp_accused_30d(cp_accused_n_30d: Num) -> Num:
    """Reports of others about the counterparty's conduct in the last 30 days."""
    return cp_accused_n_30d


@feature(unit="count")
def accused_30d(user_accused_n_30d: Num) -> Num:
    """Reports of others about the user's own conduct in the last 30 days."""
    return user_accused_n_30d


@feature(unit="count")
def praised_30d(user_praised_n_30d: Num) -> Num:
    """Positive ratings that the user received in the last 30 days."""
    return user_praised_n_30d


@feature(unit="ratio")
def inflated_share_30d(user_inflated_n_30d: Num, user_praised_n_30d: Num) -> Num:
    """Share of those that came from accounts under 14 days old, or linked to the user's."""
    return ratio(user_inflated_n_30d, user_praised_n_30d)
