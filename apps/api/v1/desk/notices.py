"""What a person should know of, newest first."""

from typing import Any

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers as s
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.v1.base import NewestFirst
from apps.api.v1.desk.base import DeskView, listed
from apps.flows import notices
from apps.flows.public_event import moment
from apps.trades.models import Notice


class NoticeOut(s.Serializer):
    id = s.UUIDField()
    code = s.CharField(help_text="For your app to word.")
    params = s.DictField(help_text="Ids and amounts for those words.")
    order = s.UUIDField(allow_null=True)
    at = s.DateTimeField()
    read_at = s.DateTimeField(allow_null=True)


class NoticesQuery(s.Serializer):
    unread = s.BooleanField(required=False, help_text="true: only these.")


class NoticesReadIn(s.Serializer):
    upto = s.UUIDField(
        required=False, allow_null=True, help_text="This one and all before it; null: all."
    )


class Notices(DeskView):
    """Your notices: poll them with If-None-Match."""

    pagination_class = NewestFirst

    @extend_schema(
        operation_id="list_notices",
        summary="Your notices, newest first",
        parameters=[NoticesQuery],
        responses=NoticeOut(many=True),
    )
    def get(self, request: Request) -> HttpResponse:
        found = Notice.objects.filter(user=self.actor)
        if self.asked(NoticesQuery).get("unread"):
            found = found.filter(read_at=None)
        answer: HttpResponse = listed(self, found, lambda page: [_words(one) for one in page])
        return answer


class NoticesRead(DeskView):
    """Seen."""

    @extend_schema(
        operation_id="read_notices",
        summary="Mark notices as read",
        request=NoticesReadIn,
        responses={204: None},
    )
    def post(self, request: Request) -> Response:
        said = self.said(NoticesReadIn)
        notices.read(actor=self.actor, upto=said.get("upto"), at=self.at)
        return Response(status=204)


def _words(one: Notice) -> dict[str, Any]:
    return {
        "id": str(one.pk),
        "code": one.code,
        "params": one.params,
        "order": str(one.order_id) if one.order_id else None,
        "at": moment(one.at),
        "read_at": moment(one.read_at),
    }
