"""What a device may say of itself: the closed list of attributes, and how each is weighed.

Only numbers, short codes and digests are taken: nothing here names a person. An attribute's
weight is `bits` x `stability`. `bits` is about how much knowing it narrows the crowd (large
studies of browser fingerprints: Eckersley 2010, Laperdrix 2016, Gomez-Boix 2018, rounded and
lowered where browsers have closed the tap since); `stability` is about how likely it is the same
after some months (Vastel 2018, same caution). They are estimates: docs/devices.md says how to
refine them from a desk's own traffic.
"""

import difflib
import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from hashlib import blake2b
from typing import TypeAlias

from apps.core.errors import Refused

MOST_ATTRIBUTES = 64
MOST_BYTES = 4096

ATTRIBUTES_REFUSED = "DEVICE_ATTRIBUTES_REFUSED"

Value: TypeAlias = bool | int | float | str


class Kind(StrEnum):
    """How a value is written and compared."""

    FLAG = "FLAG"  # true or false
    NUMBER = "NUMBER"  # within low..high
    WORD = "WORD"  # a short code that matches its pattern
    HASH = "HASH"  # hexadecimal digest: equal or not
    SKETCH = "SKETCH"  # 64-bit simhash of a list: similar lists differ in few bits


@dataclass(frozen=True, slots=True)
class Attribute:
    """One thing a device may say: its form, its weight and what it means."""

    kind: Kind
    says: str
    bits: float = 0.0
    stability: float = 0.0
    low: float = 0.0
    high: float = 0.0
    # Two numbers this far apart no longer agree at all; 0 asks for equality.
    step: float = 0.0
    pattern: str = ""
    # A key of the machine itself: two different ones are two machines, whatever else agrees.
    identifies: bool = False

    @property
    def weight(self) -> float:
        """Bits that an agreement is worth as evidence."""
        return self.bits * self.stability


def _flag(says: str, bits: float = 0.0, stability: float = 0.0) -> Attribute:
    return Attribute(Kind.FLAG, says, bits, stability)


def _number(
    says: str, bits: float, stability: float, low: float, high: float, step: float = 0.0
) -> Attribute:
    return Attribute(Kind.NUMBER, says, bits, stability, low=low, high=high, step=step)


def _word(says: str, bits: float, stability: float, pattern: str) -> Attribute:
    return Attribute(Kind.WORD, says, bits, stability, pattern=pattern)


def _hash(says: str, bits: float, stability: float, identifies: bool = False) -> Attribute:
    return Attribute(
        Kind.HASH, says, bits, stability, pattern=r"[0-9a-f]{16,64}", identifies=identifies
    )


def _sketch(says: str, bits: float, stability: float) -> Attribute:
    return Attribute(Kind.SKETCH, says, bits, stability, pattern=r"[0-9a-f]{16}")


_LANGUAGE = r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,2}"
# At most four digits in a row: room for "SM-S918B" and "iPhone15,3", none for a phone number.
_MODEL = r"(?!.*\d{5})[A-Za-z0-9][A-Za-z0-9 ._+,()/-]{0,39}"

ATTRIBUTES: Mapping[str, Attribute] = {
    # The machine
    "os": _word(
        "operating system", 2.3, 1.0, "WINDOWS|MACOS|LINUX|CHROMEOS|ANDROID|IOS|HARMONYOS|OTHER"
    ),
    "os_major": _number("major version of it", 1.5, 0.6, 0, 999, step=3),
    "architecture": _number("sign of a float NaN: tells x86 from ARM", 1.0, 1.0, 0, 255),
    "cpu_cores": _number("logical processors", 2.3, 0.9, 1, 1024),
    "memory_gb": _number("memory, as coarse as the browser tells it", 1.5, 0.9, 0, 4096),
    "touch_points": _number("fingers the screen can tell apart", 1.2, 0.95, 0, 256),
    "screen_long": _number("longer side of the screen, pixels", 2.5, 0.6, 1, 65535),
    "screen_short": _number("shorter side of the screen, pixels", 2.5, 0.6, 1, 65535),
    "pixel_ratio": _number("device pixels per CSS pixel", 2.0, 0.6, 0.1, 16),
    "color_depth": _number("bits per pixel", 0.8, 0.8, 1, 64),
    "color_gamut": _word("widest colour space", 0.8, 0.8, "SRGB|P3|REC2020"),
    "hdr": _flag("the screen shows high dynamic range", 0.5, 0.7),
    "webgl": _hash("digest of the graphics card's vendor and renderer", 5.0, 0.85),
    "webgl_extensions": _sketch("sketch of the graphics extensions", 3.0, 0.6),
    "audio": _hash("digest of a rendered sound", 4.0, 0.8),
    "math": _hash("digest of the last digits of some functions", 1.2, 0.8),
    # The browser
    "browser": _word(
        "browser", 2.0, 1.0, "CHROME|FIREFOX|SAFARI|EDGE|SAMSUNG|OPERA|BRAVE|WEBVIEW|OTHER"
    ),
    "browser_major": _number("major version of it", 3.0, 0.2, 0, 9999, step=6),
    "canvas": _hash("digest of a drawn picture", 8.3, 0.7),
    "fonts": _sketch("sketch of the fonts present", 8.4, 0.7),
    "font_preferences": _hash("digest of default font widths", 4.0, 0.7),
    "plugins": _sketch("sketch of the plugins", 1.5, 0.8),
    "pdf_viewer": _flag("shows PDF itself", 0.3, 0.9),
    # The person's settings
    "timezone": _word("IANA time zone", 3.3, 0.7, r"[A-Za-z][A-Za-z0-9_+/-]{1,39}"),
    "language": _word("first language", 3.0, 0.9, _LANGUAGE),
    "languages": _hash("digest of all languages in order", 3.0, 0.8),
    "preferences": _number("bits: contrast, motion, transparency, colours", 0.7, 0.8, 0, 65535),
    # A mobile app knows more
    "platform_id": _hash(
        "digest of the app-scoped id of the device (Android: SSAID; iOS: kept in the keychain)",
        16.0,
        0.95,
        identifies=True,
    ),
    "install_id": _hash("digest of a random id made at installation", 8.0, 0.6),
    "brand": _word("maker", 2.0, 1.0, _MODEL),
    "model": _word("model code", 6.0, 1.0, _MODEL),
    "os_build": _hash("digest of the system build", 5.0, 0.4),
    "app_build": _number("build number of the app", 2.0, 0.1, 0, 2**31 - 1, step=50),
    "storage_gb": _number("storage, GB", 3.0, 0.95, 0, 65536),
    "sensors": _hash("digest of the list of sensors", 4.0, 0.95),
    "cameras": _number("number of cameras", 1.5, 0.95, 0, 32),
    "carrier": _word("mobile network (MCC and MNC)", 2.5, 0.7, r"\d{5,6}"),
    # Facts for rules; they say nothing of which machine it is, so they weigh nothing.
    "automation": _flag("driven by a program (WebDriver)"),
    "developer_mode": _flag("developer options are on"),
    "vpn": _flag("a VPN is up"),
    "proxy": _flag("a proxy is set"),
    "screen_shared": _flag("the screen is being shared or recorded"),
    "accessibility": _flag("a foreign accessibility service can read and press"),
    "on_call": _flag("a phone call is in progress"),
}

