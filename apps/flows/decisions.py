"""submit(): an integrator's act is judged, or gets again the answer it got before."""

import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from apps.core import sql
from apps.core.ids import uuid7_floor
from apps.events.act import Act
from apps.flows.judge import judge
from apps.restrictions import services as restrictions
from apps.restrictions.write import Imposition
from apps.risk import live
from apps.risk.decide import Judgement
from apps.risk.models import Decision
from apps.risk.policy import Reason, Verdict
from apps.risk.policy_settings import BANDS
from apps.risk.sentences import for_analyst, for_user

# The events of what a decision imposed carry ids of its own millisecond.
IMPOSED = """
SELECT data FROM events_event
WHERE id >= $1::uuid AND id < $2::uuid AND kind = 'restriction.imposed' AND data->>'cause' = $3
ORDER BY id
"""
KNOWN = "SELECT event FROM events_ingestkey WHERE client = $1::bigint AND ref = $2"
MILLISECOND = timedelta(milliseconds=1)
#: Outcomes after which a passed face check counts; anything more severe puts it in doubt.
TRUSTED = frozenset({"ALLOW", "LIMIT"})


@dataclass(frozen=True, slots=True)
class Why:
    """One reason: its code, its share of the score, its sentence for the integrator's analysts."""

    code: str
    share: float
    sentence: str


@dataclass(frozen=True, slots=True)
class Imposed:
    """What the decision forbids from now on, and on which of the act's entities (its role)."""

    on: str
    ability: str
    kind: str
    until: datetime | None
    cap_usd: str | None


@dataclass(frozen=True, slots=True)
class Answer:
    """What an integrator is told of a decision."""

    id: UUID
    outcome: str
    score: int
    band: str
    reasons: tuple[Why, ...]
    user_message: str
    restrictions: tuple[Imposed, ...]
    drawn: bool
    standing: int
    moved: int
    degraded: bool
    policy: int | None
    feature_set: int
    took_us: int
    replayed: bool = False


def submit(act: Act) -> Answer:
    """Judge an act once; its id sent again gets the same answer, with another body is Refused."""
    judged = judge(act)
    if judged.judgement is not None:
        answer = _fresh(judged.judgement, judged.consequences.impositions)
    else:
        assert judged.decision is not None
        answer = recall(judged.decision, roles=_roles(act))
    if act.kind == "face.passed" and "user" in act.ids and answer.outcome in TRUSTED:
        # Again after a replay: the first time may have been cut off between its two transactions.
        at = act.at if judged.decision is None else judged.decision.at
        restrictions.satisfy_step_up(user=act.ids["user"], at=at)
    return answer


def is_known(*, client: int, ref: str) -> bool:
    """Whether the client has sent an act under this id before."""
    return bool(sql.run(KNOWN, [client, ref]))


def imposed_by(decision: Decision, *, roles: Mapping[int, str]) -> tuple[Imposed, ...]:
    """What a decision forbade when it was made; `roles` names the act's entities by id."""
    start = decision.at
    rows = sql.run(
        IMPOSED, [uuid7_floor(start), uuid7_floor(start + MILLISECOND), str(decision.pk)]
    )
    return tuple(
        Imposed(
            on=roles.get(int(data["subject"]), ""),
            ability=data["ability"],
            kind=data["kind"],
            until=datetime.fromisoformat(data["until"]) if data["until"] else None,
            cap_usd=data["cap_usd"],
        )
        for (data,) in rows
    )


def _fresh(judgement: Judgement, impositions: Iterable[Imposition]) -> Answer:
    verdict, move, act = judgement.verdict, judgement.move, judgement.act
    roles = _roles(act)
    return _answer(
        verdict=verdict,
        impositions=tuple(
            Imposed(
                on=roles.get(one.subject, ""),
                ability=one.ability,
                kind=one.kind,
                until=one.until,
                cap_usd=None if one.cap_usd is None else f"{one.cap_usd:f}",
            )
            for one in impositions
        ),
        id=act.id,
        standing=round(move.value),
        moved=round(move.moved),
        policy=judgement.policy,
        feature_set=live.feature_set(),
        took_us=judgement.took_us,
    )


def recall(decision: Decision, *, roles: Mapping[int, str]) -> Answer:
    """The answer that a decision of the engine was; `roles` names the act's entities by id."""
    reasons = zip(decision.reasons, decision.weights, strict=True)
    return _answer(
        verdict=Verdict(
            outcome=decision.outcome,
            score=decision.score,
            band=decision.band,
            reasons=tuple(Reason(code, weight) for code, weight in reasons),
            drawn=decision.drawn,
            degraded=decision.degraded,
        ),
        impositions=imposed_by(decision, roles=roles),
        id=decision.pk,
        standing=decision.standing,
        moved=decision.moved,
        policy=decision.policy,
        feature_set=decision.feature_set,
        took_us=decision.took_us,
        replayed=True,
    )


def _answer(
    *,
    verdict: Verdict,
    impositions: tuple[Imposed, ...],
    id: UUID,
    standing: int,
    moved: int,
    policy: int | None,
    feature_set: int,
    took_us: int,
    replayed: bool = False,
) -> Answer:
    compiled = live.compiled(policy) if policy else None
    return Answer(
        id=id,
        outcome=verdict.outcome,
        score=verdict.score,
        band=BANDS[verdict.band],
        reasons=tuple(
            Why(reason.code, share(reason.weight), for_analyst(compiled, reason.code))
            for reason in verdict.reasons
        ),
        user_message=for_user(compiled, verdict),
        restrictions=impositions,
        drawn=verdict.drawn,
        standing=standing,
        moved=moved,
        degraded=verdict.degraded,
        policy=policy,
        feature_set=feature_set,
        took_us=took_us,
        replayed=replayed,
    )


def share(weight: float) -> float:
    """A reason's share of the score as told, from a weight that was stored or will be."""
    # Weights are stored in single precision: rounding them first makes both rounds agree.
    stored: float = _SINGLE.unpack(_SINGLE.pack(weight))[0]
    return round(stored, 1)


_SINGLE = struct.Struct("f")


def _roles(act: Act) -> dict[int, str]:
    return {id: role for role, id in act.ids.items()}
