"""POST /decisions: the hot endpoint, a plain view. Described in apps/api/schema.py."""

import json
from typing import Any

import structlog
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from apps.api import acts, answers, rate
from apps.api.act_body import parse
from apps.api.keys import CHALLENGE, WRONG_KEY, caller, key_of, needs
from apps.api.schema import Decide
from apps.core import clock
from apps.core.errors import Refused
from apps.core.idempotency import REPLAYED
from apps.core.problems import SENTENCES, problem, request_id
from apps.flows import decisions
from apps.users.models import Scope

log = structlog.get_logger(__name__)
JSON = "application/json"


@csrf_exempt
@login_not_required
def decide(request: HttpRequest) -> HttpResponse:
    """Judge an act, once; the same id again gets the same answer."""
    if request.method != "POST":
        answer = problem(request, **_words(405))
        answer["Allow"] = "POST"
        return answer
    client = caller(request)
    if client is None:
        code, sentence = SENTENCES[401]
        if key_of(request):
            code, sentence = "AUTHENTICATION_FAILED", WRONG_KEY
        answer = problem(request, code=code, status=401, detail=sentence)
        answer["WWW-Authenticate"] = CHALLENGE
        return answer
    needs(client, Scope.DECISIONS_WRITE)
    if wait := rate.wait_s(client.key_id):
        code, sentence = SENTENCES[429]
        raise Refused(code, status=429, detail=sentence, retry_after=wait)
    if request.content_type != JSON:
        return problem(request, **_words(415))
    act = acts.act_of(
        parse(request.body), client=client, at=clock.now(), request_id=request_id(request)
    )
    acts.refuse_not_judged(act.kind)
    acts.refuse_ahead(act)
    # A late retry still gets the answer that it missed.
    if acts.is_late(act, oldest=acts.decision_age()) and not decisions.is_known(
        client=client.entity_id, ref=act.ref or ""
    ):
        acts.refuse_late(act, oldest=acts.decision_age())
    try:
        told = decisions.submit(act)
    except DatabaseError as fault:
        log.exception("decision.lost", act=str(act.id))
        raise _unavailable() from fault
    body = json.dumps(answers.decision(told), separators=(",", ":"))
    response = HttpResponse(body, content_type=JSON)
    if told.replayed:
        response.headers[REPLAYED] = "true"
    return response


# The document's generator and the limit of bodies look here.
decide.cls, decide.initkwargs = Decide, {}  # type: ignore[attr-defined]


def _words(status: int) -> dict[str, Any]:
    code, sentence = SENTENCES[status]
    return {"code": code, "status": status, "detail": sentence}


def _unavailable() -> Refused:
    code, sentence = SENTENCES[503]
    return Refused(code, status=503, detail=sentence, retry_after=1)
