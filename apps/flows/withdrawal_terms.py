"""What is asked of a withdrawal before it is taken: all refusals, and all waits, in one place.

Each says why and, where it ends by itself, until when. What only makes a withdrawal wait (a new
address, a changed password) is no refusal: it is taken, and cools off.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from apps.core import money
from apps.core.errors import Refused
from apps.core.ids import uuid7_floor
from apps.events.models import Event
from apps.ledger.models import Asset
from apps.trades import prices, travel_rule
from apps.trades.models import AddressBookEntry
from apps.trades.queries import wallet
from apps.users.models import User

#: How long withdrawals wait after something that protects the account was …
ADDED, CHANGED, RECOVERED = timedelta(hours=6), timedelta(hours=24), timedelta(hours=72)
#: What gets somebody back into an account, and so what whoever took it changes first.
WAYS_BACK = frozenset({"email", "phone", "sim", "recovery"})
WORDS = {
    "password": "password",
    "totp": "authenticator app",
    "passkey": "passkey",
    "recovery": "recovery codes",
    "email": "e-mail address",
    "phone": "phone number",
    "sim": "SIM card",
}
VERBS = {"ADDED": "added", "REMOVED": "removed", "CHANGED": "changed"}
MOST_OPEN = 20


@dataclass(frozen=True, slots=True)
class CoolDown:
    """A wait for safety: its code, its end, and a sentence for the person."""

    code: str
    until: datetime
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What is withdrawn, and what the engine is told of it."""

    asset: Asset
    amount: Decimal
    usd: Decimal
    entry: AddressBookEntry
    travel_rule: str | None
    cool_down: CoolDown | None
    signals: Mapping[str, Any]


def agree(
    *,
    actor: User,
    asset: str,
    amount: Decimal,
    entry: UUID,
    details: Mapping[str, Any] | None,
    at: datetime,
) -> Terms:
    """The terms of a withdrawal; Refused with what to do about it."""
    coin = Asset.objects.filter(pk=asset[:16], is_active=True).first()
    if coin is None:
        raise Refused(
            "UNKNOWN_ASSET", 422, "Choose one of the desk's assets.", {"asset": ["Choose one."]}
        )
    _amount(coin, amount)
    book = wallet.entry_for(actor, entry)
    if book.network != coin.network:
        sentence = (
            f"“{book.label}” is an address on {book.network}; {coin} leaves over {coin.network}. "
            "Choose an address on that network: what is sent over the wrong one is lost."
        )
        raise Refused("ADDRESS_WRONG_NETWORK", 422, sentence, {"entry": [sentence]})
    if wallet.open_withdrawals(actor) >= MOST_OPEN:
        raise Refused(
            "TOO_MANY_WITHDRAWALS",
            409,
            f"{MOST_OPEN} withdrawals of yours are under way. Wait for one, or cancel one.",
        )
    floor = wallet.floor(actor, coin, at=at)
    if amount > floor.withdrawable:
        sentence = (
            f"You can withdraw {money.short(floor.withdrawable)} {coin.symbol} now. "
            f"{floor.sentence(coin)}"
        ).strip()
        raise Refused("INSUFFICIENT_FUNDS", 409, sentence, {"amount": [sentence]})
    current = prices.read(coin.pk)
    usd = current.usd(coin.pk, amount)
    payload = None
    if details is not None:
        payload = travel_rule.payload(user=actor, entry=book, given=details)
    return Terms(
        asset=coin,
        amount=amount,
        usd=usd,
        entry=book,
        travel_rule=payload,
        cool_down=cool_down(user=actor, entry=book, at=at),
        signals={
            "balance_usd": float(current.usd(coin.pk, floor.available)),
            "asset": coin.pk,
            # Without the data a withdrawal that needs them waits for them: not a matter for rules.
            "travel_rule_complete": True if payload else None,
            # The book takes no look-alikes.
            "lookalike_address": False,
        },
    )


def cool_down(*, user: User, entry: AddressBookEntry, at: datetime) -> CoolDown | None:
    """The longest of the waits that a withdrawal to this address has before it now."""
    waits = [*_since_security_changes(user, at=at)]
    if entry.usable_at > at:
        waits.append(
            CoolDown(
                "NEW_ADDRESS",
                entry.usable_at,
                f"“{entry.label}” is a new address. For your safety, withdrawals to it wait until "
                f"{_moment(entry.usable_at)}, or until you show that it is yours by a small "
                "deposit from it.",
            )
        )
    return max(waits, key=lambda wait: wait.until, default=None)


def _since_security_changes(user: User, *, at: datetime) -> list[CoolDown]:
    """One indexed query: the last three days of what the person did."""
    changes = Event.objects.filter(
        user=user.entity_id,
        kind="security.changed",
        id__gte=uuid7_floor(at - RECOVERED),
        at__lte=at,
    )
    waits = []
    for when, data in changes.values_list("at", "data"):
        change, how = str(data.get("change", "")), str(data.get("how", "CHANGED"))
        until = when + _span(change, how)
        if until > at:
            waits.append(
                CoolDown(
                    f"{change.upper() or 'SECURITY'}_{how}",
                    until,
                    f"Your {WORDS.get(change, 'account security')} was "
                    f"{VERBS.get(how, 'changed')} on {_moment(when)}. For your safety, "
                    f"withdrawals wait until {_moment(until)}.",
                )
            )
    return waits


def _span(change: str, how: str) -> timedelta:
    if how == "ADDED":
        return ADDED
    return RECOVERED if change in WAYS_BACK else CHANGED


def _amount(asset: Asset, amount: Decimal) -> None:
    sentence = ""
    if not isinstance(amount, Decimal) or not amount.is_finite() or amount <= 0:
        sentence = "Write an amount of more than zero, in plain digits."
    elif amount.adjusted() > money.MAX_DIGITS - money.MAX_PLACES - 1:
        sentence = "Nobody has that much. Write a smaller amount."
    elif asset.round_down(amount) != amount:
        sentence = f"Amounts of {asset} have at most {asset.decimals} decimals."
    elif amount < asset.withdrawal_min or amount <= asset.withdrawal_fee:
        least = max(asset.withdrawal_min, asset.withdrawal_fee)
        sentence = f"The smallest withdrawal is {money.short(least)} {asset.symbol}."
    if sentence:
        raise Refused("BAD_AMOUNT", 422, sentence, {"amount": [sentence]})


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"
