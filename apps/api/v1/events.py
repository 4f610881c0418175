"""POST /events: acts by the thousand, as NDJSON, recorded without a decision."""

from collections.abc import Mapping
from typing import IO, Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api import acts
from apps.api.act_body import parse
from apps.api.v1.base import IntegratorView
from apps.api.v1.serializers import RecordedOut
from apps.core import clock
from apps.core.errors import Refused
from apps.events.act import Act
from apps.flows import ingest
from apps.users.models import Scope

NDJSON = "application/x-ndjson"
MOST_LINES = 1000
MOST_BYTES = 2 * 1024 * 1024
LONGEST_LINE = 32 * 1024


class LineParser(BaseParser):
    """The body as its lines: each is parsed, and refused, on its own."""

    media_type = NDJSON

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        lines = enumerate(stream.read().split(b"\n"), 1)
        return [(number, line) for number, line in lines if line.strip()]


class Events(IntegratorView):
    """Counts what happened, and asks nothing."""

    scopes = {"POST": Scope.EVENTS_WRITE}
    parser_classes = [LineParser]
    max_body = MOST_BYTES

    @extend_schema(
        operation_id="record_events",
        summary="Record acts without a decision",
        description="Needs the scope events:write. One act per line, up to 1,000 lines and 2 MB, "
        "none older than 2 days. Each line is recorded wholly or not at all; with `atomic=true` so "
        "is the batch.",
        request={NDJSON: OpenApiTypes.STR},
        parameters=[
            OpenApiParameter(
                "atomic", OpenApiTypes.BOOL, description="Any line refused: record nothing."
            )
        ],
        responses=RecordedOut,
    )
    def post(self, request: Request) -> Response:
        lines: Any = request.data
        if not isinstance(lines, list) or not 1 <= len(lines) <= MOST_LINES:
            raise Refused(
                "BATCH_SIZE", status=422, detail=f"Send 1 to {MOST_LINES:,} lines, one act each."
            )
        atomic = _flag(request.query_params.get("atomic", "false"))
        found, rejected = self._acts(lines)
        if atomic and rejected:
            raise _batch(rejected)
        recorded = ingest.record([act for _, act in found], atomic=atomic)
        for place in recorded.conflicts:
            number, act = found[place]
            why = "This id was already sent with another body. Use a new id for a new act."
            rejected.append(_rejected(number, act.ref, Refused("EVENT_ID_REUSED", 422, why)))
        rejected.sort(key=lambda one: one["line"])
        if atomic and rejected:
            raise _batch(rejected)
        return Response(
            {
                "accepted": recorded.accepted,
                "duplicates": recorded.duplicates,
                "rejected": rejected,
            }
        )

    def _acts(
        self, lines: list[tuple[int, bytes]]
    ) -> tuple[list[tuple[int, Act]], list[dict[str, Any]]]:
        found, rejected = [], []
        at = clock.now()
        for number, line in lines:
            ref = None
            try:
                if len(line) > LONGEST_LINE:
                    raise Refused("LINE_TOO_LONG", 422, f"At most {LONGEST_LINE:,} bytes, please.")
                body = parse(line)
                ref = body.id
                act = acts.act_of(body, client=self.client, at=at, request_id=self.request_id)
                acts.refuse_ahead(act)
                acts.refuse_late(act, oldest=acts.event_age())
                found.append((number, act))
            except Refused as fault:
                rejected.append(_rejected(number, ref, fault))
        return found, rejected


def _rejected(number: int, ref: str | None, fault: Refused) -> dict[str, Any]:
    told: dict[str, Any] = {
        "line": number,
        "id": ref,
        "code": fault.code,
        "detail": fault.detail,
    }
    return told | ({"errors": fault.fields} if fault.fields else {})


def _batch(rejected: list[dict[str, Any]]) -> Refused:
    return Refused(
        "BATCH_REJECTED",
        status=422,
        detail=f"{len(rejected)} lines were refused, so nothing was recorded.",
        fields={
            f"line {one['line']}": [f"{one['code']}: {one['detail']}"] for one in rejected[:100]
        },
    )


def _flag(text: str) -> bool:
    if text not in ("true", "false"):
        raise Refused(
            "VALIDATION_FAILED",
            status=422,
            detail="Some fields need attention.",
            fields={"atomic": ["Write true or false."]},
        )
    return text == "true"
