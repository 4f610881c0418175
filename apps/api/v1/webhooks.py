"""An integrator's webhooks: add, list, test, read the delivery log, remove."""

from typing import Any
from uuid import UUID

from django.http import HttpResponseBase
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api import access
from apps.api.v1.base import IntegratorView, NewestFirst, checked, client_of
from apps.api.v1.serializers import DeliveryOut, NewWebhookOut, WebhookIn, WebhookOut
from apps.core import clock
from apps.core.idempotency import idempotent
from apps.events.models import Delivery, Subscriber
from apps.flows import webhooks
from apps.flows.public_event import moment
from apps.users.models import Scope

ALL = dict.fromkeys(("GET", "POST", "DELETE"), Scope.WEBHOOKS_WRITE)


def webhook_words(one: Subscriber) -> dict[str, Any]:
    """A webhook, without its secret."""
    return {
        "id": str(one.pk),
        "url": one.url,
        "kinds": one.kinds,
        "created_at": moment(one.created_at),
        "disabled_at": moment(one.disabled_at),
    }


def delivery_words(one: Delivery) -> dict[str, Any]:
    """One line of the delivery log."""
    return {
        "id": str(one.pk),
        "event_id": str(one.event_id),
        "kind": one.event.kind,
        "status": one.status,
        "attempts": one.attempts,
        "next_at": moment(one.next_at),
        "last_at": moment(one.last_at),
        "last_status": one.last_status,
        "last_error": one.last_error,
    }


class Webhooks(IntegratorView):
    """Needs the scope webhooks:write."""

    scopes = ALL

    @extend_schema(
        operation_id="list_webhooks", summary="Your webhooks", responses=WebhookOut(many=True)
    )
    def get(self, request: Request) -> Response:
        found = access.subscribers(self.client).order_by("id")
        return Response([webhook_words(one) for one in found])

    @extend_schema(
        operation_id="add_webhook",
        summary="Be told of events from now on",
        request=WebhookIn,
        responses={201: NewWebhookOut},
    )
    def post(self, request: Request) -> HttpResponseBase:
        response = self._add(request)
        # The secret is never kept for a replay: it would stand there in the clear.
        if isinstance(response, Response):
            response.data["secret"] = getattr(self, "secret", None)
        return response

    @idempotent(actor=client_of)
    def _add(self, request: Request) -> Response:
        said = checked(WebhookIn(data=request.data))
        subscriber, self.secret = webhooks.subscribe(
            client=self.party,
            url=said["url"],
            kinds=said["kinds"],
            at=clock.now(),
            request_id=self.request_id,
        )
        return Response(webhook_words(subscriber) | {"secret": None}, status=201)


class OneWebhook(IntegratorView):
    """Needs the scope webhooks:write."""

    scopes = ALL

    @extend_schema(operation_id="read_webhook", summary="One webhook", responses=WebhookOut)
    def get(self, request: Request, id: UUID) -> Response:
        return Response(webhook_words(access.subscriber(self.client, id)))

    @extend_schema(
        operation_id="remove_webhook",
        summary="Be told nothing more, and forget the delivery log",
        request=None,
        responses={204: None},
    )
    def delete(self, request: Request, id: UUID) -> Response:
        webhooks.unsubscribe(
            subscriber=access.subscriber(self.client, id),
            at=clock.now(),
            request_id=self.request_id,
        )
        return Response(status=204)


class Deliveries(IntegratorView):
    """Needs the scope webhooks:write."""

    scopes = ALL
    pagination_class = NewestFirst

    @extend_schema(
        operation_id="list_deliveries",
        summary="What was and is owed to a webhook, newest first",
        responses=DeliveryOut(many=True),
    )
    def get(self, request: Request, id: UUID) -> Response:
        found = access.deliveries(access.subscriber(self.client, id))
        pages = NewestFirst()
        page = pages.paginate_queryset(found, request, view=self) or []
        return pages.get_paginated_response([delivery_words(one) for one in page])


class Test(IntegratorView):
    """Needs the scope webhooks:write."""

    scopes = ALL

    @extend_schema(
        operation_id="test_webhook",
        summary="Have a webhook.test event sent; the delivery log tells how it went",
        request=None,
        responses={202: DeliveryOut},
    )
    @idempotent(actor=client_of)
    def post(self, request: Request, id: UUID) -> Response:
        delivery = webhooks.send_test(
            subscriber=access.subscriber(self.client, id),
            at=clock.now(),
            request_id=self.request_id,
        )
        return Response(delivery_words(delivery), status=202)
