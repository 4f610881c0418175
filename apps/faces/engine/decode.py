"""Bounded decoding: what a picture claims is read from its header before a pixel is unpacked.

The format is told by content, never by name. A JPEG must end with its last byte (nothing may
follow the picture: ISO/IEC 10918-1, annex B), a PNG likewise (ISO/IEC 15948), so that no picture
is at the same time an archive or a page. Larger pictures come down to `LONGEST` pixels a side.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from apps.faces.engine.session import Pixels

MOST_PIXELS = 4_200_000
MOST_BYTES = 4 * 1024 * 1024
#: The longer side that the checks were developed for.
LONGEST = 640
#: A picture up to this size is taken as it is.
LONGEST_AS_IS = 800
SMALLEST_SIDE = 64

_SIZES = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})
_SCAN, _END = 0xDA, 0xD9
_AFTER_SCAN = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")
_ALONE = frozenset({0x01, *range(0xD0, 0xD9)})
_COMMENT, _APPLICATION, _ADOBE = 0xFE, range(0xE0, 0xF0), 0xEE
_PNG = b"\x89PNG\r\n\x1a\n"
#: Parts of a PNG that don't hold its pixels may be this large together.
_MOST_BESIDE = 4096


class Unreadable(Exception):
    """A picture that can't be taken as one; `code` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Size:
    width: int
    height: int


def jpeg_size(data: bytes, *, most_pixels: int = MOST_PIXELS) -> Size:
    """The size that a JPEG claims, after its parts were walked from first to last byte."""
    size: Size | None = None
    for marker, start, end in _jpeg_parts(data):
        if marker in _SIZES:
            if size is not None or end - start < 6:
                raise Unreadable("BROKEN")
            size = Size(
                int.from_bytes(data[start + 3 : start + 5]),
                int.from_bytes(data[start + 1 : start + 3]),
            )
            _within(size, most_pixels)
    if size is None:
        raise Unreadable("BROKEN")
    return size


def stripped(data: bytes) -> bytes:
    """The same JPEG without what isn't needed to show it: places, devices, comments, previews."""
    kept, last = [b"\xff\xd8"], 2
    for marker, _, end in _jpeg_parts(data):
        beside = marker == _COMMENT or (marker in _APPLICATION and marker != _ADOBE)
        if not beside:
            kept.append(data[last:end])
        last = end
    kept.append(data[last:])
    return b"".join(kept)


def size_of(image: bytes | NDArray, *, most_pixels: int = MOST_PIXELS) -> Size:
    """The size of a frame as it was sent: JPEG, or pixels."""
    if isinstance(image, bytes):
        return jpeg_size(image, most_pixels=most_pixels)
    array = _checked(image)
    size = Size(array.shape[1], array.shape[0])
    _within(size, most_pixels)
    return size


def colour(image: bytes | NDArray, *, halved: bool = False) -> Pixels:
    """RGB pixels of a frame, at most `LONGEST_AS_IS` a side; `halved` at half of that."""
    return _decoded(image, is_grey=False, halved=halved)


def grey(image: bytes | NDArray) -> NDArray[np.uint8]:
    """The brightness of a frame, at the size of `colour`."""
    return _decoded(image, is_grey=True, halved=False)


def scaled(size: Size) -> Size:
    """The size at which a picture of this size is looked at."""
    longest = max(size.width, size.height)
    if longest <= LONGEST_AS_IS:
        return size
    return Size(
        max(1, round(size.width * LONGEST / longest)),
        max(1, round(size.height * LONGEST / longest)),
    )


