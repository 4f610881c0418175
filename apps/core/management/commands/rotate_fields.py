"""Seal every encrypted value anew under the ring's current key."""

import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from apps.core import crypto
from apps.core.fields import SealedField, sealed_fields

BATCH = 500
SHOW_EVERY_S = 2.0


class Command(BaseCommand):
    """Re-encrypts what an older key sealed; may be stopped and started again at any time."""

    help = (
        "Seal every encrypted value anew under the first key of FIELD_KEYS. "
        "Afterwards the older keys can be removed from the ring."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--batch", type=int, default=BATCH, help="rows per statement")

    def handle(self, *args: Any, batch: int, **options: Any) -> None:
        unreadable = 0
        for field in sealed_fields():
            rotation = Rotation(field=field)
            total, done, shown = rotation.remaining(), 0, time.monotonic()
            name = f"{field.model._meta.db_table}.{field.column}"
            while True:
                seen = rotation.step(batch=batch)
                done += seen
                if not seen or time.monotonic() - shown > SHOW_EVERY_S:
                    self.stdout.write(f"{name}: {done:,} of {total:,}")
                    shown = time.monotonic()
                if not seen:
                    break
            for key in rotation.unreadable:
                self.stderr.write(f"{name}: row {key} can't be opened and was left as it is")
            unreadable += len(rotation.unreadable)
        if unreadable:
            raise CommandError(f"{unreadable:,} values can't be opened: keep the older keys.")
        self.stdout.write("Every value is sealed under the current key.")


class Rotation:
    """The values of one field that an older key sealed, in order of their rows' keys."""

    def __init__(self, *, field: SealedField) -> None:
        quote = connection.ops.quote_name
        self.field = field
        self.unreadable: list[Any] = []
        self.last: Any = None
        self.table = quote(field.model._meta.db_table)
        self.column = quote(str(field.column))
        self.pk = quote(str(field.model._meta.pk.column))
        # Values whose key is their own are none of the ring's business.
        heads = [crypto.current_head(), crypto.own_key_head()]
        self.due = " AND ".join(
            f"substring({self.column} FROM 1 FOR {len(head)}) <> '\\x{head.hex()}'::bytea"
            for head in heads
        )

    def remaining(self) -> int:
        """How many values are still sealed under an older key."""
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT count(*) FROM {self.table} WHERE {self.due}")
            row = cursor.fetchone()
        return int(row[0])

    def step(self, *, batch: int) -> int:
        """Seal the next `batch` values anew; how many were looked at."""
        after, params = ("", []) if self.last is None else (f"AND {self.pk} > %s", [self.last])
        # Names of tables and columns only, quoted; values are bound.
        select = (
            f"SELECT {self.pk}, {self.column} FROM {self.table} "
            f"WHERE {self.due} {after} ORDER BY {self.pk} LIMIT %s"
        )
        # Nothing is overwritten that somebody saved in between.
        update = (
            f"UPDATE {self.table} SET {self.column} = %s "
            f"WHERE {self.pk} = %s AND {self.column} = %s"
        )
        with connection.cursor() as cursor:
            cursor.execute(select, [*params, batch])
            rows = cursor.fetchall()
            for key, old in rows:
                place = self.field.place(key)
                try:
                    plaintext = crypto.open_(bytes(old), aad=place)
                except crypto.Unreadable:
                    self.unreadable.append(key)
                    continue
                cursor.execute(update, [crypto.seal(plaintext, aad=place), key, old])
        if rows:
            self.last = rows[-1][0]
        return len(rows)
