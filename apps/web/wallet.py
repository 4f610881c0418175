"""The wallet: what one has, why not all of it may leave, how it came and went, where it arrives."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db.models import F, Sum
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from apps.core import clock, money
from apps.core.errors import Refused
from apps.ledger import queries as ledger
from apps.ledger.models import AcquisitionLock, Asset
from apps.ledger.queries import Balance, Line
from apps.trades import prices
from apps.trades.models import LIVE, Fiat, Order
from apps.trades.prices import Prices
from apps.users.models import User
from apps.web.account_words import ENTRIES, word
from apps.web.pages import page, trader

FIAT_COOKIE = "fiat"
YEAR_S = 365 * 24 * 3600
SIZE = 50
#: So many lines are read at once for a download.
CHUNK = 500
MOST_LOCKS = 100
#: What the ledger's references of each kind of entry name.
OF_ORDER = ("J1", "J2", "J3", "J4", "J7")


@dataclass(frozen=True, slots=True)
class Holding:
    """What somebody has of an asset, where it stands, and what it is worth."""

    balance: Balance
    in_orders: Decimal
    locks: list[AcquisitionLock]
    usd: Decimal | None
    fiat: Decimal | None

    @property
    def asset(self) -> Asset:
        """The asset itself."""
        return self.balance.asset

    @property
    def total(self) -> Decimal:
        """Everything, wherever it stands."""
        has = self.balance
        return money.total(
            [
                has.available,
                has.reserved,
                has.pending,
                has.frozen,
                has.margin,
                has.quarantine,
                self.in_orders,
            ]
        )

    @property
    def locked(self) -> Decimal:
        """What of the available may not leave yet."""
        has = self.balance
        return money.total([has.available, has.withdrawable.copy_negate()])


@dataclass(frozen=True, slots=True)
class Booked:
    """A line of the statement as it is shown."""

    line: Line

    @property
    def words(self) -> str:
        """What happened."""
        # What a seller gets back at the end of a release is no purchase.
        if self.line.kind == "J2_RELEASE" and self.line.amount < 0:
            return word(ENTRIES, "J1_HOLD")
        return word(ENTRIES, self.line.kind)

    @property
    def about(self) -> str:
        """What the line's reference names: order, withdrawal, or nothing that has a page."""
        kind = str(self.line.kind)
        if self.line.ref is None:
            return ""
        if kind.startswith(OF_ORDER):
            return "order"
        return "withdrawal" if kind.startswith("J9") else ""


@require_safe
@page
def wallet(request: HttpRequest) -> HttpResponse:
    """What one has of each asset, and what keeps some of it here."""
    user, at = trader(request), clock.now()
    fiats = {fiat.code: fiat for fiat in Fiat.objects.filter(is_active=True).order_by("code")}
    fiat = _fiat(request, fiats)
    current = prices.read()
    holdings = holdings_of(user, current=current, fiat=fiat.code if fiat else "", at=at)
    shown = [one for one in holdings if one.total]
    context = {
        "holdings": shown,
        "others": [one for one in holdings if not one.total],
        "usd": money.total(one.usd for one in shown if one.usd),
        "in_fiat": money.total(one.fiat for one in shown if one.fiat),
        "is_priced": all(one.usd is not None for one in shown),
        "fiat": fiat,
        "fiats": fiats.values(),
        "now": at,
    }
    response = render(request, "web/wallet/overview.html", context)
    if fiat and request.GET.get("fiat") == fiat.code:
        secure = settings.SESSION_COOKIE_SECURE
        response.set_cookie(
            FIAT_COOKIE, fiat.code, max_age=YEAR_S, secure=secure, samesite="Lax", httponly=True
        )
    return response


