"""The API's document, with what DRF can't know: the plain view, the key, and problems."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import build_object_type
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api import schema_desk
from apps.api.act_body import ActBody
from apps.api.v1.base import IntegratorView
from apps.api.v1.serializers import DecisionOut

PROBLEM = "Problem"
IDEMPOTENT = {"lift_restriction", "register_device", "add_webhook", "test_webhook"}

WORDS = {
    "400": "The body can't be read, or a field stands twice in it.",
    "401": "No API key or session, or one that has ended.",
    "403": "The key lacks the scope, or you may not do this now.",
    "404": "There is nothing here that you may see.",
    "405": "This address does not take that method.",
    "406": "The answer can only be JSON.",
    "409": "It can't be done in the present state.",
    "411": "The body has no Content-Length.",
    "413": "The body is too large.",
    "415": "The body has another media type.",
    "422": "Some fields need attention.",
    "429": "Too many requests: see Retry-After.",
    "500": "A fault on our side.",
    "503": "We can't answer right now: see Retry-After.",
}
ALWAYS = ("401", "403", "406", "429", "500", "503")
WITH_BODY = ("400", "409", "411", "413", "415", "422")


class Decide(IntegratorView):
    """Describes the plain view of POST /decisions, and is never called."""

    max_body = 32 * 1024

    @extend_schema(
        operation_id="decide",
        summary="Ask for a decision on an act",
        description="Needs the scope decisions:write. Judges the act, records it and carries the "
        "decision out. The same id sent again gets the same answer, with the header "
        "Idempotent-Replayed: true.",
        request={"application/json": {"$ref": "#/components/schemas/Act"}},
        responses=DecisionOut,
    )
    def post(self, request: Request) -> Response:
        raise NotImplementedError


class ApiKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "apps.api.keys.ApiKeyAuthentication"
    name = "apiKey"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        return {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "otc_live_…",
            "description": "An API key of yours; its scopes say what it may do.",
        }


def complete(result: dict[str, Any], generator: Any, **_: Any) -> dict[str, Any]:
    """Add the plain view, the idempotency header and every answer that is a problem."""
    schemas = result["components"]["schemas"]
    schemas[PROBLEM] = _problem()
    body = ActBody.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas |= body.pop("$defs")
    schemas["Act"] = body
    result["components"]["responses"] = {
        f"{PROBLEM}{code}": {
            "description": words,
            "content": {
                "application/problem+json": {"schema": {"$ref": f"#/components/schemas/{PROBLEM}"}}
            },
        }
        for code, words in WORDS.items()
    }
    for path, methods in result["paths"].items():
        for method, operation in methods.items():
            _answers(path, method, operation)
            schema_desk.complete(path, method, operation)
    result["tags"] = schema_desk.TAGS
    result["paths"] = dict(sorted(result["paths"].items()))
    result["components"]["schemas"] = dict(sorted(schemas.items()))
    return result


def _answers(path: str, method: str, operation: dict[str, Any]) -> None:
    responses = operation["responses"]
    codes = [*ALWAYS, *(("404",) if "{" in path or method == "get" else ())]
    codes += WITH_BODY if method in ("post", "put", "patch") else ("422",)
    for code in sorted(codes):
        responses.setdefault(code, {"$ref": f"#/components/responses/{PROBLEM}{code}"})
    if body := operation.get("requestBody"):
        body["required"] = True
    if operation["operationId"] in IDEMPOTENT:
        operation.setdefault("parameters", []).append(
            {
                "name": "Idempotency-Key",
                "in": "header",
                "description": "New for each deed: a request repeated under it is done once.",
                "schema": {"type": "string", "minLength": 1, "maxLength": 255},
            }
        )


def _problem() -> dict[str, Any]:
    text = {"type": "string"}
    return build_object_type(
        properties={
            "type": text,
            "title": text,
            "status": {"type": "integer"},
            "code": {"type": "string", "description": "Stable machine code."},
            "detail": {"type": "string", "description": "A sentence to act on."},
            "request_id": text,
            "errors": {
                "type": "object",
                "description": "Messages by field.",
                "additionalProperties": {"type": "array", "items": text},
            },
            "confirm": {
                "type": "object",
                "description": "CONFIRM_IDENTITY: where to show again who you are.",
                "properties": {
                    "with": {"type": "string", "enum": ["SECOND_FACTOR", "PASSWORD"]},
                    "url": text,
                },
                "required": ["with", "url"],
            },
        },
        required=["type", "title", "status", "code", "detail", "request_id"],
        description="What went wrong (RFC 9457).",
    )
