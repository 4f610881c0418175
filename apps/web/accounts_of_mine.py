"""Payment accounts: where one is paid and pays from, and what their age allows."""

from dataclasses import dataclass
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from apps.core import clock
from apps.core.errors import Refused
from apps.flows import payout_accounts
from apps.trades import limits
from apps.trades.limits import Limit
from apps.trades.models import LIVE, AdRail, Order, Rail
from apps.users.models import PayoutAccount, User
from apps.web.pages import page, trader


@dataclass(frozen=True, slots=True)
class Mine:
    """An account as its owner sees it."""

    account: PayoutAccount
    rail: Rail | None
    pays: Limit | None
    is_in_use: bool

    @property
    def ending(self) -> str:
        """The end of the number, by which one knows it again."""
        number = (self.account.number or "").replace(" ", "")
        return number if len(number) <= 4 else f"…{number[-4:]}"


@require_safe
@page
def accounts(request: HttpRequest) -> HttpResponse:
    """The accounts of whoever asks, with their age and what it allows."""
    return render(
        request,
        "web/account/accounts.html",
        {"accounts": _mine(trader(request)), "now": clock.now()},
    )


@require_POST
@page
def remove(request: HttpRequest, id: UUID) -> HttpResponse:
    """Take an account off the list."""
    user = trader(request)
    account = PayoutAccount.objects.filter(user=user, pk=id, removed_at=None).first()
    if account is None:
        raise Refused("NO_SUCH_ACCOUNT", 404, "There is no such account of yours.")
    payout_accounts.remove(actor=user, account=account, at=clock.now())
    messages.success(request, _("The account was removed."))
    return redirect("payment_accounts")


def _mine(user: User) -> list[Mine]:
    own = list(PayoutAccount.objects.filter(user=user, removed_at=None).order_by("added_at"))
    rails = Rail.objects.in_bulk([account.rail for account in own])
    used = set(
        AdRail.objects.filter(account__in=own)
        .exclude(ad__status="CLOSED")
        .values_list("account", flat=True)
    ) | set(
        Order.objects.filter(payee_account__in=own, status__in=LIVE).values_list(
            "payee_account", flat=True
        )
    )
    at = clock.now()
    return [
        Mine(
            account,
            rail := rails.get(account.rail),
            limits.of_account(rail=rail, account=account, buys=True, at=at) if rail else None,
            account.pk in used,
        )
        for account in own
    ]
