"""Whatever goes wrong in the API is told in one shape, and a fault tells nothing."""

import json
import logging
import pickle
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.test import Client
from django.urls import path
from django.views.decorators.http import require_GET
from pytest_django import Settings
from rest_framework import exceptions, serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.core.errors import Refused

pytestmark = pytest.mark.urls(__name__)

SECRET = "postgresql://otcrisk:hunter2@db"
REFUSED = Refused(
    "LIMIT_REACHED",
    403,
    "You can sell again tomorrow.",
    {"amount": ["At most 500 USD."]},
    retry_after=60,
)
RAISED: dict[str, Exception] = {
    "refused": REFUSED,
    "missing": Http404(SECRET),
    "forbidden": PermissionDenied(SECRET),
    "fault": RuntimeError(SECRET),
    "unread": exceptions.ParseError("JSON parse error - line 1"),
    "unsigned": exceptions.NotAuthenticated(),
    "wrong-key": exceptions.AuthenticationFailed("This key was revoked."),
    "throttled": exceptions.Throttled(wait=3.2),
    "drf-missing": exceptions.NotFound(SECRET),
    "drf-fault": exceptions.APIException(SECRET),
}


def plain(request: HttpRequest, what: str) -> HttpResponse:
    raise RAISED[what]


@require_GET
def get_only(request: HttpRequest) -> HttpResponse:
    return JsonResponse({"read": len(request.body)})


def own_words(request: HttpRequest) -> HttpResponse:
    return JsonResponse({"mine": True}, status=409)


def echo(request: HttpRequest) -> HttpResponse:
    return JsonResponse({"read": len(request.body)})


def roomy(request: HttpRequest) -> HttpResponse:
    return echo(request)


roomy.max_body = 2_000  # type: ignore[attr-defined]


class Item(serializers.Serializer[Any]):
    amount = serializers.DecimalField(max_digits=10, decimal_places=2)


class Order(serializers.Serializer[Any]):
    ad = serializers.IntegerField()
    items = Item(many=True)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs["ad"] == 0:
            raise serializers.ValidationError("This ad is closed.")
        return attrs


class Rest(APIView):
    authentication_classes = ()
    permission_classes = ()

    def get(self, request: Any, what: str) -> Response:
        raise RAISED[what]

    def post(self, request: Any, what: str) -> Response:
        order = Order(data=request.data)
        order.is_valid(raise_exception=True)
        return Response(order.data)


urlpatterns = [
    path("api/plain/<what>", plain),
    path("api/rest/<what>", Rest.as_view()),
    path("api/get-only", get_only),
    path("api/own-words", own_words),
    path("api/echo", echo),
    path("api/roomy", roomy),
    path("page/<what>", plain),
    path("page", echo),
]


@pytest.fixture
def client(settings: Settings) -> Client:
    settings.MIDDLEWARE = ["apps.core.problems.ProblemMiddleware"]
    settings.API_MAX_BODY = 1_000
    logging.getLogger("django.request").setLevel(logging.CRITICAL)
    return Client(raise_request_exception=False)


def problem(response: Any) -> dict[str, Any]:
    assert response.headers["Content-Type"] == "application/problem+json"
    body: dict[str, Any] = json.loads(response.content)
    assert body["status"] == response.status_code
    assert body["request_id"] == response.headers["X-Request-ID"]
    assert SECRET not in response.content.decode()
    assert set(body) - {"errors"} == {"type", "title", "status", "code", "detail", "request_id"}
    return body


@pytest.mark.parametrize("kind", ["plain", "rest"])
def test_a_refusal_is_told_with_its_own_words(client: Client, kind: str) -> None:
    response = client.get(f"/api/{kind}/refused")
    body = problem(response)
    assert body["type"] == "urn:otcrisk:problem:limit-reached"
    assert (body["code"], body["status"]) == ("LIMIT_REACHED", 403)
    assert body["title"] == "Forbidden"
    assert body["detail"] == "You can sell again tomorrow."
    assert body["errors"] == {"amount": ["At most 500 USD."]}
    assert response.headers["Retry-After"] == "60"


@pytest.mark.parametrize(
    ("address", "status", "code"),
    [
        ("plain/missing", 404, "NOT_FOUND"),
        ("rest/missing", 404, "NOT_FOUND"),
        ("rest/drf-missing", 404, "NOT_FOUND"),
        ("nowhere", 404, "NOT_FOUND"),
        ("plain/forbidden", 403, "FORBIDDEN"),
        ("rest/forbidden", 403, "FORBIDDEN"),
        ("plain/fault", 500, "SERVER_ERROR"),
        ("rest/fault", 500, "SERVER_ERROR"),
        ("rest/drf-fault", 500, "SERVER_ERROR"),
        ("rest/unread", 400, "BODY_UNREADABLE"),
        ("rest/unsigned", 401, "NOT_AUTHENTICATED"),
        ("rest/wrong-key", 401, "AUTHENTICATION_FAILED"),
        ("rest/throttled", 429, "TOO_MANY_REQUESTS"),
    ],
)
def test_every_error_has_a_code_and_leaks_nothing(
    client: Client, address: str, status: int, code: str
) -> None:
    body = problem(client.get(f"/api/{address}"))
    assert (body["status"], body["code"]) == (status, code)
    assert body["detail"].endswith(".") or code == "BODY_UNREADABLE"


