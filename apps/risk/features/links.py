"""Links: who shares what with whom, and how near the next ban is."""

from apps.risk.features.ops import Num, at_least, known, least
from apps.risk.features.registry import feature


@feature(unit="count")
def device_users_30d(device_users_distinct_30d: Num) -> Num:
    """Different users of the device in the last 30 days."""
    return device_users_distinct_30d


@feature(unit="count")
def account_users_90d(account_users_distinct_90d: Num) -> Num:
    """Different users of the payment account in the last 90 days."""
    return account_users_distinct_90d


@feature(unit="count")
def address_users_90d(address_users_distinct_90d: Num) -> Num:
    """Different users of the crypto address in the last 90 days."""
    return address_users_distinct_90d


@feature(unit="count")
def user_addresses_30d(user_addresses_distinct_30d: Num) -> Num:
    """Different crypto addresses of the user in the last 30 days."""
    return user_addresses_distinct_30d


@feature(unit="hours")
def address_age_hours(address_withdrawals_age: Num) -> Num:
    """Hours since the crypto address was first seen with anybody."""
    return address_withdrawals_age


@feature(unit="hours")
def address_known_to_user_hours(user_addresses_link_age: Num) -> Num:
    """Hours since this user first used this crypto address; 0 on first use."""
    return user_addresses_link_age


@feature(unit="count")
def address_uses_by_user(user_addresses_link_n: Num) -> Num:
    """Acts of this user with this crypto address before this one."""
    return user_addresses_link_n


@feature(unit="usd")
def address_usd_30d(address_withdrawals_usd_30d: Num) -> Num:
    """USD sent to the crypto address in the last 30 days, by anybody."""
    return address_withdrawals_usd_30d


@feature(unit="hours")
def hours_since_address_added(user_wallets_idle: Num) -> Num:
    """Hours since the user last added a crypto address."""
    return user_wallets_idle


@feature(unit="links")
def hops_to_ban(user_hops: Num, device_hops: Num, account_hops: Num, address_hops: Num) -> Num:
    """Strong links (device, payment account, address) from the user to the nearest ban."""
    return least(user_hops, 1.0 + least(device_hops, least(account_hops, address_hops)))


@feature(unit="links")
def cp_hops_to_ban(cp_hops: Num) -> Num:
    """Strong links from the counterparty to the nearest ban."""
    return cp_hops


@feature(unit="yes/no")
def on_blocked_list(
    user_on_blocked: Num,
    device_on_blocked: Num,
    account_on_blocked: Num,
    address_on_blocked: Num,
    ip_on_blocked: Num,
) -> Num:
    """The user, device, payment account, address or network address is on the blocked list."""
    return at_least(
        known(user_on_blocked, 0.0)
        + known(device_on_blocked, 0.0)
        + known(account_on_blocked, 0.0)
        + known(address_on_blocked, 0.0)
        + known(ip_on_blocked, 0.0),
        1.0,
    )


@feature(unit="yes/no")
def on_watched_list(
    user_on_watched: Num,
    device_on_watched: Num,
    account_on_watched: Num,
    address_on_watched: Num,
    ip_on_watched: Num,
) -> Num:
    """The user, device, payment account, address or network address is on the watched list."""
    return at_least(
        known(user_on_watched, 0.0)
        + known(device_on_watched, 0.0)
        + known(account_on_watched, 0.0)
        + known(address_on_watched, 0.0)
        + known(ip_on_watched, 0.0),
        1.0,
    )


@feature(unit="yes/no")
def on_trusted_list(user_on_trusted: Num) -> Num:
    """The user is on the trusted list."""
    return user_on_trusted
