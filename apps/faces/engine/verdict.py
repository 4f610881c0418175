"""What is answered: an outcome, what each check found, and what a reviewer may look at."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

#: The code of what could not be judged because of a fault of ours.
ENGINE_FAULT = "ENGINE_FAULT"
#: The hint where there is nothing to do better.
TRY_AGAIN = "TRY_AGAIN"


class Outcome(StrEnum):
    """PASS · RETRY: it could not be told, try again · REVIEW: a human looks · FAIL."""

    PASS = "PASS"
    RETRY = "RETRY"
    REVIEW = "REVIEW"
    FAIL = "FAIL"


class Check(StrEnum):
    """The questions, in the order in which they are asked."""

    PROTOCOL = "PROTOCOL"
    PRESENCE = "PRESENCE"
    IDENTITY = "IDENTITY"
    ACTIONS = "ACTIONS"
    SHAPE = "SHAPE"
    COLOUR = "COLOUR"
    TEXTURE = "TEXTURE"
    SENSORS = "SENSORS"
    MATCH = "MATCH"


class Species(StrEnum):
    """Kinds of attack, as ISO/IEC 30107-3 speaks of presentation attack instrument species."""

    PRINT = "PRINT"
    BENT = "BENT"
    CUT_OUT = "CUT_OUT"
    SCREEN = "SCREEN"
    RIGID_MASK = "RIGID_MASK"
    SILICONE_MASK = "SILICONE_MASK"
    SWAP = "SWAP"
    INJECTED = "INJECTED"
    OTHER_PERSON = "OTHER_PERSON"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What one check found: `score` against `threshold` where it measures, else a code alone.

    `evidence` holds numbers and lists of numbers for the reviewer, ready for JSON. `species` and
    `certainty` (0-1) are what a failure looks like, if like anything.
    """

    check: Check
    outcome: Outcome
    code: str
    sentence: str
    score: float | None = None
    threshold: float | None = None
    species: Species | None = None
    certainty: float = 0.0
    evidence: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The judgement of one session.

    `code` is the finding that decided ("PASSED" where none did); `hint` is the word that the
    client may show for a RETRY. `embedding` is the averaged unit vector of the face, and
    `poses` the yaw classes in which it was seen; both are None or empty where no face was found.
    `trace` is what was seen in each frame (boxes, landmarks, pose, eyes, skin), for the reviewer.
    """

    outcome: Outcome
    code: str
    findings: tuple[Finding, ...]
    hint: str = ""
    species: Species | None = None
    certainty: float = 0.0
    embedding: NDArray[np.float64] | None = field(default=None, repr=False)
    embedding_frames: int = 0
    poses: frozenset[str] = frozenset()
    trace: dict[str, Any] = field(default_factory=dict, repr=False)
    model: str = ""
    policy: int = 0

    def of(self, check: Check) -> Finding | None:
        """What this check found; None where it was not asked any more."""
        return next((one for one in self.findings if one.check is check), None)
