"""From hits and score to a verdict: thresholds, hard stops, restrictions, randomised step-up.

Pure: neither Django nor a driver. More risk is never milder: every part of the verdict is the most
severe that anything asks for, and the draw of a step-up is one number per event.
"""

import math
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from decimal import Decimal

from apps.restrictions.caps import bounds
from apps.risk.policy_settings import (
    FAIL_SAFE,
    SENSITIVE,
    SEVERITY,
    Measure,
    PolicySettings,
    Thresholds,
)
from apps.risk.rules import Rule, State, check, compile_rows

MAX_POINTS = 950

#: The ability that each kind of act uses.
ABILITY = {
    "signin.succeeded": "login",
    "signin.failed": "login",
    "ad.published": "post_ad",
    "ad.edited": "post_ad",
    "order.released": "release",
    "withdrawal.requested": "withdraw",
    "account.added": "add_account",
    "address.added": "add_address",
}
FORCED_BY = {"DENY": "BLOCK", "HOLD": "REVIEW", "STEP_UP": "STEP_UP"}


@dataclass(frozen=True, slots=True)
class PolicyRule:
    """One rule as the engine needs it: compiled expression, worth, words."""

    code: str
    checkpoints: frozenset[str]
    rule: Rule
    points: int
    at_least: str
    hard: bool
    analyst_sentence: str
    user_sentence: str
    measure: Measure | None = None


@dataclass(frozen=True, slots=True)
class Forbidden:
    """A live restriction on one of the act's entities."""

    role: str
    ability: str
    kind: str
    reason: str
    cap_usd: float | None = None


@dataclass(frozen=True, slots=True)
class Reason:
    """Why: code, its share of the score, and whether it forces an outcome by itself."""

    code: str
    weight: float
    forces: str = ""


