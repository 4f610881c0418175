"""One's own money on the desk: balances and the statement."""

from typing import Any

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers as s
from rest_framework.request import Request

from apps.api.v1.desk.amounts import AmountField, plain
from apps.api.v1.desk.base import DeskView, polled
from apps.core.errors import Refused
from apps.flows.public_event import moment
from apps.ledger import queries as ledger
from apps.ledger.models import EntryKind

PAGE, MOST = 50, 200


class BalanceOut(s.Serializer):
    asset = s.CharField()
    available = AmountField(help_text="Yours to trade or withdraw, less what is locked.")
    withdrawable = AmountField(help_text="Available, less what was bought too lately (T+N).")
    reserved = AmountField(help_text="Offered by your ads.")
    pending = AmountField(help_text="On its way out.")
    frozen = AmountField()
    margin = AmountField()
    quarantine = AmountField(help_text="Deposits that are not screened yet.")


class StatementQuery(s.Serializer):
    asset = s.CharField(max_length=16, required=False)
    before = s.RegexField(
        r"^[1-9][0-9]{0,17}$", required=False, help_text="The id of the last line you have."
    )
    limit = s.IntegerField(min_value=1, max_value=MOST, default=PAGE)


class StatementLineOut(s.Serializer):
    id = s.CharField()
    entry = s.UUIDField()
    at = s.DateTimeField()
    kind = s.ChoiceField(choices=EntryKind.choices)
    ref = s.UUIDField(allow_null=True, help_text="The order, ad, withdrawal or deposit.")
    asset = s.CharField()
    amount = s.CharField(help_text="What it did to `available`; minus: taken.")
    balance = AmountField(help_text="What that came to.")


class StatementOut(s.Serializer):
    lines = StatementLineOut(many=True, help_text="Newest first.")
    more = s.BooleanField(help_text="Ask again with `before` = the id of the last of them.")


class Balances(DeskView):
    """What you have."""

    @extend_schema(
        operation_id="list_balances", summary="Your balances", responses=BalanceOut(many=True)
    )
    def get(self, request: Request) -> HttpResponse:
        names = [name for name in BalanceOut().fields if name != "asset"]
        return polled(
            request,
            [
                {
                    "asset": one.asset.code,
                    **{name: plain(getattr(one, name)) for name in names},
                }
                for one in ledger.balances(self.actor, at=self.at)
            ],
        )


class Statement(DeskView):
    """How you came to have it."""

    @extend_schema(
        operation_id="read_statement",
        summary="Every movement of your available balance",
        parameters=[StatementQuery],
        responses=StatementOut,
    )
    def get(self, request: Request) -> HttpResponse:
        wanted = self.asked(StatementQuery)
        asset = None
        if code := wanted.get("asset"):
            asset = ledger.asset(code)
            if asset is None:
                raise Refused(
                    "VALIDATION_FAILED",
                    422,
                    "Some fields need attention.",
                    {"asset": ["Choose one of the desk's assets."]},
                )
        before = int(wanted["before"]) if wanted.get("before") else None
        lines = ledger.statement(self.actor, asset=asset, before=before, limit=wanted["limit"] + 1)
        return polled(
            request,
            {
                "lines": [_line(one) for one in lines[: wanted["limit"]]],
                "more": len(lines) > wanted["limit"],
            },
        )


def _line(one: ledger.Line) -> dict[str, Any]:
    return {
        "id": str(one.id),
        "entry": str(one.entry),
        "at": moment(one.at),
        "kind": one.kind.value,
        "ref": str(one.ref) if one.ref else None,
        "asset": one.asset,
        "amount": plain(one.amount),
        "balance": plain(one.balance),
    }
