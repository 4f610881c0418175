"""A request sent twice is carried out once, whatever happens in between."""

import json
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine
from django.db import connection, transaction
from django.http import HttpResponseBase, JsonResponse
from django.test import RequestFactory
from pytest_django import DjangoAssertNumQueries
from rest_framework.response import Response
from rest_framework.test import APIRequestFactory
from rest_framework.views import APIView

from apps.core import idempotency, sql
from apps.core.errors import Refused
from apps.core.idempotency import AlreadyDone, claim, idempotent
from apps.core.models import IdempotencyKey

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)

Deed = Callable[[], HttpResponseBase]


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test waits two seconds for an answer that never comes."""
    monkeypatch.setattr(idempotency, "LOOKS", 3)


class Desk:
    """A view and how often its deed was done."""

    def __init__(self) -> None:
        self.done = 0
        self.deed: Deed = self.open_order

    def open_order(self) -> HttpResponseBase:
        with transaction.atomic():
            claim()
            self.done += 1
        return JsonResponse({"order": self.done, "amount": "10.00"}, status=201)

    def post(
        self, key: str | None = "k1", body: str = "{}", user: int = 1, path: str = "/api/orders"
    ) -> HttpResponseBase:
        headers = {} if key is None else {"Idempotency-Key": key}
        request = RequestFactory().post(path, body, "application/json", headers=headers)
        request.user = SimpleNamespace(pk=user)

        @idempotent()
        def view(request: Any) -> HttpResponseBase:
            return self.deed()

        return view(request)


@pytest.fixture
def desk() -> Desk:
    return Desk()


def content(response: Any) -> bytes:
    return bytes(response.content)


def refused(call: Callable[[], Any]) -> Refused:
    with pytest.raises(Refused) as caught:
        call()
    return caught.value


@pytest.mark.django_db
def test_the_second_request_gets_the_first_answer_to_the_byte(desk: Desk) -> None:
    first, second = desk.post(), desk.post()
    assert desk.done == 1
    assert content(second) == content(first)
    assert second.status_code == first.status_code == 201
    assert second.headers["Content-Type"] == "application/json"
    assert "Idempotent-Replayed" not in first.headers
    assert second.headers["Idempotent-Replayed"] == "true"


@pytest.mark.django_db
def test_another_key_another_person_or_none_is_another_deed(desk: Desk) -> None:
    desk.post()
    desk.post(key="k2")
    desk.post(user=2)
    desk.post(key=None)
    desk.post(key=None)
    assert desk.done == 5


@pytest.mark.django_db
@pytest.mark.parametrize("other", [{"body": '{"amount": 2}'}, {"path": "/api/withdrawals"}])
def test_a_key_used_for_another_request_is_refused(desk: Desk, other: dict[str, str]) -> None:
    desk.post()
    refusal = refused(lambda: desk.post(**other))
    assert (refusal.code, refusal.status) == ("IDEMPOTENCY_KEY_REUSED", 422)
    assert desk.done == 1


@pytest.mark.django_db
@pytest.mark.parametrize("key", ["a b", "a" * 256, "schlüssel"])
def test_a_key_is_visible_ascii_of_bounded_length(desk: Desk, key: str) -> None:
    assert refused(lambda: desk.post(key=key)).code == "IDEMPOTENCY_KEY_INVALID"
    assert desk.done == 0


@pytest.mark.django_db
def test_a_view_may_require_a_key() -> None:
    request = RequestFactory().post("/api/orders")
    request.user = SimpleNamespace(pk=1)
    view = idempotent(required=True)(lambda request: JsonResponse({}))
    assert refused(lambda: view(request)).code == "IDEMPOTENCY_KEY_MISSING"


@pytest.mark.django_db
def test_a_refused_request_may_succeed_later_under_its_key(desk: Desk) -> None:
    def refuse() -> HttpResponseBase:
        with transaction.atomic():
            claim()
            raise Refused("STEP_UP", 403)

    desk.deed = refuse
    assert refused(desk.post).code == "STEP_UP"
    assert IdempotencyKey.objects.count() == 0
    desk.deed = desk.open_order
    assert desk.post().status_code == 201


@pytest.mark.django_db
def test_a_refusal_that_left_a_deed_behind_is_replayed(desk: Desk) -> None:
    def record_failure() -> HttpResponseBase:
        with transaction.atomic():
            claim()
            desk.done += 1
        return JsonResponse({"code": "WRONG_PASSWORD"}, status=401)

    desk.deed = record_failure
    assert desk.post().status_code == 401
    assert desk.post().status_code == 401
    assert desk.done == 1


@pytest.mark.django_db
def test_a_fault_that_took_the_deed_back_leaves_the_key_free(desk: Desk) -> None:
    def fail() -> HttpResponseBase:
        with transaction.atomic():
            claim()
            raise ZeroDivisionError

    desk.deed = fail
    with pytest.raises(ZeroDivisionError):
        desk.post()
    desk.deed = desk.open_order
    assert desk.post().status_code == 201


@pytest.mark.django_db
def test_a_deed_whose_answer_was_lost_is_never_repeated(desk: Desk) -> None:
    def die_after_commit() -> HttpResponseBase:
        desk.open_order()
        raise ZeroDivisionError

    desk.deed = die_after_commit
    with pytest.raises(ZeroDivisionError):
        desk.post()
    desk.deed = desk.open_order
    refusal = refused(desk.post)
    assert (refusal.code, refusal.status) == ("IDEMPOTENCY_ANSWER_PENDING", 409)
    assert desk.done == 1


@pytest.mark.django_db
def test_a_deed_of_two_transactions_claims_its_key_in_each(desk: Desk) -> None:
    def twice() -> HttpResponseBase:
        desk.open_order()
        return desk.open_order()

    desk.deed = twice
    assert json.loads(content(desk.post()))["order"] == 2
    assert json.loads(content(desk.post()))["order"] == 2


@pytest.mark.django_db
def test_an_answer_nobody_claimed_is_kept_right_after(desk: Desk) -> None:
    def unclaimed() -> HttpResponseBase:
        desk.done += 1
        return JsonResponse({"order": desk.done})

    desk.deed = unclaimed
    assert content(desk.post()) == content(desk.post())
    assert desk.done == 1


@pytest.mark.django_db
def test_of_two_unclaimed_twins_the_first_answer_stays(desk: Desk) -> None:
    twin = Desk()
    twin.deed = lambda: JsonResponse({"who": "first to answer"})

    def overtaken() -> HttpResponseBase:
        twin.post()
        return JsonResponse({"who": "second to answer"})

    desk.deed = overtaken
    desk.post()
    assert json.loads(content(desk.post())) == {"who": "first to answer"}


@pytest.mark.django_db
def test_outside_of_a_request_claiming_does_nothing(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    with django_assert_num_queries(0):
        claim()


@pytest.mark.django_db
def test_a_first_request_costs_three_statements(
    desk: Desk, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(5):  # with the savepoint around the deed
        desk.post()
    with django_assert_num_queries(1):
        desk.post()


class Rest(APIView):
    authentication_classes = ()
    permission_classes = ()
    done = 0

    @idempotent(actor=lambda request: "client:acme")
    def post(self, request: Any) -> Response:
        Rest.done += 1
        return Response({"order": Rest.done, "sent": request.data}, status=201)


@pytest.mark.django_db
def test_a_rest_view_reads_its_body_and_is_replayed() -> None:
    def post() -> Any:
        headers = {"Idempotency-Key": "k1"}
        request = APIRequestFactory().post("/o", {"a": "1"}, format="json", headers=headers)
        return Rest.as_view()(request).render() if not Rest.done else Rest.as_view()(request)

    first, second = post(), post()
    assert json.loads(first.content) == {"order": 1, "sent": {"a": "1"}}
    assert second.content == first.content
    assert IdempotencyKey.objects.get().actor == "client:acme"


@pytest.mark.django_db
def test_keys_are_forgotten_after_a_day(desk: Desk) -> None:
    with time_machine.travel(NOON, tick=False):
        desk.post()
    with time_machine.travel(NOON + timedelta(hours=2), tick=False):
        desk.post(key="k2")
    assert idempotency.sweep(at=NOON + timedelta(hours=25)) == 1
    assert [row.key for row in IdempotencyKey.objects.all()] == ["k2"]


@pytest.fixture
def threads() -> Callable[..., list[Any]]:
    """Run functions side by side; what each returned or raised."""

    def run(*functions: Callable[[], Any]) -> list[Any]:
        found: list[Any] = [None] * len(functions)

        def one(at: int) -> None:
            try:
                found[at] = functions[at]()
            except Exception as error:
                found[at] = error
            finally:
                connection.close()

        running = [threading.Thread(target=one, args=(at,)) for at in range(len(functions))]
        for thread in running:
            thread.start()
        for thread in running:
            thread.join(timeout=30)
        return found

    return run


@pytest.mark.django_db(transaction=True)
def test_twins_at_the_same_moment_are_one_deed(
    desk: Desk, threads: Callable[..., list[Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(idempotency, "LOOKS", 200)
    first_holds, twin_waits = threading.Event(), threading.Event()

    def slow() -> HttpResponseBase:
        with transaction.atomic():
            claim()
            first_holds.set()
            twin_waits.wait(10)
            desk.done += 1
        return JsonResponse({"order": desk.done}, status=201)

    def first() -> HttpResponseBase:
        desk.deed = slow
        return desk.post()

    def twin() -> HttpResponseBase:
        first_holds.wait(10)
        return desk.post()

    def release() -> None:
        # Not before the twin really waits for the first one's transaction.
        first_holds.wait(10)
        for _ in range(400):
            waiting = sql.run(
                "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' "
                "AND datname = current_database()"
            )
            if waiting[0][0]:
                break
            threading.Event().wait(0.02)
        twin_waits.set()

    one, other, _ = threads(first, twin, release)
    assert desk.done == 1
    assert content(one) == content(other)
    assert other.headers["Idempotent-Replayed"] == "true"


@pytest.mark.django_db(transaction=True)
def test_a_twin_goes_on_when_the_first_was_taken_back(
    desk: Desk, threads: Callable[..., list[Any]]
) -> None:
    first_holds, go_on = threading.Event(), threading.Event()

    def first() -> None:
        def fail() -> HttpResponseBase:
            with transaction.atomic():
                claim()
                first_holds.set()
                go_on.wait(10)
                raise ZeroDivisionError

        own = Desk()
        own.deed = fail
        own.post()

    def twin() -> HttpResponseBase:
        first_holds.wait(10)
        threading.Timer(0.3, go_on.set).start()
        return desk.post()

    failed, done = threads(first, twin)
    assert isinstance(failed, ZeroDivisionError)
    assert done.status_code == 201
    assert desk.done == 1


@pytest.mark.django_db(transaction=True)
def test_a_twin_that_waits_too_long_is_asked_to_return(
    desk: Desk, threads: Callable[..., list[Any]]
) -> None:
    first_holds, go_on = threading.Event(), threading.Event()

    def first() -> HttpResponseBase:
        def slow() -> HttpResponseBase:
            with transaction.atomic():
                claim()
                first_holds.set()
                go_on.wait(10)
            return JsonResponse({})

        own = Desk()
        own.deed = slow
        return own.post()

    def twin() -> HttpResponseBase:
        first_holds.wait(10)
        sql.run("SET lock_timeout = '50ms'", prepare=False)
        try:
            return desk.post()
        finally:
            go_on.set()

    _, given_up = threads(first, twin)
    assert (given_up.code, given_up.status) == ("IDEMPOTENCY_IN_PROGRESS", 409)
    assert desk.done == 0


def test_already_done_is_no_refusal() -> None:
    # A flow that turns refusals into events must not write one for a twin.
    assert not issubclass(AlreadyDone, Refused)
