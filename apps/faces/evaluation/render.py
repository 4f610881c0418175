"""manage.py faces render: sessions of people who do not exist, with a manifest for evaluate."""

import csv
import random
from argparse import ArgumentParser
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TextIO

from django.conf import settings
from django.core.management.base import CommandError

from apps.faces import recordings
from apps.faces.engine import asking
from apps.faces.engine.session import Challenge, Sensor
from apps.faces.engine.verdict import Species
from apps.faces.rendering import sessions
from apps.faces.rendering.head import Head

LIVE = "live"
COLUMNS = ("path", "kind", "subject", "session", "actions")

#: The moment at which rendered challenges are issued: renders do not depend on the day.
ISSUED_AT = datetime(2026, 1, 1, tzinfo=UTC)


def add_arguments(parser: ArgumentParser) -> None:
    """What the subcommand takes."""
    kinds = [LIVE, *(one.lower() for one in Species)]
    parser.add_argument("--out", type=Path, required=True, help="folder for sessions and manifest")
    parser.add_argument("--kind", choices=kinds, default=[LIVE], nargs="+", help="what to render")
    parser.add_argument("--count", type=int, default=10, help="sessions of each kind")
    parser.add_argument("--seed", type=int, default=1, help="the same seed renders the same bytes")
    parser.add_argument("--fps", type=float, default=13.0, help="frames per second")
    parser.add_argument("--sensors", action="store_true", help="with depth and infrared")
    parser.add_argument("--head", type=Path, help="ict_head.npz; else the one below OTCRISK_DATA")


def run(options: dict[str, Any], out: TextIO, err: TextIO) -> None:
    """Render the sessions and write manifest.csv beside them."""
    path = options["head"] or Path(settings.OTCRISK_DATA) / "faces" / "head" / "ict_head.npz"
    if not path.exists():
        raise CommandError(f"{path} is not there: set OTCRISK_DATA or give --head")
    head = Head.load(path)
    sensors = frozenset(Sensor) if options["sensors"] else frozenset()
    options["out"].mkdir(parents=True, exist_ok=True)
    with open(options["out"] / "manifest.csv", "w", newline="") as file:
        manifest = csv.writer(file)
        manifest.writerow(COLUMNS)
        for kind in options["kind"]:
            for number in range(options["count"]):
                name = f"{kind}_{options['seed']}_{number:04}"
                seed = options["seed"] * 1_000_000 + number
                recording = sessions.render(
                    head=head,
                    challenge=challenge(seed, sensors=sensors),
                    subject=number,
                    seed=seed,
                    species=None if kind == LIVE else Species(kind.upper()),
                    sensors=sensors,
                    fps=options["fps"],
                )
                recordings.save(recording, options["out"] / name)
                steps = " ".join(one.step for one in recording.challenge.prompts)
                manifest.writerow([name, kind, number, options["seed"], steps])
                err.write(f"\r{kind} {number + 1}/{options['count']} ")
    err.write("\n")


def challenge(seed: int, *, sensors: frozenset[Sensor] = frozenset()) -> Challenge:
    """A challenge that does not depend on the day: for renders, never for a person."""
    return Challenge(
        id=f"rendered-{seed}",
        issued_at=ISSUED_AT,
        expires_at=ISSUED_AT + timedelta(seconds=120),
        prompts=asking.compose(random.Random(seed), sensors=sensors),
        sensors=sensors,
    )
