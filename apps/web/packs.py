"""The record of an order to take along, and the keys with which anyone checks it."""

from uuid import UUID

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_POST, require_safe

from apps.core import clock
from apps.flows import packs
from apps.flows.request_facts import facts_of
from apps.trades import pack_signing
from apps.trades.queries.orders import order_for
from apps.users.models import User
from apps.web.pages import page

TYPES = {"pdf": "application/pdf", "json": "application/json"}


@login_not_required
@require_safe
@cache_control(public=True, max_age=3600)
def keys(request: HttpRequest) -> JsonResponse:
    """Every public key that a pack of this desk may be signed with."""
    return JsonResponse({"keys": pack_signing.published_keys()})


@require_POST
@page
def download(request: HttpRequest, id: UUID, form: str) -> HttpResponse:
    """The pack of an order of one's own as a file; `texts=on` adds what was written."""
    assert isinstance(request.user, User)
    order = order_for(request.user, id)
    made = packs.make(
        actor=request.user,
        order=order,
        with_texts=request.POST.get("texts") == "on",
        request_facts=facts_of(request),
        at=clock.now(),
    )
    response = HttpResponse(getattr(made, form), content_type=TYPES[form])
    response["Content-Disposition"] = f'attachment; filename="{order.number}.{form}"'
    return response
