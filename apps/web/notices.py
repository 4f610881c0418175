"""The bell: what one should know of, by day, newest first."""

from collections.abc import Iterable
from itertools import groupby
from uuid import UUID
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse
from django.views.decorators.http import require_POST, require_safe

from apps.core import clock
from apps.core.errors import Refused
from apps.flows import notices as flow
from apps.trades.models import Notice
from apps.web.pages import page, trader
from apps.web.templatetags.desk import zone_of

SIZE = 30


@require_safe
@page
def notices(request: HttpRequest) -> HttpResponse:
    """A page of notices, grouped by the reader's days."""
    found = (
        Notice.objects.filter(user=trader(request))
        .select_related("order__asset", "order__fiat")
        .order_by("-id")
    )
    if before := _uuid(request.GET.get("before", "")):
        found = found.filter(pk__lt=before)
    rows = list(found[: SIZE + 1])
    more = len(rows) > SIZE
    rows = rows[:SIZE]
    zone = zone_of({"request": request})  # type: ignore[arg-type]
    context = {
        "days": _by_day(rows, zone),  # type: ignore[arg-type]
        "next": rows[-1].pk if more else None,
        "is_first": before is None,
        "has_unread": any(row.read_at is None for row in rows),
    }
    template = "_list.html" if request.headers.get("HX-Request") else "list.html"
    return render(request, f"web/notices/{template}", context)


@require_POST
@page
def read_all(request: HttpRequest) -> HttpResponse:
    """Everything there is counts as read."""
    flow.read(actor=trader(request), upto=None, at=clock.now())
    return redirect("notices")


@require_POST
@page
def open_(request: HttpRequest, id: UUID) -> HttpResponse:
    """Mark one as read, and go to what it is about."""
    notice = Notice.objects.filter(user=trader(request), pk=id).first()
    if notice is None:
        raise Refused("NO_SUCH_NOTICE", 404, "There is no such notice of yours.")
    flow.read_one(actor=trader(request), notice=notice.pk, at=clock.now())
    return redirect(target_of(notice))


def target_of(notice: Notice) -> str:
    """The page of what a notice is about; the bell where there is none."""
    about = (
        ("order", notice.order_id),
        ("withdrawal", notice.params.get("withdrawal")),
    )
    for name, id in about:
        try:
            if id:
                return reverse(name, args=[id])
        except NoReverseMatch:
            continue
    if notice.code.startswith("DEPOSIT"):
        return reverse("statement")
    if notice.code.startswith(("MERCHANT", "TIER", "MARGIN")):
        return reverse("merchant")
    return reverse("notices")


def _by_day(rows: Iterable[Notice], zone: ZoneInfo) -> list[tuple[object, list[Notice]]]:
    grouped = groupby(rows, key=lambda row: row.at.astimezone(zone).date())
    return [(day, list(group)) for day, group in grouped]


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None
