"""The half of the API's document that is about people: who they are, deeds, polling, examples."""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema

from apps.core.idempotency import HEADER

DESK, INTEGRATORS = "Desk", "Integrators"
TAGS = [
    {"name": DESK, "description": "For people, with their session: docs/mobile.md."},
    {"name": INTEGRATORS, "description": "For exchanges, with their API key: docs/api.md."},
]
#: Real requests and answers by operation: tests/phones.py writes down what the stories heard.
EXAMPLES = Path(__file__).parent / "v1" / "desk" / "examples.json"
TOKEN, COOKIE = "sessionToken", "browserSession"


class SessionTokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "apps.users.authentication.SessionTokenAuthentication"
    name = TOKEN

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        return {
            "type": "apiKey",
            "in": "header",
            "name": "X-Session-Token",
            "description": "What POST /_allauth/app/v1/auth/login gave your app.",
        }


class BrowserSessionScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "apps.users.authentication.BrowserSessionAuthentication"
    name = COOKIE

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        return {
            "type": "apiKey",
            "in": "cookie",
            "name": "sessionid",
            "description": "A browser that is signed in; other than GET also needs X-CSRFToken.",
        }


def complete(path: str, method: str, operation: dict[str, Any]) -> None:
    """Say whose it is; of the desk's: that a deed needs a key, that a read may be 304, examples."""
    is_desk = any(TOKEN in one for one in operation.get("security", []))
    operation["tags"] = [DESK if is_desk else INTEGRATORS]
    if not is_desk:
        return
    # What a body names may be as little there as what an address names.
    operation["responses"].setdefault("404", {"$ref": "#/components/responses/Problem404"})
    if f"{method} {path}" in _deeds():
        operation.setdefault("parameters", []).append(
            {
                "name": HEADER,
                "in": "header",
                "required": True,
                "description": "New for each deed: a request repeated under it is done once.",
                "schema": {"type": "string", "minLength": 1, "maxLength": 255},
            }
        )
    if method == "get":
        operation.setdefault("parameters", []).append(
            {
                "name": "If-None-Match",
                "in": "header",
                "description": "The ETag of the answer that you have: 304 while it is the same.",
                "schema": {"type": "string"},
            }
        )
        operation["responses"]["304"] = {"description": "What you have is what there is."}
    operation["responses"] = dict(sorted(operation["responses"].items()))
    _show(operation)


def _show(operation: dict[str, Any]) -> None:
    shown = _examples().get(operation["operationId"], {})
    body = operation.get("requestBody", {}).get("content", {}).get("application/json")
    if body and "request" in shown:
        body["example"] = shown["request"]
    for code, answer in shown.get("responses", {}).items():
        content = operation["responses"].get(code, {}).get("content", {})
        if "application/json" in content:
            content["application/json"]["example"] = answer


@cache
def _examples() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(EXAMPLES.read_text()) if EXAMPLES.exists() else {}
    return found


@cache
def _deeds() -> frozenset[str]:
    # The views import the document's description of the hot endpoint.
    from apps.api.v1.desk.urls import urlpatterns

    found = set()
    for one in urlpatterns:
        address = "/api/v1/" + re.sub(r"<\w+:(\w+)>", r"{\1}", str(one.pattern))
        view = one.callback.view_class  # type: ignore[attr-defined]
        for method in ("post", "put", "patch", "delete"):
            if getattr(getattr(view, method, None), "is_deed", False):
                found.add(f"{method} {address}")
    return frozenset(found)
