"""Crypto that leaves and arrives, field by field."""

from collections.abc import Sequence
from typing import Any

from rest_framework import serializers as s

from apps.api.v1.desk.amounts import AmountField, plain
from apps.api.v1.desk.proof_shapes import ProveWithField
from apps.flows.public_event import moment
from apps.risk.models import Result
from apps.trades.models import AddressBookEntry, Deposit, Destination, Withdrawal
from apps.trades.states import DepositStatus, WithdrawalStatus

#: What a person may say of themselves for the travel rule, and of whoever receives.
LONGEST_DETAIL = 200


class DepositAddressIn(s.Serializer):
    network = s.CharField(max_length=20, help_text="One of the catalogue's.")


class DepositAddressOut(s.Serializer):
    network = s.CharField()
    address = s.CharField()
    given_at = s.DateTimeField()


class DepositOut(s.Serializer):
    id = s.UUIDField()
    asset = s.CharField()
    amount = AmountField()
    status = s.ChoiceField(choices=DepositStatus.choices)
    tx_id = s.CharField()
    confirmations = s.IntegerField()
    detected_at = s.DateTimeField()
    status_at = s.DateTimeField()


class AddressIn(s.Serializer):
    label = s.CharField(max_length=40)
    asset = s.CharField(max_length=16, help_text="Its network is the address's.")
    address = s.CharField(max_length=120)
    destination = s.ChoiceField(choices=Destination.choices)
    vasp = s.CharField(max_length=80, required=False, allow_blank=True, default="")
    beneficiary = s.CharField(max_length=120, required=False, allow_blank=True, default="")
    is_own = s.BooleanField(default=True, help_text="It is your own.")


class AddressOut(s.Serializer):
    id = s.UUIDField()
    label = s.CharField()
    network = s.CharField()
    address = s.CharField()
    destination = s.ChoiceField(choices=Destination.choices)
    vasp = s.CharField()
    is_own = s.BooleanField()
    added_at = s.DateTimeField()
    usable_at = s.DateTimeField(help_text="A new address cools down until then.")
    verified_at = s.DateTimeField(allow_null=True)


class OriginatorIn(s.Serializer):
    name = s.CharField(max_length=LONGEST_DETAIL, required=False)
    address = s.CharField(max_length=LONGEST_DETAIL, required=False)
    birth_date = s.DateField(required=False)
    birth_place = s.CharField(max_length=LONGEST_DETAIL, required=False)
    national_id = s.CharField(max_length=LONGEST_DETAIL, required=False)


class BeneficiaryIn(s.Serializer):
    name = s.CharField(max_length=LONGEST_DETAIL, required=False)


class DetailsIn(s.Serializer):
    originator = OriginatorIn(help_text="You; what the desk knows need not be said.")
    beneficiary = BeneficiaryIn(help_text="Whoever receives it.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """What travels along is text."""
        return {
            party: {name: str(value) for name, value in fields.items()}
            for party, fields in attrs.items()
        }


class WithdrawalIn(s.Serializer):
    asset = s.CharField(max_length=16)
    amount = AmountField(help_text="With the fee: the address receives less.")
    entry = s.UUIDField(help_text="One of your address book.")
    travel_rule = DetailsIn(required=False, allow_null=True, default=None)


class WithdrawalOut(s.Serializer):
    id = s.UUIDField()
    asset = s.CharField()
    amount = AmountField()
    fee = AmountField()
    sent = AmountField(help_text="What the address receives.")
    entry = s.UUIDField()
    label = s.CharField()
    address = s.CharField()
    status = s.ChoiceField(choices=WithdrawalStatus.choices)
    requested_at = s.DateTimeField()
    status_at = s.DateTimeField()
    wait_until = s.DateTimeField(allow_null=True)
    reject_reason = s.CharField()
    tx_id = s.CharField()
    confirmations = s.IntegerField()
    is_cancellable = s.BooleanField()
    ended_at = s.DateTimeField(allow_null=True)
    prove_with = ProveWithField()


class AskedOut(s.Serializer):
    outcome = s.ChoiceField(choices=Result.choices)
    sentence = s.CharField(help_text="For the person; empty where all is well.")
    withdrawal = WithdrawalOut()


class LockOut(s.Serializer):
    amount = AmountField()
    until = s.DateTimeField()
    order = s.UUIDField()


class WithdrawableOut(s.Serializer):
    asset = s.CharField()
    available = AmountField()
    withdrawable = AmountField()
    sentence = s.CharField(help_text="Why not all of it, and until when.")
    locks = LockOut(many=True)


def address_words(one: AddressBookEntry) -> dict[str, Any]:
    """An entry of one's own book."""
    told = {
        name: getattr(one, name)
        for name in ("label", "network", "address", "destination", "vasp", "is_own")
    }
    times = {name: moment(getattr(one, name)) for name in ("added_at", "usable_at", "verified_at")}
    return {"id": str(one.pk), **told, **times}


def deposit_words(one: Deposit) -> dict[str, Any]:
    """Something that arrived; who sent it is known to the network."""
    return {
        "id": str(one.pk),
        "asset": one.asset_id,
        "amount": plain(one.amount),
        "status": one.status,
        "tx_id": one.tx_id,
        "confirmations": one.confirmations,
        "detected_at": moment(one.detected_at),
        "status_at": moment(one.status_at),
    }


def withdrawal_words(one: Withdrawal, *, prove_with: Sequence[str]) -> dict[str, Any]:
    """Something that leaves; what was screened and by whom it was approved stays with the desk.

    `prove_with` are the ways in which its owner may prove themselves, where it waits for that.
    """
    return {
        "id": str(one.pk),
        "asset": one.asset_id,
        "amount": plain(one.amount),
        "fee": plain(one.fee),
        "sent": plain(one.sent),
        "entry": str(one.entry_id),
        "label": one.entry.label,
        "address": one.address,
        "status": one.status,
        "requested_at": moment(one.requested_at),
        "status_at": moment(one.status_at),
        "wait_until": moment(one.wait_until),
        "reject_reason": one.reject_reason,
        "tx_id": one.tx_id,
        "confirmations": one.confirmations,
        "is_cancellable": one.is_cancellable,
        "ended_at": moment(one.ended_at),
        "prove_with": list(prove_with) if one.status == WithdrawalStatus.CHALLENGED else [],
    }
