"""What a picture of a face check may be, and how many: what breaks a rule leaves nothing behind."""

import io
import math
import struct
import zlib
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from apps.core.errors import Refused
from apps.faces.models import Challenge, Picture, PictureKind
from apps.faces.services import pictures
from apps.faces.services.pictures import Sent
from apps.faces.states import ChallengeState
from tests.camera import Camera, picture
from tests.desk import Desk
from tests.face_protocol import INTRINSICS, depth, png, rebound, refused, take


@pytest.fixture
def camera(p2p: Desk) -> Camera:
    camera = Camera(p2p)
    camera.known("alice")
    return camera


# ── How much ──────────────────────────────────────────────────────────────────────────────────────


def test_a_check_has_at_most_180_pictures(camera: Camera) -> None:
    challenge = camera.begins("alice")
    camera.desk.pass_time(seconds=30)
    sent = [camera.sent(challenge, number) for number in range(181)]
    assert refused(camera, challenge, *sent) == "TOO_MANY_PICTURES"
    take(camera, challenge, *sent[:180])
    assert refused(camera, challenge, sent[180]) == "TOO_MANY_PICTURES"


def test_a_check_has_at_most_twelve_of_each_sensor(camera: Camera) -> None:
    challenge = camera.begins("alice")
    camera.desk.pass_time(seconds=5)
    take(camera, challenge, *(depth(camera, challenge, number) for number in range(12)))
    assert refused(camera, challenge, depth(camera, challenge, 12)) == "TOO_MANY_PICTURES"


def test_a_picture_has_at_most_150_000_bytes(camera: Camera) -> None:
    challenge = camera.begins("alice")
    large = picture(1) + b"\x00" * 150_000
    assert refused(camera, challenge, camera.sent(challenge, 0, data=large)) == "PICTURE_TOO_LARGE"


def test_a_check_has_at_most_14_megabytes(camera: Camera) -> None:
    challenge = camera.begins("alice")
    camera.desk.pass_time(seconds=30)
    row = camera.sent(challenge, 0)
    take(camera, challenge, row)
    Picture.objects.filter(challenge=challenge).delete()
    # As if 93 of them had come: what counts is what is stored.
    Picture.objects.create(
        challenge=challenge,
        kind="COLOUR",
        seq=0,
        t_ms=0,
        prompt_seq=0,
        received_ms=0,
        size=14_000_000 - 100,
        digest=b"d" * 32,
        content=b"",
    )
    assert refused(camera, challenge, camera.sent(challenge, 1)) == "PICTURE_TOO_LARGE"


# ── What it is ────────────────────────────────────────────────────────────────────────────────────


def hundred_megapixels() -> bytes:
    data = bytearray(picture(1))
    struct.pack_into(">HH", data, data.index(b"\xff\xc0") + 5, 10_000, 10_000)
    return bytes(data)


def endless_scans() -> bytes:
    """A progressive JPEG whose last scan comes a thousand times: each costs a walk over it all."""
    out = io.BytesIO()
    Image.new("RGB", (640, 480), 90).save(out, "JPEG", progressive=True)
    data = out.getvalue()
    last = data.rindex(b"\xff\xda")
    return data[:last] + data[last:-2] * 1000 + b"\xff\xd9"


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def bomb() -> bytes:
    """A small PNG that says 160×120, and unpacks to 100 MB."""
    head = struct.pack(">IIBBBBB", 160, 120, 16, 0, 0, 0, 0)
    body = zlib.compress(b"\x00" * 100_000_000, 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "NOT_JPEG"),
        (b"GIF89a" + picture(1), "NOT_JPEG"),
        (png(), "NOT_JPEG"),
        (picture(1)[:-40], "BROKEN_JPEG"),
        (picture(1) + b"PK\x03\x04 and a program", "MORE_THAN_A_PICTURE"),
        (picture(1) + picture(2), "MORE_THAN_A_PICTURE"),
        (hundred_megapixels(), "TOO_MANY_PIXELS"),
        (endless_scans(), "ODD_JPEG"),
        (picture(1, (642, 480)), "TOO_MANY_PIXELS"),
        (picture(1, (640, 481)), "TOO_MANY_PIXELS"),
        (picture(1, (160, 119)), "TOO_FEW_PIXELS"),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
def test_a_colour_picture_is_one_plain_jpeg(camera: Camera, data: bytes, code: str) -> None:
    challenge = camera.begins("alice")
    assert refused(camera, challenge, camera.sent(challenge, 0, data=data)) == code


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (picture(1), "NOT_PNG"),
        (png("L"), "WRONG_DEPTH"),
        (png("RGB"), "WRONG_DEPTH"),
        (png(size=(642, 480)), "TOO_MANY_PIXELS"),
        (png()[:-20], "BROKEN_PNG"),
        (png() + b"<script>", "MORE_THAN_A_PICTURE"),
        (bomb(), "BROKEN_PNG"),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
