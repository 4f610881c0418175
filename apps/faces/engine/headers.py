"""What a picture file is, told from its bytes alone: nothing is decoded, so nothing can explode.

A JPEG or PNG that is exactly one picture passes; whatever carries more (another file behind it, a
second image, a page in a comment) is refused, and what it says of itself (Exif, places, comments)
is left out. Sources: ITU-T T.81 annex B; PNG specification, third edition.
"""

import struct
import zlib
from dataclasses import dataclass

# Markers without a length: fill, TEM, restarts.
_BARE = {0x01, *range(0xD0, 0xD8)}
_FRAMES = {0xC0, 0xC1, 0xC2}
#: What decoding needs: tables, the frame, the scan, and Adobe's word on the colours.
_KEPT = {0xC0, 0xC1, 0xC2, 0xC4, 0xDB, 0xDD, 0xEE}
#: A progressive JPEG has ten scans; each scan costs a walk over the whole picture.
MOST_SCANS = 12
_ADOBE, ADOBE_LENGTH = b"Adobe", 14
_PNG = b"\x89PNG\r\n\x1a\n"
_PNG_KEPT = {b"IHDR", b"PLTE", b"IDAT", b"IEND"}


class Unreadable(ValueError):
    """A file that is not the one plain picture that it should be; `code` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Header:
    """A picture's size, its bits per channel and channels, and its bytes without metadata."""

    width: int
    height: int
    bits: int
    channels: int
    plain: bytes


def jpeg(data: bytes) -> Header:
    """The header of a JPEG of 8 bits; Unreadable for anything else."""
    if not data.startswith(b"\xff\xd8\xff"):
        raise Unreadable("NOT_JPEG")
    kept, at, frame, scans = [b"\xff\xd8"], 2, None, 0
    try:
        while True:
            if data[at] != 0xFF:
                raise Unreadable("BROKEN_JPEG")
            marker = data[at + 1]
            if marker == 0xFF:
                at += 1
                continue
            if marker in _BARE:
                at += 2
                continue
            if marker == 0xD9:
                break
            (length,) = struct.unpack_from(">H", data, at + 2)
            segment = data[at : at + 2 + length]
            if length < 2 or len(segment) != 2 + length:
                raise Unreadable("BROKEN_JPEG")
            if 0xC0 <= marker <= 0xCF and marker not in {0xC4, 0xC8, 0xCC}:
                if frame is not None or marker not in _FRAMES:
                    raise Unreadable("ODD_JPEG")
                bits, height, width, channels = struct.unpack_from(">BHHB", segment, 4)
                frame = (width, height, bits, channels)
            if marker in _KEPT and (marker != 0xEE or _is_adobe(segment)):
                kept.append(segment)
            at += 2 + length
            if marker == 0xDA:
                scans += 1
                if frame is None or scans > MOST_SCANS:
                    raise Unreadable("ODD_JPEG")
                end = _end_of_scan(data, at)
                kept += [segment, data[at:end]]
                at = end
    except (IndexError, struct.error):
        raise Unreadable("BROKEN_JPEG") from None
    if frame is None or not scans or 0 in frame or frame[2] != 8 or frame[3] not in (1, 3):
        raise Unreadable("ODD_JPEG")
    if at + 2 != len(data):
        raise Unreadable("MORE_THAN_A_PICTURE")
    return Header(*frame, plain=b"".join([*kept, b"\xff\xd9"]))


def png(data: bytes, *, most_pixels: int) -> Header:
    """The header of a PNG; Unreadable for anything else, or where it inflates to more than said."""
    if not data.startswith(_PNG):
        raise Unreadable("NOT_PNG")
    at, kept, frame, body = len(_PNG), [_PNG], None, []
    try:
        while True:
            length, kind = struct.unpack_from(">I4s", data, at)
            chunk = data[at : at + 12 + length]
            if len(chunk) != 12 + length:
                raise Unreadable("BROKEN_PNG")
            if struct.unpack(">I", chunk[-4:])[0] != zlib.crc32(chunk[4:-4]):
                raise Unreadable("BROKEN_PNG")
            if kind == b"IHDR":
                width, height, bits, colour, _, _, interlaced = struct.unpack(
                    ">IIBBBBB", chunk[8:21]
                )
                if frame is not None or interlaced or colour not in (0, 2):
                    raise Unreadable("ODD_PNG")
                frame = (width, height, bits, 1 if colour == 0 else 3)
            if kind == b"IDAT":
                body.append(chunk[8:-4])
            if kind in _PNG_KEPT:
                kept.append(chunk)
            at += 12 + length
            if kind == b"IEND":
                break
    except struct.error:
        raise Unreadable("BROKEN_PNG") from None
    if frame is None or 0 in frame or frame[2] not in (8, 16):
        raise Unreadable("ODD_PNG")
    if at != len(data):
        raise Unreadable("MORE_THAN_A_PICTURE")
    width, height, bits, channels = frame
    if width * height > most_pixels:
        raise Unreadable("TOO_MANY_PIXELS")
    _inflates_to(b"".join(body), (width * channels * bits // 8 + 1) * height)
    return Header(*frame, plain=b"".join(kept))


def _is_adobe(segment: bytes) -> bool:
    return segment[4:9] == _ADOBE and len(segment) == 2 + ADOBE_LENGTH


def _end_of_scan(data: bytes, at: int) -> int:
    # Within a scan 0xFF is followed by 0x00 or a restart; any other marker ends it.
    while True:
        at = data.find(b"\xff", at)
        if at < 0 or at + 1 >= len(data):
            raise Unreadable("BROKEN_JPEG")
        if data[at + 1] == 0x00 or 0xD0 <= data[at + 1] <= 0xD7:
            at += 2
            continue
        return at


def _inflates_to(body: bytes, size: int) -> None:
    inflater = zlib.decompressobj()
    try:
        rows = inflater.decompress(body, size + 1)
    except zlib.error:
        raise Unreadable("BROKEN_PNG") from None
    if len(rows) != size or not inflater.eof or inflater.unused_data:
        raise Unreadable("BROKEN_PNG")
