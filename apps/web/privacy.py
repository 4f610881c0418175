"""A person's own data: taken along, or destroyed together with the account."""

from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from apps.core import clock
from apps.core.errors import Refused
from apps.core.problems import request_id
from apps.flows import privacy
from apps.flows.privacy import Asked, Ground
from apps.users import second_factor
from apps.users.models import User


@require_safe
@never_cache
def page(request: HttpRequest) -> HttpResponse:
    """What one may do with one's data."""
    return render(request, "web/privacy.html")


@require_POST
@never_cache
def export(request: HttpRequest) -> HttpResponse:
    """Everything we hold on the person, as a file; after they have confirmed who they are."""
    user = _confirmed(request)
    try:
        document = privacy.export_user(user=user, asked=_asked(request, user), at=clock.now())
    except Refused as refused:
        return _refusal(request, refused)
    response = JsonResponse(document, json_dumps_params={"indent": 2, "ensure_ascii": False})
    response["Content-Disposition"] = 'attachment; filename="my-data.json"'
    return response


@require_POST
@never_cache
def erase(request: HttpRequest) -> HttpResponse:
    """The end of the account, for whoever typed its e-mail address and confirmed who they are."""
    user = _confirmed(request)
    if request.POST.get("email", "").strip().lower() != user.email:
        wrong = Refused("EMAIL_DIFFERS", 422, "This is not the e-mail address of your account.")
        return _refusal(request, wrong)
    try:
        privacy.erase_user(user=user, asked=_asked(request, user), at=clock.now())
    except Refused as refused:
        return _refusal(request, refused)
    logout(request)
    return render(request, "web/erased.html")


def _confirmed(request: HttpRequest) -> User:
    second_factor.require_recent(request)
    assert isinstance(request.user, User)
    return request.user


def _asked(request: HttpRequest, user: User) -> Asked:
    return Asked(by=user, ground=Ground.OWN, confirmed=True, request_id=request_id(request))


def _refusal(request: HttpRequest, refused: Refused) -> HttpResponse:
    return render(request, "web/privacy.html", {"refused": refused.detail}, status=refused.status)
