"""Writing a draft policy: copy, rules, thresholds, shadow; and making another's draft live."""

import copy as copying
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from apps.console.access import page, staff
from apps.console.shell import show
from apps.console.views.policies import policy_or_404
from apps.core import clock
from apps.core.errors import Refused
from apps.core.problems import request_id
from apps.flows import policies as flow
from apps.flows import review
from apps.risk.models import Policy, Rule, Snooze
from apps.risk.policy_settings import OUTCOMES
from apps.risk.row import NAMES, VOCABULARY
from apps.risk.rules import check, errors
from apps.risk.vocabulary import CHECKPOINTS
from apps.users import second_factor
from apps.users.roles import Deed

ODDS = ("floor", "ceiling", "midpoint", "width", "steady_factor", "rest_hours")


@require_POST
@page(deed=Deed.DRAFT_POLICIES)
def copy(request: HttpRequest, id: int) -> HttpResponse:
    """Copy a policy into a draft of one's own."""
    one = policy_or_404(id)
    draft = flow.draft_from(
        by=staff(request),
        at=clock.now(),
        policy=one,
        name=request.POST.get("name", ""),
        note=request.POST.get("note", ""),
        request_id=request_id(request),
    )
    messages.success(request, "This draft is yours. Nothing judges by it yet.")
    return redirect("console:policy", draft.pk)


@require_POST
@page(deed=Deed.PROMOTE_POLICIES)
def promote(request: HttpRequest, id: int) -> HttpResponse:
    """Make another's draft live; asks for the second factor again."""
    one = policy_or_404(id)
    second_factor.require_recent(request)
    flow.promote(by=staff(request), at=clock.now(), policy=one, request_id=request_id(request))
    messages.success(request, "This policy judges from now on.")
    return redirect("console:policy", id)


@require_POST
@page(deed=Deed.DRAFT_POLICIES)
def discard(request: HttpRequest, id: int) -> HttpResponse:
    """Throw one's draft away."""
    one = policy_or_404(id)
    flow.discard(by=staff(request), at=clock.now(), policy=one, request_id=request_id(request))
    messages.success(request, "The draft is gone.")
    return redirect("console:policies")


@require_POST
@page(deed=Deed.DRAFT_POLICIES)
def switch_shadow(request: HttpRequest, id: int) -> HttpResponse:
    """Let a draft judge in shadow, or stop it."""
    one = policy_or_404(id)
    on = request.POST.get("on") == "1"
    flow.set_shadow(
        by=staff(request), at=clock.now(), policy=one, on=on, request_id=request_id(request)
    )
    said = "It judges in shadow now; first results in some seconds." if on else "Stopped."
    messages.success(request, said)
    return redirect("console:policy", id)


@require_http_methods(["GET", "POST"])
@page(deed=Deed.DRAFT_POLICIES)
def settings(request: HttpRequest, id: int) -> HttpResponse:
    """Thresholds by checkpoint, and the odds of a random face check."""
    one = policy_or_404(id)
    said = copying.deepcopy(one.settings)
    refused = None
    if request.method == "POST":
        try:
            _read_settings(request.POST, said)
            flow.edit_settings(
                by=staff(request),
                at=clock.now(),
                policy=one,
                settings=said,
                request_id=request_id(request),
            )
            messages.success(request, "Saved in this draft.")
            return redirect("console:policy", id)
        except Refused as no:
            refused = no
    return show(
        request,
        "console/policy_settings.html",
        at="policies",
        title="Thresholds and odds",
        status=refused.status if refused else 200,
        policy=one,
        said=said,
        checkpoints=[(c, name, said["thresholds"][c]) for c, name in CHECKPOINTS.items()],
        outcomes=("LIMIT", "STEP_UP", "REVIEW", "BLOCK"),
        odds=[(name, said["step_up"][name]) for name in ODDS],
        refused=refused,
    )


def _read_settings(post: QueryDict, said: dict[str, Any]) -> None:
    try:
        for checkpoint, thresholds in said["thresholds"].items():
            for outcome in thresholds:
                text = post.get(f"{checkpoint}.{outcome}", "").strip()
                thresholds[outcome] = int(text) if text else 1001
        for name in ODDS:
            number = float(post.get(name, said["step_up"][name]))
            said["step_up"][name] = int(number) if name == "midpoint" else number
        said["step_up"]["steady"] = post.get("steady", said["step_up"]["steady"])
    except ValueError as fault:
        raise Refused("NOT_A_NUMBER", 422, "Scores are whole numbers, odds are shares.") from fault
    if faults := errors(said["step_up"]["steady"], VOCABULARY, choices=flow.CHOICES):
        raise Refused("EXPRESSION_INVALID", 422, f"Steady users: {faults[0]}")


@require_http_methods(["GET", "POST"])
@page(deed=Deed.DRAFT_POLICIES)
def new_rule(request: HttpRequest, id: int) -> HttpResponse:
    """Add a rule to one's draft."""
    one = policy_or_404(id)
    return _rule_form(
        request,
        one,
        Rule(policy=one, checkpoints=[], points=0, measure={}),
        lambda said: flow.add_rule(
            by=staff(request),
            at=clock.now(),
            policy=one,
            said=said,
            request_id=request_id(request),
        ),
    )


