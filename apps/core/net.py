"""Addresses of the network: who is calling, and from which neighbourhood."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from django.conf import settings
from django.http import HttpRequest

Address = IPv4Address | IPv6Address


def client_ip(request: HttpRequest) -> str | None:
    """The caller's address in canonical text, or None when the server names none.

    Each of our TRUSTED_PROXIES appends the address it was called from to X-Forwarded-For; whatever
    stands further left was written by the caller and is not believed.
    """
    peer = request.META.get("REMOTE_ADDR", "")
    hops = [hop.strip() for hop in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")]
    trusted = settings.TRUSTED_PROXIES
    if trusted and len(hops) >= trusted and hops[-trusted]:
        peer = hops[-trusted]
    try:
        return canonical(peer)
    except ValueError:
        return None


def canonical(ip: str) -> str:
    """One spelling per address: IPv4 inside IPv6 unwrapped, no zone, no brackets or port."""
    return str(_parsed(ip))


def subnet(ip: str) -> str:
    """The neighbourhood of an address, `198.51.100.0/24` or `2001:db8:1::/48`."""
    parsed = _parsed(ip)
    return str(ip_network((parsed, 24 if parsed.version == 4 else 48), strict=False))


def _parsed(ip: str) -> Address:
    text = ip.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    parsed = ip_address(text.partition("%")[0])
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped:
        return parsed.ipv4_mapped
    return parsed
