"""Videos: the container is walked to its last byte; what it shows is left as it is.

MP4 is a row of boxes (ISO/IEC 14496-12), WebM a row of EBML elements (RFC 8794, RFC 9559).
"""

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from apps.trades.file_refusals import Code, refuse

BRANDS = frozenset(
    {b"isom", b"iso2", b"iso4", b"iso5", b"iso6", b"mp41", b"mp42", b"avc1", b"M4V ", b"MSNV"}
    | {b"dash", b"3gp4", b"3gp5", b"3gp6", b"mmp4"}
)
BOXES = frozenset(
    {b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"moof", b"mfra", b"sidx", b"styp"}
    | {b"uuid", b"meta", b"udta", b"pdin", b"emsg", b"prft", b"beam"}
)
MOST_BOXES = 100_000
EPOCH = datetime(1904, 1, 1, tzinfo=UTC)
# A place in ISO 6709, as phones write it among the facts of a film.
PLACE = re.compile(rb"[+-]\d{1,3}\.\d{2,}[+-]\d{1,3}\.\d{2,}(?:[+-]\d+(?:\.\d+)?)?")

EBML = b"\x1a\x45\xdf\xa3"
SEGMENT, TRACKS, CLUSTER, ATTACHMENTS, DOC_TYPE = (
    0x18538067,
    0x1654AE6B,
    0x1F43B675,
    0x1941A469,
    0x4282,
)
TRACK, VIDEO, WIDTH, HEIGHT = 0xAE, 0xE0, 0xB0, 0xBA
# Elements of a segment, and of a cluster whose length a live recording could not know.
ELEMENTS = frozenset(
    {SEGMENT, TRACKS, CLUSTER, 0x114D9B74, 0x1549A966, 0x1C53BB6B, 0x1254C367, 0x1043A770}
    | {0xEC, 0xBF, 0xE7, 0xA3, 0xA0, 0xA7, 0xAB, 0x5854}
)


@dataclass(frozen=True, slots=True)
class Video:
    """A film that holds together."""

    data: bytes
    width: int | None
    height: int | None
    meta: dict[str, str | int]


@dataclass(frozen=True, slots=True)
class _Part:
    kind: bytes
    start: int
    """Where its content begins."""
    end: int


def check(data: bytes, *, content_type: str) -> Video:
    """The film without the place where it was taken; Refused if its container is not whole."""
    try:
        return _mp4(data) if content_type == "video/mp4" else _webm(data)
    except (struct.error, IndexError, OverflowError) as fault:
        raise refuse(Code.FILE_BROKEN) from fault


def _boxes(data: bytes, start: int, end: int) -> Iterator[_Part]:
    """The boxes of a range; Refused unless they fill it to the last byte."""
    count = 0
    while start < end:
        size, kind = struct.unpack_from(">I4s", data, start)
        head = 8
        if size == 1:
            (size,) = struct.unpack_from(">Q", data, start + 8)
            head = 16
        elif size == 0:
            size = end - start
        count += 1
        if size < head or start + size > end or count > MOST_BOXES:
            raise refuse(Code.FILE_BROKEN)
        yield _Part(kind, start + head, start + size)
        start += size


def _inside(data: bytes, part: _Part, *path: bytes) -> Iterator[_Part]:
    """All boxes at the path below a box."""
    for box in _boxes(data, part.start, part.end):
        if box.kind == path[0]:
            if len(path) == 1:
                yield box
            else:
                yield from _inside(data, box, *path[1:])


def _mp4(data: bytes) -> Video:
    boxes = list(_boxes(data, 0, len(data)))
    kinds = {box.kind for box in boxes}
    if not kinds <= BOXES or not {b"moov", b"mdat"} <= kinds:
        raise refuse(Code.FILE_BROKEN)
    movie = next(box for box in boxes if box.kind == b"moov")
    films = [
        track
        for track in _inside(data, movie, b"trak")
        if any(
            data[handler.start + 8 : handler.start + 12] == b"vide"
            for handler in _inside(data, track, b"mdia", b"hdlr")
        )
    ]
    if not films:
        raise refuse(Code.FILE_BROKEN)
    header = next(_inside(data, films[0], b"tkhd"), None)
    width, height = struct.unpack_from(">II", data, header.end - 8) if header else (0, 0)
    return Video(
        data=_without_place(data, boxes),
        width=width >> 16 or None,
        height=height >> 16 or None,
        meta=_made_at(data, movie),
    )