@require_http_methods(["GET", "POST"])
@page(deed=Deed.DRAFT_POLICIES)
def edit_rule(request: HttpRequest, id: int, rule: int) -> HttpResponse:
    """Rewrite a rule of one's draft."""
    one = policy_or_404(id)
    found = _rule_or_404(one, rule)
    return _rule_form(
        request,
        one,
        found,
        lambda said: flow.edit_rule(
            by=staff(request),
            at=clock.now(),
            rule=found,
            said=said,
            request_id=request_id(request),
        ),
    )


@require_POST
@page(deed=Deed.DRAFT_POLICIES)
def remove_rule(request: HttpRequest, id: int, rule: int) -> HttpResponse:
    """Take a rule out of one's draft."""
    found = _rule_or_404(policy_or_404(id), rule)
    flow.remove_rule(by=staff(request), at=clock.now(), rule=found, request_id=request_id(request))
    messages.success(request, f"{found.code} is out of this draft.")
    return redirect("console:policy", id)


@require_POST
@page("risk.view_policy")
def check_expression(request: HttpRequest) -> HttpResponse:
    """What is wrong with an expression, or how it reads: shown while somebody types."""
    return render(request, "console/_checked.html", _checked(request.POST.get("expression", "")))


@require_http_methods(["GET", "POST"])
@page(deed=Deed.PROMOTE_POLICIES)
def silence(request: HttpRequest, code: str) -> HttpResponse:
    """Silence a rule of the live policy for some hours."""
    refused, status = None, 200
    if request.method == "POST":
        try:
            hours = float(request.POST.get("hours") or 0)
            review.snooze_rule(
                by=staff(request),
                at=(at := clock.now()),
                code=code,
                until=at + timedelta(hours=min(hours, 1_000)),
                reason=request.POST.get("reason", ""),
                request_id=request_id(request),
            )
            messages.success(request, f"{code} is silent. It counts again by itself.")
            return redirect("console:policies")
        except ValueError:
            refused, status = Refused("NOT_A_NUMBER", 422, "Hours are a number."), 422
        except Refused as no:
            refused, status = no, no.status
    return show(
        request,
        "console/silence.html",
        at="policies",
        title=f"Silence {code}",
        status=status,
        code=code,
        rule=Rule.objects.filter(code=code, policy__status="LIVE").first(),
        refused=refused,
    )


@require_POST
@page(deed=Deed.PROMOTE_POLICIES)
def wake(request: HttpRequest, id: UUID) -> HttpResponse:
    """Let a silenced rule count again."""
    snooze = Snooze.objects.filter(pk=id).first()
    if snooze is None:
        raise Http404("There is no such silence.")
    review.wake_rule(by=staff(request), at=clock.now(), snooze=snooze)
    messages.success(request, f"{snooze.code} counts again.")
    return redirect("console:policies")


def _rule_form(
    request: HttpRequest, one: Policy, rule: Rule, deed: Callable[[dict[str, Any]], Rule]
) -> HttpResponse:
    refused, status = None, 200
    said: dict[str, Any] = {name: getattr(rule, name) for name in flow.FIELDS}
    if request.method == "POST":
        said = {name: request.POST.get(name, "") for name in flow.FIELDS}
        said["checkpoints"] = request.POST.getlist("checkpoints")
        said["hard"] = "hard" in request.POST
        try:
            saved = deed(said)
            messages.success(request, f"{saved.code} is saved in this draft.")
            return redirect("console:policy", one.pk)
        except Refused as no:
            refused, status = no, no.status
    return show(
        request,
        "console/rule_form.html",
        at="policies",
        title=rule.code or "New rule",
        status=status,
        policy=one,
        rule=rule,
        said=said,
        measure_text=_measure_text(said["measure"]),
        refused=refused,
        checkpoints=CHECKPOINTS.items(),
        outcomes=OUTCOMES[1:],
        names=NAMES,
        **_checked(said["expression"]),
    )


def _measure_text(measure: Any) -> str:
    return measure if isinstance(measure, str) else json.dumps(measure) if measure else ""


def _checked(text: str) -> dict[str, Any]:
    """Return what is wrong with an expression (with the text split at the first fault), or it."""
    text = text.strip()
    if not text:
        return {"empty": True}
    faults = errors(text, VOCABULARY, choices=flow.CHOICES)
    if faults:
        at = max(0, min(faults[0].column - 1, len(text)))
        return {"faults": faults, "head": text[:at], "tail": text[at:] or " "}
    rule = check(text, VOCABULARY, choices=flow.CHOICES)
    return {"checked": rule, "used": sorted(rule.names)}


def _rule_or_404(one: Policy, id: int) -> Rule:
    found = one.rules.filter(pk=id).first()
    if found is None:
        raise Http404("This policy has no such rule.")
    return found
