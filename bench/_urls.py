"""The project's addresses and the floor: a plain view with one insert and one commit."""

import json

from django.contrib.auth.decorators import login_not_required
from django.db import transaction
from django.http import HttpRequest, JsonResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from apps.core import sql
from apps.core.ids import uuid7
from otcrisk.urls import urlpatterns as of_the_desk


@csrf_exempt
@login_not_required
def floor(request: HttpRequest) -> JsonResponse:
    """Parse the same body, insert one row, commit, answer."""
    body = json.loads(request.body)
    with transaction.atomic(durable=True):
        sql.run(
            "INSERT INTO bench_floor (id, ref, body) VALUES ($1, $2, $3::jsonb)",
            [uuid7(), body["id"], request.body.decode()],
        )
    return JsonResponse({"id": body["id"]})


urlpatterns = [path("bench/floor", floor), *of_the_desk]
