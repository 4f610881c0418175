"""Book-keeping for tests: a cast with money, and what everybody has before and after a deed."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection

from apps.core import money
from apps.core.ids import uuid7
from apps.ledger import queries, services
from apps.ledger.models import PLATFORM, Account, AccountKind, Asset
from apps.users.models import User

NOON = datetime(2026, 3, 9, 12, 0, tzinfo=UTC)
D = Decimal
#: How every deed of these tests is signed: by the system, at noon.
SIGNED: dict[str, Any] = {"at": NOON, "by": None}


def person(name: str) -> User:
    """Somebody of the cast."""
    return User.objects.create_user(f"{name}@example.com", "a-long-password", display_name=name)


def asset(code: str = "USDT-TRC20") -> Asset:
    """One of the desk's assets."""
    services.seed_assets()
    return Asset.objects.get(code=code)


def fund(user: User, asset: Asset, amount: str) -> UUID:
    """A deposit that arrived and was cleared; its id."""
    deposit = uuid7()
    words = {"deposit": deposit, "user": user, "asset": asset, "amount": D(amount)}
    services.deposit(**words, **SIGNED)
    services.clear_deposit(**words, **SIGNED)
    return deposit


def books(asset: Asset) -> dict[str, Decimal]:
    """Every account of the asset that isn't empty: "alice AVAILABLE", "ESCROW", "FEE" …"""
    said: dict[str, Decimal] = {}
    for account in Account.objects.filter(asset=asset).select_related("user"):
        balance = account.balance
        if account.kind in PLATFORM:
            balance = queries.platform_balance(AccountKind(account.kind), asset)
        if balance:
            name = f"{account.user} {account.kind}" if account.user else account.kind
            said[name] = money.total([said.get(name, D(0)), balance])
    return said


def check_deferred() -> None:
    """What the database checks at commit, now."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
