"""RFC 9457: every refusal and fault of the API in one shape, with the id of its request."""

import re
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from rest_framework import exceptions

from apps.core.errors import Refused

CONTENT_TYPE = "application/problem+json"
API = "/api/"
MAX_BODY = 1024 * 1024
# Long enough to be somebody's id, and nothing in it that could forge a line of a log.
REQUEST_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{7,127}", re.ASCII)

# What stands in place of a page or of an exception's own words.
SENTENCES = {
    400: ("BAD_REQUEST", "The request can't be understood."),
    401: ("NOT_AUTHENTICATED", "Sign in, or send a valid API key."),
    403: ("FORBIDDEN", "You may not do this."),
    404: ("NOT_FOUND", "There is nothing here that you may see."),
    405: ("METHOD_NOT_ALLOWED", "This address does not take that method."),
    406: ("NOT_ACCEPTABLE", "The answer can only be JSON."),
    411: ("LENGTH_REQUIRED", "Send the body with a Content-Length, not in chunks."),
    413: ("BODY_TOO_LARGE", "The body is larger than this address takes."),
    415: ("MEDIA_TYPE_UNSUPPORTED", "Send the body as application/json."),
    429: ("TOO_MANY_REQUESTS", "Too many requests: wait, then try again."),
    500: (
        "SERVER_ERROR",
        "Something went wrong on our side. Try again, or tell us the request id.",
    ),
    503: ("UNAVAILABLE", "We can't answer right now. Try again in a moment."),
}
CODES: dict[type[Exception], str] = {
    exceptions.ValidationError: "VALIDATION_FAILED",
    exceptions.ParseError: "BODY_UNREADABLE",
    exceptions.AuthenticationFailed: "AUTHENTICATION_FAILED",
    exceptions.NotAuthenticated: "NOT_AUTHENTICATED",
}


def problem(
    request: HttpRequest,
    *,
    code: str,
    status: int,
    detail: str,
    errors: Mapping[str, Sequence[str]] | None = None,
    more: Mapping[str, Any] | None = None,
) -> JsonResponse:
    """A problem+json answer; `errors` are messages by field, `more` are members of its own."""
    body: dict[str, Any] = {
        "type": f"urn:otcrisk:problem:{code.lower().replace('_', '-')}",
        "title": _phrase(status),
        "status": status,
        "code": code,
        "detail": detail,
        "request_id": request_id(request),
    }
    if errors:
        body["errors"] = {field: list(messages) for field, messages in errors.items()}
    body |= more or {}
    return JsonResponse(body, status=status, content_type=CONTENT_TYPE)


def refusal(
    request: HttpRequest, refused: Refused, more: Mapping[str, Any] | None = None
) -> JsonResponse:
    """The answer that a Refused becomes."""
    answer = problem(
        request,
        code=refused.code,
        status=refused.status,
        detail=refused.detail,
        errors=refused.fields,
        more=more,
    )
    if refused.retry_after is not None:
        answer["Retry-After"] = str(refused.retry_after)
    return answer


def request_id(request: HttpRequest) -> str:
    """The id under which logs, events and answers of this request are found."""
    found: str | None = getattr(request, "request_id", None)
    return found or ""


def exception_handler(exc: Exception, context: Mapping[str, Any]) -> HttpResponse | None:
    """DRF's exception handler: expected errors become problems, faults stay faults."""
    request: HttpRequest = context["request"]
    if isinstance(exc, Refused):
        return refusal(request, exc)
    if isinstance(exc, Http404):
        return _of_status(request, 404)
    if isinstance(exc, PermissionDenied):
        return _of_status(request, 403)
    if not isinstance(exc, exceptions.APIException):
        return None
    status = exc.status_code
    if isinstance(exc, exceptions.NotAuthenticated | exceptions.AuthenticationFailed):
        # DRF says 403 where the first way to authenticate has no header to ask for.
        status = 401
    code, sentence = _of_kind(exc, status)
    errors = None
    if isinstance(exc, exceptions.ValidationError):
        errors = _by_field(exc.detail)
        sentence = "Some fields need attention."
    elif status < 500 and isinstance(exc.detail, str) and not isinstance(exc, exceptions.NotFound):
        sentence = str(exc.detail)
    answer = problem(request, code=code, status=status, detail=sentence, errors=errors)
    if status == 401:
        answer["WWW-Authenticate"] = getattr(exc, "auth_header", None) or 'Bearer realm="api"'
    if wait := getattr(exc, "wait", None):
        answer["Retry-After"] = str(int(wait))
    return answer


