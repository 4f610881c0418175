"""A picture file is told from its bytes: one plain picture, or refused under a code."""

import io
import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from apps.faces.engine import headers


def _jpeg(width: int = 64, height: int = 48, **more: object) -> bytes:
    out = io.BytesIO()
    Image.linear_gradient("L").resize((width, height)).convert("RGB").save(out, "JPEG", **more)
    return out.getvalue()


def _png(mode: str = "L", size: tuple[int, int] = (64, 48)) -> bytes:
    out = io.BytesIO()
    Image.new(mode, size, 7).save(out, "PNG")
    return out.getvalue()


def _code(function: object, *args: object, **more: object) -> str:
    with pytest.raises(headers.Unreadable) as refused:
        function(*args, **more)  # type: ignore[operator]
    return refused.value.code


def test_a_plain_picture_passes_and_decodes_to_the_same_pixels() -> None:
    data = _jpeg(quality=83)
    header = headers.jpeg(data)
    assert (header.width, header.height, header.bits, header.channels) == (64, 48, 8, 3)
    plain = Image.open(io.BytesIO(header.plain))
    assert plain.tobytes() == Image.open(io.BytesIO(data)).tobytes()


def test_where_and_with_what_it_was_taken_is_left_out() -> None:
    exif = Image.Exif()
    exif[0x010F] = "a camera of its own"
    data = _jpeg(exif=exif, comment=b"taken at home")
    assert b"a camera of its own" in data
    header = headers.jpeg(data)
    assert b"a camera of its own" not in header.plain
    assert b"taken at home" not in header.plain


def test_progressive_pictures_have_many_scans() -> None:
    assert headers.jpeg(_jpeg(progressive=True)).plain.endswith(b"\xff\xd9")


@pytest.mark.parametrize("tail", [b"PK\x03\x04", b"<html>", b"\x00", b"\xff\xd8\xff\xd9"])
def test_what_carries_another_file_is_no_picture(tail: bytes) -> None:
    assert _code(headers.jpeg, _jpeg() + tail) == "MORE_THAN_A_PICTURE"
    assert _code(headers.png, _png() + tail, most_pixels=10**6) == "MORE_THAN_A_PICTURE"


@pytest.mark.parametrize("keep", [2, 3, 20, 60, -1])
def test_what_is_cut_off_is_no_picture(keep: int) -> None:
    assert _code(headers.jpeg, _jpeg()[:keep]) in {"NOT_JPEG", "BROKEN_JPEG"}
    assert _code(headers.png, _png()[:keep], most_pixels=10**6) in {"NOT_PNG", "BROKEN_PNG"}


def test_a_hundred_megapixels_are_told_from_the_header_alone() -> None:
    data = bytearray(_jpeg())
    frame = data.index(b"\xff\xc0")
    struct.pack_into(">HH", data, frame + 5, 10_000, 10_000)
    header = headers.jpeg(bytes(data))
    assert header.width * header.height == 100_000_000


def test_a_png_that_inflates_to_more_than_it_says_is_a_bomb() -> None:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 64, 48, 8, 0, 0, 0, 0))
    bomb = chunk(b"IDAT", zlib.compress(bytes(50_000_000), 9))
    data = b"\x89PNG\r\n\x1a\n" + head + bomb + chunk(b"IEND", b"")
    assert _code(headers.png, data, most_pixels=10**6) == "BROKEN_PNG"
    huge = chunk(b"IHDR", struct.pack(">IIBBBBB", 20_000, 20_000, 8, 0, 0, 0, 0))
    data = b"\x89PNG\r\n\x1a\n" + huge + bomb + chunk(b"IEND", b"")
    assert _code(headers.png, data, most_pixels=640 * 480) == "TOO_MANY_PIXELS"


def test_depth_has_sixteen_bits() -> None:
    assert headers.png(_png("I;16"), most_pixels=10**6).bits == 16


@given(st.binary(max_size=300), st.integers(0, 400))
def test_bytes_of_any_kind_are_told_or_refused_and_nothing_else(noise: bytes, at: int) -> None:
    good = _jpeg()
    for data in (noise, b"\xff\xd8\xff" + noise, good[:at] + noise + good[at:]):
        try:
            header = headers.jpeg(data)
        except headers.Unreadable:
            continue
        assert header.plain.startswith(b"\xff\xd8")
    for data in (noise, b"\x89PNG\r\n\x1a\n" + noise):
        with pytest.raises(headers.Unreadable):
            headers.png(data, most_pixels=10**6)
