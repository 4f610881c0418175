"""The judgement of one session: the checks in order, the first hard failure ends it."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from apps.faces.engine import dlib_models
from apps.faces.engine.checks import (
    actions,
    colour,
    identity,
    match,
    presence,
    protocol,
    sensors,
    shape,
    texture,
)
from apps.faces.engine.policy import Policy
from apps.faces.engine.session import (
    Challenge,
    DepthFrame,
    Frame,
    InfraredFrame,
    Step,
    Template,
)
from apps.faces.engine.track import Sight, Track, look
from apps.faces.engine.verdict import TRY_AGAIN, Check, Finding, Outcome, Verdict

#: What the client may say to the person, by the reason to try again.
HINTS = {
    "FACE_TOO_SMALL": "COME_CLOSER",
    "FACE_TOO_LARGE": "GO_BACK",
    "TOO_DARK": "MORE_LIGHT",
    "TOO_BRIGHT": "FIND_SHADE",
    "BLURRED": "HOLD_STILL",
    "FACE_JUMPED": "HOLD_STILL",
    "FACE_RESIZED": "HOLD_STILL",
    "NO_FACE": "CENTRE_FACE",
    "FACE_LOST": "CENTRE_FACE",
    "FACE_NOT_ALWAYS": "CENTRE_FACE",
    "FACE_UNCLEAR": "UNCOVER_FACE",
    "SEVERAL_FACES": "BE_ALONE",
    "NO_LOOK": "FOLLOW_PROMPTS",
    "ACTION_MISSING": "FOLLOW_PROMPTS",
    "NOT_TURNED": "TURN_FURTHER",
    "TURN_UNCLEAR": "TURN_SLOWLY",
    "COLOUR_WEAK": "FIND_SHADE",
    "COLOUR_EVERYWHERE": "LEAVE_WALL",
    "COLOUR_PATCHY": "FIND_SHADE",
    "COLOUR_UNSEEN": "HOLD_STILL",
    "SENSOR_FACE_UNSEEN": "CENTRE_FACE",
    "DEPTH_MISSING_ON_FACE": "CENTRE_FACE",
    "SENSOR_STILL": "BLINK",
}

#: A head this far to one side, in degrees, is another pose.
_TURNED = 10.0
#: Failures that say: this is a picture of a face.
_OF_THE_PICTURE = (Check.SHAPE, Check.COLOUR)
#: Without these nothing else can be told.
_NEEDED = (Check.PROTOCOL, Check.PRESENCE)


def evaluate(
    *,
    challenge: Challenge,
    frames: Sequence[Frame],
    depth: Sequence[DepthFrame] = (),
    infrared: Sequence[InfraredFrame] = (),
    template: Template | None = None,
    policy: Policy,
    now: datetime,
) -> Verdict:
    """Judges a session. Bad pixels are a finding, never an exception."""
    session = _Session(policy)
    session.ask(
        lambda: protocol.check(challenge=challenge, frames=frames, limits=policy.protocol, now=now)
    )
    if session.is_over:
        return session.verdict()
    track = session.track = look(frames=frames)
    seen: dict[str, Any] = {"challenge": challenge, "track": track}
    session.ask(lambda: presence.check(**seen, limits=policy.presence))
    if session.is_over:
        return session.verdict()
    session.embed(identity.chosen(**seen, limits=policy.identity))
    session.ask(lambda: session.who(policy.identity))
    if challenge.is_prompted:
        session.ask(lambda: actions.check(**seen, limits=policy.actions))
    session.ask(lambda: shape.check(**seen, limits=policy.shape))
    if any(one.step is Step.COLOURS for one in challenge.prompts):
        session.ask(lambda: colour.check(**seen, limits=policy.colour))
    if challenge.sensors or depth or infrared:
        session.ask(
            lambda: sensors.check(**seen, limits=policy.sensors, depth=depth, infrared=infrared)
        )
    if challenge.with_match:
        session.ask(
            lambda: match.check(
                embedding=session.embedding,
                pictures=len(session.embeddings),
                model=dlib_models.EMBEDDING_MODEL,
                template=template,
                limits=policy.match,
            )
        )
    session.weigh(texture.check(track=track, limits=policy.texture))
    return session.verdict()


class _Session:
    """What was found so far."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.track: Track | None = None
        self.embeddings: dict[int, NDArray[np.float64]] = {}
        self.findings: list[Finding] = []

    @property
    def is_over(self) -> bool:
        """Whether nothing more has to be asked."""
        last = self.findings[-1]
        return last.outcome is Outcome.FAIL or (
            last.outcome is Outcome.RETRY and last.check in _NEEDED
        )

    @property
    def embedding(self) -> NDArray[np.float64] | None:
        return dlib_models.averaged(list(self.embeddings.values()))

    def ask(self, question: Callable[[], Finding]) -> None:
        """Asks the next question, unless nothing more has to be asked."""
        if not self.findings or not self.is_over:
            self.findings.append(question())

    def weigh(self, finding: Finding) -> None:
        """Adds what decides nothing alone, but says how sure a failure is."""
        self.findings.append(finding)

    def embed(self, indices: list[int]) -> None:
        """Embeds the face in these pictures."""
        assert self.track is not None
        for index in indices:
            box = self.track.sights[index].box
            if box is not None:
                picture = self.track.pixels(index)
                self.embeddings[index] = dlib_models.embed(picture=picture, box=box)

    def who(self, limits: identity.Limits) -> Finding:
        """Whether it is the same person; a picture that alone says no is taken again."""
        assert self.track is not None
        known: dict[str, Any] = {"track": self.track, "limits": limits}
        finding = identity.check(**known, embeddings=self.embeddings)
        lone = identity.instead(finding=finding, track=self.track)
        if lone is None:
            return finding
        del self.embeddings[lone[0]]
        self.embed([lone[1]])
        return identity.check(**known, embeddings=self.embeddings)

    def verdict(self) -> Verdict:
        """The worst of what was found: FAIL before RETRY before REVIEW."""
        decided = next(
            (
                one
                for outcome in (Outcome.FAIL, Outcome.RETRY, Outcome.REVIEW)
                for one in self.findings
                if one.outcome is outcome
            ),
            None,
        )
        outcome = decided.outcome if decided else Outcome.PASS
        is_attack = decided is not None and outcome in (Outcome.FAIL, Outcome.REVIEW)
        return Verdict(
            outcome=outcome,
            code=decided.code if decided else "PASSED",
            findings=tuple(self.findings),
            hint=HINTS.get(decided.code, TRY_AGAIN) if outcome is Outcome.RETRY and decided else "",
            species=decided.species if decided and is_attack else None,
            certainty=self._certainty(decided) if decided and is_attack else 0.0,
            embedding=self.embedding,
            embedding_frames=len(self.embeddings),
            poses=_poses(self.track, self.embeddings),
            trace=_trace(self.track, self.embeddings),
            model=dlib_models.EMBEDDING_MODEL,
            policy=self.policy.version,
        )

    def _certainty(self, decided: Finding) -> float:
        """That of the finding which decided, moved by the texture if it is about the picture."""
        weight = next((one.score for one in self.findings if one.check is Check.TEXTURE), None)
        if weight is None or decided.check not in _OF_THE_PICTURE:
            return decided.certainty
        return texture.shifted(decided.certainty, weight)


