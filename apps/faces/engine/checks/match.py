"""Whether the face is that of the template: the distance of averaged unit vectors.

The library's customary 0.6 on raw vectors lets 1.1 % of strangers pass. The vectors of several
pictures are brought to length one, averaged, and brought to length one again (the mean direction:
Mardia & Jupp 2000); the more are averaged, the closer strangers come, so the limit depends on it.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from apps.faces.engine.session import Template
from apps.faces.engine.verdict import Check, Finding, Outcome, Species


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Distances of unit vectors (0-2), with the error rates for which they were chosen.

    `single`: one picture on both sides; `averaged`: two or more on both sides. Beyond `averaged`
    a human looks up to `review`.
    """

    single: float = 0.363
    averaged: float = 0.296
    review: float = 0.335

    def distance(self, *, pictures: int, of_template: int) -> float:
        """The largest distance that passes; in between where one side has a single picture."""
        if min(pictures, of_template) >= 2:
            return self.averaged
        if max(pictures, of_template) == 1:
            return self.single
        return (self.single + self.averaged) / 2


#: A template is the mean of at least so many pictures.
TEMPLATE_PICTURES = 3


def distance(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """The Euclidean distance of two unit vectors."""
    return float(np.linalg.norm(one - other))


def check(
    *,
    embedding: NDArray[np.float64] | None,
    pictures: int,
    model: str,
    template: Template | None,
    limits: Limits,
) -> Finding:
    """Compares the averaged embedding of the session with the template."""
    if embedding is None:
        return _found(Outcome.RETRY, "NO_EMBEDDING", "No picture shows the face well enough.")
    if template is None:
        return _found(Outcome.REVIEW, "NO_TEMPLATE", "There is no template to compare with.")
    if template.model != model:
        return _found(
            Outcome.REVIEW,
            "OTHER_MODEL",
            "The template was made by another model: the person has to enrol again.",
        )
    limit = limits.distance(pictures=pictures, of_template=TEMPLATE_PICTURES)
    away = distance(embedding, template.vector)
    if away <= limit:
        return _found(Outcome.PASS, "SAME_PERSON", "The face is that of the template.", away, limit)
    if away <= limits.review:
        return _found(
            Outcome.REVIEW,
            "PERHAPS_SAME_PERSON",
            "The face is like that of the template, but not enough.",
            away,
            limit,
        )
    # Two pictures of different people are 0.55 apart in the middle: from there it is sure.
    certainty = min(0.95, 0.4 + (away - limits.review) / 0.4)
    return _found(
        Outcome.FAIL,
        "OTHER_PERSON",
        "The face is not that of the template.",
        away,
        limit,
        certainty=certainty,
    )


def _found(
    outcome: Outcome,
    code: str,
    sentence: str,
    away: float | None = None,
    limit: float | None = None,
    *,
    certainty: float = 0.0,
) -> Finding:
    return Finding(
        check=Check.MATCH,
        outcome=outcome,
        code=code,
        sentence=sentence,
        score=None if away is None else round(away, 4),
        threshold=None if limit is None else round(limit, 4),
        species=Species.OTHER_PERSON if outcome is Outcome.FAIL else None,
        certainty=round(certainty, 3),
    )
