"""The chat of an order: lines after a number, files, how far one has read."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers as s
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.v1.desk.base import DeedThrottle, deed, file_deed, polled, tagged
from apps.api.v1.desk.order_shapes import WHO
from apps.api.v1.desk.orders import OrderView
from apps.flows import chat
from apps.flows.public_event import moment
from apps.trades import files
from apps.trades.models import Attachment, Message, MessageKind
from apps.trades.services.talk import LONGEST
from apps.users.models import User

MOST_LINES = 200
FILE_TYPES = ("image/jpeg", "image/png", "image/webp", "application/pdf")
VIDEO_TYPES = ("video/mp4",)


class LineIn(s.Serializer):
    text = s.CharField(max_length=LONGEST)


class ReadIn(s.Serializer):
    seq = s.IntegerField(min_value=0, max_value=1_000_000, help_text="The last line you have seen.")


class LinesQuery(s.Serializer):
    after = s.IntegerField(
        min_value=0, max_value=1_000_000, default=0, help_text="Only lines after this number."
    )


class FileOut(s.Serializer):
    id = s.UUIDField()
    kind = s.CharField(help_text="IMAGE or PDF; VIDEO in appeals.")
    content_type = s.CharField()
    size = s.IntegerField(help_text="Bytes.")
    sha256 = s.CharField(help_text="Of the file as it is kept.")
    width = s.IntegerField(allow_null=True)
    height = s.IntegerField(allow_null=True)


class LineOut(s.Serializer):
    seq = s.IntegerField()
    kind = s.ChoiceField(choices=MessageKind.choices)
    sender = s.ChoiceField(choices=WHO)
    text = s.CharField(allow_null=True)
    code = s.CharField(help_text="SYSTEM: what the desk says, for your app to word.")
    params = s.DictField(help_text="Ids and amounts for those words.")
    file = FileOut(allow_null=True)
    at = s.DateTimeField()
    digest = s.CharField(help_text="Chains the line to the one before it.")


class LinesOut(s.Serializer):
    lines = LineOut(many=True, help_text=f"Oldest first, at most {MOST_LINES}.")
    more = s.BooleanField(help_text="Ask again after the last of them.")


class FileParser(BaseParser):
    """A body that is a file, whatever it calls itself: its first bytes say what it is."""

    media_type = "*/*"

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:
        return stream.read()


class FileRenderer(BaseRenderer):
    """Lets an app ask for the type of file that it expects."""

    media_type = "*/*"
    format = "file"

    def render(self, data: Any, *_: Any, **__: Any) -> bytes:
        return JSONRenderer().render(data)


class FileThrottle(DeedThrottle):
    """Decoding a picture costs a hundred times a line of text."""

    scope = "desk.file"
    rate_per_s = 0.2
    burst = 20.0


def file_words(one: Attachment) -> dict[str, Any]:
    """A file of an order."""
    names = ("kind", "content_type", "size", "sha256", "width", "height")
    return {"id": str(one.pk), **{name: getattr(one, name) for name in names}}


def line_words(line: Message, *, actor: User) -> dict[str, Any]:
    """One line as a party reads it."""
    sender = "YOU" if line.sender_id == actor.pk else "PARTNER"
    return {
        "seq": line.seq,
        "kind": line.kind,
        "sender": sender if line.sender_id else "DESK",
        "text": line.body,
        "code": line.code,
        "params": line.params,
        "file": file_words(line.attachment) if line.attachment else None,
        "at": moment(line.at),
        "digest": line.digest,
    }


class Lines(OrderView):
    """What was said in an order."""

    @extend_schema(
        operation_id="list_messages",
        summary="The lines of an order's chat after a number",
        description="Numbers have no gaps and lines never change: remember the last number, and "
        "ask for what came after it.",
        parameters=[LinesQuery],
        responses=LinesOut,
    )
    def get(self, request: Request, id: UUID) -> HttpResponse:
        order, after = self.order(id), self.asked(LinesQuery)["after"]
        found = (
            Message.objects.filter(order=order, seq__gt=after)
            .select_related("attachment")
            .defer("attachment__content")
            .order_by("seq")[: MOST_LINES + 1]
        )
        lines = [line_words(one, actor=self.actor) for one in found]
        return polled(request, {"lines": lines[:MOST_LINES], "more": len(lines) > MOST_LINES})

    @extend_schema(
        operation_id="say",
        summary="Write a line",
        request=LineIn,
        responses={201: LineOut},
    )
    @deed
    def post(self, request: Request, id: UUID) -> Response:
        order = self.order(id)
        line = chat.say(actor=self.actor, order=order, **self.said(LineIn), at=self.at)
        return Response(line_words(line, actor=self.actor), status=201)


class Files(OrderView):
    """Pictures and documents in the chat."""

    parser_classes = [FileParser]
    throttle_classes = [*OrderView.throttle_classes, FileThrottle]
    max_body = files.MOST_BYTES

    @extend_schema(
        operation_id="send_file",
        summary="Send a picture or a PDF",
        description="The body is the file itself, at most 10 MiB. It is known by its content, "
        "pictures are encoded anew, and where they were taken is forgotten.",
        request=dict.fromkeys(FILE_TYPES, OpenApiTypes.BINARY),
        responses={201: LineOut},
    )
    @file_deed
    def post(self, request: Request, id: UUID) -> Response:
        order = self.order(id)
        line = chat.send_file(actor=self.actor, order=order, data=bytes(request.body), at=self.at)
        return Response(line_words(line, actor=self.actor), status=201)


class OneFile(OrderView):
    """A file of an order, to its parties only."""

    renderer_classes = [JSONRenderer, FileRenderer]

    @extend_schema(
        operation_id="read_file",
        summary="A file of an order",
        responses=dict.fromkeys([(200, one) for one in FILE_TYPES], OpenApiTypes.BINARY),
    )
    def get(self, request: Request, id: UUID, file: UUID) -> HttpResponse:
        return file_answer(request, chat.attachment_for(self.actor, self.order(id), file))


class ReadTo(OrderView):
    """How far one has read."""

    @extend_schema(
        operation_id="read_messages",
        summary="Note how far you have read",
        request=ReadIn,
        responses={204: None},
    )
    def post(self, request: Request, id: UUID) -> Response:
        chat.read(actor=self.actor, order=self.order(id), **self.said(ReadIn), at=self.at)
        return Response(status=204)


def file_answer(request: Request, one: Attachment) -> HttpResponse:
    """A file's bytes: never run, never sniffed, kept by nobody in between."""
    answer = tagged(request, bytes(one.content or b""), content_type=one.content_type)
    answer["Content-Disposition"] = f'attachment; filename="{one.pk}"'
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return answer
