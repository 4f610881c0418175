"""The catalogues for people: every feature and every reason code, written from the code itself."""

import json
from pathlib import Path
from typing import Any

from django.conf import settings

from apps.console.wording import SHORT_CHECKPOINTS, TYPOLOGIES, family_name
from apps.risk.features import all_features
from apps.risk.presets import PRESET
from apps.risk.sentences import OWN
from apps.risk.vocabulary import SIGNALS

WRITTEN = "<!-- Written by `manage.py catalogue` from the code: do not edit. -->"


def files() -> dict[Path, str]:
    """Return each catalogue's path and text."""
    docs = Path(settings.BASE_DIR) / "docs"
    return {docs / "features.md": features(), docs / "reasons.md": reasons()}


def features() -> str:
    """Return the data dictionary: every feature by family, then the facts that senders tell."""
    by_family: dict[str, list[Any]] = {}
    for one in all_features():
        by_family.setdefault(one.family, []).append(one)
    lines = [
        "# Features",
        "",
        WRITTEN,
        "",
        f"{len(all_features())} features are computed for every decision from what happened before"
        " it; the act itself adds the facts",
        "at the end. Rules are written in these names. A missing value makes a rule unknown, never"
        " a hit.",
    ]
    for family, found in by_family.items():
        lines += [
            "",
            f"## {family_name(family)}",
            "",
            "| feature | unit | meaning |",
            "|---|---|---|",
        ]
        lines += [f"| `{one.name}` | {one.unit} | {_cell(one.doc)} |" for one in found]
    lines += [
        "",
        "## Facts that the sender tells",
        "",
        "| fact | unit | meaning |",
        "|---|---|---|",
    ]
    lines += [f"| `{one.name}` | {one.unit} | {_cell(one.doc)} |" for one in SIGNALS]
    return "\n".join(lines) + "\n"


def reasons() -> str:
    """Return every reason code of the preset policy, and those of the engine itself."""
    path = Path(settings.BASE_DIR) / "fixtures" / "policies" / PRESET
    policy = json.loads(path.read_text())
    lines = [
        "# Reason codes",
        "",
        WRITTEN,
        "",
        f"The preset policy “{policy['name']}” has {len(policy['rules'])} rules. A rule adds its"
        " points (chances in a thousand",
        "that something is wrong), or demands an outcome, or both. Integrators receive codes and"
        " the user's sentence.",
    ]
    for rule in policy["rules"]:
        demands = f", demands {rule['at_least']}" if rule.get("at_least") else ""
        hard = ", hard" if rule.get("hard") else ""
        where = ", ".join(SHORT_CHECKPOINTS[code] for code in rule["checkpoints"])
        lines += [
            "",
            f"## {rule['code']}",
            "",
            rule["analyst_sentence"],
            "",
            f"- When: `{rule['expression']}`",
            f"- Asked at: {where}",
            f"- Worth: {rule.get('points', 0)} points{demands}{hard}",
            f"- Typology: {rule['typology']}; signal {rule['signal']}; {rule['source']}",
            f"- The user reads: “{rule['user_sentence']}”",
        ]
    lines += ["", "## Codes of the engine itself", "", "| code | to analysts | to the user |"]
    lines += ["|---|---|---|"]
    lines += [
        f"| `{code}` | {_cell(ours)} | {_cell(theirs)} |" for code, (ours, theirs) in OWN.items()
    ]
    lines += ["", "## Typologies", "", "| code | what it is |", "|---|---|"]
    lines += [f"| {code} | {_cell(meaning)} |" for code, meaning in TYPOLOGIES.items()]
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
