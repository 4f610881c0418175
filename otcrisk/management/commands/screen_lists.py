"""screen_lists: load watch-lists, and say where each stands."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.core import clock
from apps.core.errors import Refused
from apps.flows import watch_lists
from apps.flows.watch_lists import Given
from apps.screening import queries
from apps.screening.catalogue import KNOWN, Known
from apps.screening.models import Category, Version, WatchList
from apps.screening.sources import FORMATS


class Command(BaseCommand):
    help = "Watch-lists: load one from a file or an https address, or show all."

    def add_arguments(self, parser: CommandParser) -> None:
        """`show`, `known`, or `load CODE SOURCE`."""
        deeds = parser.add_subparsers(dest="deed", required=True)
        deeds.add_parser("show", help="every list: its live version, counts, changes, age")
        deeds.add_parser("known", help="the lists that are known by name, and who keeps them")
        load = deeds.add_parser("load", help="make a file the live version of a list")
        load.add_argument("code", help=f"{', '.join(KNOWN)}, or a new one with --format")
        load.add_argument("source", help="a file, or an https address")
        load.add_argument("--format", choices=sorted(FORMATS))
        load.add_argument("--category", choices=Category.values, default=Category.SANCTIONS)
        load.add_argument("--name", help="what a new list is called")
        load.add_argument("--max-age-hours", type=int, default=48)
        load.add_argument("--force", default="", help="why a shrunken list is right all the same")

    def handle(self, *, deed: str, **options: Any) -> None:
        """Do it; a list that is refused stays as it was, and the command ends with 1."""
        if deed == "load":
            self._load(**options)
        elif deed == "known":
            for code, known in KNOWN.items():
                self.stdout.write(f"{code:14} {known.format:14} {known.category:10} {known.name}")
                self.stdout.write(f"{'':14} {known.home}" if known.home else "")
        else:
            self._show()

    def _load(
        self,
        *,
        code: str,
        source: str,
        format: str | None,
        category: str,
        name: str | None,
        max_age_hours: int,
        force: str,
        **_: Any,
    ) -> None:
        known = (
            Known(name or code, format, Category(category), "", max_age_hours) if format else None
        )
        origin = source if "://" in source else str(Path(source).resolve())
        given = Given(code=code, origin=origin, force=force, known=known)
        try:
            version = watch_lists.load_from(given=given, at=clock.now())
        except Refused as refused:
            raise CommandError(refused.detail) from refused
        self._say(version)

    def _show(self) -> None:
        ages = {age.code: age for age in queries.ages(at=clock.now())}
        for one in WatchList.objects.select_related("live").order_by("code"):
            self.stdout.write(f"{one.code}: {one.name}")
            if one.live is not None:
                self._say(one.live)
            age = ages[one.code]
            self.stdout.write("  TOO OLD" if age.is_stale else "  fresh")
            if age.failure:
                self.stdout.write(f"  last attempt: {age.failure}")
        if not ages:
            self.stdout.write("No list is loaded: screen_lists load CODE FILE-OR-URL")

    def _say(self, version: Version) -> None:
        self.stdout.write(
            f"  version {version.number} of {version.loaded_at:%Y-%m-%d %H:%M} UTC: "
            f"{version.records:,} records, {version.names:,} names, {version.addresses:,} "
            f"addresses; {version.added:,} added, {version.changed:,} changed, "
            f"{version.removed:,} removed"
        )
