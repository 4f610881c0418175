"""The preset policy: what a fresh installation starts with, from fixtures/policies/."""

import json
from pathlib import Path

from django.conf import settings
from django.db import transaction

from apps.core import clock
from apps.risk.live import compile_policy
from apps.risk.models import Policy, PolicyStatus, Rule

PRESET = "p2p_desk.json"


def seed() -> Policy:
    """Return the live policy, installing the preset as the first one where none is live."""
    live = Policy.objects.filter(status=PolicyStatus.LIVE).first()
    if live:
        return live
    with transaction.atomic():
        policy = load(path=Path(settings.BASE_DIR) / "fixtures" / "policies" / PRESET)
        compile_policy(policy)
        # The first policy has no author here: it is ours. Every later one takes two people.
        policy.status, policy.live_at = PolicyStatus.LIVE, clock.now()
        policy.save(update_fields=["status", "live_at"])
    return policy


def load(*, path: Path) -> Policy:
    """Store a policy file as a draft and return it."""
    data = json.loads(path.read_text())
    policy = Policy.objects.create(
        name=data["name"],
        note=data.get("note", ""),
        settings=data["settings"],
        created_at=clock.now(),
    )
    Rule.objects.bulk_create(
        Rule(policy=policy, position=position, **rule)
        for position, rule in enumerate(data["rules"])
    )
    return policy
