"""The current code of a sample person's authenticator app."""

import time
from argparse import ArgumentParser
from typing import Any

from allauth.mfa import app_settings
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from allauth.mfa.utils import decrypt
from django.core.management.base import BaseCommand, CommandError

from apps.users import demo


class Command(BaseCommand):
    help = "Print the current sign-in code of a sample person, and how long it counts."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email", help=f"such as ana.analyst@{demo.DOMAIN}")

    def handle(self, *, email: str, **_: Any) -> None:
        if not demo.allowed():
            raise CommandError("Codes are shown on embedded servers only.")
        app = Authenticator.objects.filter(
            user__email=email.lower(), user__is_sample=True, type=Authenticator.Type.TOTP
        ).first()
        if app is None:
            raise CommandError(f"There is no sample person {email} with an authenticator app.")
        period = app_settings.TOTP_PERIOD
        counter, passed = divmod(int(time.time()), period)
        code = format_hotp_value(hotp_value(decrypt(app.data["secret"]), counter))
        self.stdout.write(f"{code}  {period - passed} s left")
