"""What a load balancer and Prometheus ask."""

from hmac import compare_digest

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe
from django_prometheus.exports import ExportToDjangoView

from apps.core import clock
from apps.core.net import client_ip
from apps.screening import queries


@login_not_required
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """200 when this process can reach its database."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return JsonResponse({"status": "ok"})


@login_not_required
@require_safe
def lists(request: HttpRequest) -> HttpResponse:
    """200 while every watch-list is young enough; 503 names those that are not, for an alarm."""
    ages = queries.ages(at=clock.now())
    stale = [age.code for age in ages if age.is_stale]
    said = {"status": "stale" if stale else "ok", "lists": len(ages), "stale": stale}
    return JsonResponse(said, status=503 if stale else 200)


@login_not_required
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Prometheus text for whoever holds METRICS_TOKEN; without a token, for this machine only."""
    if settings.METRICS_TOKEN:
        allowed = compare_digest(
            request.headers.get("Authorization", ""), f"Bearer {settings.METRICS_TOKEN}"
        )
    else:
        allowed = not settings.PRODUCTION and client_ip(request) in ("127.0.0.1", "::1")
    return ExportToDjangoView(request) if allowed else HttpResponse(status=403)
