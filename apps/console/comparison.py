"""Policies side by side: what differs, what rules hit, where a draft would have said otherwise."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.core.cache import cache
from django.db import connection

from apps.core.ids import uuid7_floor
from apps.risk.models import Policy, Rule
from apps.risk.policy_settings import OUTCOMES, SEVERITY, Measure, PolicySettings

WEEK = timedelta(days=7)
#: Hits are counted in so many of the newest decisions of the week.
COUNTED = 100_000
#: The shadow comparison covers so many of the newest judgements.
COMPARED = 50_000
SHOWN = 50
REMEMBERED = 60

HITS = f"""
SELECT r.code, count(*), count(*) FILTER (WHERE w.outcome <> 'ALLOW'), max(w.at)
FROM (SELECT reasons, outcome, at FROM risk_decision
      WHERE id >= %s AND maker = 'ENGINE' ORDER BY id DESC LIMIT {COUNTED}) w
CROSS JOIN LATERAL unnest(w.reasons) AS r(code) GROUP BY r.code
"""
NEWEST = f"""
FROM (SELECT * FROM risk_shadowdecision WHERE policy = %s
      ORDER BY decision DESC LIMIT {COMPARED}) s
"""
TABLE = f"""
SELECT live_outcome, outcome, count(*), min(at), max(at), avg(score - live_score)
{NEWEST} GROUP BY live_outcome, outcome
"""
SHADOW_HITS = (
    f"SELECT r.code, count(*) {NEWEST} CROSS JOIN LATERAL unnest(s.reasons) AS r(code) GROUP BY 1"
)
DISAGREE = f"""
SELECT decision, at, live_outcome, live_score, outcome, score, reasons
{NEWEST} WHERE live_outcome <> outcome ORDER BY decision DESC LIMIT {SHOWN}
"""
FIELDS = (
    "signal",
    "typology",
    "source",
    "checkpoints",
    "expression",
    "points",
    "at_least",
    "hard",
    "measure",
    "analyst_sentence",
    "user_sentence",
)


@dataclass(frozen=True, slots=True)
class Change:
    """One field that differs."""

    name: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Difference:
    """What one policy changes against another."""

    added: list[Rule] = field(default_factory=list)
    removed: list[Rule] = field(default_factory=list)
    changed: list[tuple[Rule, list[Change]]] = field(default_factory=list)
    settings: list[Change] = field(default_factory=list)

    @property
    def nothing(self) -> bool:
        """Whether the two say the same."""
        return not (self.added or self.removed or self.changed or self.settings)


@dataclass(frozen=True, slots=True)
class Table:
    """Live against draft: counts by pair of outcomes."""

    cells: dict[tuple[str, str], int]
    total: int
    agreed: int
    milder: int
    harder: int
    since: datetime | None
    until: datetime | None
    score_shift: float

    @property
    def rows(self) -> list[tuple[str, list[tuple[str, int, str]], int]]:
        """For each live outcome: the draft's outcome, count and which way it leans; and a sum."""
        found: list[tuple[str, list[tuple[str, int, str]], int]] = []
        for live in OUTCOMES:
            cells: list[tuple[str, int, str]] = [
                (draft, self.cells.get((live, draft), 0), _leans(live, draft)) for draft in OUTCOMES
            ]
            found.append((live, cells, sum(count for _, count, _ in cells)))
        return found

    @property
    def sums(self) -> list[tuple[str, int]]:
        """How often the draft said each outcome."""
        return [
            (draft, sum(n for (_, d), n in self.cells.items() if d == draft)) for draft in OUTCOMES
        ]


@dataclass(frozen=True, slots=True)
class Disagreement:
    """One decision of which the draft thinks otherwise."""

    decision: UUID
    at: datetime
    live_outcome: str
    live_score: int
    outcome: str
    score: int
    reasons: list[str]


def hit_counts(*, at: datetime) -> dict[str, tuple[int, int, datetime]]:
    """Return by rule: hits of the last 7 days, those that were not allowed, and the last one."""
    found = cache.get("console:hits")
    if found is None:
        rows = _rows(HITS, [uuid7_floor(at - WEEK)])
        found = {code: (n, of_note, last) for code, n, of_note, last in rows}
        cache.set("console:hits", found, REMEMBERED)
    return dict(found)


