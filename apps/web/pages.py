"""How every page of the desk meets a refusal: beside its fields in a form, else as a page."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.views.decorators.cache import never_cache

from apps.core.errors import Refused
from apps.users.models import User
from apps.web import wording

View = Callable[..., HttpResponse]
INVALID = 422


def page(view: View) -> View:
    """Show a refusal that no form has taken up as a page; what is nobody's business as a 404."""

    @wraps(view)
    @never_cache
    def shown(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except Refused as refused:
            if refused.status == 404:
                raise Http404 from refused
            sentence = wording.refusal(refused)
            return render(
                request,
                "web/refused.html",
                {"sentence": sentence, "code": refused.code},
                status=refused.status,
            )

    return shown


@contextmanager
def refusals_in(form: forms.BaseForm) -> Iterator[None]:
    """Put what the flow in this block refuses into the form: by field, and the sentence above.

    if form.is_valid():
        with refusals_in(form):
            trading.cancel(…)
            return redirect(…)
    return render(request, template, {"form": form}, status=status_of(form))
    """
    try:
        yield
    except Refused as refused:
        # Those of others' orders and ads are no mistake in a form.
        if refused.status == 404:
            raise
        form.refused = refused  # type: ignore[attr-defined]
        form.add_error(None, wording.refusal(refused))
        for name, messages in refused.fields.items():
            if name in form.fields:
                form.add_error(name, [wording.said(message) for message in messages])


def sent(request: HttpRequest) -> QueryDict | None:
    """What was sent with a form; None for a page that is only looked at."""
    return request.POST if request.method == "POST" else None


def refusal_of(form: forms.BaseForm) -> str:
    """The code of what a flow refused in this form; empty for none."""
    refused: Refused | None = getattr(form, "refused", None)
    return refused.code if refused else ""


def status_of(form: forms.BaseForm) -> int:
    """The status of a page with this form: 200 until it was sent and found wanting."""
    refused: Refused | None = getattr(form, "refused", None)
    if refused:
        return refused.status
    return INVALID if form.is_bound and form.errors else 200


def trader(request: HttpRequest) -> User:
    """Whoever asks; the pages that use it are open to signed-in people only."""
    assert isinstance(request.user, User)
    return request.user
