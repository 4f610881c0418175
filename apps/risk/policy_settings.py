"""What a policy says besides its rules: thresholds, measures, odds, the ladder, as valid data."""

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from apps.risk.vocabulary import CHECKPOINTS

Outcome = Literal["ALLOW", "LIMIT", "STEP_UP", "REVIEW", "BLOCK"]
#: Mild to severe.
OUTCOMES: tuple[Outcome, ...] = ("ALLOW", "LIMIT", "STEP_UP", "REVIEW", "BLOCK")
SEVERITY: dict[str, int] = {outcome: at for at, outcome in enumerate(OUTCOMES)}
BANDS = ("LOW", "GUARDED", "ELEVATED", "HIGH", "CRITICAL")
Score = Annotated[int, Field(ge=0, le=1001)]
Share = Annotated[float, Field(ge=0, le=1)]


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Thresholds(Strict):
    """Lowest score of each outcome at one checkpoint; 1001 means never."""

    LIMIT: Score
    STEP_UP: Score
    REVIEW: Score
    BLOCK: Score

    @model_validator(mode="after")
    def rising(self) -> "Thresholds":
        """Refuse thresholds that would make more risk milder."""
        if not self.LIMIT <= self.STEP_UP <= self.REVIEW <= self.BLOCK:
            raise ValueError("thresholds must rise: LIMIT ≤ STEP_UP ≤ REVIEW ≤ BLOCK")
        return self


class Measure(Strict):
    """What an outcome forbids: `ability` None means the ability that the act itself uses.

    `on` is the role of the entity it falls on. NONE forbids nothing: the act alone is concerned.
    WARN forbids nothing and is remembered. LADDER is the next step of the penalty ladder, confined
    to `ability` where that is given; `step` is the lowest one that it takes.
    """

    kind: Literal["NONE", "WARN", "CAP", "STEP_UP", "HOLD", "DENY", "LADDER"]
    on: Literal["user", "device", "ip", "account", "address"] = "user"
    ability: str | None = None
    hours: Annotated[float, Field(gt=0, le=24 * 365)] | None = None
    cap_usd: Decimal | None = None
    lifts_by: Literal["TIME", "FACE", "STAFF"] = "STAFF"
    step: str = ""

    @model_validator(mode="after")
    def complete(self) -> "Measure":
        """Refuse a cap without an amount and a timed measure without an end."""
        if (self.kind == "CAP") != (self.cap_usd is not None):
            raise ValueError("a CAP, and nothing else, needs cap_usd")
        if self.lifts_by == "TIME" and self.hours is None:
            raise ValueError("what time lifts needs hours")
        if self.step and self.kind != "LADDER":
            raise ValueError("only a LADDER has a step to begin at")
        return self


class StepUp(Strict):
    """Odds of a random face check: they grow with the score between a floor and a ceiling."""

    floor: Share
    ceiling: Share
    midpoint: Score
    width: Annotated[float, Field(gt=0)]
    steady: str
    steady_factor: Share
    rest_hours: Annotated[float, Field(ge=0)]
    checkpoints: tuple[str, ...]

    @model_validator(mode="after")
    def ordered(self) -> "StepUp":
        """Refuse a floor above the ceiling."""
        if self.floor > self.ceiling:
            raise ValueError("step-up floor lies above its ceiling")
        return self


class Limit(Strict):
    """Amounts above which an act waits for a human whatever its score."""

    per_act_usd: Decimal | None = None
    per_day_usd: Decimal | None = None


class StandingSettings(Strict):
    """How the dynamic score of a user moves: up fast, down by time."""

    half_life_hours: Annotated[float, Field(gt=0)]
    rise: Share
    fall: Share


class LadderStep(Strict):
    """One step of the penalty ladder; without a measure it is a warning."""

    name: str
    measure: Measure | None = None


class FailSafe(Strict):
    """What a checkpoint answers when the engine can't: `large` above `small_usd`."""

    small: Outcome
    large: Outcome
    small_usd: Decimal = Decimal(0)
    hold_minutes: int | None = None


class PolicySettings(Strict):
    """Everything that a policy decides besides its rules."""

    bands: tuple[Score, Score, Score, Score]
    thresholds: dict[str, Thresholds]
    measures: dict[str, dict[Outcome, tuple[Measure, ...]]]
    step_up: StepUp
    limits: dict[str, Limit] = {}
    standing: StandingSettings
    ladder: tuple[LadderStep, ...]
    ladder_memory_days: int
    fail_safe: dict[str, FailSafe]
    case_due_hours: dict[str, float]

    @model_validator(mode="after")
    def whole(self) -> "PolicySettings":
        """Refuse a policy that leaves a checkpoint without an answer."""
        for part in ("thresholds", "fail_safe"):
            missing = set(CHECKPOINTS) - set(getattr(self, part))
            if missing:
                raise ValueError(f"{part} is silent about {', '.join(sorted(missing))}")
        if list(self.bands) != sorted(self.bands):
            raise ValueError("bands must rise")
        return self

    def measures_for(self, *, checkpoint: str, outcome: str) -> tuple[Measure, ...]:
        """Return what an outcome forbids at a checkpoint ("*": what holds at all others)."""
        by_outcome = self.measures.get(checkpoint) or {}
        if outcome not in by_outcome:
            by_outcome = self.measures.get("*") or {}
        return by_outcome.get(outcome, ())  # type: ignore[call-overload,no-any-return]


#: Used when no policy is live, or none can be read: nothing is decided without its fail-safe.
FAIL_SAFE: dict[str, FailSafe] = {
    "CPL": FailSafe(small="ALLOW", large="STEP_UP"),
    "CP0": FailSafe(small="REVIEW", large="REVIEW"),
    "CP1": FailSafe(small="ALLOW", large="BLOCK", small_usd=Decimal(200)),
    "CP2": FailSafe(small="ALLOW", large="REVIEW", small_usd=Decimal(200)),
    "CP3": FailSafe(small="REVIEW", large="REVIEW", hold_minutes=15),
    "CP4": FailSafe(small="REVIEW", large="REVIEW"),
    "CP5": FailSafe(small="REVIEW", large="REVIEW"),
    "CP6": FailSafe(small="BLOCK", large="BLOCK"),
}
#: Acts of CPL that need a step-up when the engine is down; a plain sign-in goes on.
SENSITIVE = frozenset({"security.changed", "account.added", "device.registered"})
