"""Give or take a role of staff; makes the person when there is none."""

import secrets
from argparse import ArgumentParser
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from apps.users import roles, second_factor
from apps.users.mfa_adapter import MfaAdapter
from apps.users.models import User
from apps.users.roles import Role


class Command(BaseCommand):
    help = "Give a person a role of staff (or take it), with a second factor from the start."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email")
        parser.add_argument("role", choices=Role.values)
        parser.add_argument("--take", action="store_true", help="take the role away")

    def handle(self, *, email: str, role: str, take: bool, **_: Any) -> None:
        user = User.objects.filter(email=email.lower()).first()
        if take:
            if user is None:
                raise CommandError(f"There is no user {email}.")
            roles.take(user=user, role=role)
            self.stdout.write(f"Taken: {role}.")
            return
        with transaction.atomic():
            if user is None:
                password = secrets.token_urlsafe(15)
                user = User.objects.create_user(email, password)
                EmailAddress.objects.create(
                    user=user, email=user.email, verified=True, primary=True
                )
                self.stdout.write(f"Password (change it after the first sign-in): {password}")
            roles.give(user=user, role=role)
            if not second_factor.is_set_up(user):
                secret = generate_totp_secret()
                TOTP.activate(user, secret)
                self.stdout.write("Add this to an authenticator app; it can't be shown again:")
                self.stdout.write(MfaAdapter().build_totp_url(user, secret))
        self.stdout.write(f"Given: {role}.")
