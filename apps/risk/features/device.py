"""Device usage: how old, how shared and how familiar the machine is."""

from apps.risk.features.ops import Num, at_least, known
from apps.risk.features.registry import feature


@feature(unit="hours")
def device_age_hours(device_acts_age: Num) -> Num:
    """Hours since the device was first seen with anybody."""
    return device_acts_age


@feature(unit="hours")
def device_known_to_user_hours(user_devices_link_age: Num) -> Num:
    """Hours since this user was first seen on this device; 0 on first use."""
    return user_devices_link_age


@feature(unit="count")
def device_uses_by_user(user_devices_link_n: Num) -> Num:
    """Acts of this user on this device before this one."""
    return user_devices_link_n


@feature(unit="count")
def user_devices_24h(user_devices_distinct_24h: Num) -> Num:
    """Different devices of the user in the last 24 h."""
    return user_devices_distinct_24h


@feature(unit="count")
def user_devices_30d(user_devices_distinct_30d: Num) -> Num:
    """Different devices of the user in the last 30 days."""
    return user_devices_distinct_30d


@feature(unit="count")
def device_acts_1h(device_acts_n_1h: Num) -> Num:
    """Acts from the device in the last hour, by anybody."""
    return device_acts_n_1h


@feature(unit="count")
def device_login_failures_24h(device_failures_n_24h: Num) -> Num:
    """Failed sign-ins from the device in the last 24 h."""
    return device_failures_n_24h


@feature(unit="usd")
def device_usd_24h(device_orders_usd_24h: Num) -> Num:
    """Orders and withdrawals from the device in the last 24 h, by anybody."""
    return device_orders_usd_24h


@feature(unit="yes/no")
def device_tampered(
    emulator: Num, rooted: Num, hooked: Num, repackaged: Num, virtual_camera: Num
) -> Num:
    """The sender reports an emulator, root, hooks, a repackaged app or a virtual camera."""
    return at_least(
        known(emulator, 0.0)
        + known(rooted, 0.0)
        + known(hooked, 0.0)
        + known(repackaged, 0.0)
        + known(virtual_camera, 0.0),
        1.0,
    )
