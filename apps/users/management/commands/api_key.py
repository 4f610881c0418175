"""API keys from the command line: issue, rotate, revoke, list."""

from argparse import ArgumentParser
from datetime import datetime, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.core import clock
from apps.core.errors import Refused
from apps.users import services
from apps.users.models import ApiKey, Client, Scope


class Command(BaseCommand):
    help = "Issue, rotate, revoke and list the API keys of integrators."

    def add_arguments(self, parser: ArgumentParser) -> None:
        deeds = parser.add_subparsers(dest="deed", required=True)
        issue = deeds.add_parser("issue", help="a new key, shown once")
        issue.add_argument("client", help="the integrator's slug")
        issue.add_argument("--new-client", metavar="NAME", help="make the integrator first")
        issue.add_argument(
            "--desk", action="store_true", help="with --new-client: the desk's own backend"
        )
        issue.add_argument("--scope", action="append", choices=Scope.values, dest="scopes")
        issue.add_argument("--name", default="", help="what the key is for")
        issue.add_argument("--days", type=int, help="expires after so many days")
        rotate = deeds.add_parser("rotate", help="a successor; the old key lives on for a while")
        rotate.add_argument("prefix", help="the part between otc_live_ and the last underscore")
        rotate.add_argument("--overlap-hours", type=float, default=services.OVERLAP.days * 24.0)
        revoke = deeds.add_parser("revoke", help="end a key now")
        revoke.add_argument("prefix")
        listing = deeds.add_parser("list", help="all keys, never their secrets")
        listing.add_argument("client", nargs="?")

    def handle(self, **options: Any) -> None:
        try:
            getattr(self, f"_{options['deed']}")(clock.now(), options)
        except Refused as refused:
            raise CommandError(refused.detail) from refused

    def _issue(self, at: datetime, options: dict[str, Any]) -> None:
        client = Client.objects.filter(slug=options["client"]).first()
        if client is None and not options["new_client"]:
            raise CommandError(f"There is no client {options['client']}: add --new-client NAME.")
        if client is None:
            client = services.add_client(
                slug=options["client"],
                name=options["new_client"],
                is_desk=options["desk"],
                at=at,
            )
        days = options["days"]
        _key, plaintext = services.issue_key(
            client=client,
            scopes=options["scopes"] or Scope.values,
            at=at,
            name=options["name"],
            expires_at=at + timedelta(days=days) if days is not None else None,
        )
        self._show(plaintext)

    def _rotate(self, at: datetime, options: dict[str, Any]) -> None:
        old = self._key(options["prefix"])
        overlap = timedelta(hours=options["overlap_hours"])
        _key, plaintext = services.rotate_key(key=old, at=at, overlap=overlap)
        self._show(plaintext)
        self.stderr.write(f"The old key works until {old.expires_at:%Y-%m-%d %H:%M} UTC.")

    def _revoke(self, at: datetime, options: dict[str, Any]) -> None:
        ended = services.revoke_key(key=self._key(options["prefix"]), at=at)
        self.stdout.write("Revoked." if ended else "It had been revoked already.")

    def _list(self, at: datetime, options: dict[str, Any]) -> None:
        keys = ApiKey.objects.select_related("client").order_by("client__slug", "created_at")
        if options["client"]:
            keys = keys.filter(client__slug=options["client"])
        for key in keys:
            used = key.last_used_on.isoformat() if key.last_used_on else "never"
            self.stdout.write(
                f"{key.client.slug}  {key.prefix}  {_state(key, at)}  last used {used}  "
                f"{','.join(key.scopes)}  {key.name}".rstrip()
            )

    def _key(self, prefix: str) -> ApiKey:
        key = ApiKey.objects.select_related("client").filter(prefix=prefix).first()
        if key is None:
            raise CommandError(f"There is no key {prefix}.")
        return key

    def _show(self, plaintext: str) -> None:
        self.stdout.write(plaintext)
        self.stderr.write("Keep it now: it can't be shown again.")


def _state(key: ApiKey, at: datetime) -> str:
    if key.revoked_at is not None:
        return f"revoked {key.revoked_at:%Y-%m-%d}"
    if key.expires_at is None:
        return "live"
    return f"{'until' if key.expires_at > at else 'expired'} {key.expires_at:%Y-%m-%d %H:%M}"
