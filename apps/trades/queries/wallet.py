"""Questions about wallets: what may leave and why not all of it, addresses, what is on its way."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db.models import QuerySet

from apps.core import money
from apps.core.addresses import looks_like
from apps.core.errors import Refused
from apps.ledger import queries as ledger
from apps.ledger.models import AcquisitionLock, Asset
from apps.trades.models import AddressBookEntry, Deposit, DepositAddress, Withdrawal
from apps.trades.states import DepositStatus, WithdrawalStatus
from apps.users.models import User

#: A deposit of less than this is dust: anybody can afford to send it to make an address known.
DUST_USD = Decimal(1)
#: So many of the latest deposits, of which senders are compared with a new address.
MOST_SENDERS = 200
ARRIVED = (DepositStatus.QUARANTINED, DepositStatus.CREDITED)


@dataclass(frozen=True, slots=True)
class Lock:
    """A part of what was bought that may not leave yet."""

    amount: Decimal
    until: datetime
    order: UUID


@dataclass(frozen=True, slots=True)
class Floor:
    """What of an asset may leave now, and what keeps the rest here (T+N), the next to end first."""

    available: Decimal
    withdrawable: Decimal
    locks: tuple[Lock, ...]

    def sentence(self, asset: Asset) -> str:
        """Why not all of it may leave, and until when; empty when all of it may."""
        if not self.locks:
            return ""
        first, last = self.locks[0], self.locks[-1]
        held = money.total(lock.amount for lock in self.locks)
        said = (
            f"{money.short(held)} {asset.symbol} bought lately can't leave yet: "
            f"{money.short(first.amount)} until {first.until:%Y-%m-%d %H:%M} UTC"
        )
        return said + (f", all by {last.until:%Y-%m-%d %H:%M} UTC." if first != last else ".")


@dataclass(frozen=True, slots=True)
class Twin:
    """An address that another one looks like, and where it is known from."""

    address: str
    known_as: str


def floor(user: User, asset: Asset, *, at: datetime) -> Floor:
    """What may leave of an asset, and why not the rest: two queries."""
    active = AcquisitionLock.objects.filter(user=user, asset=asset, lifted_at=None, until__gt=at)
    locks = tuple(
        Lock(lock.amount, lock.until, lock.order) for lock in active.order_by("until", "id")
    )
    available = ledger.available(user, asset)
    free = money.total([available, *(lock.amount.copy_negate() for lock in locks)])
    return Floor(available=available, withdrawable=max(Decimal(0), free), locks=locks)


def withdrawal_for(actor: User, id: UUID) -> Withdrawal:
    """A withdrawal of this person's; NO_SUCH_WITHDRAWAL (404) for others'."""
    found = Withdrawal.objects.filter(user=actor, pk=id).select_related("user", "asset", "entry")
    withdrawal = found.first()
    if withdrawal is None:
        raise Refused("NO_SUCH_WITHDRAWAL", 404, "There is no such withdrawal of yours.")
    return withdrawal


def withdrawals_of(actor: User) -> QuerySet[Withdrawal]:
    """All withdrawals of this person, newest first."""
    return Withdrawal.objects.filter(user=actor).select_related("asset", "entry").order_by("-id")


def deposits_of(actor: User) -> QuerySet[Deposit]:
    """All deposits to this person, newest first."""
    return Deposit.objects.filter(user=actor).select_related("asset").order_by("-id")


def entry_for(actor: User, id: UUID) -> AddressBookEntry:
    """An entry of this person's book that was not removed; NO_SUCH_ADDRESS (404) otherwise."""
    found = AddressBookEntry.objects.filter(user=actor, pk=id, removed_at=None).first()
    if found is None:
        raise Refused(
            "NO_SUCH_ADDRESS",
            404,
            "There is no such address in your address book. Add it first.",
        )
    return found


def address_book(actor: User) -> QuerySet[AddressBookEntry]:
    """This person's addresses, by label."""
    return AddressBookEntry.objects.filter(user=actor, removed_at=None).order_by("label", "id")


def proof_of(entry: AddressBookEntry) -> Deposit | None:
    """A deposit that its owner made from this very address after it was added."""
    return (
        Deposit.objects.filter(
            user=entry.user_id,
            sender=entry.address,
            asset__network=entry.network,
            detected_at__gte=entry.added_at,
            status__in=ARRIVED,
        )
        .order_by("detected_at")
        .first()
    )


def twin(user: User, *, network: str, address: str) -> Twin | None:
    """What an address resembles without being it: of the book, of deposits, of one's own.

    An address from which this person received more than dust is known, and no trap.
    """
    book = AddressBookEntry.objects.filter(user=user, network=network).only("label", "address")
    known = [Twin(one.address, f"“{one.label}” of your address book") for one in book]
    senders = (
        Deposit.objects.filter(user=user, asset__network=network, status__in=ARRIVED)
        .exclude(sender="")
        .order_by("-detected_at")
        .values_list("sender", "usd", "detected_at")[:MOST_SENDERS]
    )
    for sender, usd, at in senders:
        if sender == address and usd >= DUST_USD:
            return None
        size = "a tiny deposit" if usd < DUST_USD else "a deposit"
        known.append(Twin(sender, f"the sender of {size} of {at:%Y-%m-%d}"))
    own = DepositAddress.objects.filter(user=user, network=network).first()
    if own:
        known.append(Twin(own.address, "your own deposit address here"))
    return next((one for one in known if looks_like(address, one.address)), None)


def open_withdrawals(user: User) -> int:
    """How many withdrawals of this person have not ended."""
    ended = [
        WithdrawalStatus.CONFIRMED,
        WithdrawalStatus.REJECTED,
        WithdrawalStatus.CANCELLED,
        WithdrawalStatus.FAILED,
    ]
    return Withdrawal.objects.filter(user=user).exclude(status__in=ended).count()