def _poses(track: Track | None, embeddings: dict[int, NDArray[np.float64]]) -> frozenset[str]:
    """The ways the head pointed in what was embedded."""
    if track is None:
        return frozenset()
    yaws = [one.yaw for one in track.sights if one.yaw is not None]
    found = set()
    for index in embeddings:
        away = (track.sights[index].yaw or 0.0) - float(np.median(yaws))
        found.add("AHEAD" if abs(away) < _TURNED else "LEFT" if away > 0 else "RIGHT")
    return frozenset(found)


def _trace(track: Track | None, embeddings: dict[int, NDArray[np.float64]]) -> dict[str, Any]:
    """What was seen in each frame: columns, for the reviewer's overlays."""
    if track is None:
        return {}
    sights = track.sights
    return {
        "width": track.width,
        "height": track.height,
        "seq": [one.seq for one in sights],
        "t_ms": [one.t_ms for one in sights],
        "prompt": [one.prompt_seq for one in sights],
        "faces": [one.faces for one in sights],
        "box": [_rounded(one.box) for one in sights],
        "landmarks": [
            None if one.landmarks is None else np.rint(one.landmarks).astype(int).ravel().tolist()
            for one in sights
        ],
        **{name: _column(sights, name, digits) for name, digits in _MEASURES.items()},
        "embedded": sorted(embeddings),
    }


_MEASURES = {
    "yaw": 1,
    "pitch": 1,
    "roll": 1,
    "eye_openness": 3,
    "eye_contrast": 3,
    "brightness": 0,
    "sharpness": 0,
    "alike": 3,
}


def _column(sights: list[Sight], name: str, digits: int) -> list[float | None]:
    values = [getattr(one, name) for one in sights]
    return [None if value is None else round(value, digits) for value in values]


def _rounded(box: tuple[float, ...] | None) -> list[int] | None:
    return None if box is None else [round(side) for side in box]
