"""The way of POST /decisions past the middleware that only pages and people need.

Sessions, languages, messages, content security, CSRF and a log line per request cost a quarter of
what a decision costs in this process: 0.5 ms of CPU, here 0.1. None of them changes an answer to
an API key. What is left: the request's id, bounded bodies, problems, metrics.
"""

import time
from collections.abc import Callable
from typing import cast

import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from prometheus_client import Histogram

from apps.api.v1.decide import decide
from apps.core.problems import SENTENCES, ProblemMiddleware, problem, request_id

#: Views by path. Whoever measures a floor for the hot endpoint puts it into the same lane.
LANES: dict[str, Callable[[HttpRequest], HttpResponse]] = {"/api/v1/decisions": decide}
SECONDS = Histogram(
    "otcrisk_decision_request_seconds",
    "Time from request to answer of POST /api/v1/decisions, by HTTP status.",
    ["status"],
    buckets=(0.002, 0.003, 0.004, 0.006, 0.008, 0.012, 0.02, 0.03, 0.05, 0.1, 0.25, 1, 5),
)
log = structlog.get_logger(__name__)


class ExpressLane:
    """The first middleware: answers the hot endpoint itself and passes on all the rest."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response
        self.problems = ProblemMiddleware(self._logged)

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path_info not in LANES:
            return self.get_response(request)
        started = time.perf_counter()
        response = cast(HttpResponse, self.problems(request))
        # Without it the server would answer in chunks, which costs client and server a packet.
        response.headers["Content-Length"] = str(len(response.content))
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Cache-Control"] = "no-store"
        SECONDS.labels(response.status_code).observe(time.perf_counter() - started)
        return response

    def _logged(self, request: HttpRequest) -> HttpResponseBase:
        with structlog.contextvars.bound_contextvars(request_id=request_id(request)):
            response = self._answer(request)
            if response.status_code >= 400:
                log.warning("decision.refused", status=response.status_code)
            return response

    def _answer(self, request: HttpRequest) -> HttpResponseBase:
        if settings.SECURE_SSL_REDIRECT and not request.is_secure():
            return problem(
                request,
                code="HTTPS_REQUIRED",
                status=403,
                detail="Use https. A key that was sent in the clear should be rotated.",
            )
        try:
            view = LANES[request.path_info]
            return self.problems.process_view(request, view, (), {}) or view(request)
        except Exception as fault:
            known = self.problems.process_exception(request, fault)
            if known is None:
                log.exception("decision.fault")
                code, sentence = SENTENCES[500]
                known = problem(request, code=code, status=500, detail=sentence)
            return known
