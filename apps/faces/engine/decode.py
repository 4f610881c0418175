"""Bounded decoding: what a picture claims is read from its header before a pixel is unpacked.

The format is told by content (headers.py), never by name: frames are JPEG, depth and infrared are
grey PNG. What is larger than `LONGEST_AS_IS` comes down to `LONGEST` pixels a side.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from apps.faces.engine import headers
from apps.faces.engine.headers import Unreadable
from apps.faces.engine.session import Pixels

MOST_PIXELS = 4_200_000
MOST_BYTES = 4 * 1024 * 1024
#: The longer side that the checks were developed for.
LONGEST = 640
#: A picture up to this size is taken as it is.
LONGEST_AS_IS = 800
SMALLEST_SIDE = 64


@dataclass(frozen=True, slots=True)
class Size:
    width: int
    height: int


def size_of(image: bytes | NDArray, *, most_pixels: int = MOST_PIXELS) -> Size:
    """The size of a frame as it was sent: JPEG, or pixels."""
    if isinstance(image, bytes):
        if len(image) > MOST_BYTES:
            raise Unreadable("TOO_LARGE")
        header = headers.jpeg(image)
        size = Size(header.width, header.height)
    else:
        array = _checked(image)
        size = Size(array.shape[1], array.shape[0])
    return _within(size, most_pixels)


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
    header = headers.png(data, most_pixels=most_pixels)
    _within(Size(header.width, header.height), most_pixels)
    if (header.bits, header.channels) != (bits, 1):
        raise Unreadable("ODD_PNG")
    return _unpacked(header.plain, cv2.IMREAD_UNCHANGED)


def _within(size: Size, most_pixels: int) -> Size:
    if size.width * size.height > most_pixels:
        raise Unreadable("TOO_MANY_PIXELS")
    if min(size.width, size.height) < SMALLEST_SIDE:
        raise Unreadable("TOO_SMALL")
    return size


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
    return np.asarray(np.ascontiguousarray(picture), np.uint8)


def _flags(size: Size, target: Size, *, is_grey: bool) -> int:
    if size.width >= 2 * target.width:  # unpacked at half its size: less work
        flag = cv2.IMREAD_REDUCED_GRAYSCALE_2 if is_grey else cv2.IMREAD_REDUCED_COLOR_2
    else:
        flag = cv2.IMREAD_GRAYSCALE if is_grey else cv2.IMREAD_COLOR
    return flag | cv2.IMREAD_IGNORE_ORIENTATION
