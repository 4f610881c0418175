"""Whose address a request has, and what its neighbourhood is."""

import pytest
from django.test import RequestFactory
from pytest_django import Settings

from apps.core import net


def ip_of(peer: str, forwarded: str | None = None) -> str | None:
    headers = {} if forwarded is None else {"X-Forwarded-For": forwarded}
    return net.client_ip(RequestFactory().get("/", headers=headers, REMOTE_ADDR=peer))


def test_without_proxies_the_header_is_not_believed(settings: Settings) -> None:
    settings.TRUSTED_PROXIES = 0
    assert ip_of("198.51.100.7", forwarded="203.0.113.9") == "198.51.100.7"


def test_each_of_our_proxies_is_believed_for_one_hop(settings: Settings) -> None:
    settings.TRUSTED_PROXIES = 1
    assert ip_of("10.0.0.1", forwarded="6.6.6.6, 203.0.113.9") == "203.0.113.9"
    settings.TRUSTED_PROXIES = 2
    assert ip_of("10.0.0.1", forwarded="6.6.6.6, 203.0.113.9, 10.0.0.2") == "203.0.113.9"


def test_a_request_that_came_past_our_proxies_keeps_its_own_address(
    settings: Settings,
) -> None:
    settings.TRUSTED_PROXIES = 2
    assert ip_of("198.51.100.7", forwarded="203.0.113.9") == "198.51.100.7"
    assert ip_of("198.51.100.7") == "198.51.100.7"


def test_no_address_is_none_rather_than_a_guess(settings: Settings) -> None:
    settings.TRUSTED_PROXIES = 1
    assert ip_of("", forwarded="unknown") is None


@pytest.mark.parametrize(
    ("ip", "canonical"),
    [
        ("::ffff:198.51.100.7", "198.51.100.7"),
        ("2001:DB8:0:0::1", "2001:db8::1"),
        ("fe80::1%eth0", "fe80::1"),
        ("[2001:db8::1]:443", "2001:db8::1"),
        ("198.51.100.7:55001", "198.51.100.7"),
    ],
)
def test_one_spelling_per_address(ip: str, canonical: str) -> None:
    assert net.canonical(ip) == canonical


@pytest.mark.parametrize(
    ("ip", "subnet"),
    [
        ("198.51.100.7", "198.51.100.0/24"),
        ("::ffff:198.51.100.7", "198.51.100.0/24"),
        ("2001:db8:1:2::3", "2001:db8:1::/48"),
    ],
)
def test_the_neighbourhood_is_a_24_or_a_48(ip: str, subnet: str) -> None:
    assert net.subnet(ip) == subnet


def test_what_is_no_address_has_no_neighbourhood() -> None:
    with pytest.raises(ValueError, match="does not appear"):
        net.subnet("example.org")