def test_a_depth_picture_is_one_grey_png_of_16_bits(camera: Camera, data: bytes, code: str) -> None:
    challenge = camera.begins("alice")
    assert len(data) < pictures.MOST_BYTES_EACH
    assert refused(camera, challenge, depth(camera, challenge, 0, data=data)) == code


def test_what_says_who_and_where_is_left_out_of_what_is_kept(camera: Camera) -> None:
    out, exif = io.BytesIO(), Image.Exif()
    exif[0x010E] = "alice at home"
    Image.new("RGB", (160, 120), 90).save(out, "JPEG", exif=exif, comment=b"52.5N 13.4E")
    challenge = camera.begins("alice")
    take(camera, challenge, camera.sent(challenge, 0, data=out.getvalue()))
    (kept,) = Picture.objects.all()
    assert b"alice" not in kept.content
    assert b"52.5N" not in kept.content


def test_a_program_in_adobes_segment_is_left_out(camera: Camera) -> None:
    data = picture(1)
    body = b"Adobe" + b"#!/bin/sh\n" * 50
    odd = data[:2] + b"\xff\xee" + struct.pack(">H", len(body) + 2) + body + data[2:]
    challenge = camera.begins("alice")
    take(camera, challenge, camera.sent(challenge, 0, data=odd))
    assert b"/bin/sh" not in Picture.objects.get().content


# ── Depth ─────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "intrinsics",
    [
        None,
        (math.nan, 500.0, 80.0, 60.0),
        (math.inf, 500.0, 80.0, 60.0),
        (500.0, 500.0, math.nan, 60.0),
        (-500.0, 500.0, 80.0, 60.0),
        (0.0, 500.0, 80.0, 60.0),
        (500.0, 1e9, 80.0, 60.0),
        (500.0, 500.0, 1e9, 60.0),
    ],
)
def test_depth_comes_with_intrinsics_of_a_camera(camera: Camera, intrinsics: Any) -> None:
    challenge = camera.begins("alice")
    odd = depth(camera, challenge, 0, intrinsics=intrinsics)
    assert refused(camera, challenge, odd) == "INTRINSICS"


def test_other_pictures_have_no_intrinsics(camera: Camera) -> None:
    challenge = camera.begins("alice")
    odd = camera.sent(challenge, 0, intrinsics=INTRINSICS)
    assert refused(camera, challenge, odd) == "INTRINSICS"


def test_each_kind_has_an_order_of_its_own(camera: Camera) -> None:
    challenge = camera.begins("alice")
    camera.desk.pass_time(seconds=5)
    infrared = camera.sent(challenge, 0, kind=PictureKind.INFRARED, data=png("L"))
    take(camera, challenge, camera.sent(challenge, 0), depth(camera, challenge, 0), infrared)
    again = depth(camera, challenge, 0, data=png(seed=9))
    assert refused(camera, challenge, again) == "PICTURES_SHUFFLED"
    assert refused(camera, challenge, depth(camera, challenge, 2)) == "PICTURES_MISSING"
    late = depth(camera, challenge, 1, t_ms=0)
    assert refused(camera, challenge, late) == "PICTURES_SHUFFLED"
    take(camera, challenge, depth(camera, challenge, 1), camera.sent(challenge, 1))


# ── Any of it ─────────────────────────────────────────────────────────────────────────────────────


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(list(PictureKind)),
            st.integers(-2, 4),
            st.integers(-10, 5_000),
            st.integers(-1, 2),
            st.sampled_from([picture(1), picture(2), png(), png("L"), b"", b"\xff\xd8\xff"]),
            st.sampled_from([None, INTRINSICS, (math.nan,) * 4]),
            st.booleans(),
        ),
        max_size=4,
    )
)
def test_any_chunk_is_taken_whole_or_refused_whole(camera: Camera, sent: list[Any]) -> None:
    challenge = Challenge.objects.filter(state=ChallengeState.OPEN).first()
    challenge = challenge or camera.begins("alice")
    Picture.objects.all().delete()
    chunk = [
        rebound(
            challenge,
            Sent(
                kind=kind, seq=seq, t_ms=t_ms, prompt_seq=prompt, mac="", data=data,
                intrinsics=intrinsics,
            ),
        )
        if is_bound
        else Sent(kind=kind, seq=seq, t_ms=t_ms, prompt_seq=prompt, mac="f" * 64, data=data)
        for kind, seq, t_ms, prompt, data, intrinsics, is_bound in sent
    ]  # fmt: skip
    try:
        came = take(camera, challenge, *chunk).challenge.pictures.count()
        assert came == len(chunk)
    except Refused:
        assert Picture.objects.count() == 0
