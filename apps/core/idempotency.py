"""The same request sent twice is carried out once and answered twice.

A view wraps its POST in `@idempotent`; the flow calls `claim()` as the first statement of its
transaction. The row is unique by actor and key, so a concurrent twin waits there for the deed to
commit, takes its own attempt back and receives the stored answer. Requests that were refused
leave no row: they changed nothing, and may succeed later under the same key.
"""

import hashlib
import re
import time
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import wraps
from typing import Any
from uuid import UUID

from django.db import OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response

from apps.core import sql
from apps.core.clock import now
from apps.core.errors import Refused
from apps.core.ids import uuid7
from apps.core.locks import waited_too_long

HEADER = "Idempotency-Key"
REPLAYED = "Idempotent-Replayed"
KEY = re.compile(r"[!-~]{1,255}", re.ASCII)
KEPT = timedelta(hours=24)
# A twin that finds the deed done but not yet answered looks again so often and so long.
LOOKS, PAUSE_S = 40, 0.05
SWEEP_BATCH = 10_000

CLAIM = """
WITH mine AS (
    INSERT INTO core_idempotencykey (id, actor, key, target, body_sha256, content_type, created_at)
    VALUES ($1::uuid, $2, $3, $4, $5, 'application/json', $6)
    ON CONFLICT (actor, key) DO NOTHING
    RETURNING id
)
SELECT id FROM mine
UNION ALL
SELECT id FROM core_idempotencykey WHERE actor = $2 AND key = $3
"""
FIND = """
SELECT target, body_sha256, status, answer, content_type
FROM core_idempotencykey WHERE actor = $1 AND key = $2
"""
# Inserts where no flow claimed the key; never touches the row of somebody else's attempt.
KEEP = """
INSERT INTO core_idempotencykey AS kept
    (id, actor, key, target, body_sha256, created_at, status, answer, content_type)
VALUES ($1::uuid, $2, $3, $4, $5, $6, $7, $8, $9)
ON CONFLICT (actor, key) DO UPDATE
SET status = excluded.status, answer = excluded.answer, content_type = excluded.content_type
WHERE kept.id = excluded.id
"""
# After a refusal: only if a transaction that claimed the key was committed all the same.
KEEP_IF_CLAIMED = """
UPDATE core_idempotencykey SET status = $2, answer = $3, content_type = $4 WHERE id = $1::uuid
"""
SWEEP = """
DELETE FROM core_idempotencykey WHERE id IN (
    SELECT id FROM core_idempotencykey WHERE created_at < $1::timestamptz LIMIT $2::int
) RETURNING 1
"""


class AlreadyDone(Exception):
    """Another request with this key has carried the deed out: take this attempt back."""


@dataclass
class _Attempt:
    id: UUID
    actor: str
    key: str
    target: str
    body_sha256: bytes
    at: datetime
    claimed: bool = False


_attempt: ContextVar[_Attempt | None] = ContextVar("idempotency_attempt", default=None)

View = Callable[..., HttpResponseBase]
ActorOf = Callable[[Any], str]


def user_of(request: Any) -> str:
    """The actor of a signed-in request."""
    return f"user:{request.user.pk}"


def idempotent(*, actor: ActorOf = user_of, required: bool = False) -> Callable[[View], View]:
    """Carry a request out once per actor and `Idempotency-Key`; a view function or method."""

    def wrap(view: View) -> View:
        @wraps(view)
        def wrapped(*args: Any, **kwargs: Any) -> HttpResponseBase:
            request = next(arg for arg in args if hasattr(arg, "META"))
            key = request.META.get("HTTP_IDEMPOTENCY_KEY", "")
            if not key and not required:
                return view(*args, **kwargs)
            return _once(_begin(request, key, actor(request)), lambda: view(*args, **kwargs))

        return wrapped

    return wrap


