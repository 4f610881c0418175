"""Whether the frames answer this challenge honestly and whole: order, times, rate, sizes.

Read from headers and times alone, before anything is decoded. Sources: CEN/TS 18099 (injection),
the session protocols of AWS and Azure. Whoever sends frames holds the clock they are stamped with,
so it is laid against ours: a prompt can't be answered before it was released.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any

import numpy as np

from apps.faces.engine import decode
from apps.faces.engine.headers import Unreadable
from apps.faces.engine.session import Challenge, Frame
from apps.faces.engine.verdict import Check, Finding, Outcome, Species


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What this check measures against. `recorded_…` hold where nobody prompted."""

    fewest_frames: int = 45
    recorded_fewest_frames: int = 8
    most_frames: int = 180
    slowest_fps: float = 7.5
    recorded_slowest_fps: float = 2.0
    fastest_fps: float = 32.0
    longest_gap_ms: int = 600
    recorded_longest_gap_ms: int = 2_000
    longest_ms: int = 25_000
    longer_side: int = 640
    shorter_side: int = 480
    frame_kilobytes: int = 150
    total_megabytes: int = 14
    #: A camera that is slower than the page shows some pictures twice, one after the other.
    most_stalled: float = 0.25
    #: How long a prompt or a chunk may be on its way.
    latest_ms: int = 3_000
    earliest_ms: int = 60


def check(
    *, challenge: Challenge, frames: Sequence[Frame], limits: Limits, now: datetime
) -> Finding:
    """The first thing that is wrong with the frames as they were sent."""
    prompted = challenge.is_prompted
    return (
        (_in_time(challenge, now) if prompted else None)
        or _enough(frames, limits, prompted)
        or _pictures(frames, limits, prompted)
        or _order(frames)
        or _clock(frames, limits, prompted)
        or _stalled(frames, limits, prompted)
        or (_prompts(challenge, frames) if prompted else None)
        or (_server_clock(challenge, frames, limits) if prompted else None)
        or _found(
            Outcome.PASS,
            "PROTOCOL_KEPT",
            "The frames are whole and in order.",
            evidence={"frames": len(frames), "fps": round(_fps(frames), 2)},
        )
    )


def _found(
    outcome: Outcome,
    code: str,
    sentence: str,
    *,
    certainty: float = 0.0,
    score: float | None = None,
    threshold: float | None = None,
    evidence: dict[str, Any] | None = None,
) -> Finding:
    return Finding(
        check=Check.PROTOCOL,
        outcome=outcome,
        code=code,
        sentence=sentence,
        score=score,
        threshold=threshold,
        species=Species.INJECTED if outcome is Outcome.FAIL else None,
        certainty=certainty,
        evidence=evidence or {},
    )


def _in_time(challenge: Challenge, now: datetime) -> Finding | None:
    if challenge.issued_at <= now <= challenge.expires_at:
        return None
    return _found(Outcome.RETRY, "EXPIRED", "The challenge was answered after its time.")


def _enough(frames: Sequence[Frame], limits: Limits, prompted: bool) -> Finding | None:
    fewest = limits.fewest_frames if prompted else limits.recorded_fewest_frames
    if len(frames) < fewest:
        return _found(
            Outcome.RETRY,
            "TOO_FEW_FRAMES",
            "Too few pictures arrived to judge.",
            score=len(frames),
            threshold=fewest,
        )
    if prompted and len(frames) > limits.most_frames:
        return _found(
            Outcome.FAIL,
            "TOO_MANY_FRAMES",
            "More pictures were sent than a session has.",
            certainty=0.3,
            score=len(frames),
            threshold=limits.most_frames,
        )
    return None


#: A picture that was cut short on its way, not made to deceive.
_CUT_SHORT = {"BROKEN_JPEG", "BROKEN"}


def _pictures(frames: Sequence[Frame], limits: Limits, prompted: bool) -> Finding | None:
    total, sizes = 0, set()
    for frame in frames:
        try:
            size = decode.size_of(frame.image)
        except Unreadable as reason:
            cut = reason.code in _CUT_SHORT
            return _found(
                Outcome.RETRY if cut else Outcome.FAIL,
                f"PICTURE_{reason.code}",
                "A picture was cut short." if cut else "What was sent is not one plain picture.",
                certainty=0.0 if cut else 0.5,
                evidence={"seq": frame.seq},
            )
        sizes.add((size.width, size.height))
        sent = len(frame.image) if isinstance(frame.image, bytes) else 0
        total += sent
        longer, shorter = max(size.width, size.height), min(size.width, size.height)
        too_large = longer > limits.longer_side or shorter > limits.shorter_side
        if prompted and (too_large or sent > limits.frame_kilobytes * 1024):
            return _found(
                Outcome.FAIL,
                "PICTURE_TOO_LARGE",
                "A picture is larger than asked for.",
                certainty=0.3,
                evidence={"seq": frame.seq, "width": size.width, "height": size.height},
            )
    if len(sizes) > 1:
        return _found(
            Outcome.FAIL,
            "SIZES_DIFFER",
            "The pictures come from more than one camera setting.",
            certainty=0.4,
            evidence={"sizes": sorted(map(list, sizes))},
        )
    if prompted and total > limits.total_megabytes * 1024 * 1024:
        return _found(
            Outcome.FAIL, "SESSION_TOO_LARGE", "The session is larger than agreed.", certainty=0.3
        )
    return None


