"""sandbox_deposit: let coins of the embedded custodian arrive for somebody."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from apps.core import clock, money
from apps.core.errors import Refused
from apps.flows import deposits
from apps.ledger.models import Asset
from apps.trades.custody import sandbox
from apps.users.models import User


class Command(BaseCommand):
    help = "Send coins of the sandbox to somebody's deposit address; confirmed by beat."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Who, what, how much; and from which address, where that matters."""
        parser.add_argument("email")
        parser.add_argument("asset", help="a code, such as USDT-TRC20")
        parser.add_argument("amount")
        parser.add_argument("--sender", default="", help="the address that it comes from")

    def handle(self, *, email: str, asset: str, amount: str, sender: str, **_: Any) -> None:
        """Put the transaction on the sandbox's chain."""
        if settings.CUSTODY != "sandbox":
            raise CommandError("CUSTODY is not the sandbox: coins come from outside.")
        user = User.objects.filter(email=email.lower()).first()
        coin = Asset.objects.filter(pk=asset, is_active=True).first()
        if user is None or coin is None:
            raise CommandError("There is no such person." if user is None else "No such asset.")
        try:
            value, at = money.parse(amount), clock.now()
            own = deposits.address_of(actor=user, network=coin.network, at=at)
        except (money.BadAmount, Refused) as fault:
            raise CommandError(str(fault)) from fault
        if not value or coin.round_down(value) != value:
            raise CommandError(f"Amounts of {coin} have at most {coin.decimals} decimals.")
        sent = sandbox.arrives(
            asset=coin,
            address=own.address,
            amount=value,
            sender=sender or sandbox.address_of("faucet", address_format=coin.address_format),
            at=at,
        )
        needed = coin.confirmations * sandbox.BLOCK
        self.stdout.write(
            f"{money.short(value)} {coin} are on their way to {own.address} ({sent.tx_id}): "
            f"final in {needed.total_seconds():.0f} s."
        )