# What hardly ever changes on one machine. Their digest finds machines that might be alike by an
# index instead of by a scan; it proves nothing by itself.
ANCHORS = (
    "os", "browser", "architecture", "cpu_cores", "touch_points", "webgl",
    "brand", "model", "storage_gb", "sensors",
)  # fmt: skip


# What a device may have that a face check uses, and what may be wrong with it.
ABILITIES = ("camera_depth", "infrared", "biometrics")
FLAGS = ("emulator", "rooted", "hooked", "virtual_camera", "repackaged")


def accept(attributes: Mapping[str, object]) -> dict[str, Value]:
    """The attributes in normal form, without nulls; Refused names every fault by field."""
    if len(attributes) > MOST_ATTRIBUTES:
        raise _refused({"attributes": [f"at most {MOST_ATTRIBUTES} attributes are taken"]})
    accepted: dict[str, Value] = {}
    faults: dict[str, list[str]] = {}
    for name, value in attributes.items():
        known = ATTRIBUTES.get(name)
        if known is None:
            faults[f"attributes.{str(name)[:40]}"] = [_unknown(str(name))]
        elif value is not None:
            normal = _normal(known, value)
            if normal is None:
                faults[f"attributes.{name}"] = [_expected(known)]
            else:
                accepted[name] = normal
    if faults:
        raise _refused(faults)
    if len(json.dumps(accepted)) > MOST_BYTES:
        raise _refused({"attributes": [f"at most {MOST_BYTES} bytes are taken"]})
    return accepted


def locality(*, platform: str, attributes: Mapping[str, Value]) -> int:
    """The index key of machines that might be alike: a signed 64-bit digest of the anchors.

    A machine that shows its own id is alike only to those that show the same one.
    """
    own = attributes.get("platform_id")
    parts = [own] if own is not None else [attributes.get(name) for name in ANCHORS]
    text = json.dumps([platform, *parts])
    digest = blake2b(text.encode(), digest_size=8, person=b"otcrisk.device")
    return int.from_bytes(digest.digest(), "big", signed=True)


def _normal(known: Attribute, value: object) -> Value | None:
    match known.kind:
        case Kind.FLAG:
            return value if isinstance(value, bool) else None
        case Kind.NUMBER:
            if isinstance(value, bool) or not isinstance(value, int | float):
                return None
            if not math.isfinite(value) or not known.low <= value <= known.high:
                return None
            # One number has one form, or 8 and 8.0 would have different locality keys.
            rounded = round(float(value), 3)
            return int(rounded) if rounded.is_integer() else rounded
        case Kind.WORD:
            fits = isinstance(value, str) and re.fullmatch(known.pattern, value, re.ASCII)
            return str(value) if fits else None
        case Kind.HASH | Kind.SKETCH:
            fits = isinstance(value, str) and re.fullmatch(known.pattern, value.lower())
            return str(value).lower() if fits else None


def _expected(known: Attribute) -> str:
    match known.kind:
        case Kind.FLAG:
            return "expected true or false"
        case Kind.NUMBER:
            return f"expected a number from {known.low:g} to {known.high:g}"
        case Kind.WORD:
            return f"expected text that matches {known.pattern}"
        case Kind.HASH:
            return "expected a digest of 16 to 64 hexadecimal digits"
        case Kind.SKETCH:
            return "expected 16 hexadecimal digits"


def _unknown(name: str) -> str:
    near = difflib.get_close_matches(name[:40], ATTRIBUTES, n=1)
    return f"unknown attribute; did you mean {near[0]}?" if near else "unknown attribute"


def _refused(fields: dict[str, list[str]]) -> Refused:
    return Refused(
        ATTRIBUTES_REFUSED, 400, "Some device attributes can't be taken as they are.", fields
    )
