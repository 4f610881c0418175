"""Policies: versions, rules, what differs between two, and how a draft does in shadow."""

from datetime import timedelta
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from apps.console import comparison
from apps.console.access import page, staff
from apps.console.shell import show
from apps.core import clock
from apps.risk.features import all_features
from apps.risk.models import Policy, PolicyStatus, ShadowCursor, Snooze
from apps.risk.policy_settings import OUTCOMES, PolicySettings
from apps.risk.row import VOCABULARY
from apps.risk.rules import RuleError, check
from apps.risk.vocabulary import CHECKPOINTS, SIGNALS

WEEK = timedelta(days=7)


@require_GET
@page("risk.view_policy")
def policies(request: HttpRequest) -> HttpResponse:
    """Every version: live, drafts, retired."""
    rows = Policy.objects.select_related("created_by", "promoted_by", "based_on")
    found = sorted(
        rows.order_by("-id")[:200],
        key=lambda p: (["LIVE", "DRAFT", "RETIRED"].index(p.status), -p.pk),
    )
    return show(request, "console/policies.html", at="policies", title="Policies", policies=found)


@require_GET
@page("risk.view_policy")
def policy(request: HttpRequest, id: int) -> HttpResponse:
    """One policy: its rules with what they hit, thresholds, odds, ladder."""
    one = policy_or_404(id)
    now, by = clock.now(), staff(request)
    rules = list(one.rules.order_by("position", "code"))
    others = Policy.objects.exclude(pk=id).order_by("-id").only("id", "name", "status")[:50]
    settings = PolicySettings.model_validate(one.settings)
    return show(
        request,
        "console/policy.html",
        at="policies",
        title=one.name,
        policy=one,
        rules=rules,
        hits=comparison.hit_counts(at=now) if one.status == PolicyStatus.LIVE else {},
        shadow_hits=comparison.shadow_hit_counts(id) if one.shadow else {},
        settings=settings,
        thresholds=[(c, CHECKPOINTS[c], settings.thresholds[c]) for c in CHECKPOINTS],
        measures=comparison.measures_of(settings),
        others=others,
        snoozed={
            s.code: s
            for s in Snooze.objects.select_related("by").filter(since__lte=now, until__gt=now)
        },
        mine=one.created_by_id == by.pk,
        is_draft=one.status == PolicyStatus.DRAFT,
    )


@require_GET
@page("risk.view_policy")
def diff(request: HttpRequest, id: int, other: int) -> HttpResponse:
    """What `id` changes against `other`."""
    after, before = policy_or_404(id), policy_or_404(other)
    return show(
        request,
        "console/policy_diff.html",
        at="policies",
        title="Difference",
        after=after,
        before=before,
        diff=comparison.difference(before=before, after=after),
    )


@require_GET
@page("risk.view_policy")
def shadow(request: HttpRequest, id: int) -> HttpResponse:
    """How a draft's judgements differ from those of the live policy."""
    one = policy_or_404(id)
    found = comparison.shadow_table(id)
    return show(
        request,
        "console/shadow.html",
        at="policies",
        title="Shadow run",
        policy=one,
        table=found,
        outcomes=OUTCOMES,
        cursor=ShadowCursor.objects.filter(policy=one).first(),
        disagreements=comparison.disagreements(id),
        live=Policy.objects.filter(status=PolicyStatus.LIVE).first(),
    )


@require_GET
@page("risk.view_policy")
def features(request: HttpRequest) -> HttpResponse:
    """The data dictionary: every feature, what it means, and which live rules look at it."""
    live = Policy.objects.filter(status=PolicyStatus.LIVE).prefetch_related("rules").first()
    used: dict[str, list[str]] = {}
    for rule in live.rules.all() if live else ():
        try:
            names = check(rule.expression, VOCABULARY).names
        except RuleError:
            continue
        for name in names:
            used.setdefault(name, []).append(rule.code)
    by_family: dict[str, list[Any]] = {}
    for one in all_features():
        by_family.setdefault(one.family, []).append((one, used.get(one.name, [])))
    return show(
        request,
        "console/features.html",
        at="features",
        title="Features",
        families=list(by_family.items()),
        count=len(all_features()),
        signals=[(signal, used.get(signal.name, [])) for signal in SIGNALS],
        live=live,
    )


def policy_or_404(id: int) -> Policy:
    """Return a policy; Http404 where there is none."""
    rows = Policy.objects.select_related("created_by", "promoted_by", "based_on")
    one = rows.filter(pk=id).first()
    if one is None:
        raise Http404("There is no such policy.")
    return one
