"""One's own payment accounts: where one is paid, and from where one pays."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers as s
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.v1.desk.base import DeskView, deed, polled
from apps.core.errors import Refused
from apps.flows import payout_accounts
from apps.flows.public_event import moment
from apps.users.models import PayoutAccount, User


class AccountIn(s.Serializer):
    rail = s.CharField(max_length=32, help_text="A code of the catalogue.")
    holder = s.CharField(max_length=120, help_text="The name on the account: your own.")
    number = s.CharField(max_length=80, help_text="IBAN, card number, phone …")
    bank = s.CharField(max_length=80, required=False, allow_blank=True, default="")
    country = s.CharField(
        max_length=2, required=False, allow_blank=True, default="", help_text="ISO 3166."
    )


class AccountOut(s.Serializer):
    id = s.UUIDField()
    rail = s.CharField()
    holder = s.CharField()
    number = s.CharField()
    bank = s.CharField()
    country = s.CharField()
    added_at = s.DateTimeField()
    first_used_at = s.DateTimeField(
        allow_null=True, help_text="Its age for limits: the first completed order."
    )


def account_words(one: PayoutAccount) -> dict[str, Any]:
    """An account as its owner sees it."""
    return {
        "id": str(one.pk),
        "rail": one.rail,
        "holder": one.holder or "",
        "number": one.number or "",
        "bank": one.bank,
        "country": one.country,
        "added_at": moment(one.added_at),
        "first_used_at": moment(one.first_used_at),
    }


def account_for(actor: User, id: UUID) -> PayoutAccount:
    """An account of this person's; NO_SUCH_ACCOUNT (404)."""
    found = PayoutAccount.objects.filter(pk=id, user=actor, removed_at=None).first()
    if found is None:
        raise Refused("NO_SUCH_ACCOUNT", 404, "There is no such account of yours.")
    return found


class Accounts(DeskView):
    """Your payment accounts."""

    @extend_schema(
        operation_id="list_accounts",
        summary="Your payment accounts",
        responses=AccountOut(many=True),
    )
    def get(self, request: Request) -> HttpResponse:
        found = PayoutAccount.objects.filter(user=self.actor, removed_at=None).order_by("id")
        return polled(request, [account_words(one) for one in found])

    @extend_schema(
        operation_id="add_account",
        summary="Add a payment account in your own name",
        request=AccountIn,
        responses={201: AccountOut},
    )
    @deed
    def post(self, request: Request) -> Response:
        added = payout_accounts.add(
            actor=self.actor, **self.said(AccountIn), request_facts=self.facts, at=self.at
        )
        return Response(account_words(added), status=201)


class OneAccount(DeskView):
    """One of your payment accounts."""

    @extend_schema(operation_id="read_account", summary="One account", responses=AccountOut)
    def get(self, request: Request, id: UUID) -> HttpResponse:
        return polled(request, account_words(account_for(self.actor, id)))

    @extend_schema(
        operation_id="remove_account",
        summary="Remove an account that no ad and no open order needs",
        request=None,
        responses={204: None},
    )
    def delete(self, request: Request, id: UUID) -> Response:
        payout_accounts.remove(actor=self.actor, account=account_for(self.actor, id), at=self.at)
        return Response(status=204)
