"""Timing and behaviour: tenure, hours, haste, and breaks with the person's own habits."""

from apps.risk.features.ops import Num, pick, ratio
from apps.risk.features.registry import feature


@feature(unit="hours")
def user_age_hours(user_acts_age: Num) -> Num:
    """Hours since the user was first seen."""
    return user_acts_age


@feature(unit="count")
def user_acts_1m(user_acts_n_1m: Num) -> Num:
    """Acts of the user in the last minute."""
    return user_acts_n_1m


@feature(unit="count")
def user_acts_1h(user_acts_n_1h: Num) -> Num:
    """Acts of the user in the last hour."""
    return user_acts_n_1h


@feature(unit="count")
def user_acts_ever(user_acts_n: Num) -> Num:
    """Acts of the user, ever."""
    return user_acts_n


@feature(unit="hours")
def trading_age_hours(user_orders_age: Num) -> Num:
    """Hours since the user's first order."""
    return user_orders_age


@feature(unit="hour")
def local_hour(hour: Num) -> Num:
    """Hour of the day where the user is (UTC where the offset is unknown)."""
    return hour


@feature(unit="ratio")
def usual_hour_share(
    hour_band: Num,
    user_acts_n: Num,
    user_band0_n: Num,
    user_band1_n: Num,
    user_band2_n: Num,
    user_band3_n: Num,
    user_band4_n: Num,
    user_band5_n: Num,
    user_band6_n: Num,
    user_band7_n: Num,
) -> Num:
    """Share of the user's past acts that fell into this part of the day (3 h)."""
    return ratio(
        pick(
            hour_band,
            user_band0_n,
            user_band1_n,
            user_band2_n,
            user_band3_n,
            user_band4_n,
            user_band5_n,
            user_band6_n,
            user_band7_n,
        ),
        user_acts_n,
    )


@feature(unit="seconds")
def seconds_to_paid(paid_after_s: Num) -> Num:
    """Seconds from order to 'I have paid'."""
    return paid_after_s


@feature(unit="seconds")
def seconds_to_release(released_after_s: Num) -> Num:
    """Seconds from 'I have paid' to release."""
    return released_after_s


@feature(unit="sigma")
def behaviour_break(behaviour_z: Num) -> Num:
    """Typing and touch against the user's own, in standard deviations."""
    return behaviour_z


@feature(unit="count")
def face_failures_24h(user_facefails_n_24h: Num) -> Num:
    """Failed face checks of the user in the last 24 h."""
    return user_facefails_n_24h


@feature(unit="hours")
def hours_since_face(user_facepasses_idle: Num) -> Num:
    """Hours since the user last passed a face check."""
    return user_facepasses_idle


@feature(unit="count")
def face_spoofs_90d(user_spoofs_n_90d: Num) -> Num:
    """Face checks of the user in the last 90 days that looked like an attack."""
    return user_spoofs_n_90d


@feature(unit="count")
def face_holds_30d(user_faceholds_n_30d: Num) -> Num:
    """Face checks of the user in the last 30 days that were left to a human."""
    return user_faceholds_n_30d


@feature(unit="hours")
def hours_since_new_face(user_newfaces_idle: Num) -> Num:
    """Hours since the user's face was last set up."""
    return user_newfaces_idle


@feature(unit="hours")
def hours_since_order(user_orders_idle: Num) -> Num:
    """Hours since the user's last order."""
    return user_orders_idle
