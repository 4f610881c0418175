"""Crypto that leaves and arrives: deposit addresses, the address book, withdrawals."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.v1.base import NewestFirst
from apps.api.v1.desk.amounts import plain
from apps.api.v1.desk.base import DeskView, deed, listed, polled
from apps.api.v1.desk.transfer_shapes import (
    AddressIn,
    AddressOut,
    AskedOut,
    DepositAddressIn,
    DepositAddressOut,
    DepositOut,
    DetailsIn,
    WithdrawableOut,
    WithdrawalIn,
    WithdrawalOut,
    address_words,
    deposit_words,
    withdrawal_words,
)
from apps.core.errors import Refused
from apps.flows import address_book, deposits, withdrawals
from apps.flows.proofs import ways
from apps.flows.public_event import moment
from apps.ledger import queries as ledger
from apps.trades.models import Withdrawal
from apps.trades.queries import wallet
from apps.trades.states import WithdrawalStatus


class Withdrawable(DeskView):
    """What may leave now."""

    @extend_schema(
        operation_id="read_withdrawable",
        summary="What of an asset may leave now, and why not the rest",
        parameters=[OpenApiParameter("asset", OpenApiTypes.STR, OpenApiParameter.PATH)],
        responses=WithdrawableOut,
    )
    def get(self, request: Request, asset: str) -> HttpResponse:
        known = ledger.asset(asset)
        if known is None:
            raise Refused("NO_SUCH_ASSET", 404, "This desk has no such asset.")
        floor = wallet.floor(self.actor, known, at=self.at)
        return polled(
            request,
            {
                "asset": known.code,
                "available": plain(floor.available),
                "withdrawable": plain(floor.withdrawable),
                "sentence": floor.sentence(known),
                "locks": [
                    {
                        "amount": plain(lock.amount),
                        "until": moment(lock.until),
                        "order": str(lock.order),
                    }
                    for lock in floor.locks
                ],
            },
        )


class DepositAddresses(DeskView):
    """Where your deposits arrive."""

    @extend_schema(
        operation_id="get_deposit_address",
        summary="Your own address for deposits of a network; given out once",
        request=DepositAddressIn,
        responses=DepositAddressOut,
    )
    @deed
    def post(self, request: Request) -> Response:
        given = deposits.address_of(actor=self.actor, **self.said(DepositAddressIn), at=self.at)
        told = {"network": given.network, "address": given.address}
        return Response(told | {"given_at": moment(given.given_at)})


class Deposits(DeskView):
    """What arrived."""

    pagination_class = NewestFirst

    @extend_schema(
        operation_id="list_deposits",
        summary="Your deposits, newest first",
        responses=DepositOut(many=True),
    )
    def get(self, request: Request) -> HttpResponse:
        found = wallet.deposits_of(self.actor)
        answer: HttpResponse = listed(self, found, lambda page: [deposit_words(d) for d in page])
        return answer


class Addresses(DeskView):
    """Your address book."""

    @extend_schema(
        operation_id="list_addresses",
        summary="Your address book",
        responses=AddressOut(many=True),
    )
    def get(self, request: Request) -> HttpResponse:
        found = wallet.address_book(self.actor)
        return polled(request, [address_words(one) for one in found])

    @extend_schema(
        operation_id="add_address",
        summary="Add an address; it cools down before it can be used",
        description="Needs a proof of who you are: 403 CONFIRM_IDENTITY says where to give it.",
        request=AddressIn,
        responses={201: AddressOut},
    )
    @deed
    def post(self, request: Request) -> Response:
        added = address_book.add(
            actor=self.actor,
            **self.said(AddressIn),
            confirmed=self.confirmed,
            request_facts=self.facts,
            at=self.at,
        )
        return Response(address_words(added), status=201)


class OneAddress(DeskView):
    """An entry of your address book."""

    @extend_schema(operation_id="read_address", summary="One address", responses=AddressOut)
    def get(self, request: Request, id: UUID) -> HttpResponse:
        return polled(request, address_words(wallet.entry_for(self.actor, id)))

    @extend_schema(
        operation_id="remove_address",
        summary="Take an address out of the book",
        request=None,
        responses={204: None},
    )
    def delete(self, request: Request, id: UUID) -> Response:
        entry = wallet.entry_for(self.actor, id)
        address_book.remove(actor=self.actor, entry=entry, at=self.at)
        return Response(status=204)


class VerifyAddress(DeskView):
    """It is yours."""

    @extend_schema(
        operation_id="verify_address",
        summary="Look for a deposit from this very address: it ends the cool-down",
        request=None,
        responses=AddressOut,
    )
    @deed
    def post(self, request: Request, id: UUID) -> Response:
        entry = wallet.entry_for(self.actor, id)
        verified = address_book.verify(actor=self.actor, entry=entry, at=self.at)
        return Response(address_words(verified))


class WithdrawalView(DeskView):
    """What the views of withdrawals share."""

    def told(self, id: UUID) -> dict[str, Any]:
        """A withdrawal of the caller's as it is now, or 404."""
        one = wallet.withdrawal_for(self.actor, id)
        return withdrawal_words(one, prove_with=self.ways_of([one]))

    def ways_of(self, page: Sequence[Withdrawal]) -> Sequence[str]:
        """How the caller may prove themselves, if anything here waits for it."""
        asked = any(one.status == WithdrawalStatus.CHALLENGED for one in page)
        return ways(self.actor, at=self.at) if asked else ()