def claim() -> None:
    """Write the key of the request in hand into the open transaction; waits for a twin's.

    The first statement of a flow's transaction. Does nothing for a request without a key. Raises
    AlreadyDone when the twin has committed: it must leave the transaction, and the view.
    """
    attempt = _attempt.get()
    if attempt is None:
        return
    try:
        rows = sql.run(
            CLAIM,
            [
                attempt.id,
                attempt.actor,
                attempt.key,
                attempt.target,
                attempt.body_sha256,
                attempt.at,
            ],
        )
    except OperationalError as error:
        if waited_too_long(error):
            raise Refused(
                "IDEMPOTENCY_IN_PROGRESS",
                409,
                "The first request with this key is still running. Try again.",
                retry_after=1,
            ) from error
        raise
    # No row at all: the twin committed while this statement waited for it.
    if not rows or rows[0][0] != attempt.id:
        raise AlreadyDone
    attempt.claimed = True


def sweep(*, at: datetime, kept: timedelta = KEPT) -> int:
    """Forget the answers older than `kept`; how many there were."""
    swept = 0
    while count := len(sql.run(SWEEP, [at - kept, SWEEP_BATCH])):
        swept += count
    return swept


def _begin(request: HttpRequest, key: str, actor: str) -> _Attempt:
    if not KEY.fullmatch(key):
        raise Refused(
            "IDEMPOTENCY_KEY_MISSING" if not key else "IDEMPOTENCY_KEY_INVALID",
            400,
            f"Send the header {HEADER}: 1 to 255 visible ASCII characters, new for each deed.",
        )
    return _Attempt(
        id=uuid7(),
        actor=actor,
        key=key,
        target=f"{request.method} {request.path}",
        body_sha256=hashlib.sha256(request.body).digest(),
        at=now(),
    )


def _once(attempt: _Attempt, carry_out: Callable[[], HttpResponseBase]) -> HttpResponseBase:
    if stored := _stored(attempt):
        return stored
    token = _attempt.set(attempt)
    try:
        response = carry_out()
    except AlreadyDone:
        return _stored(attempt) or _unanswered()
    finally:
        _attempt.reset(token)
    _keep(attempt, response)
    return response


def _stored(attempt: _Attempt) -> HttpResponse | None:
    for _ in range(LOOKS):
        rows = sql.run(FIND, [attempt.actor, attempt.key])
        if not rows:
            return None
        target, body_sha256, status, answer, content_type = rows[0]
        if target != attempt.target or body_sha256 != attempt.body_sha256:
            raise Refused(
                "IDEMPOTENCY_KEY_REUSED",
                422,
                f"This {HEADER} was already used for another request. Take a new key.",
            )
        if status is not None:
            replay = HttpResponse(answer, status=status, content_type=content_type)
            replay.headers[REPLAYED] = "true"
            return replay
        time.sleep(PAUSE_S)
    return _unanswered()


def _unanswered() -> HttpResponse:
    raise Refused(
        "IDEMPOTENCY_ANSWER_PENDING",
        409,
        "This request was carried out, but its answer is not available. Read the result instead.",
        retry_after=1,
    )


def _keep(attempt: _Attempt, response: HttpResponseBase) -> None:
    refused = response.status_code >= 400
    if refused and not attempt.claimed:
        return
    if isinstance(response, Response):
        answer, content_type = JSONRenderer().render(response.data).decode(), "application/json"
    elif isinstance(response, HttpResponse):
        answer = response.content.decode()
        content_type = response.headers.get("Content-Type", "application/json")
    else:
        raise TypeError("a streamed answer can't be kept for a replay")
    status = response.status_code
    if refused:
        sql.run(KEEP_IF_CLAIMED, [attempt.id, status, answer, content_type])
        return
    sql.run(
        KEEP,
        [
            attempt.id,
            attempt.actor,
            attempt.key,
            attempt.target,
            attempt.body_sha256,
            attempt.at,
            status,
            answer,
            content_type,
        ],
    )
