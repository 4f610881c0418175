"""What is let in as a picture of a face check: whose it is, what it is, and in which order.

Nothing is decoded here. A picture that breaks a rule is refused with all that came with it, under a
code that says which rule, and nothing of it is stored.
"""

import hashlib
import hmac
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from django.db.models import Count, Max, Sum

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
#: A focal length beyond this is no camera's, in pixels.
LONGEST_FOCAL = 10_000
#: Bytes of each picture's digest that outlive it.
DIGEST_KEPT = 16


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
class Lane:
    """What a check has of one kind of picture: how many, and the numbers of the latest."""

    count: int = 0
    bytes: int = 0
    seq: int = -1
    t_ms: int = -1
    prompt: int = 0


@dataclass(frozen=True, slots=True)
class Taken:
    """What a check has so far."""

    lanes: Mapping[PictureKind, Lane] = field(default_factory=dict)

    def of(self, kind: PictureKind) -> Lane:
        """What it has of this kind."""
        return self.lanes.get(kind, Lane())

    @property
    def frames(self) -> int:
        return self.of(PictureKind.COLOUR).count

    @property
    def last_prompt(self) -> int:
        return self.of(PictureKind.COLOUR).prompt

    @property
    def bytes(self) -> int:
        return sum(lane.bytes for lane in self.lanes.values())


def mac(*, key: bytes, nonce: bytes, sent: Sent) -> str:
    """HMAC-SHA256 that binds a picture to its check and its place in it, in hexadecimal.

    Over: nonce ‖ kind ‖ ":" seq ":" t_ms ":" prompt_seq ":" in ASCII ‖ sha256 of the file.
    """
    place = f"{sent.kind}:{sent.seq}:{sent.t_ms}:{sent.prompt_seq}:".encode()
    return hmac.new(key, nonce + place + hashlib.sha256(sent.data).digest(), "sha256").hexdigest()


def taken(challenge: Challenge) -> Taken:
    """What has arrived for a check; one query."""
    rows = challenge.pictures.values("kind").annotate(
        n=Count("id"),
        size=Sum("size"),
        last=Max("seq"),
        last_t_ms=Max("t_ms"),
        last_prompt=Max("prompt_seq"),
    )
    names = ("n", "size", "last", "last_t_ms", "last_prompt")
    return Taken({PictureKind(row["kind"]): Lane(*(row[name] for name in names)) for row in rows})


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
    if len(set(digests)) < len(digests) or _was_shown(challenge, digests):
        raise _refused("PICTURE_REPEATED", "The same picture came twice. Start a new check.")
    Picture.objects.bulk_create(rows)
    return so_far


def digests(challenge: Challenge) -> list[bytes]:
    """What is kept of a check's pictures when they go: enough to know them again, no more."""
    found = challenge.pictures.values_list("digest", flat=True)
    return [bytes(one)[:DIGEST_KEPT] for one in found]


def _was_shown(challenge: Challenge, digests: Sequence[bytes]) -> bool:
    """Whether one of these came before: in this check, or in an earlier one of the person's."""
    if challenge.pictures.filter(digest__in=digests).exists():
        return True
    short = [one[:DIGEST_KEPT] for one in digests]
    earlier = Challenge.objects.filter(user=challenge.user_id).exclude(pk=challenge.pk)
    return earlier.filter(digests__overlap=short).exists()


def _next(challenge: Challenge, one: Sent, so_far: Taken, *, since_ms: int) -> Taken:
    key: bytes = challenge.session_key
    if not crypto.equal(mac(key=key, nonce=bytes(challenge.nonce), sent=one), one.mac):
        raise _refused("PICTURE_NOT_BOUND", "A picture does not belong to this check.", 403)
    if one.t_ms > since_ms + AHEAD_MS:
        raise _refused("PICTURE_FROM_AHEAD", "A picture is from a time that has yet to come.")
    if one.prompt_seq >= len(challenge.released):
        raise _refused("PROMPT_NOT_SHOWN", "A picture names a prompt that was not shown yet.")
    _intrinsics(one)
    if len(one.data) > MOST_BYTES_EACH or so_far.bytes + len(one.data) > MOST_BYTES:
        raise _refused("PICTURE_TOO_LARGE", "A picture, or all of them, have too many bytes.", 413)
    lane = so_far.of(one.kind)
    most = MOST_FRAMES if one.kind == PictureKind.COLOUR else MOST_OTHERS
    if lane.count >= most:
        raise _refused("TOO_MANY_PICTURES", f"A check has at most {most} of these pictures.")
    _in_order(one, lane)
    now = Lane(lane.count + 1, lane.bytes + len(one.data), one.seq, one.t_ms, one.prompt_seq)
    return replace(so_far, lanes={**so_far.lanes, one.kind: now})


def _intrinsics(one: Sent) -> None:
    if (one.intrinsics is not None) != (one.kind == PictureKind.DEPTH):
        raise _refused("INTRINSICS", "Depth pictures, and they alone, come with intrinsics.")
    if one.intrinsics is None:
        return
    focal, centre = one.intrinsics[:2], one.intrinsics[2:]
    # The centre of a picture may lie a little outside of what was cut from it.
    if not all(math.isfinite(part) for part in one.intrinsics) or not (
        all(0 < part <= LONGEST_FOCAL for part in focal)
        and all(-LONGEST_SIDE <= part <= 2 * LONGEST_SIDE for part in centre)
    ):
        raise _refused("INTRINSICS", "Intrinsics are fx, fy, cx, cy in pixels of the picture.")


def _in_order(one: Sent, lane: Lane) -> None:
    if one.seq > lane.seq + 1:
        raise _refused("PICTURES_MISSING", f"Picture {lane.seq + 1} has not arrived.", 409)
    if one.seq <= lane.seq:
        raise _refused("PICTURES_SHUFFLED", "Pictures have to come in their order.", 409)
    if one.t_ms <= lane.t_ms or one.prompt_seq < lane.prompt:
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