def _without_place(data: bytes, boxes: list[_Part]) -> bytes:
    """Digits of places become zeros, so that nothing moves; the film itself is not touched."""
    clean = bytearray(data)
    for box in boxes:
        if box.kind in (b"moov", b"udta", b"meta", b"uuid"):
            part = data[box.start : box.end]
            clean[box.start : box.end] = PLACE.sub(
                lambda place: re.sub(rb"\d", b"0", place[0]), part
            )
    return bytes(clean)


def _made_at(data: bytes, movie: _Part) -> dict[str, str | int]:
    header = next(_inside(data, movie, b"mvhd"), None)
    if header is None:
        raise refuse(Code.FILE_BROKEN)
    shape = ">Q" if data[header.start] == 1 else ">I"
    (seconds,) = struct.unpack_from(shape, data, header.start + 4)
    if not seconds:
        return {}
    made = EPOCH + timedelta(seconds=seconds)
    return {"captured_at": made.replace(tzinfo=None).isoformat()}


def _elements(data: bytes, start: int, end: int) -> Iterator[tuple[int, int, int]]:
    """Ids, begins and ends of elements; one of unknown length is stepped into."""
    count = 0
    while start < end:
        kind, start, _ = _number(data, start, keep_marker=True)
        size, start, is_unknown = _number(data, start, keep_marker=False)
        count += 1
        if is_unknown and kind in (SEGMENT, CLUSTER):
            yield kind, start, start
            continue
        if is_unknown or start + size > end or count > MOST_BOXES:
            raise refuse(Code.FILE_BROKEN)
        yield kind, start, start + size
        start += size


def _number(data: bytes, at: int, *, keep_marker: bool) -> tuple[int, int, bool]:
    """A number of variable length, where it ends, and whether all its bits are one."""
    length = 9 - data[at].bit_length()
    if length > (4 if keep_marker else 8) or at + length > len(data):
        raise refuse(Code.FILE_BROKEN)
    number = int.from_bytes(data[at : at + length])
    mask = (1 << 7 * length) - 1
    return number if keep_marker else number & mask, at + length, number & mask == mask


def _webm(data: bytes) -> Video:
    head = next(_elements(data, 0, len(data)))
    kinds = {kind: data[start:end] for kind, start, end in _elements(data, head[1], head[2])}
    if kinds.get(DOC_TYPE, b"").rstrip(b"\0") != b"webm":
        raise refuse(Code.FILE_TYPE_REFUSED, video=True)
    width = height = None
    has_pictures = False
    for kind, start, end in _top(data, head[2]):
        if kind not in ELEMENTS:
            raise refuse(Code.FILE_BROKEN)
        has_pictures |= kind in (CLUSTER, 0xA3)
        if kind == TRACKS:
            width, height = _size(data, start, end) or (width, height)
    if not has_pictures or not width:
        raise refuse(Code.FILE_BROKEN)
    return Video(data=data, width=width, height=height, meta={})


def _top(data: bytes, start: int) -> Iterator[tuple[int, int, int]]:
    """The elements of the one segment, which must be the rest of the file."""
    segment = next(_elements(data, start, len(data)), None)
    if segment is None or segment[0] != SEGMENT:
        raise refuse(Code.FILE_BROKEN)
    _, begin, end = segment
    # Of unknown length: to the end of the file.
    if end not in (begin, len(data)):
        raise refuse(Code.FILE_BROKEN)
    yield from _elements(data, begin, len(data))


def _size(data: bytes, start: int, end: int) -> tuple[int, int] | None:
    """Width and height of the first track of pictures."""
    for kind, at, until in _elements(data, start, end):
        if kind != TRACK:
            continue
        for inner, begin, stop in _elements(data, at, until):
            if inner == VIDEO:
                found = {name: (a, b) for name, a, b in _elements(data, begin, stop)}
                if WIDTH in found and HEIGHT in found:
                    w, h = found[WIDTH], found[HEIGHT]
                    return int.from_bytes(data[w[0] : w[1]]), int.from_bytes(data[h[0] : h[1]])
    return None
