"""Requests to addresses that others chose: https, public addresses only, no redirects.

A name is resolved once, every address it has is judged, and the connection goes to an address that
was judged: a name that points elsewhere a moment later (DNS rebinding) leads nowhere.
"""

import ipaddress
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from time import monotonic
from typing import BinaryIO
from urllib.parse import urljoin

import urllib3
from django.conf import settings
from urllib3.exceptions import HTTPError, LocationParseError
from urllib3.util import Timeout, Url, parse_url

from apps.core.errors import Refused

TIMEOUT_S = 10.0
CONNECT_S = 5.0
LONGEST_URL = 500
#: Publishers of files send to where these lie; each hop is judged like the first.
MOST_HOPS = 3
CHUNK = 1 << 20
# Each carries an IPv4 address inside, which a gateway would unpack.
WRAPPERS = tuple(
    map(ipaddress.ip_network, ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "::/96"))
)


@dataclass(frozen=True, slots=True)
class Sent:
    """What came back: a status, or the words of what prevented one."""

    status: int | None
    error: str = ""
    body: bytes = b""

    @property
    def accepted(self) -> bool:
        """Whether the other side took it."""
        return self.status is not None and 200 <= self.status < 300


class Forbidden(Exception):
    """The address is none that we send to."""


def check(url: str) -> None:
    """Refused when nothing would ever be sent to this URL."""
    try:
        if len(url) > LONGEST_URL:
            raise Forbidden(f"At most {LONGEST_URL} characters, please.")
        parsed = _parsed(url)
        if _is_literal(host := _host(parsed)):
            _judge(host)
    except Forbidden as why:
        raise Refused(
            "URL_REFUSED", status=422, detail=str(why), fields={"url": [str(why)]}
        ) from None


def post(url: str, *, body: bytes, headers: Mapping[str, str], read: int = 0) -> Sent:
    """Send a body there; of what the other side answers so many bytes are read, by default none."""
    try:
        parsed = _parsed(url)
        address = _resolve(parsed)
    except Forbidden as why:
        return Sent(None, str(why))
    except OSError as fault:
        return Sent(None, f"name not resolved: {fault.strerror or type(fault).__name__}"[:200])
    host = _host(parsed)
    try:
        with _pool(parsed, address) as pool:
            response = pool.urlopen(
                "POST",
                parsed.request_uri,
                body=body,
                headers={"Host": parsed.netloc or host, **headers},
                redirect=False,
                retries=False,
                preload_content=False,
            )
            status, answer = response.status, response.read(read) if read else b""
            response.close()
        return Sent(status, body=answer)
    except HTTPError as fault:
        return Sent(None, type(fault).__name__)


def get(url: str, *, into: BinaryIO, most: int, seconds: float) -> Sent:
    """Fetch a file of at most so many bytes, in so many seconds all in all, into `into`."""
    until = monotonic() + seconds
    try:
        for _hop in range(MOST_HOPS):
            parsed = _parsed(url)
            with _pool(parsed, _resolve(parsed)) as pool:
                response = pool.urlopen(
                    "GET",
                    parsed.request_uri,
                    headers={"Host": parsed.netloc or _host(parsed)},
                    redirect=False,
                    retries=False,
                    preload_content=False,
                )
                with response:
                    if place := response.get_redirect_location():
                        url = urljoin(url, place)
                        continue
                    error = _copy(response, into, most=most, until=until)
                    return Sent(response.status, error)
    except Forbidden as why:
        return Sent(None, str(why))
    except OSError as fault:
        return Sent(None, f"name not resolved: {fault.strerror or type(fault).__name__}"[:200])
    except HTTPError as fault:
        return Sent(None, type(fault).__name__)
    return Sent(None, "It sends on and on to other places.")


def _copy(response: urllib3.BaseHTTPResponse, into: BinaryIO, *, most: int, until: float) -> str:
    """What went wrong, or nothing."""
    if response.status != 200:
        return f"It answers {response.status}."
    size = 0
    # Read as it comes, and unpacked: so many bytes are allowed, not so many packed ones.
    for chunk in response.stream(CHUNK, decode_content=True):
        size += len(chunk)
        if size > most:
            return f"It is larger than {most >> 20} MB."
        if monotonic() > until:
            return "It takes too long."
        into.write(chunk)
    return ""


def private_allowed() -> bool:
    """Whether plain http and private addresses are allowed: to try things out, never in earnest."""
    allowed: bool = settings.WEBHOOKS_TO_PRIVATE
    return allowed


def _parsed(url: str) -> Url:
    try:
        parsed = parse_url(url)
    except LocationParseError:
        raise Forbidden("This is not a URL.") from None
    schemes = ("https", "http") if private_allowed() else ("https",)
    if parsed.scheme not in schemes:
        raise Forbidden(f"The URL has to begin with {schemes[0]}://")
    if not parsed.host or any(letter <= " " for letter in url):
        raise Forbidden("This is not a URL.")
    if parsed.auth is not None:
        raise Forbidden("A URL with a user name or password would be stored and logged.")
    return parsed


def _host(parsed: Url) -> str:
    return (parsed.host or "").strip("[]")


def _port(parsed: Url) -> int:
    return parsed.port or (443 if parsed.scheme == "https" else 80)


def _is_literal(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _resolve(parsed: Url) -> str:
    found = socket.getaddrinfo(_host(parsed), _port(parsed), type=socket.SOCK_STREAM)
    addresses = [str(entry[4][0]) for entry in found]
    # One private address among public ones is an attempt, not a mistake.
    for address in addresses:
        _judge(address)
    return addresses[0]


def _judge(address: str) -> None:
    if private_allowed():
        return
    parsed = ipaddress.ip_address(address.partition("%")[0])
    inside = parsed.ipv4_mapped if isinstance(parsed, ipaddress.IPv6Address) else None
    meant = inside or parsed
    wrapped = meant.version == 6 and any(meant in wrapper for wrapper in WRAPPERS)
    if not meant.is_global or meant.is_multicast or wrapped:
        raise Forbidden("We send to public addresses only.")


def _pool(parsed: Url, address: str) -> urllib3.HTTPConnectionPool:
    timeout = Timeout(connect=CONNECT_S, read=TIMEOUT_S, total=TIMEOUT_S)
    if parsed.scheme == "http":
        return urllib3.HTTPConnectionPool(address, _port(parsed), timeout=timeout)
    host = _host(parsed)
    return urllib3.HTTPSConnectionPool(
        address,
        _port(parsed),
        timeout=timeout,
        cert_reqs="CERT_REQUIRED",
        assert_hostname=host,
        server_hostname=host,
    )
