"""What the making of a file says about a receipt: hints for people and rules, never proof."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

# Programs that change what a picture or document shows. Cameras, scanners, screenshots and what
# banks print with are not among them.
EDITORS = re.compile(
    r"photoshop|lightroom|illustrator|indesign|gimp|affinity|pixelmator|paint\.?net|paint ?shop|"
    r"snapseed|picsart|canva\b|facetune|meitu|xingtu|美图|醒图|figma|sketch\b|inkscape|corel|krita|"
    r"photopea|pixlr|polarr|vsco|fotor|acrobat pro|pdf-?xchange|foxit.*(edit|phantom)|nitro|sejda|"
    r"ilovepdf|smallpdf|pdfescape|pdffiller|wondershare|libreoffice draw",
    re.IGNORECASE,
)
# Capture times have no zone; no two clocks on Earth are further apart.
CLOCKS_APART = timedelta(hours=26)
# Phones write a picture's two times moments apart.
SAME_MOMENT = timedelta(minutes=5)
LONGEST_SAID = 100


def editing_signs(
    meta: Mapping[str, str | int], *, ordered_at: datetime | None = None
) -> tuple[str, ...]:
    """Codes of what looks edited: EDITING_SOFTWARE, CHANGED_LATER, OLDER_THAN_ORDER.

    `meta` is that of an accepted file; `ordered_at`, with its zone, is when the order was opened.
    """
    signs = []
    if EDITORS.search(str(meta.get("software", ""))):
        signs.append("EDITING_SOFTWARE")
    captured, modified = _time(meta.get("captured_at")), _time(meta.get("modified_at"))
    if captured and modified and modified - captured > SAME_MOMENT:
        signs.append("CHANGED_LATER")
    if captured and ordered_at:
        opened = ordered_at.astimezone(UTC).replace(tzinfo=None)
        if opened - captured > CLOCKS_APART:
            signs.append("OLDER_THAN_ORDER")
    return tuple(signs)


def said(value: object) -> str:
    """A text out of a file, made harmless: printable, one line, short; empty if it is none."""
    if isinstance(value, bytes):
        value = value.decode("utf-8", errors="replace")
    if not isinstance(value, str):
        return ""
    printable = "".join(letter if letter.isprintable() else " " for letter in value)
    return " ".join(printable.split())[:LONGEST_SAID]


def moment(value: object) -> str:
    """EXIF's `2026:03:01 12:30:00`, or PDF's `D:20260301123000`, in ISO 8601 without a zone."""
    text = re.sub(r"\D", "", said(value))[:14]
    try:
        return datetime.strptime(text, "%Y%m%d%H%M%S").isoformat()
    except ValueError:
        return ""


def _time(value: object) -> datetime | None:
    return datetime.fromisoformat(value) if isinstance(value, str) else None
