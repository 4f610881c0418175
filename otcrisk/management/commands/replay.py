"""replay FILE: stream a file of actions through the engine."""

import json
import sys
import time
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from pydantic import ValidationError

from apps.flows import replay

WIDTH = 30


class Command(BaseCommand):
    help = "Stream a file of actions through the engine, restartable without duplicates."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the file, its format, its map and the bounds."""
        parser.add_argument("file", type=Path)
        parser.add_argument("--format", choices=("jsonl", "csv"), required=True)
        parser.add_argument("--map", type=Path, help="JSON file: how columns become an act")
        parser.add_argument("--client", default="replay", help="scope of the users in the file")
        parser.add_argument("--limit", type=int, help="stop after so many lines")
        parser.add_argument("--skip", type=int, default=0, help="pass over the first lines")
        parser.add_argument("--json", action="store_true", help="print one JSON object at the end")

    def handle(self, *args: Any, **options: Any) -> None:
        """Replay the file with a progress line, a rate and a summary."""
        path: Path = options["file"]
        if not path.is_file():
            raise CommandError(f"{path} is not a file")
        mapped = self._map(options["map"])
        started = shown = time.monotonic()
        summary = replay.Summary()
        try:
            with replay.opened(path) as (file, share):
                for summary in replay.run(
                    file,
                    format=options["format"],
                    mapped=mapped,
                    scope=options["client"],
                    limit=options["limit"],
                    skip=options["skip"],
                ):
                    now = time.monotonic()
                    if now - shown > 0.5:
                        shown = now
                        limit = options["limit"]
                        done = share() if limit is None else summary.events / limit
                        self._progress(summary, now - started, done)
        except replay.BadLine as problem:
            raise CommandError(str(problem)) from None
        except KeyboardInterrupt:
            self.stderr.write("\nStopped. The same command goes on where this one stopped.")
        took = time.monotonic() - started
        self._progress(summary, took, 1.0)
        self.stderr.write("")
        self._report(summary, took, options["json"])

    def _map(self, path: Path | None) -> replay.Mapped:
        if path is None:
            return replay.Mapped()
        try:
            return replay.Mapped.model_validate_json(path.read_text())
        except (OSError, ValidationError) as error:
            raise CommandError(f"{path}: {error}") from None

    def _progress(self, summary: replay.Summary, took: float, share: float) -> None:
        rate = summary.events / took if took else 0.0
        bar = "█" * round(share * WIDTH)
        line = (
            f"{bar:<{WIDTH}} {share:6.1%}  {summary.events:,} events  "
            f"{summary.duplicates:,} known  {rate:,.0f}/s"
        )
        self.stderr.write(line, ending="\r" if sys.stderr.isatty() else "\n")
        self.stderr.flush()

    def _report(self, summary: replay.Summary, took: float, as_json: bool) -> None:
        for problem in summary.problems:
            self.stderr.write(f"refused: {problem}")
        quality = replay.quality(summary.labels) if summary.labels else {}
        self.stdout.write(
            f"{summary.events:,} lines: {summary.decisions:,} decided, "
            f"{summary.recorded:,} recorded, {summary.duplicates:,} known already, "
            f"{summary.refused:,} refused"
        )
        for outcome, count in sorted(summary.outcomes.items(), key=lambda item: -item[1]):
            self.stdout.write(f"  {outcome:<8} {count:>9,}")
        for name, value in quality.items():
            self.stdout.write(f"  {name:<22} {value:.4f}")
        if as_json:
            self.stdout.write(
                json.dumps(
                    {
                        "events": summary.events,
                        "decisions": summary.decisions,
                        "duplicates": summary.duplicates,
                        "per_second": round(summary.events / took, 1) if took else 0.0,
                        "recorded": summary.recorded,
                        "refused": summary.refused,
                        "outcomes": summary.outcomes,
                        **quality,
                    }
                )
            )
        if summary.refused and summary.refused == summary.events:
            raise SystemExit(1)
