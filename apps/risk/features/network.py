"""Network: the address, its neighbours and the distance travelled."""

from apps.risk.features.ops import Num, distance_km, known, maximum
from apps.risk.features.registry import feature


@feature(unit="hours")
def ip_known_to_user_hours(user_ips_link_age: Num) -> Num:
    """Hours since this user was first seen at this network address; 0 on first use."""
    return user_ips_link_age


@feature(unit="count")
def user_ips_24h(user_ips_distinct_24h: Num) -> Num:
    """Different network addresses of the user in the last 24 h."""
    return user_ips_distinct_24h


@feature(unit="count")
def ip_acts_1h(ip_acts_n_1h: Num) -> Num:
    """Acts from the network address in the last hour, by anybody."""
    return ip_acts_n_1h


@feature(unit="count")
def ip_users_24h(ip_users_distinct_24h: Num) -> Num:
    """Different users at the network address in the last 24 h."""
    return ip_users_distinct_24h


@feature(unit="count")
def ip_login_failures_10m(ip_failures_n_10m: Num) -> Num:
    """Failed sign-ins from the network address in the last 10 minutes."""
    return ip_failures_n_10m


@feature(unit="count")
def ip_signups_1h(ip_signups_n_1h: Num) -> Num:
    """Registrations from the network address in the last hour."""
    return ip_signups_n_1h


@feature(unit="count")
def subnet_signups_1h(subnet_signups_n_1h: Num) -> Num:
    """Registrations from the subnet (/24, /48) in the last hour."""
    return subnet_signups_n_1h


@feature(unit="count")
def subnet_login_failures_10m(subnet_failures_n_10m: Num) -> Num:
    """Failed sign-ins from the subnet (/24, /48) in the last 10 minutes."""
    return subnet_failures_n_10m


@feature(unit="km")
def travel_km(user_located_lat: Num, user_located_lon: Num, lat: Num, lon: Num) -> Num:
    """Great-circle distance from the user's last known place to this one."""
    return distance_km(user_located_lat, user_located_lon, lat, lon)


@feature(unit="km/h")
def travel_speed(
    user_located_lat: Num, user_located_lon: Num, user_located_idle: Num, lat: Num, lon: Num
) -> Num:
    """Speed from the user's last known place; three minutes are granted for imprecise places."""
    return distance_km(user_located_lat, user_located_lon, lat, lon) / (user_located_idle + 0.05)


@feature(unit="0-100")
def address_quality(ip_risk: Num, tor: Num, vpn: Num) -> Num:
    """Risk of the network address: the sender's score, 75 for a VPN or data centre, 100 for Tor."""
    return maximum(known(ip_risk, 0.0), maximum(known(tor, 0.0) * 100.0, known(vpn, 0.0) * 75.0))
