"""Payment accounts: how old, how shared and how troubled the bank leg is."""

from apps.risk.features.ops import Num, when
from apps.risk.features.registry import feature


@feature(unit="hours")
def account_age_hours(account_orders_age: Num) -> Num:
    """Hours since the payment account was first seen with anybody."""
    return account_orders_age


@feature(unit="hours")
def account_known_to_user_hours(user_accounts_link_age: Num) -> Num:
    """Hours since this user first used this payment account; 0 on first use."""
    return user_accounts_link_age


@feature(unit="count")
def account_uses_by_user(user_accounts_link_n: Num) -> Num:
    """Acts of this user with this payment account before this one."""
    return user_accounts_link_n


@feature(unit="count")
def account_uses_24h(account_orders_n_24h: Num) -> Num:
    """Uses of the payment account in the last 24 h, by anybody."""
    return account_orders_n_24h


@feature(unit="usd")
def account_usd_30d(account_orders_usd_30d: Num) -> Num:
    """USD moved with the payment account in the last 30 days."""
    return account_orders_usd_30d


@feature(unit="count")
def account_reports_ever(account_reports_n: Num) -> Num:
    """Chargebacks and freezes ever reported for the payment account."""
    return account_reports_n


@feature(unit="count")
def user_accounts_30d(user_accounts_distinct_30d: Num) -> Num:
    """Different payment accounts of the user in the last 30 days."""
    return user_accounts_distinct_30d


@feature(unit="hours")
def hours_since_payee_added(user_payees_idle: Num) -> Num:
    """Hours since the user last added a payment account."""
    return user_payees_idle


@feature(unit="count")
def payees_added_24h(user_payees_n_24h: Num) -> Num:
    """Payment accounts that the user added in the last 24 h."""
    return user_payees_n_24h


@feature(unit="hours")
def reversible_young_account_hours(user_accounts_link_age: Num, reversible_rail: Num) -> Num:
    """Age with this user of a payment account whose payments can be recalled."""
    return when(user_accounts_link_age, reversible_rail)
