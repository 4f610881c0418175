"""A trader's public page: how they trade, what others say, and what one wants of them."""

from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.core import clock
from apps.core.errors import Refused
from apps.flows import relations
from apps.flows.request_facts import facts_of
from apps.trades.models import Ad, Order
from apps.trades.queries import reputation
from apps.trades.states import AdStatus
from apps.users.models import User
from apps.web import account_words
from apps.web.pages import page, refusals_in, status_of, trader

SIZE = 10
MOST_ADS = 20
MOST_ORDERS = 50


class Report(forms.Form):
    """What somebody did, and in which order."""

    category = forms.ChoiceField(
        label=_("What is it about?"),
        choices=[(code, account_words.CATEGORIES[code]) for code in relations.CATEGORIES],
        widget=forms.RadioSelect,
    )
    order = forms.ModelChoiceField(
        label=_("In which order?"),
        queryset=Order.objects.none(),
        required=False,
        empty_label=_("None"),
    )
    words = forms.CharField(
        label=_("What happened?"),
        max_length=relations.LONGEST,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("Only our staff read it."),
    )

    def __init__(self, data: object, *, orders: list[Order]) -> None:
        super().__init__(data)  # type: ignore[arg-type]
        field = self.fields["order"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = Order.objects.filter(pk__in=[order.pk for order in orders])
        field.label_from_instance = lambda order: order.number  # type: ignore[method-assign]


@login_not_required
@require_safe
@page
def person(request: HttpRequest, id: UUID) -> HttpResponse:
    """Somebody as everybody may see them; whoever is signed in also sees what they are to them."""
    other = _person(id)
    viewer = request.user if isinstance(request.user, User) else None
    at = clock.now()
    ratings = Paginator(reputation.ratings_of(other), SIZE)
    ads = Ad.objects.filter(owner=other, status=AdStatus.ONLINE).order_by("-changed_at")
    context = {
        "about": reputation.profile(other, viewer=viewer, at=at),
        "is_me": viewer is not None and viewer.pk == other.pk,
        "ratings": ratings.get_page(request.GET.get("page", "1")),
        "ads": ads.prefetch_related("rails__rail")[:MOST_ADS],
        "now": at,
    }
    return render(request, "web/people/person.html", context)


@require_POST
@page
def relate(request: HttpRequest, id: UUID) -> HttpResponse:
    """Trust, follow or block somebody, or no longer."""
    other = _person(id)
    kind, on = request.POST.get("kind", ""), request.POST.get("on") == "yes"
    relations.set_(actor=trader(request), other=other, kind=kind, on=on, at=clock.now())
    return redirect("person", other.pk)


@require_http_methods(["GET", "POST"])
@page
def report(request: HttpRequest, id: UUID) -> HttpResponse:
    """Tell staff of somebody's conduct."""
    user, other = trader(request), _person(id)
    if user.pk == other.pk:
        raise Refused("YOURSELF", 404, "That would be yourself.")
    between = Q(buyer=user, seller=other) | Q(buyer=other, seller=user)
    orders = list(Order.objects.filter(between).order_by("-id")[:MOST_ORDERS])
    form = Report(request.POST or None, orders=orders)
    if form.is_valid():
        with refusals_in(form):
            relations.report(
                actor=user,
                target=other,
                **form.cleaned_data,
                request_facts=facts_of(request, user=user),
                at=clock.now(),
            )
            messages.success(request, _("Thank you. Our staff look into it."))
            return redirect("person", other.pk)
    context = {"form": form, "other": other, "has_orders": bool(orders)}
    return render(request, "web/people/report.html", context, status=status_of(form))


def _person(id: UUID) -> User:
    """Somebody who trades here; staff, the erased and the closed have no page."""
    found = User.objects.filter(pk=id, is_active=True, is_staff=False, erased_at=None).first()
    if found is None:
        raise Refused("NO_SUCH_PERSON", 404, "There is no such trader.")
    return found
