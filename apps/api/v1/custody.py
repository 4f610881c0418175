"""What the exchange's wallet service reports: deposits that arrive, withdrawals that it sent."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers as s
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.v1.base import IntegratorView, checked
from apps.api.v1.desk.amounts import AmountField
from apps.core import clock
from apps.flows import custody, deposits
from apps.trades.custody import Report, State
from apps.trades.states import DepositStatus, WithdrawalStatus
from apps.users.models import Scope

MOST = 2_000_000_000
REPORTED = [State.ACCEPTED, State.BROADCAST, State.CONFIRMED, State.FAILED]


class SentIn(s.Serializer):
    state = s.ChoiceField(choices=[(one.value, one.value) for one in REPORTED])
    tx_id = s.CharField(
        max_length=100, required=False, help_text="Needed from BROADCAST on; another replaces it."
    )
    confirmations = s.IntegerField(min_value=0, max_value=MOST, default=0)
    network_fee = AmountField(required=False, help_text="What the network took, for the books.")
    reason = s.RegexField(
        r"^[A-Z][A-Z0-9_]{0,39}$",
        required=False,
        help_text="Why it FAILED: it was not sent, and never will be.",
    )


class SentOut(s.Serializer):
    id = s.UUIDField()
    status = s.ChoiceField(choices=WithdrawalStatus.choices)
    tx_id = s.CharField()
    confirmations = s.IntegerField()


class ArrivedIn(s.Serializer):
    asset = s.CharField(max_length=16, help_text="A code, such as USDT-TRC20.")
    address = s.CharField(max_length=120, help_text="The deposit address that it went to.")
    tx_id = s.CharField(max_length=100)
    output = s.IntegerField(min_value=0, max_value=MOST, default=0)
    amount = AmountField()
    confirmations = s.IntegerField(min_value=0, max_value=MOST, default=0)
    sender = s.CharField(max_length=120, required=False, help_text="Where it is known.")
    dropped = s.BooleanField(default=False, help_text="The network has forgotten it.")  # type: ignore[assignment]


class ArrivedOut(s.Serializer):
    id = s.UUIDField()
    status = s.ChoiceField(choices=DepositStatus.choices)
    confirmations = s.IntegerField()


class SentWithdrawal(IntegratorView):
    """Needs the scope custody:write. The same report again changes nothing."""

    scopes = {"POST": Scope.CUSTODY_WRITE}

    @extend_schema(
        operation_id="report_withdrawal",
        summary="Report what became of a withdrawal that you were told to send",
        request=SentIn,
        responses=SentOut,
    )
    def post(self, request: Request, id: UUID) -> Response:
        said: dict[str, Any] = checked(SentIn(data=request.data))
        withdrawal = custody.report(
            id=id,
            said=Report(
                state=State(said["state"]),
                tx_id=said.get("tx_id", ""),
                confirmations=said["confirmations"],
                network_fee=said.get("network_fee"),
                reason=said.get("reason", ""),
            ),
            at=clock.now(),
        )
        return Response(
            {
                "id": str(withdrawal.pk),
                "status": withdrawal.status,
                "tx_id": withdrawal.tx_id,
                "confirmations": withdrawal.confirmations,
            }
        )


class Arrived(IntegratorView):
    """Needs the scope custody:write. An output of a transaction counts once, however often sent."""

    scopes = {"POST": Scope.CUSTODY_WRITE}

    @extend_schema(
        operation_id="report_deposit",
        summary="Report what arrives at a deposit address, and how far it is confirmed",
        request=ArrivedIn,
        responses=ArrivedOut,
    )
    def post(self, request: Request) -> Response:
        said: dict[str, Any] = checked(ArrivedIn(data=request.data))
        deposit = deposits.report(at=clock.now(), **said)
        return Response(
            {
                "id": str(deposit.pk),
                "status": deposit.status,
                "confirmations": deposit.confirmations,
            }
        )
