"""Counterparty reputation: how the other side behaved, and with whom."""

from apps.risk.features.ops import Num, ratio
from apps.risk.features.registry import feature


@feature(unit="hours")
def cp_age_hours(cp_acts_age: Num) -> Num:
    """Hours since the counterparty was first seen."""
    return cp_acts_age


@feature(unit="count")
def cp_completed_30d(cp_bought_n_30d: Num, cp_sold_n_30d: Num) -> Num:
    """Orders that the counterparty completed in the last 30 days."""
    return cp_bought_n_30d + cp_sold_n_30d


@feature(unit="count")
def cp_received_24h(cp_received_n_24h: Num) -> Num:
    """Orders that others opened with the counterparty in the last 24 h."""
    return cp_received_n_24h


@feature(unit="count")
def cp_received_ever(cp_received_n: Num) -> Num:
    """Orders that others ever opened with the counterparty."""
    return cp_received_n


@feature(unit="ratio")
def cp_appeal_share(cp_against_n: Num, cp_received_n: Num) -> Num:
    """Appeals against the counterparty per order opened with it, ever."""
    return ratio(cp_against_n, cp_received_n)


@feature(unit="count")
def cp_faults_90d(cp_faults_n_90d: Num) -> Num:
    """Appeals decided against the counterparty in the last 90 days."""
    return cp_faults_n_90d


@feature(unit="count")
def cp_reports_ever(cp_reports_n: Num) -> Num:
    """Chargebacks and bank freezes ever reported against the counterparty."""
    return cp_reports_n


@feature(unit="count")
def cp_partners_7d(cp_users_distinct_7d: Num) -> Num:
    """Different users who opened orders with the counterparty in the last 7 days."""
    return cp_users_distinct_7d


@feature(unit="ratio")
def cp_slow_release_share(cp_slow_n_30d: Num, cp_released_n_30d: Num) -> Num:
    """Share of the counterparty's releases of 30 days that took over 15 minutes."""
    return ratio(cp_slow_n_30d, cp_released_n_30d)


@feature(unit="ratio")
def slow_release_share(user_slow_n_30d: Num, user_released_n_30d: Num) -> Num:
    """Share of the user's own releases of 30 days that took over 15 minutes."""
    return ratio(user_slow_n_30d, user_released_n_30d)


@feature(unit="count")
def partners_24h(user_cps_distinct_24h: Num) -> Num:
    """Different counterparties of the user in the last 24 h."""
    return user_cps_distinct_24h


@feature(unit="count")
def partners_7d(user_cps_distinct_7d: Num) -> Num:
    """Different counterparties of the user in the last 7 days."""
    return user_cps_distinct_7d


@feature(unit="count")
def partners_30d(user_cps_distinct_30d: Num) -> Num:
    """Different counterparties of the user in the last 30 days."""
    return user_cps_distinct_30d


@feature(unit="count")
def pair_orders_ever(pair_orders_n: Num) -> Num:
    """Orders between the user and this very counterparty, ever, whoever opened them."""
    return pair_orders_n


@feature(unit="count")
def pair_orders_30d(pair_orders_n_30d: Num) -> Num:
    """Orders between the user and this very counterparty in the last 30 days."""
    return pair_orders_n_30d


@feature(unit="ratio")
def pair_share_30d(pair_orders_n_30d: Num, user_orders_n_30d: Num) -> Num:
    """Orders with this counterparty in 30 days per order that the user opened."""
    return ratio(pair_orders_n_30d, user_orders_n_30d)


@feature(unit="hours")
def pair_known_hours(pair_orders_age: Num) -> Num:
    """Hours since the two first dealt with each other; 0 on the first deal."""
    return pair_orders_age


@feature(unit="ratio")
def new_partner_share_30d(user_cps_distinct_30d: Num, user_orders_n_30d: Num) -> Num:
    """Different counterparties per order of the user in the last 30 days (1: never the same)."""
    return ratio(user_cps_distinct_30d, user_orders_n_30d)
