"""Writes docs/features.md and docs/reasons.md."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.console import catalogue


class Command(BaseCommand):
    help = "Write the catalogues of features and reason codes from the code."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--check", action="store_true", help="only say whether they are current"
        )

    def handle(self, *, check: bool, **_: Any) -> None:
        stale = [
            path
            for path, text in catalogue.files().items()
            if not path.exists() or path.read_text() != text
        ]
        if check:
            if stale:
                names = ", ".join(path.name for path in stale)
                raise CommandError(f"Not current: {names}. Run manage.py catalogue.")
            self.stdout.write("The catalogues are current.")
            return
        for path, text in catalogue.files().items():
            path.write_text(text)
            self.stdout.write(f"Wrote {path}.")