def png(data: bytes, *, bits: int, most_pixels: int = MOST_PIXELS) -> NDArray:
    """A grey PNG of 8 or 16 bits as it is; nothing else in it, nothing after it."""
    if len(data) > MOST_BYTES:
        raise Unreadable("TOO_LARGE")
    if not data.startswith(_PNG):
        raise Unreadable("FORMAT")
    at, beside, size = len(_PNG), 0, None
    while True:
        length, kind = int.from_bytes(data[at : at + 4]), data[at + 4 : at + 8]
        end = at + 12 + length
        if len(kind) < 4 or end > len(data):
            raise Unreadable("TRUNCATED")
        if kind == b"IHDR":
            if length != 13 or size is not None:
                raise Unreadable("BROKEN")
            size = Size(
                int.from_bytes(data[at + 8 : at + 12]), int.from_bytes(data[at + 12 : at + 16])
            )
            _within(size, most_pixels)
            if data[at + 16 : at + 18] != bytes((bits, 0)):
                raise Unreadable("FORMAT")
        elif kind == b"IEND":
            break
        elif kind != b"IDAT":
            beside += length
            if beside > _MOST_BESIDE:
                raise Unreadable("FORMAT")
        at = end
    if end != len(data):
        raise Unreadable("TRAILING_DATA")
    if size is None:
        raise Unreadable("BROKEN")
    picture = _unpacked(data, cv2.IMREAD_UNCHANGED)
    if picture.ndim != 2 or picture.dtype != (np.uint16 if bits == 16 else np.uint8):
        raise Unreadable("FORMAT")
    return picture


def _within(size: Size, most_pixels: int) -> None:
    if size.width * size.height > most_pixels:
        raise Unreadable("TOO_MANY_PIXELS")
    if min(size.width, size.height) < SMALLEST_SIDE:
        raise Unreadable("TOO_SMALL")


def _jpeg_parts(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Each marker with the bounds of its content; ends at the last byte of the picture."""
    if len(data) > MOST_BYTES:
        raise Unreadable("TOO_LARGE")
    if not data.startswith(b"\xff\xd8\xff"):
        raise Unreadable("FORMAT")
    at, scanned = 2, False
    while True:
        if at + 2 > len(data):
            raise Unreadable("TRUNCATED")
        if data[at] != 0xFF:
            raise Unreadable("BROKEN")
        marker = data[at + 1]
        if marker == 0xFF:
            at += 1
            continue
        if marker == _END:
            if not scanned:
                raise Unreadable("BROKEN")
            if at + 2 != len(data):
                raise Unreadable("TRAILING_DATA")
            return
        if marker in _ALONE:
            at += 2
            continue
        length = int.from_bytes(data[at + 2 : at + 4])
        end = at + 2 + length
        if length < 2:
            raise Unreadable("BROKEN")
        if end > len(data):
            raise Unreadable("TRUNCATED")
        start = at + 4
        if marker == _SCAN:
            following = _AFTER_SCAN.search(data, end)
            if following is None:
                raise Unreadable("TRUNCATED")
            scanned, end = True, following.start()
        yield marker, start, end
        at = end


def _checked(image: NDArray) -> Pixels:
    array = np.asarray(image)
    if array.dtype != np.uint8 or array.size == 0:
        raise Unreadable("PIXELS")
    if array.ndim == 2:
        array = np.repeat(array[:, :, None], 3, axis=2)
    if array.ndim != 3 or array.shape[2] != 3:
        raise Unreadable("PIXELS")
    return np.ascontiguousarray(array)


def _unpacked(data: bytes, flags: int) -> NDArray:
    try:
        picture = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    except cv2.error:
        picture = None
    if picture is None:
        raise Unreadable("BROKEN")
    return picture


def _decoded(image: bytes | NDArray, *, is_grey: bool, halved: bool) -> NDArray[np.uint8]:
    size = size_of(image)
    target = scaled(size)
    if halved:
        target = Size(max(1, target.width // 2), max(1, target.height // 2))
    if isinstance(image, bytes):
        picture = _unpacked(image, _flags(size, target, is_grey=is_grey))
        if not is_grey:
            picture = cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)
    elif is_grey:
        picture = cv2.cvtColor(_checked(image), cv2.COLOR_RGB2GRAY)
    else:
        picture = _checked(image)
    if picture.shape[:2] != (target.height, target.width):
        picture = cv2.resize(picture, (target.width, target.height), interpolation=cv2.INTER_AREA)
    return np.ascontiguousarray(picture)


def _flags(size: Size, target: Size, *, is_grey: bool) -> int:
    if size.width >= 2 * target.width:  # unpacked at half its size: less work
        flag = cv2.IMREAD_REDUCED_GRAYSCALE_2 if is_grey else cv2.IMREAD_REDUCED_COLOR_2
    else:
        flag = cv2.IMREAD_GRAYSCALE if is_grey else cv2.IMREAD_COLOR
    return flag | cv2.IMREAD_IGNORE_ORIENTATION
