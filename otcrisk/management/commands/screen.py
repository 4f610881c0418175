"""screen: ask the watch-lists about a name or an address; exit 1 when something is found."""

import sys
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection

from apps.core import clock
from apps.core.addresses import keys
from apps.flows import watch_lists
from apps.flows.watch_lists import Given
from apps.screening import queries
from apps.screening.matching.index import KINDS
from apps.screening.matching.score import Known
from apps.screening.models import WatchList
from apps.screening.queries import PEOPLE, NameHit

#: What a desk without lists is tried out with: nobody on them exists.
SAMPLES = (
    ("SAMPLE_NAMES", "names.csv", "SANCTIONS"),
    ("SAMPLE_ADDRESSES", "addresses.csv", "SANCTIONS"),
)


class Command(BaseCommand):
    help = "Ask the watch-lists about a name or an address; exit 1 on a hit, 0 on none."

    def add_arguments(self, parser: CommandParser) -> None:
        """`name NAME`, or `address ADDRESS …`."""
        asked = parser.add_subparsers(dest="asked", required=True)
        name = asked.add_parser("name", help="a person's or a firm's name, in any script")
        name.add_argument("name")
        name.add_argument("--born", default="", help="year, or yyyy-mm-dd")
        name.add_argument("--country", action="append", default=[], help="two letters")
        name.add_argument("--all", action="store_true", help="ships and aircraft too")
        name.add_argument("--least", type=float, help=f"0 to 1, {settings.SCREENING_NAME_SCORE}")
        address = asked.add_parser("address", help="in any spelling, of any chain")
        address.add_argument("address", nargs="+")

    def handle(self, *, asked: str, **options: Any) -> None:
        """Ask, explain each hit, and exit with 1 if there was one."""
        self._prepare()
        found = self._name(**options) if asked == "name" else self._addresses(options["address"])
        if found:
            sys.exit(1)

    def _name(
        self,
        *,
        name: str,
        born: str,
        country: list[str],
        all: bool,
        least: float | None,
        **_: Any,
    ) -> int:
        if not any(letter.isalpha() for letter in name):
            raise CommandError("Write a name.")
        known = Known(born=born, countries=tuple(one.upper() for one in country))
        hits = queries.names(name, known=known, least=least, kinds=KINDS if all else PEOPLE)
        for hit in hits:
            self._explain(hit)
        self.stdout.write(f"{len(hits)} found." if hits else "Nothing found.")
        return len(hits)

    def _explain(self, hit: NameHit) -> None:
        record = hit.record
        self.stdout.write(
            f"{hit.score:.3f}  {record.caption}  ({record.get_kind_display()}, "
            f"{record.watchlist_id} {record.ref}, version {hit.version})"
        )
        if hit.listed != record.caption:
            self.stdout.write(f"       listed as {hit.listed}")
        if record.programmes:
            self.stdout.write(f"       programme: {', '.join(record.programmes)}")
        for pair in hit.match.pairs:
            self.stdout.write(f"       {pair.asked} = {pair.listed}: {pair.how}, {pair.worth:.2f}")
        for word in hit.match.asked_alone:
            self.stdout.write(f"       {word}: not on the list")
        for word in hit.match.listed_alone:
            self.stdout.write(f"       {word}: only on the list")
        for note in hit.notes:
            self.stdout.write(f"       {note}")

    def _addresses(self, given: list[str]) -> int:
        answer = queries.addresses(given)
        found = 0
        for text in given:
            hits = answer.hits.get(text, [])
            found += len(hits)
            self.stdout.write(f"{text}  ({', '.join(keys(text))})")
            for hit in hits:
                what = ", ".join(part for part in hit.programmes if part)
                self.stdout.write(
                    f"       {hit.category}: {hit.list} {hit.ref}, version {hit.version}"
                    + (f", {what}" if what else "")
                )
            if not hits:
                self.stdout.write("       on no list")
        return found

    def _prepare(self) -> None:
        """Tables, and lists: outside production a desk that has none takes the samples."""
        if WatchList._meta.db_table not in connection.introspection.table_names():
            call_command("migrate", verbosity=0)
        if WatchList.objects.filter(live__isnull=False).exists():
            return
        if settings.PRODUCTION:
            raise CommandError(
                "No list is loaded, so nothing can be said: screen_lists load CODE FILE-OR-URL",
                returncode=2,
            )
        self.stderr.write("No list is loaded: these are samples, on which nobody exists.")
        for code, file, category in SAMPLES:
            load_sample(code, file, category)


def load_sample(code: str, file: str, category: str) -> None:
    """Load one of the sample lists."""
    from apps.screening.catalogue import Known as KnownList
    from apps.screening.models import Category

    path = Path(settings.BASE_DIR) / "fixtures" / "lists" / file
    known = KnownList(f"Sample: {file}", "CSV", Category(category), "", 24 * 366)
    watch_lists.load_from(given=Given(code=code, origin=str(path), known=known), at=clock.now())
