"""A policy that asks for a word that never comes is refused before it can go live."""

import pytest

from apps.core.clock import now
from apps.risk import live
from apps.risk.models import Policy, Rule
from apps.risk.rules import RuleError

pytestmark = pytest.mark.django_db


def draft(expression: str, desk: Policy) -> Policy:
    policy = Policy.objects.create(name="draft", settings=desk.settings, created_at=now())
    Rule.objects.create(
        policy=policy, code="ODD", checkpoints=["CP1"], expression=expression, points=10
    )
    return policy


@pytest.mark.parametrize(
    "expression",
    ["side == 'purchase'", "kind == 'order.make'", "side in ('buy', 'swap')", "side != 'bye'"],
)
def test_a_word_that_never_comes_is_refused(expression: str, desk: Policy) -> None:
    with pytest.raises(RuleError):
        live.compile_policy(draft(expression, desk))


@pytest.mark.parametrize(
    "expression", ["side == 'buy'", "kind in ('order.created', 'order.paid')", "rail == 'new_rail'"]
)
def test_words_that_come_and_words_that_nobody_can_list_are_taken(
    expression: str, desk: Policy
) -> None:
    assert len(live.compile_policy(draft(expression, desk)).rules) == 1
