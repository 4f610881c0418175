"""The sample exchange: honest people go through, the four stories are caught."""

from datetime import UTC, datetime

import pytest

from apps.flows import samples
from apps.risk.models import Decision
from apps.risk.vocabulary import KINDS

pytestmark = pytest.mark.django_db(transaction=True)
AT = datetime(2026, 3, 12, 15, tzinfo=UTC)


def outcomes(user: str) -> set[str]:
    """What the engine said of one person's acts."""
    return set(Decision.objects.filter(event__user__ref=user).values_list("outcome", flat=True))


def test_two_days_of_a_sample_exchange(committed_desk):
    sent = samples.seed(at=AT)

    assert sent > 200
    assert samples.seed(at=AT) == 0, "once is enough"
    judged = Decision.objects.filter(maker="ENGINE")
    assert not judged.filter(degraded=True).exists()
    honest = [f"sample-trader-{n:02}" for n in range(12) if n != 3]
    calm = judged.filter(event__user__ref__in=honest, event__kind="order.created")
    assert calm.filter(outcome="ALLOW").count() >= 0.8 * calm.count()
    assert outcomes("sample-trader-03") & {"REVIEW", "BLOCK"}, "the taken-over account"
    assert outcomes("sample-mule") & {"LIMIT", "STEP_UP", "REVIEW", "BLOCK"}
    assert outcomes("sample-hasty") & {"LIMIT", "STEP_UP", "REVIEW", "BLOCK"}
    guesses = judged.filter(event__kind="signin.failed", event__ip__ref="203.0.113.66")
    assert guesses.exclude(outcome="ALLOW").exists(), "one address, many accounts"
    assert set(judged.values_list("event__kind", flat=True)) <= set(KINDS)