@pytest.mark.parametrize("debug", [True, False])
def test_not_even_debugging_shows_a_fault_to_the_api(
    client: Client, settings: Settings, debug: bool
) -> None:
    settings.DEBUG = debug
    assert problem(client.get("/api/plain/fault"))["code"] == "SERVER_ERROR"


def test_an_unknown_caller_is_told_how_to_sign_in_and_a_fast_one_when_to_return(
    client: Client,
) -> None:
    assert client.get("/api/rest/unsigned").headers["WWW-Authenticate"] == 'Bearer realm="api"'
    assert client.get("/api/rest/throttled").headers["Retry-After"] == "4"


def test_a_wrong_method_names_the_right_ones(client: Client) -> None:
    response = client.post("/api/get-only")
    assert problem(response)["code"] == "METHOD_NOT_ALLOWED"
    assert response.headers["Allow"] == "GET"
    assert problem(client.put("/api/rest/refused"))["code"] == "METHOD_NOT_ALLOWED"


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({"items": []}, {"ad": ["This field is required."]}),
        (
            {"ad": "x", "items": [{"amount": "1"}, {"amount": "much"}]},
            {
                "ad": ["A valid integer is required."],
                "items.1.amount": ["A valid number is required."],
            },
        ),
        ({"ad": 0, "items": []}, {"body": ["This ad is closed."]}),
    ],
)
def test_each_wrong_field_is_named_by_its_path(
    client: Client, body: dict[str, Any], errors: dict[str, list[str]]
) -> None:
    response = client.post("/api/rest/order", body, content_type="application/json")
    told = problem(response)
    assert (told["status"], told["code"]) == (400, "VALIDATION_FAILED")
    assert told["errors"] == errors


def test_text_that_is_not_json_and_types_that_are_not_taken(client: Client) -> None:
    broken = client.post("/api/rest/order", "{", content_type="application/json")
    assert problem(broken)["code"] == "BODY_UNREADABLE"
    form = client.post("/api/rest/order", "a=1", content_type="application/x-www-form-urlencoded")
    assert problem(form)["code"] == "MEDIA_TYPE_UNSUPPORTED"


def test_an_answer_that_is_json_already_stays_as_it_is(client: Client) -> None:
    response = client.get("/api/own-words")
    assert response.json() == {"mine": True}
    assert response.headers["X-Request-ID"]


def test_pages_keep_their_own_errors(client: Client) -> None:
    response = client.get("/page/missing")
    assert response.status_code == 404
    assert response.headers["Content-Type"].startswith("text/html")


def test_a_body_too_large_is_refused_unread(client: Client) -> None:
    class Unread:
        def read(self, *_: Any) -> bytes:
            raise AssertionError("the body was read")

        readline = read

    answer = client.generic(
        "POST", "/api/echo", CONTENT_LENGTH="10000000", **{"wsgi.input": Unread()}
    )
    told = problem(answer)
    assert (told["status"], told["code"]) == (413, "BODY_TOO_LARGE")
    assert "1,000 bytes" in told["detail"]


def test_a_view_may_take_more_and_pages_have_their_own_limit(client: Client) -> None:
    def read(address: str, size: int) -> Any:
        return client.post(address, b"x" * size, content_type="application/octet-stream")

    assert read("/api/echo", 1_000).json() == {"read": 1_000}
    assert read("/api/echo", 1_001).status_code == 413
    assert read("/api/roomy", 2_000).json() == {"read": 2_000}
    assert problem(read("/api/roomy", 2_001))["code"] == "BODY_TOO_LARGE"
    assert read("/page", 5_000).json() == {"read": 5_000}


def test_what_django_finds_too_large_is_told_the_same_way(
    client: Client, settings: Settings
) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 500
    response = client.post("/api/echo", b"x" * 600, content_type="application/octet-stream")
    assert problem(response)["code"] == "BODY_TOO_LARGE"


def test_a_body_in_chunks_is_refused_rather_than_read_as_empty(client: Client) -> None:
    response = client.generic(
        "POST", "/api/echo", HTTP_TRANSFER_ENCODING="chunked", CONTENT_LENGTH=""
    )
    assert (response.status_code, problem(response)["code"]) == (411, "LENGTH_REQUIRED")


@pytest.mark.parametrize("given", ["0190a1b2-7c3d-7e4f-8a5b-6c7d8e9f0a1b", "req_is_8.chars-long"])
def test_an_id_that_looks_like_one_is_kept(client: Client, given: str) -> None:
    response = client.get("/api/plain/refused", headers={"X-Request-ID": given})
    assert problem(response)["request_id"] == given


@pytest.mark.parametrize("given", ["", "short", "a" * 129, "eight chars", 'x"><script>alert(1)'])
def test_anything_else_gets_an_id_of_ours(client: Client, given: str) -> None:
    response = client.get("/api/plain/refused", headers={"X-Request-ID": given})
    assert problem(response)["request_id"] not in ("", given)


def test_a_refusal_survives_the_way_through_a_queue() -> None:
    back = pickle.loads(pickle.dumps(REFUSED))
    assert (back.code, back.status, back.detail) == (REFUSED.code, 403, REFUSED.detail)
    assert (back.fields, back.retry_after) == (REFUSED.fields, 60)
    assert str(back) == "LIMIT_REACHED: You can sell again tomorrow."
