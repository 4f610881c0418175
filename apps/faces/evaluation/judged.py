"""One recording through the engine, and what of the verdict is counted."""

import time
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from apps.faces import policy, recordings
from apps.faces.engine.policy import Policy, from_document
from apps.faces.evaluation.manifest import Item
from apps.faces.recordings import Recording


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """How one recording came out. `outcome` is UNREADABLE where there was nothing to judge."""

    kind: str
    path: Path
    outcome: str
    code: str
    species: str = ""
    scores: dict[str, float] = field(default_factory=dict)
    thresholds: dict[str, float] = field(default_factory=dict)
    evidence: dict[str, dict[str, Any]] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def is_readable(self) -> bool:
        return self.outcome != UNREADABLE


UNREADABLE = "UNREADABLE"


@dataclass(frozen=True, slots=True)
class Judge:
    """Judges recordings by one policy; goes into other processes as a document."""

    document: dict[str, Any] | None = None

    def __call__(self, item: Item) -> Judged:
        """Never raises: what can't be read is counted as unreadable."""
        try:
            recording = recordings.load(item.path)
            if item.actions and not recording.challenge.is_prompted:
                recording = recordings.asked(recording, item.actions)
        except Exception as fault:  # a broken item is a fact about the item
            return Judged(
                kind=item.kind, path=item.path, outcome=UNREADABLE, code=type(fault).__name__
            )
        return judge(item, recording, limits=self._policy())

    def _policy(self) -> Policy:
        return policy.shipped() if self.document is None else from_document(self.document)


def judge(item: Item, recording: Recording, *, limits: Policy) -> Judged:
    """The verdict on a recording. Nobody is matched: there is no template."""
    from apps.faces.engine.evaluate import evaluate

    challenge = replace(recording.challenge, with_match=False)
    last = recording.frames[-1]
    ended_at = challenge.issued_at + timedelta(milliseconds=last.received_ms or last.t_ms)
    began = time.process_time()
    verdict = evaluate(
        challenge=challenge,
        frames=recording.frames,
        depth=recording.depth,
        infrared=recording.infrared,
        policy=limits,
        now=min(ended_at, challenge.expires_at),
    )
    seconds = time.process_time() - began
    return Judged(
        kind=item.kind,
        path=item.path,
        outcome=verdict.outcome.value,
        code=verdict.code,
        species=verdict.species.value if verdict.species else "",
        scores={one.check.value: one.score for one in verdict.findings if one.score is not None},
        thresholds={
            one.check.value: one.threshold for one in verdict.findings if one.threshold is not None
        },
        evidence={one.check.value: one.evidence for one in verdict.findings},
        seconds=seconds,
    )
