"""Everything that a decision's page shows, in a fixed number of queries."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db import connection
from django.http import Http404

from apps.cases.models import Case, Status
from apps.console import past, wording
from apps.console.past import Compared
from apps.console.waterfall import Waterfall, waterfall
from apps.events.models import Entity, Event
from apps.restrictions.models import Restriction
from apps.risk import act_facts, live
from apps.risk.models import Decision, Maker
from apps.risk.policy import CompiledPolicy, PolicyRule, step_up_odds
from apps.risk.row import row
from apps.risk.rules import RuleError, State
from apps.risk.sentences import OWN
from apps.risk.shadow import aligned, names_of
from apps.risk.vocabulary import SIGNAL_BY_NAME

#: Which entity stands in which role of an act, in the order in which they are shown.
ROLES = (
    ("user", "User"),
    ("counterparty", "Counterparty"),
    ("device", "Device"),
    ("ip", "IP address"),
    ("subnet", "Subnet"),
    ("account", "Payment account"),
    ("address", "Crypto address"),
    ("client", "Integrator"),
    ("actor", "Done by"),
)
SHADOWS = """
SELECT p.id, p.name, s.outcome, s.score, s.reasons
FROM risk_policy p JOIN risk_shadowdecision s ON s.policy = p.id AND s.decision = %s
ORDER BY p.id
"""


@dataclass(frozen=True, slots=True)
class Explained:
    """One rule of the checkpoint: how it answered, and its expression with the actual values."""

    rule: PolicyRule
    state: State
    words: str
    signal: str = ""
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact that the act itself carried."""

    name: str
    shown: str
    doc: str


@dataclass
class Sheet:
    """A decision with all that explains it."""

    decision: Decision
    event: Event | None
    parties: list[tuple[str, Entity]] = field(default_factory=list)
    user: Entity | None = None
    policy: CompiledPolicy | None = None
    waterfall: Waterfall | None = None
    hits: list[Explained] = field(default_factory=list)
    unknown: list[Explained] = field(default_factory=list)
    snoozed: list[Explained] = field(default_factory=list)
    errors: list[Explained] = field(default_factory=list)
    misses: list[Explained] = field(default_factory=list)
    compared: list[Compared] = field(default_factory=list)
    facts: list[Fact] = field(default_factory=list)
    odds: float | None = None
    steady: bool = False
    restrictions: list[Restriction] = field(default_factory=list)
    verdicts: list[Decision] = field(default_factory=list)
    shadows: list[tuple[Any, ...]] = field(default_factory=list)
    cases: list[Case] = field(default_factory=list)

    @property
    def unusual(self) -> list[Compared]:
        """The features that stand out most, and those on which a rule that hit looked."""
        out = [one for one in self.compared if one.is_unusual]
        used = [one for one in self.compared if one.used_by and not one.is_unusual]
        return (out[:8] + used)[:12]

    @property
    def families(self) -> list[tuple[str, list[Compared]]]:
        """All features by family."""
        return past.families(self.compared)

    @property
    def past_count(self) -> int:
        """How many decisions of the user's past were compared."""
        return max((one.count for one in self.compared), default=0)


def sheet(id: UUID) -> Sheet:
    """Return a decision with everything that explains it; Http404 where there is none."""
    decision = Decision.objects.select_related("event", "proposer", "approver").filter(pk=id)
    found = decision.first()
    if found is None:
        raise Http404("There is no such decision.")
    one = Sheet(found, found.event)
    ids = _ids(found.event)
    entities = Entity.objects.in_bulk(set(ids.values()))
    one.parties = [
        (name, entities[ids[role]])
        for role, name in ROLES
        if ids.get(role) in entities and not (role == "actor" and ids[role] == ids.get("user"))
    ]
    one.user = entities.get(ids.get("user", 0))
    one.restrictions = list(
        Restriction.objects.select_related("subject", "lifted_by")
        .filter(subject_id__in=set(ids.values()), cause=id)
        .order_by("imposed_at")
    )
    one.verdicts = list(
        Decision.objects.select_related("proposer", "approver")
        .filter(supersedes=id, id__gt=id)
        .order_by("id")
    )
    one.cases = list(
        Case.objects.filter(subject_id=ids.get("user", 0), status=Status.OPEN).order_by("due_at")
    )
    with connection.cursor() as cursor:
        cursor.execute(SHADOWS, [id])
        one.shadows = cursor.fetchall()
    if found.maker == Maker.ENGINE:
        _explain(one)
    return one


def _ids(event: Event | None) -> dict[str, int]:
    found = {role: getattr(event, f"{role}_id", None) for role, _ in ROLES}
    return {role: id for role, id in found.items() if id is not None}


