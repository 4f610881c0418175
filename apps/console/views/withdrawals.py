"""Withdrawals and deposits that wait for a human: the list, a page of each, approve and reject."""

from collections.abc import Callable, Mapping
from typing import TypeVar
from uuid import UUID

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET, require_POST

from apps.console.access import page, staff
from apps.console.shell import show
from apps.core import clock
from apps.core.errors import Refused
from apps.events.models import Entity
from apps.flows import withdrawal_reviews
from apps.flows.withdrawal_steps import takes_two
from apps.restrictions.models import Restriction
from apps.risk.models import Decision
from apps.trades.models import Deposit, Withdrawal
from apps.trades.states import DepositStatus, WithdrawalStatus
from apps.users import second_factor

MOST = 100
Deed = Callable[..., object]
T = TypeVar("T", Withdrawal, Deposit)
WITHDRAWAL_DEEDS: dict[str, tuple[Deed, str]] = {
    "approve": (withdrawal_reviews.approve, "Noted."),
    "reject": (withdrawal_reviews.reject, "Rejected. The money is back with its owner."),
}
DEPOSIT_DEEDS: dict[str, tuple[Deed, str]] = {
    "accept": (withdrawal_reviews.accept_deposit, "Credited."),
    "return": (withdrawal_reviews.return_deposit, "Booked as sent back. Now send the coins."),
}


@require_GET
@page("trades.view_withdrawal")
def withdrawals(request: HttpRequest) -> HttpResponse:
    """What waits for a human, longest first; what is on its way; what ended lately."""
    rows = Withdrawal.objects.select_related("user", "asset", "proposed_by")
    waiting = rows.filter(status=WithdrawalStatus.UNDER_REVIEW).order_by("status_at")
    under_way = rows.filter(
        status__in=[WithdrawalStatus.APPROVED, WithdrawalStatus.PROCESSING]
    ).order_by("status_at")
    held = Deposit.objects.filter(status=DepositStatus.QUARANTINED, wait_until=None)
    return show(
        request,
        "console/withdrawals.html",
        at="withdrawals",
        title="Withdrawals",
        waiting=waiting[:MOST],
        under_way=under_way[:MOST],
        ended=rows.exclude(ended_at=None).order_by("-ended_at")[:20],
        deposits=held.select_related("user", "asset").order_by("status_at")[:MOST],
    )


@require_GET
@page("trades.view_withdrawal")
def withdrawal(request: HttpRequest, id: UUID) -> HttpResponse:
    """A withdrawal's page."""
    return _withdrawal_page(request, _found(Withdrawal.objects.all(), id))


@require_POST
@page("trades.view_withdrawal")
def decide(request: HttpRequest, id: UUID, answer: str) -> HttpResponse:
    """Approve or reject; to let it go asks for the second factor again."""
    one = _found(Withdrawal.objects.all(), id)
    try:
        said = _do(request, WITHDRAWAL_DEEDS, answer, withdrawal=one)
    except Refused as refused:
        return _withdrawal_page(request, _found(Withdrawal.objects.all(), id), refused)
    one.refresh_from_db()
    if answer == "approve" and one.approved_by_id is None:
        said = "Proposed. A colleague has to approve it as well."
    messages.success(request, said)
    return redirect("console:withdrawal", id)


@require_GET
@page("trades.view_deposit")
def deposit(request: HttpRequest, id: UUID) -> HttpResponse:
    """A deposit's page."""
    return _deposit_page(request, _found(Deposit.objects.all(), id))


@require_POST
@page("trades.view_deposit")
def decide_deposit(request: HttpRequest, id: UUID, answer: str) -> HttpResponse:
    """Credit a deposit, or book it as sent back."""
    one = _found(Deposit.objects.all(), id)
    try:
        messages.success(request, _do(request, DEPOSIT_DEEDS, answer, deposit=one))
    except Refused as refused:
        return _deposit_page(request, _found(Deposit.objects.all(), id), refused)
    return redirect("console:deposit", id)


def _do(
    request: HttpRequest, deeds: Mapping[str, tuple[Deed, str]], answer: str, **what: object
) -> str:
    """Do what was answered; what to say of it. 404 for no answer that there is."""
    if answer not in deeds:
        raise Http404("There is no such answer.")
    second_factor.require_recent(request)
    do, said = deeds[answer]
    do(by=staff(request), note=request.POST.get("note", ""), at=clock.now(), **what)
    return said


def _found(rows: QuerySet[T], id: UUID) -> T:
    one = rows.select_related("user", "asset").filter(pk=id).first()
    if one is None:
        raise Http404("There is none under this id.")
    return one


def _withdrawal_page(
    request: HttpRequest, one: Withdrawal, refused: Refused | None = None
) -> HttpResponse:
    by = staff(request)
    return show(
        request,
        "console/withdrawal.html",
        at="withdrawals",
        title="Withdrawal",
        status=refused.status if refused else 200,
        one=one,
        owner=Entity.objects.filter(pk=one.user.entity_id).first(),
        to=Entity.objects.filter(kind="address", scope="", ref=one.address).first(),
        decision=Decision.objects.filter(pk__in=[one.decision]).first(),
        steps=one.steps.select_related("actor").order_by("id"),
        binding=Restriction.objects.filter(
            subject__in=[one.entity, one.user.entity_id], lifted_at=None
        ).select_related("subject"),
        answers=(one.screening or {}).get("answers", []),
        two=takes_two(one),
        mine=one.user_id == by.pk,
        proposed_by_me=one.proposed_by_id == by.pk,
        refused=refused,
        said=request.POST,
    )


def _deposit_page(
    request: HttpRequest, one: Deposit, refused: Refused | None = None
) -> HttpResponse:
    return show(
        request,
        "console/withdrawal_deposit.html",
        at="withdrawals",
        title="Deposit",
        status=refused.status if refused else 200,
        one=one,
        owner=Entity.objects.filter(pk=one.user.entity_id).first(),
        answers=(one.screening or {}).get("answers", []),
        mine=one.user_id == staff(request).pk,
        waits=one.status == DepositStatus.QUARANTINED and one.wait_until is None,
        refused=refused,
        said=request.POST,
    )
