"""Somebody's app before its camera: it knows docs/mobile.md and the document, nothing else."""

import base64
import hashlib
import hmac
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Any
from unittest.mock import patch
from uuid import UUID

import pytest

from apps.faces.engine.verdict import Verdict
from apps.flows import face_judging
from tests.camera import picture
from tests.phones import Phone, Phones


@dataclass
class FaceApp:
    """A check on a phone; time passes as the prompts ask."""

    phones: Phones
    phone: Phone
    shots: Iterator[int] = field(default_factory=lambda: count(5_000))
    seq: int = 0

    def begin(self, **body: Any) -> dict[str, Any]:
        """The challenge, as the app was told of it."""
        answer = self.phone.post("/face/challenges", body)
        assert answer.status_code == 201, answer.content
        self.seq, self.began = 0, self.phones.desk.now
        told: dict[str, Any] = answer.json()
        return told

    def picture(self, told: dict[str, Any], prompt_seq: int, **changes: Any) -> dict[str, Any]:
        """The next picture, bound to its check as docs/mobile.md says."""
        since = (self.phones.desk.now - self.began).total_seconds()
        data = picture(next(self.shots))
        one: dict[str, Any] = {
            "kind": "COLOUR",
            "seq": self.seq,
            "t_ms": int(since * 1000),
            "prompt_seq": prompt_seq,
        } | changes
        place = f"{one['kind']}:{one['seq']}:{one['t_ms']}:{one['prompt_seq']}:".encode()
        bound = base64.b64decode(told["nonce"]) + place + hashlib.sha256(data).digest()
        mac = hmac.new(base64.b64decode(told["session_key"]), bound, "sha256").hexdigest()
        self.seq += 1
        return {"mac": mac, "data": base64.b64encode(data).decode()} | one

    def show(self, told: dict[str, Any]) -> None:
        """Everything that is asked, prompt by prompt, in chunks of half a second."""
        prompt = told["prompt"]
        for number in range(told["prompts"]):
            assert prompt["seq"] == number
            shown, following = 0, None
            while following is None and shown <= prompt["lasts_ms"]:
                chunk = []
                for _ in range(7):
                    self.phones.desk.pass_time(milliseconds=77)
                    shown += 77
                    chunk.append(self.picture(told, number))
                answer = self.send(told, chunk)
                assert answer.status_code == 200, answer.content
                following = answer.json()["prompt"]
            prompt = following

    def send(self, told: dict[str, Any], pictures: list[dict[str, Any]], **words: Any) -> Any:
        return self.phone.post(
            f"/face/challenges/{told['id']}/frames", {"pictures": pictures}, **words
        )

    def check(self, told: dict[str, Any]) -> dict[str, Any]:
        """The check as it stands."""
        answer: dict[str, Any] = self.phone.get(f"/face/challenges/{told['id']}").json()
        return answer

    def judged(self, said: Verdict, **body: Any) -> dict[str, Any]:
        """A whole check, judged so; what the app hears of it in the end."""
        told = self.begin(**body)
        self.show(told)
        assert self.phone.post(f"/face/challenges/{told['id']}/finish").status_code == 202
        with patch.object(face_judging, "_looked_at", return_value=said):
            face_judging.judge(id=UUID(told["id"]), at=self.phones.desk.now)
        return self.check(told)


@pytest.fixture
def face_phones(phones: Phones, monkeypatch: pytest.MonkeyPatch) -> Phones:
    """Phones on a desk whose clock tests move."""
    monkeypatch.setattr("apps.core.clock.now", lambda: phones.desk.now)
    return phones