@dataclass(frozen=True, slots=True)
class Due:
    """A measure that a verdict entails; `reason` is the rule that brings it ("": the outcome)."""

    measure: Measure
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the engine says of one act."""

    outcome: str
    score: int
    band: int
    reasons: tuple[Reason, ...]
    measures: tuple[Due, ...] = ()
    drawn: bool = False
    odds: float = 0.0
    degraded: bool = False


@dataclass(frozen=True)
class CompiledPolicy:
    """A policy ready to judge: one generated function per checkpoint."""

    id: int
    settings: PolicySettings
    rules: tuple[PolicyRule, ...]
    names: tuple[str, ...]
    vocabulary: Mapping[str, object]
    by_checkpoint: dict[str, tuple[PolicyRule, ...]] = field(init=False)

    def __post_init__(self) -> None:
        chosen = {
            checkpoint: tuple(r for r in self.rules if checkpoint in r.checkpoints)
            for checkpoint in self.settings.thresholds
        }
        steady = check(self.settings.step_up.steady, self.vocabulary)  # type: ignore[arg-type]
        object.__setattr__(self, "by_checkpoint", chosen)
        object.__setattr__(
            self,
            "_judges",
            {
                checkpoint: compile_rows([*(r.rule for r in rules), steady], self.names)
                for checkpoint, rules in chosen.items()
            },
        )

    def evaluate(
        self, *, checkpoint: str, row: Sequence[float | str | None], snoozed: Set[str]
    ) -> tuple[list[int], bool]:
        """Return the state of each rule of the checkpoint, and whether the user is steady.

        A hard rule can't be snoozed.
        """
        *states, steady = self._judges[checkpoint](row)  # type: ignore[attr-defined]
        for place, rule in enumerate(self.by_checkpoint[checkpoint]):
            if rule.code in snoozed and states[place] == State.HIT and not rule.hard:
                states[place] = State.SNOOZED
        return states, steady == State.HIT


def score_of(points: Sequence[int]) -> tuple[float, list[float]]:
    """Return the score 0–1000 of the points hit, and each one's share of it.

    Points are chances in a thousand that something is wrong, taken as independent: the score is
    1000·(1 − Π(1 − p/1000)). It grows with every point, never passes 1000, and the logarithms
    share it out exactly.
    """
    logs = [-math.log1p(-min(p, MAX_POINTS) / 1000) for p in points]
    total = sum(logs)
    if not total:
        return 0.0, [0.0] * len(logs)
    score = -1000 * math.expm1(-total)
    return score, [score * log / total for log in logs]


def step_up_odds(
    *,
    settings: PolicySettings,
    checkpoint: str,
    score: float,
    steady: bool,
    hours_since_face: float,
) -> float:
    """Return the probability of a random face check: a logistic of the score, floor to ceiling."""
    odds = settings.step_up
    if checkpoint not in odds.checkpoints or hours_since_face < odds.rest_hours:
        return 0.0
    rise = 1 / (1 + math.exp(-(score - odds.midpoint) / odds.width))
    chance = odds.floor + (odds.ceiling - odds.floor) * rise
    return chance * odds.steady_factor if steady else chance


def conclude(
    *,
    policy: CompiledPolicy,
    checkpoint: str,
    ability: str | None,
    states: Sequence[int],
    steady: bool,
    amount_usd: float,
    spent_today_usd: float,
    hours_since_face: float,
    forbidden: Sequence[Forbidden],
    draw: float,
) -> Verdict:
    """Return the verdict on one act from what its rules, its restrictions and the draw say.

    `draw` is uniform in [0, 1), fixed for the event. Unknown amounts are NaN.
    """
    settings = policy.settings
    hit = [
        rule
        for rule, state in zip(policy.by_checkpoint[checkpoint], states, strict=True)
        if state == State.HIT
    ]
    score, shares = score_of([rule.points for rule in hit])
    reasons = [
        Reason(rule.code, share, rule.at_least) for rule, share in zip(hit, shares, strict=True)
    ]
    # A rule with a measure of its own brings that and no more; what the score, a limit or any other
    # rule asks for brings the checkpoint's general measures.
    general = _by_threshold(settings.thresholds[checkpoint], score)
    outcome = general
    for rule in hit:
        outcome = _worse(outcome, rule.at_least)
        if rule.measure is None:
            general = _worse(general, rule.at_least)
    if _over_limit(settings, checkpoint, amount_usd, spent_today_usd):
        reasons.append(Reason("OVER_LIMIT", 0.0, "REVIEW"))
        outcome, general = _worse(outcome, "REVIEW"), _worse(general, "REVIEW")
    own = [Due(rule.measure, rule.code) for rule in hit if rule.measure]
    dues = [due for due in own if due.measure.kind != "NONE"]
    dues += map(Due, settings.measures_for(checkpoint=checkpoint, outcome=general))
    if outcome == "LIMIT" and _over_new_cap(dues, ability=ability, amount_usd=amount_usd):
        reasons.append(Reason("OVER_NEW_CAP", 0.0, "STEP_UP"))
        outcome = "STEP_UP"
    odds = step_up_odds(
        settings=settings,
        checkpoint=checkpoint,
        score=score,
        steady=steady,
        hours_since_face=hours_since_face,
    )
    drawn = draw < odds and SEVERITY[outcome] < SEVERITY["STEP_UP"]
    if drawn:
        outcome = "STEP_UP"
        reasons.append(Reason("RANDOM_CHECK", 0.0, "STEP_UP"))
        dues += map(Due, settings.measures_for(checkpoint=checkpoint, outcome="STEP_UP"))
    # What is forbidden already forbids nothing anew: the measures are those of this act alone.
    for reason in _restricted(ability=ability, amount_usd=amount_usd, of=forbidden):
        reasons.append(reason)
        outcome = _worse(outcome, reason.forces)
    reasons.sort(key=lambda r: (-SEVERITY.get(r.forces, 0), -r.weight, r.code))
    return Verdict(
        outcome=outcome,
        score=round(score),
        band=sum(score >= bound for bound in settings.bands),
        reasons=tuple(reasons),
        measures=tuple(dues),
        drawn=drawn,
        odds=odds,
    )


def fail_safe(
    *,
    settings: PolicySettings | None,
    checkpoint: str,
    kind: str,
    amount_usd: float,
    ability: str | None = None,
    forbidden: Sequence[Forbidden] = (),
) -> Verdict:
    """Return what the checkpoint answers when the engine can't judge.

    What is known to be forbidden stays forbidden.
    """
    safe = (settings.fail_safe if settings else FAIL_SAFE)[checkpoint]
    outcome: str
    if checkpoint == "CPL":
        outcome = safe.large if kind in SENSITIVE else safe.small
    else:
        # An unknown amount is a large one.
        outcome = safe.small if amount_usd <= float(safe.small_usd) else safe.large
    dues: tuple[Due, ...] = ()
    if outcome == "REVIEW":
        hours = safe.hold_minutes / 60 if safe.hold_minutes else None
        dues = (Due(Measure(kind="HOLD", hours=hours, lifts_by="TIME" if hours else "STAFF")),)
    reasons = [
        Reason("ENGINE_FAULT", 0.0, outcome),
        *_restricted(ability=ability, amount_usd=amount_usd, of=forbidden),
    ]
    for reason in reasons:
        outcome = _worse(outcome, reason.forces)
    return Verdict(
        outcome=outcome, score=0, band=0, reasons=tuple(reasons), measures=dues, degraded=True
    )


def ability_of(*, kind: str, side: str | None) -> str | None:
    """Return the ability that an act uses, None where it uses none that can be forbidden.

    Saying "I have paid" uses none: whoever holds an open order must be able to finish it.
    """
    if kind == "order.created":
        return "take_sell" if side == "sell" else "take_buy"
    return ABILITY.get(kind)


def _by_threshold(thresholds: Thresholds, score: float) -> str:
    for outcome in ("BLOCK", "REVIEW", "STEP_UP", "LIMIT"):
        if score >= getattr(thresholds, outcome):
            return outcome
    return "ALLOW"


def _worse(one: str, other: str) -> str:
    return other if SEVERITY.get(other, 0) > SEVERITY[one] else one


def _over_new_cap(dues: Sequence[Due], *, ability: str | None, amount_usd: float) -> bool:
    """Return whether the act itself lies above a cap that it brings about."""
    return ability is not None and any(
        not amount_usd <= float(due.measure.cap_usd)
        for due in dues
        if due.measure.cap_usd is not None
        and bounds(cap_on=due.measure.ability or ability, ability=ability)
    )


def _restricted(*, ability: str | None, amount_usd: float, of: Sequence[Forbidden]) -> list[Reason]:
    found = []
    for ban in of:
        if ability is None or ban.ability not in ("all", ability) or ban.kind == "WARN":
            continue
        if ban.role == "cp":
            # The other side's own limits are its own affair; a ban or hold of it is ours.
            if ban.kind in ("DENY", "HOLD") and ban.ability == "all":
                found.append(Reason("COUNTERPARTY_RESTRICTED", 0.0, FORCED_BY[ban.kind]))
        elif ban.kind == "CAP":
            bound = bounds(cap_on=ban.ability, ability=ability)
            if bound and not amount_usd <= (ban.cap_usd or 0):
                found.append(Reason("OVER_CAP", 0.0, "BLOCK"))
        else:
            found.append(Reason("RESTRICTED", 0.0, FORCED_BY[ban.kind]))
    return sorted(set(found), key=lambda r: -SEVERITY[r.forces])[:1] if found else []


def _over_limit(
    settings: PolicySettings, checkpoint: str, amount_usd: float, spent_today_usd: float
) -> bool:
    limit = settings.limits.get(checkpoint)
    if limit is None or math.isnan(amount_usd):
        return False
    amount = Decimal(str(amount_usd))
    spent = Decimal(0) if math.isnan(spent_today_usd) else Decimal(str(spent_today_usd))
    return bool(
        (limit.per_act_usd is not None and amount > limit.per_act_usd)
        or (limit.per_day_usd is not None and amount + spent > limit.per_day_usd)
    )
