"""The integrators' guide tells the truth: its codes, kinds and examples are those of the code."""

import json
import re
from pathlib import Path

import pytest
from django.conf import settings

from apps.api.act_body import parse
from apps.api.act_needs import NEEDS, lacking
from apps.core import problems
from apps.risk.vocabulary import KINDS
from apps.users.models import Scope

ROOT = Path(settings.BASE_DIR)
GUIDE = (ROOT / "docs" / "api.md").read_text()
RAISERS = (
    # What people can meet is explained in docs/mobile.md.
    *(file for file in (ROOT / "apps" / "api").rglob("*.py") if "desk" not in file.parts),
    *(
        ROOT / "apps" / "flows" / f"{name}.py"
        for name in ("decisions", "ingest", "judge", "webhooks", "integrators", "outbound")
    ),
    ROOT / "apps" / "core" / "idempotency.py",
    ROOT / "apps" / "core" / "locks.py",
    ROOT / "apps" / "restrictions" / "services.py",
)
# No address of integrators can answer these: keys are optional, and a missing scope is named.
NEVER = {"FORBIDDEN", "IDEMPOTENCY_KEY_MISSING"}


def test_every_code_that_an_integrator_can_meet_is_explained() -> None:
    raised = {code for code, _ in problems.SENTENCES.values()} | set(problems.CODES.values())
    for file in RAISERS:
        text = file.read_text()
        raised |= set(re.findall(r'Refused\(\s*"([A-Z_]+)"', text))
        raised |= set(re.findall(r'code="([A-Z_]+)"', text))
    explained = set(re.findall(r"`([A-Z]+_?[A-Z_]*)`", GUIDE.partition("## Errors")[2]))
    assert raised - NEVER - explained == set()


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_kind_is_in_the_table_with_what_it_needs(kind: str) -> None:
    table = GUIDE.partition("## What an act says")[2]
    (row,) = [row for row in table.splitlines() if row.startswith("| `") and f"`{kind}`" in row]
    _, _, judged, needs, _ = row.split("|")
    assert judged.strip() == ("recorded" if KINDS[kind] is None else "yes")
    for field in NEEDS.get(kind, ()):
        assert f"`{field}`" in needs


def test_the_acts_of_the_guide_are_acts() -> None:
    bodies = re.findall(r"-d '(\{\n.*?\n\})'", GUIDE, re.S)
    bodies += [line for line in GUIDE.splitlines() if line.startswith('{"id"')]
    assert len(bodies) >= 3
    for body in bodies:
        act = parse(body.encode())
        given = {name: value for name, value in act if value is not None}
        given |= {f"signals.{name}": True for name in act.signals or {}}
        assert lacking(act.kind, given) == {}


def test_the_answers_of_the_guide_are_json() -> None:
    for text in re.findall(r"```json\n(.*?)```", GUIDE, re.S):
        json.loads(text)


def test_every_scope_is_named() -> None:
    assert all(f"`{scope}`" in GUIDE for scope in Scope.values)
