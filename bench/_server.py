"""The desk's own server with one more address, /bench/floor: one insert, one commit.

The floor takes the same lane as the hot endpoint, past the middleware that only pages need.
"""

import os

import _start  # noqa: F401

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "otcrisk.settings")

import json

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from otcrisk.wsgi import application  # noqa: F401

# One key stands for many senders here.
settings.DECISION_RATE_PER_S = settings.DECISION_BURST = 1e9


def floor(request: HttpRequest) -> HttpResponse:
    """Parse the same body, insert one row, commit, answer."""
    from django.db import transaction

    from apps.core import sql
    from apps.core.ids import uuid7

    body = json.loads(request.body)
    with transaction.atomic(durable=True):
        sql.run(
            "INSERT INTO bench_floor (id, ref, body) VALUES ($1, $2, $3::jsonb)",
            [uuid7(), body["id"], request.body.decode()],
        )
    return HttpResponse(json.dumps({"id": body["id"]}), content_type="application/json")


def _join_the_lane() -> None:
    from apps.api.express import LANES

    floor.cls = LANES["/api/v1/decisions"].cls  # type: ignore[attr-defined]
    LANES["/bench/floor"] = floor


_join_the_lane()
