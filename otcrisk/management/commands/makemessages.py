"""Collects what is translated: the code's words, and those that stand in data.

manage.py makemessages -l zh_Hans --no-location --no-wrap
manage.py compilemessages        # both need gettext; what they wrote is committed
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.commands.makemessages import Command as MakeMessages

from apps.risk.sentences import OWN

FIXTURES = Path(settings.BASE_DIR) / "fixtures"
#: What nobody reads, and what has a catalogue of its own.
LEFT_OUT = (".venv", "var", "tests", "bench", "apps/trades")
#: Of each file of the desk's catalogue, what people read.
FIELDS = {
    "rails": ("name", "number_label"),
    "tiers": ("name",),
    "penalties": ("name", "sentence"),
}


class Command(MakeMessages):
    # A sentence that resembles another is not its translation.
    msgmerge_options = [*MakeMessages.msgmerge_options, "--no-fuzzy-matching"]

    def handle(self, *args: Any, **options: Any) -> None:
        """Show the collector a module with the words of the data, for as long as it looks."""
        # Folders named locale are not looked into.
        shown = Path(settings.BASE_DIR) / "otcrisk" / "words_of_data.py"
        lines = [f"gettext_noop({json.dumps(text, ensure_ascii=False)})" for text in words()]
        shown.write_text("\n".join(lines) + "\n")
        options["ignore_patterns"] = [*(options["ignore_patterns"] or []), *LEFT_OUT]
        try:
            super().handle(*args, **options)
        finally:
            shown.unlink()


def words() -> list[str]:
    """Every text of the fixtures and the engine that people read in their language."""
    return sorted({text for text in _all() if text})


def _all() -> Iterator[str]:
    for file in (FIXTURES / "policies").glob("*.json"):
        for rule in json.loads(file.read_text()).get("rules", []):
            yield rule["user_sentence"]
    for file, fields in FIELDS.items():
        for row in json.loads((FIXTURES / "desk" / f"{file}.json").read_text()):
            yield from (str(row.get(field, "")) for field in fields)
    for _analyst, user in OWN.values():
        yield user
    yield "Account number"
