"""collect(): the one read of a decision, whatever the number of features."""

from collections.abc import Mapping
from dataclasses import dataclass

from apps.events.act import Act
from apps.risk import act_facts
from apps.risk.row import VELOCITY_INPUTS, Value
from apps.risk.velocity.read import Found, Plan, sort_rows

PLAN = Plan(VELOCITY_INPUTS)


@dataclass(frozen=True, slots=True)
class Facts:
    """All that is known of an act before it is judged; `velocity` is in the order of the plan."""

    act: Act
    of_act: Mapping[str, Value]
    velocity: list[float]
    found: Found


def collect(act: Act) -> Facts:
    """Read everything that the features, the policy and the answer need, in one statement."""
    found = sort_rows(PLAN.statement.run(PLAN.params(act)))  # type: ignore[arg-type]
    return Facts(
        act=act,
        of_act=facts_of(act),
        velocity=PLAN.values(found=found, act=act),
        found=found,
    )


def facts_of(act: Act) -> Mapping[str, Value]:
    """Return the facts that the act itself carries."""
    return act_facts.of_act(kind=act.kind, at=act.at, amount_usd=act.amount_usd, data=act.data)
