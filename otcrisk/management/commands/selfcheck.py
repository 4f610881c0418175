"""selfcheck: ask the database everything that it promised; exit 1 when a promise is broken."""

import json
import time
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from apps.flows import selfcheck


class Command(BaseCommand):
    help = "Run the queries that must return no row: seals, live policy, restrictions, recount."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add --json."""
        parser.add_argument("--json", action="store_true", help="print one JSON object at the end")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run every check, say what each found, and exit with 1 if any found anything."""
        violations: list[selfcheck.Violation] = []
        for check in selfcheck.CHECKS:
            started = time.perf_counter()
            found = selfcheck.run(check)
            took = time.perf_counter() - started
            violations += found
            verdict = f"{len(found)} VIOLATIONS" if found else "ok"
            promise = (check.__doc__ or "").strip()
            self.stdout.write(f"{verdict:>14}  {took:7.2f} s  {check.__name__}: {promise}")
            for one in found[:20]:
                self.stdout.write(f"{'':>14}  {one.what}")
        if options["json"]:
            self.stdout.write(
                json.dumps(
                    {
                        "violations": len(violations),
                        "found": [{"check": v.check, "what": v.what} for v in violations[:100]],
                    }
                )
            )
        if violations:
            raise SystemExit(1)
