"""The live policy and the registry version, compiled once per process and checked per decision."""

import threading
from datetime import datetime
from functools import lru_cache

from django.db import transaction

from apps.core import clock
from apps.risk.models import FeatureSet, Policy, PolicyStatus
from apps.risk.policy import CompiledPolicy, PolicyRule
from apps.risk.policy_settings import Measure, PolicySettings
from apps.risk.row import CHOICES, DIGEST, FEATURE_NAMES, NAMES, VOCABULARY
from apps.risk.rules import check

_compiling = threading.Lock()


def compiled(policy_id: int) -> CompiledPolicy:
    """Return a frozen policy ready to judge; a draft is compiled by `compile_policy` instead."""
    # One thread compiles, the others wait for what it makes.
    with _compiling:
        return _compiled(policy_id)


@lru_cache(maxsize=8)
def _compiled(policy_id: int) -> CompiledPolicy:
    return compile_policy(Policy.objects.prefetch_related("rules").get(pk=policy_id))


def compile_policy(policy: Policy) -> CompiledPolicy:
    """Compile a policy row and its rules; RuleError or ValidationError says what is wrong."""
    rules = tuple(
        PolicyRule(
            code=rule.code,
            checkpoints=frozenset(rule.checkpoints),
            rule=check(rule.expression, VOCABULARY, choices=CHOICES),
            points=rule.points,
            at_least=rule.at_least,
            hard=rule.hard,
            analyst_sentence=rule.analyst_sentence,
            user_sentence=rule.user_sentence,
            measure=Measure.model_validate(rule.measure) if rule.measure else None,
        )
        for rule in sorted(policy.rules.all(), key=lambda rule: (rule.position, rule.code))
    )
    return CompiledPolicy(
        id=policy.pk,
        settings=PolicySettings.model_validate(policy.settings),
        rules=rules,
        names=NAMES,
        vocabulary=VOCABULARY,
    )


def warm() -> None:
    """Compile the live policy, if there is one, and look up the registry's version."""
    policy = Policy.objects.filter(status=PolicyStatus.LIVE).values_list("pk", flat=True).first()
    if policy is not None:
        compiled(policy)
        feature_set()


_version: int | None = None


def feature_set(at: datetime | None = None) -> int:
    """Return the version under which this registry's vectors are stored, registering it if new."""
    global _version
    if _version is None:
        with transaction.atomic():
            row, _ = FeatureSet.objects.get_or_create(
                digest=DIGEST,
                defaults={"names": list(FEATURE_NAMES), "created_at": at or clock.now()},
            )
        _version = row.version
    return _version


def forget() -> None:
    """Forget what was compiled: tests start from an empty database."""
    global _version
    _version = None
    _compiled.cache_clear()
