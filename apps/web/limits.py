"""Everything that bounds a person now, with the reason and the end, in plain words."""

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from apps.core import clock
from apps.trades import limits as desk
from apps.trades.models import AddressBookEntry, Rail
from apps.trades.queries import limits as bounds
from apps.trades.queries import people
from apps.trades.queries.limits import Bound
from apps.users.models import PayoutAccount, User
from apps.web import judged
from apps.web.pages import page, trader

OF_ACCOUNTS = ("ACCOUNT_AGE", "RAIL")


@dataclass(frozen=True, slots=True)
class OfAccount:
    """What may be paid from one account, and what its way of paying allows at most."""

    account: PayoutAccount
    rail: Rail
    bound: Bound


@require_safe
@page
def limits(request: HttpRequest) -> HttpResponse:
    """Tier, verification, the day so far, payment accounts, and what is restricted."""
    user, at = trader(request), clock.now()
    found = bounds.bounds_of(user, at=at)
    waits = {bound.about: bound for bound in found if bound.code == "NEW_ADDRESS"}
    context = {
        "tier": people.tier_of(user),
        "bounds": {bound.code: bound for bound in found if not bound.about},
        "kyc_next": desk.KYC_LIMITS.get(user.kyc_level + 1),
        "accounts": _of_accounts(user, found),
        "waits": [
            (entry, waits[str(entry.pk)].until)
            for entry in AddressBookEntry.objects.filter(pk__in=list(waits)).order_by("usable_at")
        ],
        "locks": [bound for bound in found if bound.code == "T_PLUS_N"],
        "in_force": judged.in_force(user, at=at),
        "now": at,
    }
    return render(request, "web/account/limits.html", context)


def _of_accounts(user: User, found: list[Bound]) -> list[OfAccount]:
    of = {bound.about.rpartition(":")[2]: bound for bound in found if bound.code in OF_ACCOUNTS}
    accounts = PayoutAccount.objects.filter(user=user, pk__in=list(of)).order_by("added_at")
    rails = Rail.objects.in_bulk({account.rail for account in accounts})
    return [
        OfAccount(account, rails[account.rail], of[str(account.pk)])
        for account in accounts
        if account.rail in rails
    ]
