"""Login frequency: how often, how well and after what pause a person signs in."""

from apps.risk.features.ops import Num, ratio
from apps.risk.features.registry import feature


@feature(unit="count")
def logins_1h(user_signins_n_1h: Num) -> Num:
    """Sign-ins of the user in the last hour."""
    return user_signins_n_1h


@feature(unit="count")
def logins_24h(user_signins_n_24h: Num) -> Num:
    """Sign-ins of the user in the last 24 h."""
    return user_signins_n_24h


@feature(unit="count")
def logins_7d(user_signins_n_7d: Num) -> Num:
    """Sign-ins of the user in the last 7 days."""
    return user_signins_n_7d


@feature(unit="count")
def login_failures_10m(user_failures_n_10m: Num) -> Num:
    """Failed sign-ins of the user in the last 10 minutes."""
    return user_failures_n_10m


@feature(unit="count")
def login_failures_24h(user_failures_n_24h: Num) -> Num:
    """Failed sign-ins of the user in the last 24 h."""
    return user_failures_n_24h


@feature(unit="ratio")
def login_failure_share_24h(user_failures_n_24h: Num, user_signins_n_24h: Num) -> Num:
    """Share of the user's sign-ins of the last 24 h that failed."""
    return ratio(user_failures_n_24h, user_failures_n_24h + user_signins_n_24h)


@feature(unit="ratio")
def login_rhythm(user_signins_n_24h: Num, user_signins_n_30d: Num) -> Num:
    """Sign-ins of the last 24 h against the user's daily mean of 30 days."""
    return ratio(user_signins_n_24h * 30, user_signins_n_30d)


@feature(unit="hours")
def hours_since_login(user_signins_idle: Num) -> Num:
    """Hours since the user last signed in."""
    return user_signins_idle


@feature(unit="hours")
def hours_since_security_change(user_security_idle: Num) -> Num:
    """Hours since the user last changed a password, second factor, phone or e-mail."""
    return user_security_idle


@feature(unit="count")
def security_changes_24h(user_security_n_24h: Num) -> Num:
    """Security settings that the user changed in the last 24 h."""
    return user_security_n_24h


@feature(unit="hours")
def dormant_hours(user_acts_idle: Num) -> Num:
    """Hours since the user did anything at all."""
    return user_acts_idle