class Withdrawals(WithdrawalView):
    """What leaves."""

    pagination_class = NewestFirst

    @extend_schema(
        operation_id="list_withdrawals",
        summary="Your withdrawals, newest first",
        responses=WithdrawalOut(many=True),
    )
    def get(self, request: Request) -> HttpResponse:
        found = wallet.withdrawals_of(self.actor)
        answer: HttpResponse = listed(self, found, self._page)
        return answer

    def _page(self, page: Sequence[Withdrawal]) -> list[dict[str, Any]]:
        prove_with = self.ways_of(page)
        return [withdrawal_words(one, prove_with=prove_with) for one in page]

    @extend_schema(
        operation_id="request_withdrawal",
        summary="Ask for a withdrawal",
        description="Needs a proof of who you are: 403 CONFIRM_IDENTITY says where to give it. "
        "What it waits for is its status: CHALLENGED for POST /proofs, COOLING_OFF for time, "
        "UNDER_REVIEW for a person of the desk, TRAVEL_RULE_PENDING for the recipient's details.",
        request=WithdrawalIn,
        responses={201: AskedOut},
    )
    @deed
    def post(self, request: Request) -> Response:
        asked = withdrawals.request(
            actor=self.actor,
            **self.said(WithdrawalIn),
            confirmed=self.confirmed,
            request_facts=self.facts,
            at=self.at,
        )
        told = {
            "outcome": asked.outcome,
            "sentence": asked.sentence,
            "withdrawal": self.told(asked.withdrawal.pk),
        }
        return Response(told, status=201)


class OneWithdrawal(WithdrawalView):
    """One of your withdrawals."""

    @extend_schema(
        operation_id="read_withdrawal", summary="One withdrawal", responses=WithdrawalOut
    )
    def get(self, request: Request, id: UUID) -> HttpResponse:
        return polled(request, self.told(id))


class CancelWithdrawal(WithdrawalView):
    """Take it back."""

    @extend_schema(
        operation_id="cancel_withdrawal",
        summary="Take back a withdrawal that is not approved yet",
        request=None,
        responses=WithdrawalOut,
    )
    @deed
    def post(self, request: Request, id: UUID) -> Response:
        found = wallet.withdrawal_for(self.actor, id)
        withdrawals.cancel(actor=self.actor, withdrawal=found, at=self.at)
        return Response(self.told(id))


class GiveDetails(WithdrawalView):
    """Who receives it."""

    @extend_schema(
        operation_id="give_withdrawal_details",
        summary="Say who sends and who receives, as the law asks",
        request=DetailsIn,
        responses=WithdrawalOut,
    )
    @deed
    def post(self, request: Request, id: UUID) -> Response:
        found = wallet.withdrawal_for(self.actor, id)
        said = self.said(DetailsIn)
        withdrawals.give_details(actor=self.actor, withdrawal=found, travel_rule=said, at=self.at)
        return Response(self.told(id))