class ProblemMiddleware:
    """Gives each request its id, bounds the API's bodies, and words its errors as problems.

    Stands before django-structlog's middleware, which binds the same id to the log. A view that
    takes larger bodies says so with an attribute `max_body` (bytes) on itself or its class.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        given = request.META.get("HTTP_X_REQUEST_ID", "")
        own = given if REQUEST_ID.fullmatch(given) else str(uuid4())
        request.META["HTTP_X_REQUEST_ID"] = own
        request.request_id = own  # type: ignore[attr-defined]
        response = self.get_response(request)
        if response.status_code >= 400 and _is_api(request) and _is_page(response):
            response = _worded(request, response)
        response.headers["X-Request-ID"] = own
        return response

    def process_view(
        self, request: HttpRequest, view: Any, args: Sequence[Any], kwargs: Mapping[str, Any]
    ) -> HttpResponse | None:
        if not _is_api(request):
            return None
        length = request.META.get("CONTENT_LENGTH") or ""
        if not length and request.META.get("HTTP_TRANSFER_ENCODING"):
            # Django would read a body in chunks as an empty one.
            return _of_status(request, 411)
        if length.isdecimal() and int(length) > _max_body(view):
            return problem(
                request,
                code="BODY_TOO_LARGE",
                status=413,
                detail=f"The body may have at most {_max_body(view):,} bytes.",
            )
        return None

    def process_exception(self, request: HttpRequest, exc: Exception) -> HttpResponse | None:
        if not _is_api(request):
            return None
        if isinstance(exc, Refused):
            return refusal(request, exc)
        if isinstance(exc, RequestDataTooBig):
            return _of_status(request, 413)
        return None


def _is_api(request: HttpRequest) -> bool:
    return request.path_info.startswith(API)


def _is_page(response: HttpResponseBase) -> bool:
    return response.headers.get("Content-Type", "").startswith("text/")


def _worded(request: HttpRequest, response: HttpResponseBase) -> HttpResponse:
    answer = _of_status(request, response.status_code)
    for name, value in response.headers.items():
        if name not in ("Content-Type", "Content-Length"):
            answer.headers[name] = value
    answer.cookies = response.cookies
    response.close()
    return answer


def _of_status(request: HttpRequest, status: int) -> JsonResponse:
    code, sentence = SENTENCES.get(status, SENTENCES[500 if status >= 500 else 400])
    return problem(request, code=code, status=status, detail=sentence)


def _of_kind(exc: Exception, status: int) -> tuple[str, str]:
    code, sentence = SENTENCES.get(status, SENTENCES[500 if status >= 500 else 400])
    return CODES.get(type(exc), code), sentence


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Error"


def _max_body(view: Any) -> int:
    holder = getattr(view, "view_class", None) or getattr(view, "cls", None) or view
    limit = getattr(holder, "max_body", None)
    return getattr(settings, "API_MAX_BODY", MAX_BODY) if limit is None else limit


def _by_field(detail: Any, path: str = "") -> dict[str, list[str]]:
    """DRF's nested details as one level: {"items.0.amount": ["…"]}; "body" is the whole."""
    if isinstance(detail, Mapping):
        found: dict[str, list[str]] = {}
        for name, inner in detail.items():
            at = path if name == "non_field_errors" else f"{path}.{name}".lstrip(".")
            for field, messages in _by_field(inner, at).items():
                found.setdefault(field, []).extend(messages)
        return found
    if isinstance(detail, list):
        if all(isinstance(item, str) for item in detail):
            return {path or "body": [str(item) for item in detail]}
        return _by_field(dict(enumerate(detail)), path)
    return {path or "body": [str(detail)]}