def shadow_hit_counts(policy: int) -> dict[str, int]:
    """Return by rule how often a draft in shadow named it."""
    return dict(_rows(SHADOW_HITS, [policy]))  # type: ignore[arg-type]


def shadow_table(policy: int) -> Table:
    """Return how often draft and live policy said what."""
    rows = _rows(TABLE, [policy])
    cells = {(live, draft): n for live, draft, n, *_ in rows}
    total = sum(cells.values())
    shift = sum(float(mean) * n for _, _, n, _, _, mean in rows) / total if total else 0.0
    return Table(
        cells=cells,
        total=total,
        agreed=sum(n for (live, draft), n in cells.items() if live == draft),
        milder=sum(n for pair, n in cells.items() if _leans(*pair) == "milder"),
        harder=sum(n for pair, n in cells.items() if _leans(*pair) == "harder"),
        since=min((r[3] for r in rows), default=None),
        until=max((r[4] for r in rows), default=None),
        score_shift=shift,
    )


def disagreements(policy: int) -> list[Disagreement]:
    """Return the newest decisions of which a draft thinks otherwise."""
    return [Disagreement(*row) for row in _rows(DISAGREE, [policy])]


def difference(*, before: Policy, after: Policy) -> Difference:
    """Return what `after` changes against `before`, rule by rule and setting by setting."""
    old = {rule.code: rule for rule in before.rules.all()}
    new = {rule.code: rule for rule in after.rules.all()}
    changed = []
    for code in sorted(old.keys() & new.keys()):
        found = [
            Change(name, _said(getattr(old[code], name)), _said(getattr(new[code], name)))
            for name in FIELDS
            if getattr(old[code], name) != getattr(new[code], name)
        ]
        if found:
            changed.append((new[code], found))
    flat_old, flat_new = _flat(before.settings), _flat(after.settings)
    return Difference(
        added=[new[code] for code in sorted(new.keys() - old.keys())],
        removed=[old[code] for code in sorted(old.keys() - new.keys())],
        changed=changed,
        settings=[
            Change(path, flat_old.get(path, "–"), flat_new.get(path, "–"))
            for path in sorted(flat_old.keys() | flat_new.keys())
            if flat_old.get(path) != flat_new.get(path)
        ],
    )


def measures_of(settings: PolicySettings) -> list[tuple[str, str, list[str]]]:
    """Return what each outcome entails, in words: checkpoint, outcome, sentences."""
    found = []
    for checkpoint, by_outcome in sorted(settings.measures.items()):
        for outcome in OUTCOMES:
            if outcome in by_outcome:
                words = [measure_words(m) for m in by_outcome[outcome]]
                found.append((checkpoint, str(outcome), words))
    return found


def measure_words(measure: Measure) -> str:
    """Return a measure as people say it."""
    what = {
        "WARN": "warn",
        "CAP": f"cap at {measure.cap_usd} USD",
        "STEP_UP": "ask for a face check",
        "HOLD": "hold for a human",
        "DENY": "forbid",
        "LADDER": "the ladder's next step",
    }.get(measure.kind, measure.kind)
    ability = f": {measure.ability}" if measure.ability else ""
    on = "" if measure.on == "user" else f" on the {measure.on}"
    hours = f" for {measure.hours:g} h" if measure.hours else ""
    return f"{what}{ability}{on}{hours}"


def _leans(live: str, draft: str) -> str:
    if live == draft:
        return "same"
    return "harder" if SEVERITY[draft] > SEVERITY[live] else "milder"


def _said(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value) if value not in ("", {}, None) else "–"


def _flat(value: Any, path: str = "") -> dict[str, str]:
    if isinstance(value, Mapping):
        found: dict[str, str] = {}
        for key, inner in value.items():
            found |= _flat(inner, f"{path} › {key}" if path else str(key))
        return found
    if isinstance(value, Sequence) and not isinstance(value, str):
        found = {}
        for at, inner in enumerate(value):
            name = inner.get("name") if isinstance(inner, Mapping) else None
            found |= _flat(inner, f"{path} › {name or at + 1}")
        return found or {path: "nothing"}
    return {path: _said(value)}


def _rows(statement: str, params: Sequence[Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        return cursor.fetchall()
