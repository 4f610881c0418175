"""Machines as browsers and apps describe them, and what happens to them over time."""

from collections.abc import Iterable
from hashlib import blake2b, sha256

WINDOWS_FONTS = (
    "Agency FB", "Arial Unicode MS", "Bahnschrift", "Calibri", "Cambria", "Century", "Consolas",
    "Franklin Gothic", "Gadugi", "HoloLens MDL2 Assets", "Ink Free", "Javanese Text",
    "Leelawadee UI", "Lucida Bright", "Marlett", "MS Outlook", "MS Reference Specialty",
    "MS UI Gothic", "MT Extra", "Segoe UI Light", "Sitka", "SimHei", "Small Fonts", "Wingdings 2",
)  # fmt: skip
MAC_FONTS = (
    "American Typewriter", "Arial Unicode MS", "Avenir", "Big Caslon", "Copperplate", "Futura",
    "Galvji", "Geneva", "Gill Sans", "Helvetica Neue", "Hoefler Text", "Kefa", "Luminari",
    "Marker Felt", "Menlo", "Monaco", "Noteworthy", "PINGFANG HK Light", "Zapfino",
)  # fmt: skip


def digest(text: str) -> str:
    """Stand in for the digest that a browser makes of a drawing, a sound, a list."""
    return sha256(text.encode()).hexdigest()[:32]


def sketch(items: Iterable[str]) -> str:
    """The simhash of static/js/device.js, with another hash underneath."""
    votes = [0] * 64
    for item in set(items):
        bits = int.from_bytes(blake2b(item.encode(), digest_size=8).digest(), "big")
        for i in range(64):
            votes[i] += 1 if bits >> i & 1 else -1
    return f"{sum(1 << i for i, vote in enumerate(votes) if vote > 0):016x}"


def windows_laptop() -> dict[str, object]:
    """Chrome 130 on a Windows 11 laptop in Berlin."""
    return {
        "os": "WINDOWS", "os_major": 15, "architecture": 255, "cpu_cores": 12, "memory_gb": 8,
        "touch_points": 0, "screen_long": 1920, "screen_short": 1080, "pixel_ratio": 1.25,
        "color_depth": 24, "color_gamut": "SRGB", "hdr": False, "webgl": digest("Iris Xe"),
        "webgl_extensions": sketch(f"EXT_{i}" for i in range(36)), "audio": digest("124.0434752"),
        "math": digest("math of x86 chrome"), "browser": "CHROME", "browser_major": 130,
        "canvas": digest("drawn by Iris Xe"), "fonts": sketch(WINDOWS_FONTS),
        "font_preferences": digest("widths on windows at 1.25"), "plugins": sketch(["PDF Viewer"]),
        "pdf_viewer": True, "timezone": "Europe/Berlin", "language": "de-DE",
        "languages": digest("de-DE"), "preferences": 0, "automation": False,
    }  # fmt: skip


def other_windows_laptop() -> dict[str, object]:
    """The same browser, town and language on a laptop of another make."""
    return windows_laptop() | {
        "cpu_cores": 16, "screen_long": 2560, "screen_short": 1440, "pixel_ratio": 1.5,
        "webgl": digest("RTX 4060"), "canvas": digest("drawn by RTX 4060"),
        "webgl_extensions": sketch(f"EXT_{i}" for i in range(38)),
        "font_preferences": digest("widths on windows at 1.5"),
        "fonts": sketch([*WINDOWS_FONTS, "Monotype Corsiva", "Univers", "Clarendon"]),
    }  # fmt: skip


def macbook() -> dict[str, object]:
    """Safari 17 on a MacBook in Berlin: no memory, no drawing, no screen are told."""
    return {
        "os": "MACOS", "architecture": 127, "cpu_cores": 8, "touch_points": 0, "pixel_ratio": 2,
        "color_depth": 30, "color_gamut": "P3", "hdr": True, "webgl": digest("Apple GPU"),
        "webgl_extensions": sketch(f"WEBKIT_{i}" for i in range(30)),
        "math": digest("math of arm safari"), "browser": "SAFARI", "browser_major": 17,
        "fonts": sketch(MAC_FONTS), "font_preferences": digest("widths on mac"),
        "plugins": sketch(["PDF Viewer"]), "pdf_viewer": True, "timezone": "Europe/Berlin",
        "language": "de-DE", "languages": digest("de-DE,en"), "preferences": 0,
    }  # fmt: skip