def _order(frames: Sequence[Frame]) -> Finding | None:
    steps = np.diff([frame.seq for frame in frames])
    if (steps == 0).any() or len({frame.seq for frame in frames}) < len(frames):
        return _found(Outcome.FAIL, "FRAMES_DUPLICATED", "A picture was sent twice.", certainty=0.5)
    if (steps < 0).any():
        return _found(
            Outcome.FAIL, "FRAMES_SHUFFLED", "The pictures are out of order.", certainty=0.5
        )
    if (steps > 1).any():
        return _found(
            Outcome.RETRY,
            "FRAMES_MISSING",
            "Some pictures did not arrive.",
            score=int((steps - 1).sum()),
            threshold=0,
        )
    return None


def _clock(frames: Sequence[Frame], limits: Limits, prompted: bool) -> Finding | None:
    steps = np.diff([frame.t_ms for frame in frames])
    if (steps <= 0).any():
        return _found(
            Outcome.FAIL, "TIMES_NOT_RISING", "The times of the pictures run back.", certainty=0.5
        )
    longest = limits.longest_gap_ms if prompted else limits.recorded_longest_gap_ms
    if int(steps.max()) > longest:
        return _found(
            Outcome.RETRY,
            "GAP",
            "The camera paused.",
            score=int(steps.max()),
            threshold=longest,
        )
    fps = _fps(frames)
    slowest = limits.slowest_fps if prompted else limits.recorded_slowest_fps
    if fps < slowest:
        return _found(
            Outcome.RETRY, "TOO_SLOW", "The camera is too slow.", score=fps, threshold=slowest
        )
    if prompted and fps > limits.fastest_fps:
        return _found(
            Outcome.FAIL,
            "TOO_FAST",
            "The pictures follow each other faster than agreed.",
            certainty=0.3,
            score=fps,
            threshold=limits.fastest_fps,
        )
    if prompted and frames[-1].t_ms - frames[0].t_ms > limits.longest_ms:
        return _found(Outcome.RETRY, "TOO_LONG", "The session took longer than it may.")
    return None


def _stalled(frames: Sequence[Frame], limits: Limits, prompted: bool) -> Finding | None:
    """The same picture again: at once from a slow camera, later only from a loop."""
    last: dict[bytes, int] = {}
    again = 0
    for index, frame in enumerate(frames):
        image = frame.image if isinstance(frame.image, bytes) else np.asarray(frame.image).tobytes()
        known = hashlib.blake2b(image, digest_size=16).digest()
        before = last.get(known)
        last[known] = index
        if before is None:
            continue
        if prompted and before < index - 1:
            return _found(
                Outcome.FAIL,
                "PICTURES_REPEATED",
                "The same picture came back later: a loop, not a camera.",
                certainty=0.9,
                evidence={"seqs": [frames[before].seq, frame.seq]},
            )
        again += 1
    share = again / len(frames)
    if prompted and share > limits.most_stalled:
        return _found(
            Outcome.RETRY,
            "CAMERA_STALLED",
            "The camera gave the same picture again and again.",
            score=share,
            threshold=limits.most_stalled,
        )
    return None


def _prompts(challenge: Challenge, frames: Sequence[Frame]) -> Finding | None:
    seen = [frame.prompt_seq for frame in frames]
    asked = [prompt.seq for prompt in challenge.prompts]
    if not set(seen) <= set(asked) or any(b < a for a, b in pairwise(seen)):
        return _found(
            Outcome.FAIL,
            "PROMPTS_OUT_OF_ORDER",
            "The pictures answer other prompts than those that were shown.",
            certainty=0.5,
        )
    if set(asked) - set(seen):
        return _found(
            Outcome.RETRY,
            "PROMPT_UNANSWERED",
            "The session ended before every prompt was shown.",
            evidence={"prompts": sorted(set(asked) - set(seen))},
        )
    return None


def _server_clock(challenge: Challenge, frames: Sequence[Frame], limits: Limits) -> Finding | None:
    """The sender's start by our clock, told by each prompt and by each arrival, must agree."""
    released = {prompt.seq: prompt.released_ms for prompt in challenge.prompts}
    starts: list[float] = []
    for index, frame in enumerate(frames):
        release = released.get(frame.prompt_seq)
        if release is not None and frame.received_ms is not None:
            early = release - frame.received_ms
            if early > limits.earliest_ms:
                return _found(
                    Outcome.FAIL,
                    "BEFORE_ITS_PROMPT",
                    "A picture answers a prompt that had not been released.",
                    certainty=0.9,
                    score=early,
                    threshold=limits.earliest_ms,
                    evidence={"seq": frame.seq},
                )
        is_first = index == 0 or frames[index - 1].prompt_seq != frame.prompt_seq
        if is_first and release is not None:
            starts.append(release - frame.t_ms)
    arrivals = [f.received_ms - f.t_ms for f in frames if f.received_ms is not None]
    spread = max(starts) - min(starts) if starts else 0.0
    if starts and arrivals:  # nothing arrives before it was taken
        spread = max(spread, max(starts) - min(arrivals))
    if spread > limits.latest_ms:
        return _found(
            Outcome.RETRY,
            "CLOCKS_DISAGREE",
            "The times of the pictures don't fit the times at which they were asked for.",
            score=spread,
            threshold=limits.latest_ms,
        )
    return None


def _fps(frames: Sequence[Frame]) -> float:
    span = frames[-1].t_ms - frames[0].t_ms
    return 1000 * (len(frames) - 1) / span if span > 0 else 0.0
