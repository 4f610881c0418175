"""Entries of address books, and the addresses at which people's deposits arrive."""

from datetime import datetime
from uuid import UUID

from apps.core.errors import Refused
from apps.trades.models import AddressBookEntry, DepositAddress
from apps.users.models import User


def remove(entry: AddressBookEntry, *, at: datetime) -> None:
    """Take an entry out of its book; it stays on record. NO_SUCH_ADDRESS (404) when it is out."""
    kept = AddressBookEntry.objects.filter(pk=entry.pk, removed_at=None)
    if not kept.update(removed_at=at):
        raise Refused("NO_SUCH_ADDRESS", 404, "There is no such address in your address book.")
    entry.removed_at = at


def verified(entry: AddressBookEntry, *, by: str, at: datetime) -> None:
    """Control of the address was shown: it may be used from now on."""
    usable_at = min(entry.usable_at, at)
    AddressBookEntry.objects.filter(pk=entry.pk).update(
        verified_at=at, verified_by=by, usable_at=usable_at
    )
    entry.verified_at, entry.verified_by, entry.usable_at = at, by, usable_at


def used(entry: UUID, *, at: datetime) -> None:
    """Something was withdrawn to it."""
    AddressBookEntry.objects.filter(pk=entry).update(last_used_at=at)


def keep_deposit_address(*, user: User, network: str, address: str, at: datetime) -> DepositAddress:
    """The person's address for deposits of a network: the first one given stays."""
    kept, _made = DepositAddress.objects.get_or_create(
        user=user, network=network, defaults={"address": address, "given_at": at}
    )
    return kept