def android_phone(serial: str = "first") -> dict[str, object]:
    """An Android app on a Galaxy S23; two of them differ by what `serial` stands for."""
    return {
        "os": "ANDROID", "os_major": 14, "brand": "samsung", "model": "SM-S911B",
        "platform_id": digest(f"ssaid {serial}"), "install_id": digest(f"install {serial}"),
        "os_build": digest("S911BXXS3BXD3"), "app_build": 410, "storage_gb": 256, "memory_gb": 8,
        "cpu_cores": 8, "sensors": digest("sensors of S911B"), "cameras": 4, "screen_long": 2340,
        "screen_short": 1080, "pixel_ratio": 3, "timezone": "Asia/Manila", "language": "en-PH",
        "carrier": "51502", "vpn": False, "on_call": False,
    }  # fmt: skip


def phone_browser() -> dict[str, object]:
    """Chrome on the same make of phone: nothing in it is the phone's own."""
    return {
        "os": "ANDROID", "os_major": 14, "model": "SM-S911B", "architecture": 127, "cpu_cores": 8,
        "memory_gb": 8, "touch_points": 5, "screen_long": 780, "screen_short": 360,
        "pixel_ratio": 3, "color_depth": 24, "color_gamut": "SRGB", "hdr": True,
        "webgl": digest("Adreno 740"), "webgl_extensions": sketch(f"ES_{i}" for i in range(33)),
        "audio": digest("124.08072"), "math": digest("math of arm chrome"), "browser": "CHROME",
        "browser_major": 130, "canvas": digest("drawn by Adreno 740"),
        "fonts": sketch(["sans-serif-thin"]), "font_preferences": digest("widths on android"),
        "plugins": sketch([]), "pdf_viewer": False, "timezone": "Asia/Manila", "language": "en-PH",
        "languages": digest("en-PH"), "preferences": 0,
    }  # fmt: skip


def after_update(machine: dict[str, object]) -> dict[str, object]:
    """The browser's next major version, which also draws a little differently."""
    return machine | {
        "browser_major": int(str(machine["browser_major"])) + 1,
        "canvas": digest("drawn by the next version"),
    }


def on_another_monitor(machine: dict[str, object]) -> dict[str, object]:
    """The lid is closed and a large screen is plugged in."""
    return machine | {
        "screen_long": 3840, "screen_short": 2160, "pixel_ratio": 1.5, "color_depth": 30,
        "color_gamut": "P3", "hdr": True,
    }  # fmt: skip


def travelling(machine: dict[str, object]) -> dict[str, object]:
    """The clock follows the owner to Dubai."""
    return machine | {"timezone": "Asia/Dubai"}


def in_another_language(machine: dict[str, object]) -> dict[str, object]:
    """The owner sets the browser to English."""
    return machine | {"language": "en-GB", "languages": digest("en-GB")}


def with_new_fonts(machine: dict[str, object]) -> dict[str, object]:
    """An office package brings two fonts."""
    return machine | {"fonts": sketch([*WINDOWS_FONTS, "Monotype Corsiva", "Univers CE 55 Medium"])}


def with_noise(machine: dict[str, object], session: str) -> dict[str, object]:
    """An anti-fingerprint browser that answers with noise, another one in every session."""
    return machine | {
        "canvas": digest(f"noise {session}"), "audio": digest(f"hiss {session}"),
        "cpu_cores": 2 + sum(session.encode()) % 11, "memory_gb": 4,
        "plugins": sketch([f"plugin {session}"]),
        "webgl_extensions": sketch(f"{session} {i}" for i in range(20)),
    }  # fmt: skip


def without(machine: dict[str, object], *names: str) -> dict[str, object]:
    """The machine keeps silent about some attributes."""
    return {name: value for name, value in machine.items() if name not in names}
