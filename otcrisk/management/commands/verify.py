"""verify: record that somebody's identity was checked, from the command line."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.core import clock
from apps.core.errors import Refused
from apps.flows import identity
from apps.users.models import User


class Command(BaseCommand):
    help = "Record a verified identity: the legal name, the country and the level of the check."

    def add_arguments(self, parser: CommandParser) -> None:
        """E-mail address, name, country, level."""
        parser.add_argument("email")
        parser.add_argument("--name", required=True, help="as it stands in the document")
        parser.add_argument("--country", required=True, help="two letters, such as DE")
        parser.add_argument("--level", type=int, required=True, choices=identity.LEVELS)

    def handle(self, *, email: str, name: str, country: str, level: int, **_: Any) -> None:
        """Record it, in the stead of the provider who would."""
        user = User.objects.filter(email=email.lower()).first()
        if user is None:
            raise CommandError(f"There is no user {email}.")
        try:
            identity.verify(
                user=user, legal_name=name, country=country, level=level, by=None, at=clock.now()
            )
        except Refused as refused:
            words = [sentence for found in refused.fields.values() for sentence in found]
            raise CommandError(" ".join(words) or refused.detail) from refused
        self.stdout.write(f"Verified: level {level}, {country.upper()}.")
