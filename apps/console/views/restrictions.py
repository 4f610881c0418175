"""What is forbidden to whom: the list, imposing, lifting, and proposing what takes two."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

from django import forms as django_forms
from django.contrib import messages
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET, require_http_methods

from apps.cases.carry_out import WARNING, next_step
from apps.console import forms
from apps.console.access import page, staff
from apps.console.shell import show
from apps.console.views.entities import entity_or_404
from apps.core import clock
from apps.core.errors import Refused
from apps.core.problems import request_id
from apps.events.models import Entity
from apps.flows import review
from apps.flows.restricting import is_ban
from apps.restrictions import queries
from apps.restrictions.models import Restriction
from apps.risk import live
from apps.risk.models import Policy, PolicyStatus
from apps.risk.policy_settings import PolicySettings
from apps.users.roles import Deed

PAGE = 50


@require_GET
@page("restrictions.view_restriction")
def restrictions(request: HttpRequest) -> HttpResponse:
    """Restrictions, the newest first."""
    form = forms.RestrictionFilter(request.GET)
    rows: list[Restriction] = []
    if form.is_valid():
        rows = list(_filtered(form.cleaned_data)[: PAGE + 1])
    more = rows[PAGE - 1].pk if len(rows) > PAGE else None
    query = request.GET.copy()
    query.pop("before", None)
    return show(
        request,
        "console/restrictions.html",
        at="restrictions",
        title="Restrictions",
        form=form,
        rows=rows[:PAGE],
        cursor=more,
        filters=query.urlencode(),
        at_all=Restriction.objects.exists() if not rows else True,
    )


def _filtered(said: dict[str, Any]) -> Any:
    now = clock.now()
    rows = Restriction.objects.select_related("subject", "lifted_by").order_by("-id")
    in_force = Q(lifted_at=None) & (Q(until=None) | Q(until__gt=now))
    if said["state"] in ("", "live"):
        rows = rows.filter(in_force)
    elif said["state"] == "ended":
        rows = rows.exclude(in_force)
    if said["kind"]:
        rows = rows.filter(kind__in=said["kind"])
    if said["ability"]:
        rows = rows.filter(ability__in=said["ability"])
    if said["reason"]:
        rows = rows.filter(reason=said["reason"].strip().upper())
    if said["subject"]:
        rows = rows.filter(subject__in=forms.found(said["subject"]))
    if said["before"]:
        rows = rows.filter(id__lt=said["before"])
    return rows


@require_http_methods(["GET", "POST"])
@page(deed=Deed.IMPOSE_RESTRICTIONS)
def impose(request: HttpRequest, id: int) -> HttpResponse:
    """Restrict somebody or something."""
    subject = entity_or_404(id)
    form = forms.Impose(request.POST or None, initial=_suggested(subject))

    def deed() -> str:
        review.impose(
            by=staff(request),
            at=clock.now(),
            subject=subject,
            request_id=request_id(request),
            **form.cleaned_data,
        )
        return "The restriction is in force."

    return deed_form(
        request, form, subject, deed, "console/impose.html", "Restrict", **_ladder(subject)
    )


@require_http_methods(["GET", "POST"])
@page(deed=Deed.PROPOSE_BANS)
def ban(request: HttpRequest, id: int) -> HttpResponse:
    """Propose a ban."""
    subject = entity_or_404(id)
    form = forms.Ban(request.POST or None)

    def deed() -> str:
        review.propose_ban(
            by=staff(request),
            at=clock.now(),
            subject=subject,
            request_id=request_id(request),
            **form.cleaned_data,
        )
        return "The ban waits for a second person. Until then nothing has changed."

    return deed_form(request, form, subject, deed, "console/ban.html", "Propose a ban")


@require_http_methods(["GET", "POST"])
@page(deed=Deed.PROPOSE_BANS)
def unban(request: HttpRequest, id: int) -> HttpResponse:
    """Propose to end a ban."""
    subject = entity_or_404(id)
    form = _Note(request.POST or None)

    def deed() -> str:
        review.propose_unban(
            by=staff(request),
            at=clock.now(),
            subject=subject,
            note=form.cleaned_data["note"],
            request_id=request_id(request),
        )
        return "Ending the ban waits for a second person."

    return deed_form(request, form, subject, deed, "console/unban.html", "Propose to end a ban")


@require_http_methods(["GET", "POST"])
@page(deed=Deed.LIFT_RESTRICTIONS)
def lift(request: HttpRequest, id: UUID) -> HttpResponse:
    """End a restriction before its time."""
    one = Restriction.objects.select_related("subject").filter(pk=id).first()
    if one is None:
        raise Http404("There is no such restriction.")
    form = _Reason(request.POST or None)

    def deed() -> str:
        review.lift(
            by=staff(request),
            at=clock.now(),
            restriction=one,
            reason=form.cleaned_data["reason"],
        )
        return "The restriction has ended."

    return deed_form(
        request, form, one.subject, deed, "console/lift.html", "Lift", one=one, is_ban=is_ban(one)
    )


class _Note(django_forms.Form):
    note = django_forms.CharField(max_length=500)


class _Reason(django_forms.Form):
    reason = django_forms.CharField(max_length=200)


def deed_form(
    request: HttpRequest,
    form: django_forms.Form,
    subject: Entity,
    deed: Callable[[], str],
    template: str,
    title: str,
    **context: Any,
) -> HttpResponse:
    """Show a form; do the deed when it was sent, and say on the form why it was refused."""
    refused, status = None, 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                messages.success(request, deed())
                return redirect("console:entity", subject.id)
            except Refused as no:
                refused, status = no, no.status
                for name, sentences in no.fields.items():
                    if name in form.fields:
                        for sentence in sentences:
                            form.add_error(name, sentence)
    return show(
        request,
        template,
        at="restrictions",
        title=title,
        status=status,
        form=form,
        entity=subject,
        refused=refused,
        **context,
    )


def _settings() -> PolicySettings | None:
    policy = Policy.objects.filter(status=PolicyStatus.LIVE).values_list("pk", flat=True).first()
    return live.compiled(policy).settings if policy else None


def _ladder(subject: Entity) -> dict[str, Any]:
    """Return the ladder of the live policy, what was met of it, and the step that comes next."""
    settings, now = _settings(), clock.now()
    if settings is None:
        return {"ladder": (), "met": (), "next_step": ""}
    since = queries.memory(now, settings.ladder_memory_days)
    met = [name for name, _ in queries.ladder_steps(subject=subject.id, since=since, at=now)]
    step = next_step(subject=subject.id, settings=settings, at=now)
    return {
        "ladder": settings.ladder,
        "ladder_days": settings.ladder_memory_days,
        "met": met,
        "next_step": step.name if step else "",
    }


def _suggested(subject: Entity) -> dict[str, Any]:
    """Return the ladder's next step as the form's first values."""
    settings, now = _settings(), clock.now()
    step = next_step(subject=subject.id, settings=settings, at=now) if settings else None
    if step is None:
        return {"kind": "HOLD", "ability": "withdraw", "lifts_by": "STAFF"}
    measure = step.measure or WARNING
    until = now + timedelta(hours=measure.hours) if measure.hours else None
    return {
        "kind": measure.kind,
        "ability": measure.ability or "withdraw",
        "until": until.strftime("%Y-%m-%dT%H:%M") if until else "",
        "cap_usd": measure.cap_usd,
        "lifts_by": measure.lifts_by,
        "step": step.name,
    }