def _explain(one: Sheet) -> None:
    decision, event = one.decision, one.event
    one.policy = policy = _policy(decision.policy)
    names = names_of(decision.feature_set)
    facts = (
        act_facts.of_act(kind=event.kind, at=event.at, amount_usd=event.amount_usd, data=event.data)
        if event
        else {}
    )
    values: dict[str, Any] = dict(zip(names, decision.values, strict=False)) | facts
    one.facts = _facts(event)
    _rules(one, values)
    used: dict[str, list[str]] = {}
    for explained in one.hits:
        for name in explained.rule.rule.names:
            used.setdefault(name, []).append(explained.rule.code)
    one.compared = past.compare(
        values=decision.values,
        names=names,
        past=past.before(user=event.user_id if event else None, decision=decision.id),
        used_by=used,
    )
    _waterfall(one)
    if policy and facts and decision.values and decision.checkpoint in policy.by_checkpoint:
        features = aligned(feature_set=decision.feature_set, values=decision.values)
        _states, one.steady = policy.evaluate(
            checkpoint=decision.checkpoint,
            row=row(features=features, facts=facts),
            snoozed=frozenset(),
        )
        face = values.get("hours_since_face")
        one.odds = step_up_odds(
            settings=policy.settings,
            checkpoint=decision.checkpoint,
            score=decision.score,
            steady=one.steady,
            hours_since_face=float("nan") if face is None else face,
        )


def _policy(id: int | None) -> CompiledPolicy | None:
    if id is None:
        return None
    try:
        return live.compiled(id)
    except RuleError:
        # An old policy may name a feature that has left the registry: its decisions stay readable.
        return None


def _rules(one: Sheet, values: dict[str, Any]) -> None:
    policy, decision = one.policy, one.decision
    if policy is None:
        return
    lists = {
        State.HIT: one.hits,
        State.UNKNOWN: one.unknown,
        State.SNOOZED: one.snoozed,
        State.ERROR: one.errors,
        State.MISS: one.misses,
    }
    rules = policy.by_checkpoint.get(decision.checkpoint, ())
    for rule, byte in zip(rules, bytes(decision.hits), strict=False):
        state = State(byte)
        missing = sorted(n for n in rule.rule.names if _is_missing(values.get(n)))
        lists[state].append(
            Explained(rule, state, rule.rule.explain(values), missing=tuple(missing))
        )
    weight = dict(zip(decision.reasons, decision.weights, strict=False))
    one.hits.sort(key=lambda hit: -weight.get(hit.rule.code, 0.0))


def _waterfall(one: Sheet) -> None:
    decision, policy = one.decision, one.policy
    rules = {rule.code: rule for rule in policy.rules} if policy else {}
    sentences, forces = [], []
    for code in decision.reasons:
        rule = rules.get(code)
        sentences.append(rule.analyst_sentence if rule else OWN.get(code, (code, ""))[0])
        forces.append(rule.at_least if rule else _forced(code, decision))
    one.waterfall = waterfall(
        reasons=decision.reasons,
        weights=decision.weights,
        sentences=sentences,
        forces=forces,
        score=decision.score,
        settings=policy.settings if policy else None,
        checkpoint=decision.checkpoint,
    )


#: What forces an outcome without being a rule. A restriction forces what its kind says, which is
#: not stored: where it stands first, it is the outcome.
FORCED_BY_OWN = {"OVER_LIMIT": "REVIEW", "RANDOM_CHECK": "STEP_UP", "OVER_NEW_CAP": "STEP_UP"}


def _forced(code: str, decision: Decision) -> str:
    if code in FORCED_BY_OWN:
        return FORCED_BY_OWN[code]
    return decision.outcome if code == decision.reasons[0] else ""


_UNITS = {"code": "", "yes/no": "", "ISO 3166": "", "0-1": "", "ratio": "", "0-100": " of 100"}


def _facts(event: Event | None) -> list[Fact]:
    if event is None:
        return []
    found = []
    for name, value in sorted(event.data.items()):
        signal = SIGNAL_BY_NAME.get(name)
        shown = "yes" if value is True else "no" if value is False else str(value)
        if signal:
            shown += _UNITS.get(signal.unit, f" {signal.unit}")
        found.append(Fact(name, shown, signal.doc if signal else ""))
    return found


def _is_missing(value: Any) -> bool:
    return value is None or value != value


def sentence(one: Sheet) -> str:
    """Return what was done, without who did it and how it ended: "asked to withdraw"."""
    event = one.event
    if event is None:
        return "did something that retention has dropped"
    words = wording.verb_of(event.kind)
    side = event.data.get("side")
    if event.kind == "order.created" and side in ("buy", "sell"):
        words = f"{words} to {side}"
    change = event.data.get("change")
    if event.kind == "security.changed" and isinstance(change, str):
        words = f"{words} ({change})"
    return words
