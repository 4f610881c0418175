"""The preset policy as the tests read it: from its file, compiled without a database."""

import json
import math
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings

from apps.risk.policy import CompiledPolicy, PolicyRule
from apps.risk.policy_settings import Measure, PolicySettings
from apps.risk.row import NAMES, VOCABULARY
from apps.risk.rules import Type, check
from apps.risk.vocabulary import SIGNALS

FILE = Path(settings.BASE_DIR) / "fixtures" / "policies" / "p2p_desk.json"
PRESET = json.loads(FILE.read_text())
RULES = {rule["code"]: rule for rule in PRESET["rules"]}
CHOICES = {signal.name: signal.choices for signal in SIGNALS if signal.choices}


@cache
def policy() -> CompiledPolicy:
    """The preset, compiled without a database."""
    return CompiledPolicy(
        id=1,
        settings=PolicySettings.model_validate(PRESET["settings"]),
        rules=tuple(
            PolicyRule(
                code=rule["code"],
                checkpoints=frozenset(rule["checkpoints"]),
                rule=check(rule["expression"], VOCABULARY),
                points=rule["points"],
                at_least=rule["at_least"],
                hard=rule["hard"],
                analyst_sentence=rule["analyst_sentence"],
                user_sentence=rule["user_sentence"],
                measure=Measure.model_validate(rule["measure"]) if rule.get("measure") else None,
            )
            for rule in PRESET["rules"]
        ),
        names=NAMES,
        vocabulary=VOCABULARY,
    )


def states(checkpoint: str, facts: dict[str, Any]) -> dict[str, int]:
    """The state of every rule of the checkpoint where only these facts are known."""
    unheard = set(facts) - set(NAMES)
    assert not unheard, unheard
    missing: Any
    row = []
    for name in NAMES:
        missing = None if VOCABULARY[name] is Type.TEXT else math.nan
        value = facts.get(name, missing)
        row.append(float(value) if isinstance(value, bool | int) else value)
    found, _ = policy().evaluate(checkpoint=checkpoint, row=row, snoozed=frozenset())
    return {
        rule.code: state
        for rule, state in zip(policy().by_checkpoint[checkpoint], found, strict=True)
    }
