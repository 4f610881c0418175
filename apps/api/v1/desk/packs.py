"""The record of an order to take along: for a bank, or the police."""

from uuid import UUID

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers as s
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request

from apps.api.v1.desk.orders import OrderView
from apps.api.v1.desk.talk import FileRenderer
from apps.flows import packs
from apps.flows.packs import Pack

PDF = "application/pdf"


class PackQuery(s.Serializer):
    with_texts = s.BooleanField(default=False, help_text="Also what was written in the chat.")


class PackView(OrderView):
    """A pack is made anew, and its making recorded: five at once, then one a minute."""

    renderer_classes = [JSONRenderer, FileRenderer]

    def made(self, id: UUID) -> Pack:
        """The pack of one of the caller's orders."""
        return packs.make(
            actor=self.actor,
            order=self.order(id),
            **self.asked(PackQuery),
            request_facts=self.facts,
            at=self.at,
        )

    def sent(self, body: bytes, *, id: UUID, kind: str, ending: str) -> HttpResponse:
        """A file to keep; nobody in between keeps it."""
        answer = HttpResponse(body, content_type=kind)
        answer["Content-Disposition"] = f'attachment; filename="order-{id}.{ending}"'
        answer["Cache-Control"] = "no-store"
        return answer


class PackPdf(PackView):
    """To read."""

    @extend_schema(
        operation_id="read_pack_pdf",
        summary="The signed record of an order, as a PDF",
        parameters=[PackQuery],
        responses={(200, PDF): OpenApiTypes.BINARY},
    )
    def get(self, request: Request, id: UUID) -> HttpResponse:
        return self.sent(self.made(id).pdf, id=id, kind=PDF, ending="pdf")


class PackJson(PackView):
    """For machines."""

    @extend_schema(
        operation_id="read_pack_json",
        summary="The signed record of an order, as JSON",
        parameters=[PackQuery],
        responses=OpenApiTypes.OBJECT,
    )
    def get(self, request: Request, id: UUID) -> HttpResponse:
        return self.sent(self.made(id).json, id=id, kind="application/json", ending="json")
