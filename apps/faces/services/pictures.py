"""What is let in as a picture of a face check: whose it is, what it is, and in which order.

Nothing is decoded here. A picture that breaks a rule is refused with all that came with it, under a
code that says which rule, and nothing of it is stored.
"""

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Max, Q, Sum

from apps.core import crypto
from apps.core.errors import Refused
from apps.core.ids import uuid7
from apps.faces.engine import headers
from apps.faces.models import Challenge, Picture, PictureKind

MOST_FRAMES, MOST_OTHERS = 180, 12
MOST_BYTES_EACH, MOST_BYTES = 150_000, 14_000_000
#: The longer and the shorter side of a picture, in pixels.
LONGEST_SIDE, SHORTER_SIDE = 640, 480
LEAST_SIDE = 120
#: How far the sender's clock may run ahead of ours within one check, in milliseconds.
AHEAD_MS = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A picture as it arrived. `mac` is hexadecimal; intrinsics go with depth alone."""

    kind: PictureKind
    seq: int
    t_ms: int
    prompt_seq: int
    mac: str
    data: bytes
    intrinsics: tuple[float, float, float, float] | None = None


@dataclass(frozen=True, slots=True)
class Taken:
    """What a check has so far."""

    frames: int
    depth: int
    infrared: int
    bytes: int
    last_seq: int
    last_t_ms: int
    last_prompt: int


def mac(*, key: bytes, nonce: bytes, sent: Sent) -> str:
    """HMAC-SHA256 that binds a picture to its check and its place in it, in hexadecimal.

    Over: nonce ‖ kind ‖ ":" seq ":" t_ms ":" prompt_seq ":" in ASCII ‖ sha256 of the file.
    """
    place = f"{sent.kind}:{sent.seq}:{sent.t_ms}:{sent.prompt_seq}:".encode()
    return hmac.new(key, nonce + place + hashlib.sha256(sent.data).digest(), "sha256").hexdigest()


def taken(challenge: Challenge) -> Taken:
    """What has arrived for a check; one query."""
    colour = Q(kind=PictureKind.COLOUR)
    row = challenge.pictures.aggregate(
        frames=Count("id", filter=colour),
        depth=Count("id", filter=Q(kind=PictureKind.DEPTH)),
        infrared=Count("id", filter=Q(kind=PictureKind.INFRARED)),
        bytes=Sum("size", default=0),
        last_seq=Max("seq", filter=colour, default=-1),
        last_t_ms=Max("t_ms", filter=colour, default=-1),
        last_prompt=Max("prompt_seq", filter=colour, default=0),
    )
    return Taken(**row)


def keep(challenge: Challenge, sent: Sequence[Sent], *, at: datetime) -> Taken:
    """Store what arrived together, all or nothing; the challenge is locked and open."""
    so_far = taken(challenge)
    since_ms = int((at - challenge.issued_at).total_seconds() * 1000)
    rows = []
    for one in sent:
        so_far = _next(challenge, one, so_far, since_ms=since_ms)
        rows.append(
            Picture(
                id=uuid7(at),
                challenge=challenge,
                kind=one.kind,
                seq=one.seq,
                t_ms=one.t_ms,
                prompt_seq=one.prompt_seq,
                received_ms=since_ms,
                size=len(one.data),
                digest=hashlib.sha256(one.data).digest(),
                intrinsics=list(one.intrinsics) if one.intrinsics else None,
                content=_plain(one),
            )
        )
    digests = [row.digest for row in rows]
    again = challenge.pictures.filter(digest__in=digests).exists()
    if again or len(set(digests)) < len(digests):
        raise _refused("PICTURE_REPEATED", "The same picture came twice. Start a new check.")
    Picture.objects.bulk_create(rows)
    return so_far


def _next(challenge: Challenge, one: Sent, so_far: Taken, *, since_ms: int) -> Taken:
    key: bytes = challenge.session_key
    if not crypto.equal(mac(key=key, nonce=bytes(challenge.nonce), sent=one), one.mac):
        raise _refused("PICTURE_NOT_BOUND", "A picture does not belong to this check.", 403)
    if one.t_ms > since_ms + AHEAD_MS:
        raise _refused("PICTURE_FROM_AHEAD", "A picture is from a time that has yet to come.")
    if one.prompt_seq >= len(challenge.released):
        raise _refused("PROMPT_NOT_SHOWN", "A picture names a prompt that was not shown yet.")
    if (one.intrinsics is not None) != (one.kind == PictureKind.DEPTH):
        raise _refused("INTRINSICS", "Depth pictures, and they alone, come with intrinsics.")
    if len(one.data) > MOST_BYTES_EACH or so_far.bytes + len(one.data) > MOST_BYTES:
        raise _refused("PICTURE_TOO_LARGE", "A picture, or all of them, have too many bytes.", 413)
    _count(one, so_far)
    colour = one.kind == PictureKind.COLOUR
    if colour:
        _in_order(one, so_far)
    return Taken(
        frames=so_far.frames + colour,
        depth=so_far.depth + (one.kind == PictureKind.DEPTH),
        infrared=so_far.infrared + (one.kind == PictureKind.INFRARED),
        bytes=so_far.bytes + len(one.data),
        last_seq=one.seq if colour else so_far.last_seq,
        last_t_ms=one.t_ms if colour else so_far.last_t_ms,
        last_prompt=one.prompt_seq if colour else so_far.last_prompt,
    )


def _count(one: Sent, so_far: Taken) -> None:
    most = MOST_FRAMES if one.kind == PictureKind.COLOUR else MOST_OTHERS
    have = {
        PictureKind.COLOUR: so_far.frames,
        PictureKind.DEPTH: so_far.depth,
        PictureKind.INFRARED: so_far.infrared,
    }[one.kind]
    if have >= most:
        raise _refused("TOO_MANY_PICTURES", f"A check has at most {most} of these pictures.")


def _in_order(one: Sent, so_far: Taken) -> None:
    if one.seq > so_far.last_seq + 1:
        raise _refused("PICTURES_MISSING", f"Picture {so_far.last_seq + 1} has not arrived.", 409)
    if one.seq <= so_far.last_seq:
        raise _refused("PICTURES_SHUFFLED", "Pictures have to come in their order.", 409)
    if one.t_ms <= so_far.last_t_ms or one.prompt_seq < so_far.last_prompt:
        raise _refused("PICTURES_SHUFFLED", "Times and prompts of pictures have to rise.", 409)


def _plain(one: Sent) -> bytes:
    try:
        if one.kind == PictureKind.COLOUR:
            header, bits = headers.jpeg(one.data), 8
        else:
            header = headers.png(one.data, most_pixels=LONGEST_SIDE * SHORTER_SIDE)
            bits = 16 if one.kind == PictureKind.DEPTH else 8
    except headers.Unreadable as fault:
        raise _refused(fault.code, "A file is not one plain picture.") from None
    long, short = max(header.width, header.height), min(header.width, header.height)
    if long > LONGEST_SIDE or short > SHORTER_SIDE:
        raise _refused(
            "TOO_MANY_PIXELS", f"A picture is larger than {LONGEST_SIDE}×{SHORTER_SIDE}."
        )
    if short < LEAST_SIDE:
        raise _refused("TOO_FEW_PIXELS", f"A picture is smaller than {LEAST_SIDE} pixels.")
    if header.bits != bits or (one.kind != PictureKind.COLOUR and header.channels != 1):
        raise _refused("WRONG_DEPTH", f"This kind of picture has one channel of {bits} bits.")
    return header.plain


def _refused(code: str, detail: str, status: int = 422) -> Refused:
    return Refused(code, status, detail)
