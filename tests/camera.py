"""People before the camera as tests see them: pictures that keep the protocol, and verdicts.

What the engine makes of real pictures is tested where it lives (tests/units/test_faces_*). Here its
verdict is given, and what follows from it is tested; the pictures are plain grey.
"""

import hashlib
import io
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from itertools import count
from typing import Any
from unittest.mock import patch
from uuid import UUID

import numpy as np
from PIL import Image

from apps.faces import prompts as stored
from apps.faces.engine.verdict import Check, Finding, Outcome, Verdict
from apps.faces.models import Attempt, Challenge, PictureKind, Purpose, Template
from apps.faces.services import challenges, pictures, templates
from apps.faces.services.pictures import Sent
from apps.flows import face_judging, faces
from apps.users.models import User
from tests.desk import Desk, facts

FPS = 13
MODEL = "dlib-resnet-v1"


def picture(number: int, size: tuple[int, int] = (160, 120)) -> bytes:
    """A grey JPEG, another for each number: its bits stand in a row of squares."""
    out = io.BytesIO()
    image = Image.new("L", size, 90)
    for bit in range(16):
        if number >> bit & 1:
            image.paste(200, (8 * bit, 8, 8 * bit + 8, 16))
    image.convert("RGB").save(out, "JPEG")
    return out.getvalue()


def face_of(name: str) -> np.ndarray:
    """Somebody's unit vector: always the same, far from everybody else's."""
    seed = int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big")
    vector = np.random.default_rng(seed).standard_normal(128)
    return vector / np.linalg.norm(vector)


def verdict(outcome: str = "PASS", *, name: str = "alice", **words: Any) -> Verdict:
    """A verdict of the engine's."""
    said: dict[str, Any] = {
        "outcome": Outcome(outcome),
        "code": "PASSED" if outcome == "PASS" else "TEST",
        "findings": (
            Finding(
                check=Check.SHAPE,
                outcome=Outcome(outcome),
                code="TEST",
                sentence="As a test says.",
                score=0.5,
                threshold=0.4,
            ),
        ),
        "embedding": face_of(name),
        "embedding_frames": 5,
        "poses": frozenset({"FRONT", "LEFT"}),
        "trace": {"sights": []},
        "model": MODEL,
        "policy": 1,
    }
    return Verdict(**(said | words))


@dataclass
class Camera:
    """Face checks on a desk."""

    desk: Desk
    taken: dict[UUID, int] = field(default_factory=dict)
    shots: Iterator[int] = field(default_factory=count)

    def agrees(self, name: str, *, with_search: bool = True) -> User:
        """Somebody agrees to face checks."""
        who = self.desk.person(name)
        faces.agree(actor=who, with_search=with_search, at=self.desk.now)
        return who

    def known(self, name: str, *, days: float = 30) -> Template:
        """Somebody whose face is known for so many days."""
        who, since = self.agrees(name), self.desk.now
        self.desk.pass_time(days=-days)
        template = templates.enrol(
            user=who,
            vector=face_of(name),
            model=MODEL,
            frames=5,
            poses=frozenset({"FRONT", "LEFT"}),
            challenge=None,
            known_since=self.desk.now,
            at=self.desk.now,
        )
        self.desk.now = since
        return template

    def begins(self, name: str, **words: Any) -> Challenge:
        """Somebody begins a check."""
        who = self.desk.person(name)
        said: dict[str, Any] = {"confirmed": True, "request_facts": facts(who)}
        return faces.begin(actor=who, at=self.desk.now, **(said | words))

    def sent(self, challenge: Challenge, number: int, **words: Any) -> Sent:
        """The next picture of a check, bound to it as it should be."""
        said: dict[str, Any] = {
            "kind": PictureKind.COLOUR,
            "seq": number,
            "t_ms": number * 1000 // FPS,
            "prompt_seq": len(challenge.released) - 1,
            "mac": "",
            "data": picture(next(self.shots)),
        }
        one = Sent(**(said | words))
        if one.mac:
            return one
        bound = pictures.mac(key=challenge.session_key, nonce=bytes(challenge.nonce), sent=one)
        return Sent(**(said | words | {"mac": bound}))

    def shows(self, challenge: Challenge) -> Challenge:
        """Somebody shows everything that is asked, prompt by prompt."""
        prompts = challenges.prompts_of(challenge)
        for prompt in prompts:
            many = stored.lasts_ms(prompt) * FPS // 1000 + 1
            self.desk.pass_time(seconds=many / FPS)
            start = self.taken.get(challenge.pk, 0)
            chunk = [self.sent(challenge, start + i) for i in range(many)]
            self.taken[challenge.pk] = start + many
            done = faces.take(
                actor=challenge.user, challenge=challenge.pk, sent=chunk, at=self.desk.now
            )
            challenge = done.challenge
        return challenge

    def judged(self, name: str, said: Verdict, **words: Any) -> Attempt:
        """A whole check of somebody's, and what the engine makes of it."""
        challenge = self.shows(self.begins(name, **words))
        faces.finish(actor=challenge.user, challenge=challenge.pk, at=self.desk.now)
        with self.engine_says(said):
            attempt = face_judging.judge(id=challenge.pk, at=self.desk.now)
        assert attempt is not None
        return attempt

    def engine_says(self, said: Verdict) -> AbstractContextManager[Any]:
        """Let the engine make this of whatever it is shown."""
        return patch.object(face_judging, "_looked_at", return_value=said)

    def enrols(self, name: str) -> Attempt:
        """Somebody sets up their face."""
        self.agrees(name)
        return self.judged(name, verdict(name=name), purpose=Purpose.ENROL)
