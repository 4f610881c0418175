"""Recording what a check of somebody's identity found."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_http_methods

from apps.console import forms
from apps.console.access import page, staff
from apps.console.views.entities import entity_or_404
from apps.console.views.restrictions import deed_form
from apps.core import clock
from apps.flows import identity
from apps.users.models import DESK, User
from apps.users.roles import Deed


@require_http_methods(["GET", "POST"])
@page(deed=Deed.VERIFY_IDENTITIES)
def verify(request: HttpRequest, id: int) -> HttpResponse:
    """Say who one of our people is, after their document was looked at."""
    entity = entity_or_404(id)
    ours = (entity.kind, entity.scope) == ("user", DESK)
    user = User.objects.filter(pk=forms.as_uuid(entity.ref)).first() if ours else None
    if user is None:
        raise Http404("There is no such person of ours.")
    form = forms.Identity(request.POST or None)

    def deed() -> str:
        said: dict[str, Any] = form.cleaned_data
        identity.verify(user=user, by=staff(request), at=clock.now(), **said)
        return "The identity is recorded."

    return deed_form(
        request, form, entity, deed, "console/identity.html", "Identity", level=user.kyc_level
    )
