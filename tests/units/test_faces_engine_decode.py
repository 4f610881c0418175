"""A picture is told by its bytes: too large, broken or two things at once, it isn't decoded."""

import struct
import zlib
from contextlib import suppress

import cv2
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from apps.faces.engine import decode, headers

GREY = np.full((480, 640, 3), 128, np.uint8)
JPEG = cv2.imencode(".jpg", GREY)[1].tobytes()


def reason(deed, *args, **options):
    with pytest.raises(headers.Unreadable) as refused:
        deed(*args, **options)
    return refused.value.code


def claiming(width, height):
    """The JPEG with another size in its header."""
    at = JPEG.index(b"\xff\xc0")
    return JPEG[: at + 5] + struct.pack(">HH", height, width) + JPEG[at + 9 :]


def png_chunk(kind, content):
    checksum = struct.pack(">I", zlib.crc32(kind + content))
    return struct.pack(">I", len(content)) + kind + content + checksum


def png(width, height, bits, *more, pixels=None):
    header = struct.pack(">IIBBBBB", width, height, bits, 0, 0, 0, 0)
    rows = (
        b"".join(b"\0" + row.astype(">u2").tobytes() for row in pixels)
        if pixels is not None
        else b""
    )
    chunks = (png_chunk(b"IHDR", header), *more, png_chunk(b"IDAT", zlib.compress(rows)))
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks) + png_chunk(b"IEND", b"")


def test_a_jpeg_is_decoded_whole_halved_and_grey():
    assert decode.colour(JPEG).shape == (480, 640, 3)
    assert decode.colour(JPEG, halved=True).shape == (240, 320, 3)
    assert decode.grey(JPEG).shape == (480, 640)


def test_colours_keep_their_order():
    red = np.zeros((96, 96, 3), np.uint8)
    red[..., 0] = 250
    as_jpeg = cv2.imencode(".jpg", red[..., ::-1])[1].tobytes()
    for image in (red, as_jpeg):
        assert decode.colour(image)[50, 50].argmax() == 0
        assert decode.colour(image, halved=True)[20, 20].argmax() == 0


def test_a_large_picture_comes_down_to_the_size_the_checks_know():
    large = cv2.imencode(".jpg", np.zeros((1280, 720, 3), np.uint8))[1].tobytes()
    assert decode.colour(large).shape == (640, 360, 3)
    assert decode.colour(large, halved=True).shape == (320, 180, 3)


def test_a_hundred_megapixels_are_refused_by_their_header():
    assert reason(decode.grey, claiming(10_000, 10_000)) == "TOO_MANY_PIXELS"


@pytest.mark.parametrize(
    "tail",
    [b"PK\x03\x04archive", b"<html><script>", b"\x00", JPEG],
    ids=["zip", "html", "0", "jpeg"],
)
def test_nothing_follows_the_picture(tail):
    assert reason(decode.grey, JPEG + tail) == "MORE_THAN_A_PICTURE"


@pytest.mark.parametrize("kept", [1, 3, 20, 300, len(JPEG) // 2, len(JPEG) - 1])
def test_a_truncated_picture_is_none(kept):
    assert reason(decode.grey, JPEG[:kept]) in {"BROKEN_JPEG", "NOT_JPEG"}


def test_the_format_is_told_by_content():
    as_png = cv2.imencode(".png", GREY)[1].tobytes()
    assert reason(decode.grey, as_png) == "NOT_JPEG"
    assert reason(decode.grey, b"") == "NOT_JPEG"
    assert reason(decode.png, JPEG, bits=8) == "NOT_PNG"


def test_depth_is_a_png_of_sixteen_bits():
    near = np.full((64, 80), 431, np.uint16)
    sent = png(80, 64, 16, pixels=near)
    assert np.array_equal(decode.png(sent, bits=16), near)
    assert reason(decode.png, sent, bits=8) == "ODD_PNG"
    assert reason(decode.png, sent + b"PK\x03\x04", bits=16) == "MORE_THAN_A_PICTURE"
    assert reason(decode.png, sent[:-5], bits=16) == "BROKEN_PNG"


def test_a_png_that_unpacks_to_gigabytes_is_refused_by_its_header():
    assert reason(decode.png, png(60_000, 60_000, 16), bits=16) == "TOO_MANY_PIXELS"


def test_a_text_that_unpacks_to_megabytes_is_not_unpacked():
    bomb = png_chunk(b"zTXt", b"k\0\0" + zlib.compress(bytes(10_000_000)))
    near = np.full((64, 80), 431, np.uint16)
    assert np.array_equal(decode.png(png(80, 64, 16, bomb, pixels=near), bits=16), near)


@pytest.mark.parametrize(
    "pixels",
    [
        np.full((100, 100, 3), np.nan),
        np.zeros((100, 100, 4), np.uint8),
        np.zeros((0, 100, 3), np.uint8),
        np.zeros((100,), np.uint8),
    ],
    ids=["nan", "four channels", "empty", "a line"],
)
def test_pixels_that_are_none(pixels):
    assert reason(decode.grey, pixels) == "PIXELS"


@given(st.binary(max_size=400))
@example(JPEG)
@example(JPEG[:2] + b"\xff" * 50)
@example(b"\xff\xd8\xff\xda\x00\x02\xff\xd9")
def test_any_bytes_are_a_picture_or_a_reason(data):
    for deed in (decode.colour, decode.grey):
        with suppress(headers.Unreadable):
            assert deed(data).ndim in (2, 3)
    with pytest.raises(headers.Unreadable):
        decode.png(data, bits=16)


@given(st.integers(2, len(JPEG) - 3), st.integers(0, 255))
def test_a_flipped_byte_never_breaks_more_than_its_picture(at, value):
    changed = JPEG[:at] + bytes([value]) + JPEG[at + 1 :]
    with suppress(headers.Unreadable):
        assert max(decode.colour(changed).shape) <= decode.LONGEST_AS_IS
