"""Where people withdraw to: addresses added under their own name, judged (CP5), verified, removed.

Several people with one address is nothing that is refused: it feeds the engine.
"""

from datetime import datetime, timedelta

from django.conf import settings

from apps.core import addresses
from apps.core.errors import Refused
from apps.core.ids import uuid7
from apps.flows import flow, list_checks, own_acts, withdrawal_steps
from apps.flows.request_facts import RequestFacts
from apps.flows.withdrawals import NOT_THERE
from apps.ledger.models import Asset
from apps.screening.models import Role
from apps.trades.models import AddressBookEntry, DepositAddress, Destination, Withdrawal
from apps.trades.queries import wallet
from apps.trades.services import addresses as address_services
from apps.trades.services.talk import notify
from apps.trades.states import WithdrawalStatus
from apps.users.models import User

MOST = 50


@flow.deed
def add(
    *,
    actor: User,
    label: str,
    asset: str,
    address: str,
    destination: str,
    vasp: str = "",
    beneficiary: str = "",
    is_own: bool = True,
    confirmed: bool,
    request_facts: RequestFacts,
    at: datetime,
) -> AddressBookEntry:
    """Add an address on the network of an asset; usable once it has cooled down.

    `confirmed`: the person has just shown again who they are. LOOKALIKE_ADDRESS (422) names what
    it looks like; that somebody tried is on record.
    """
    if not confirmed:
        raise Refused("CONFIRM_IDENTITY", 403, "Confirm who you are first, then add the address.")
    label, vasp = " ".join(label.split()), " ".join(vasp.split())
    beneficiary = " ".join(beneficiary.split())
    coin = _complete(
        label=label,
        asset=asset,
        destination=destination,
        vasp=vasp,
        beneficiary=beneficiary,
        is_own=is_own,
    )
    address = addresses.canonical(address, address_format=coin.address_format)
    with flow.transaction(actor, at=at):
        flow.require(actor, "add_address", at=at, request_facts=request_facts)
        _new_here(actor, coin, address)
        twin = wallet.twin(actor, network=coin.network, address=address)
        act = own_acts.act(
            "address.added",
            user=actor,
            address=address,
            request_facts=request_facts,
            at=at,
            asset=coin.pk,
            lookalike_address=twin is not None,
            **list_checks.signals(address),
        )
        judgement = flow.judge(act)
        sanctioned = list_checks.hold_address(actor, address, role=Role.PAYS_TO, about=None, at=at)
        blocked = sanctioned or judgement.verdict.outcome == "BLOCK"
        entry = AddressBookEntry(
            id=uuid7(at),
            user=actor,
            label=label,
            network=coin.network,
            address=address,
            is_own=is_own,
            destination=destination,
            vasp=vasp,
            beneficiary=beneficiary or None,
            added_at=at,
            usable_at=at + timedelta(hours=settings.ADDRESS_COOL_DOWN_HOURS),
            decision=act.id,
        )
        if not blocked and twin is None:
            entry.save(force_insert=True)
            notify(actor, "ADDRESS_ADDED", at=at, address=str(entry.pk))
        flow.write(act, judgement=judgement)
    if twin:
        sentence = (
            f"This address looks like {twin.known_as} ({twin.address}) but is another one. "
            "Such twins are made to be copied by mistake: compare every character, and copy "
            "addresses from the wallet they belong to, never from a list of payments."
        )
        raise Refused("LOOKALIKE_ADDRESS", 422, sentence, {"address": [sentence]})
    if sanctioned:
        raise Refused("BLOCKED", 403, NOT_THERE)
    if blocked:
        raise Refused("BLOCKED", 403, flow.sentence(judgement))
    return entry


@flow.deed
def remove(*, actor: User, entry: AddressBookEntry, at: datetime) -> None:
    """Take an address out of the book; not while a withdrawal to it can still be cancelled."""
    with flow.transaction(actor, at=at):
        entry = wallet.entry_for(actor, entry.pk)
        if any(one.is_cancellable for one in _waiting(entry)):
            raise Refused(
                "ADDRESS_IN_USE",
                409,
                "A withdrawal to this address waits. Cancel it first, or let it end.",
            )
        address_services.remove(entry, at=at)


@flow.deed
def verify(*, actor: User, entry: AddressBookEntry, at: datetime) -> AddressBookEntry:
    """Look for a deposit from this very address: it shows control, and ends the cool-down.

    NOT_VERIFIED_YET (409) says what to send and where to.
    """
    with flow.transaction(actor, at=at):
        entry = wallet.entry_for(actor, entry.pk)
        if entry.verified_at:
            return entry
        if wallet.proof_of(entry) is None:
            own = DepositAddress.objects.filter(user=actor, network=entry.network).first()
            where = own.address if own else f"your deposit address on {entry.network}"
            raise Refused(
                "NOT_VERIFIED_YET",
                409,
                f"Send any amount from this address to {where}. Once it has arrived, look again. "
                "From an exchange this can't be shown: it sends from addresses of its own.",
            )
        address_services.verified(entry, by="DEPOSIT", at=at)
        for withdrawal in _waiting(entry):
            withdrawal_steps.advance(withdrawal_steps.locked(withdrawal), at=at)
    return entry


def _waiting(entry: AddressBookEntry) -> list[Withdrawal]:
    found = Withdrawal.objects.filter(entry=entry).exclude(
        status__in=[
            WithdrawalStatus.CONFIRMED,
            WithdrawalStatus.REJECTED,
            WithdrawalStatus.CANCELLED,
            WithdrawalStatus.FAILED,
        ]
    )
    return list(found.order_by("id"))


def _complete(
    *, label: str, asset: str, destination: str, vasp: str, beneficiary: str, is_own: bool
) -> Asset:
    coin = Asset.objects.filter(pk=asset[:16], is_active=True).first()
    wrong: dict[str, list[str]] = {}
    if not 1 <= len(label) <= 40:
        wrong["label"] = ["Give it a name of 1 to 40 characters."]
    if destination not in Destination.values:
        wrong["destination"] = ["Say whether it is a wallet or an exchange."]
    if destination == Destination.VASP and not 2 <= len(vasp) <= 80:
        wrong["vasp"] = ["Name the exchange or custodian."]
    if destination == Destination.SELF_HOSTED and vasp:
        wrong["vasp"] = ["A wallet of one's own belongs to no exchange."]
    if not is_own and not 2 <= len(beneficiary) <= 120:
        wrong["beneficiary"] = ["Write the full name of whoever it belongs to."]
    if len(beneficiary) > 120:
        wrong["beneficiary"] = ["At most 120 characters, please."]
    if coin is None:
        wrong["asset"] = ["Choose one of the desk's assets."]
    if coin is None or wrong:
        raise Refused("ADDRESS_INCOMPLETE", 422, "Some fields need attention.", wrong)
    return coin


def _new_here(actor: User, asset: Asset, address: str) -> None:
    book = AddressBookEntry.objects.filter(user=actor, removed_at=None)
    if book.filter(network=asset.network, address=address).exists():
        raise Refused("ADDRESS_KNOWN", 409, "You have this address already.")
    if book.count() >= MOST:
        raise Refused("TOO_MANY_ADDRESSES", 409, f"At most {MOST} addresses. Remove one first.")
    if DepositAddress.objects.filter(user=actor, network=asset.network, address=address).exists():
        raise Refused(
            "OWN_DEPOSIT_ADDRESS", 422, "This is your own deposit address here: nothing would move."
        )
