"""verify_pack: does a traceability pack hold? Exit 1 when anything in it is broken."""

import json
from argparse import ArgumentTypeError
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.flows import packs
from apps.trades import pack_signing, pack_verify
from apps.trades.pack_compare import differences
from apps.trades.pack_facts import Reader
from apps.trades.pack_verify import Finding


class Command(BaseCommand):
    help = "Check the signature, chat, ledger and seals of a pack (.json or .pdf)."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the file, --keys and --against-database."""
        parser.add_argument("file", type=_bytes_of)
        parser.add_argument(
            "--keys", type=_bytes_of, help="published keys, a JSON file; else this desk's own"
        )
        parser.add_argument(
            "--against-database",
            action="store_true",
            help="ask this desk's own books whether they still say the same",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Say what was found and exit with 1 if anything is broken."""
        keys = _keys(options["keys"]) if options["keys"] else pack_signing.published_keys()
        findings = pack_verify.check(options["file"], keys=keys)
        if options["against_database"] and pack_verify.holds(findings):
            findings.append(_in_the_books(pack_verify.read(options["file"])["pack"]))
        self.stdout.write(pack_verify.report(findings))
        if not pack_verify.holds(findings):
            raise SystemExit(1)


def _in_the_books(then: dict[str, Any]) -> Finding:
    now = packs.document_now(
        order=UUID(then["order"]["id"]),
        reader=Reader(then["made_for"], then["with_texts"]),
        made_at=datetime.fromisoformat(then["made_at"]),
        id=UUID(then["id"]),
    )
    if now is None:
        return Finding("BROKEN", "books", "This desk knows no such order.")
    kept = packs.is_log_kept(since=datetime.fromisoformat(then["order"]["created_at"]))
    said = then if kept else {part: then[part] for part in then.keys() - packs.OF_THE_LOG}
    found = list(differences(said, now))
    if found:
        more = f" and {len(found) - 5} more" if len(found) > 5 else ""
        return Finding("BROKEN", "books", f"The books differ: {'; '.join(found[:5])}{more}.")
    if not kept:
        sentence = "The books still say the same; the log of that time is no longer kept."
        return Finding("OPEN", "books", sentence)
    return Finding("OK", "books", "The desk's books still say the same.")


def _bytes_of(path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as fault:
        raise ArgumentTypeError(f"can't read {path}: {fault.strerror}") from None


def _keys(data: bytes) -> list[dict[str, Any]]:
    try:
        keys: list[dict[str, Any]] = json.loads(data)["keys"]
    except (ValueError, KeyError, TypeError):
        raise CommandError("--keys: this is not a file of published keys.") from None
    return keys
