"""A person's orders, and the room of one of them."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from apps.core import clock
from apps.flows import chat as chat_flow
from apps.trades.queries import order_lists
from apps.users.models import User
from apps.web import order_words
from apps.web import room as rooms
from apps.web.chat import Line
from apps.web.pages import page, trader
from apps.web.room import Room, Standing

STATES = ("", order_lists.OPEN, order_lists.APPEALED, order_lists.ENDED)
SIDES = ("", order_lists.BUYING, order_lists.SELLING)


@require_safe
@page
def orders(request: HttpRequest) -> HttpResponse:
    """The orders of whoever asks, newest first."""
    state, side = request.GET.get("state", ""), request.GET.get("side", "")
    found = order_lists.orders_page(
        trader(request), state=state, side=side, after=_id(request.GET.get("after", ""))
    )
    context = {"page": found, "state": state, "side": side}
    return render(request, "web/orders.html", context)


@require_safe
@page
def order(request: HttpRequest, id: UUID) -> HttpResponse:
    """One order: the next step, whom to pay or whose money to look for, the chat, the timeline."""
    viewer, at = trader(request), clock.now()
    before = request.GET.get("before", "")
    found = rooms.room(viewer, id, before=int(before) if before.isdecimal() else None, at=at)
    if found.last > found.seen_to and not before:
        chat_flow.read(actor=viewer, order=found.standing.order, seq=found.last, at=at)
    return render(request, "web/order.html", _of_room(found, viewer))


@require_safe
@page
def news(request: HttpRequest, id: UUID) -> HttpResponse:
    """What has changed since the tag and the line that the page shows: 204 where nothing has."""
    viewer, at = trader(request), clock.now()
    now = rooms.standing(viewer, id, at=at)
    after = request.GET.get("after", "")
    seq = int(after) if after.isdecimal() else 0
    lines = rooms.lines_after(now.order, seq)
    moved = request.GET.get("state") != now.tag
    if not moved and not lines:
        return HttpResponse(status=204)
    if lines:
        chat_flow.read(actor=viewer, order=now.order, seq=lines[-1].seq, at=at)
    if moved:
        return render(
            request,
            "web/order/_news.html",
            _of_room(rooms.room(viewer, id, at=at), viewer)
            | {"lines": _lines(lines, viewer, now), "last": max(seq, *(x.seq for x in lines), 0)}
            | {"moved": True},
        )
    context = _of_standing(now) | {"lines": _lines(lines, viewer, now), "last": lines[-1].seq}
    return render(request, "web/order/_news.html", context)


def _of_room(found: Room, viewer: User) -> dict[str, Any]:
    now = found.standing
    return _of_standing(now) | {
        "room": found,
        "next": order_words.next_step(now),
        "warnings": order_words.warnings(now),
        "name_differs": order_words.name_differs(now.order),
        "lines": _lines(found.lines, viewer, now),
        "last": found.last,
    }


def _of_standing(now: Standing) -> dict[str, Any]:
    return {"order": now.order, "standing": now, "now": now.now}


def _lines(messages: list[Any], viewer: User, now: Standing) -> list[Line]:
    return [Line.of(one, viewer=viewer, other=now.other) for one in messages]


def _id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