@require_safe
@page
def statement(request: HttpRequest) -> HttpResponse:
    """What came and went, newest first; a page goes on where the last one ended."""
    user = trader(request)
    asset = _asset(request)
    lines = ledger.statement(user, asset=asset, before=_cursor(request), limit=SIZE + 1)
    more = len(lines) > SIZE
    lines = lines[:SIZE]
    context = {
        "lines": [Booked(line) for line in lines],
        "next": lines[-1].id if more else None,
        "is_first": _cursor(request) is None,
        "asset": asset,
        "assets": Asset.objects.order_by("code"),
    }
    return render(request, "web/wallet/statement.html", context)


@require_safe
@page
def statement_csv(request: HttpRequest) -> StreamingHttpResponse:
    """The whole statement as a file, made while it is sent."""
    user, asset = trader(request), _asset(request)
    response = StreamingHttpResponse(_csv(user, asset), content_type="text/csv; charset=utf-8")
    name = f"statement-{asset.code}" if asset else "statement"
    response["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response


def holdings_of(user: User, *, current: Prices, fiat: str, at: datetime) -> list[Holding]:
    """Everything that a person has, by asset: five queries, however much has happened."""
    selling = (
        Order.objects.filter(seller=user, status__in=LIVE)
        .values_list("asset")
        .annotate(amount=Sum(F("amount") + F("seller_fee")))
    )
    in_orders: dict[str, Decimal] = dict(selling)
    locks: dict[str, list[AcquisitionLock]] = {}
    active = AcquisitionLock.objects.filter(user=user, lifted_at=None, until__gt=at)
    for lock in active.order_by("until", "id")[:MOST_LOCKS]:
        locks.setdefault(lock.asset_id, []).append(lock)
    holdings = []
    for balance in ledger.balances(user, at=at):
        one = Holding(
            balance=balance,
            in_orders=in_orders.get(balance.asset.pk, Decimal(0)),
            locks=locks.get(balance.asset.pk, []),
            usd=None,
            fiat=None,
        )
        holdings.append(
            Holding(
                one.balance,
                one.in_orders,
                one.locks,
                _worth(current, balance.asset, one.total, "USD"),
                _worth(current, balance.asset, one.total, fiat),
            )
        )
    return sorted(holdings, key=lambda one: (-(one.usd or 0), one.asset.code))


def _worth(current: Prices, asset: Asset, amount: Decimal, fiat: str) -> Decimal | None:
    price = current.by_pair.get((asset.pk, fiat))
    if price is None:
        return None
    return prices.times(amount, price).quantize(money.CENT, context=money.EXACT)


def _fiat(request: HttpRequest, fiats: dict[str, Fiat]) -> Fiat | None:
    asked = (request.GET.get("fiat", ""), request.COOKIES.get(FIAT_COOKIE, ""))
    for code in (*asked, settings.MARKET_FIAT):
        if code in fiats:
            return fiats[code]
    return next(iter(fiats.values()), None)


def _asset(request: HttpRequest) -> Asset | None:
    code = request.GET.get("asset", "")
    if not code:
        return None
    found = Asset.objects.filter(pk=code[:16]).first()
    if found is None:
        raise Refused("UNKNOWN_ASSET", 404, "There is no such asset.")
    return found


def _cursor(request: HttpRequest) -> int | None:
    text = request.GET.get("before", "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else None


class _Line:
    """What csv.writer writes to: it hands back each row instead of keeping it."""

    def write(self, row: str) -> str:
        return row


def _csv(user: User, asset: Asset | None) -> Iterator[str]:
    writer: Any = csv.writer(_Line())
    # Spreadsheets take a file for UTF-8 only when it begins like this.
    yield "\ufeff" + writer.writerow(
        ["time_utc", "what", "asset", "amount", "balance", "reference"]
    )
    before = None
    while lines := ledger.statement(user, asset=asset, before=before, limit=CHUNK):
        for line in lines:
            yield writer.writerow(
                [
                    line.at.astimezone(UTC).isoformat(timespec="seconds"),
                    line.kind.value,
                    line.asset,
                    money.short(line.amount),
                    money.short(line.balance),
                    line.ref or "",
                ]
            )
        before = lines[-1].id
