"""Disputes: opened about an order, answered, evidence shown, given in, objected to."""

from typing import Any
from uuid import UUID

from django.db.models import Q
from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.v1.base import NewestFirst
from apps.api.v1.desk.appeal_shapes import (
    AnswerIn,
    AppealIn,
    AppealOut,
    EvidenceIn,
    EvidenceOut,
    ObjectionIn,
    ReportPaymentIn,
    WholeAppealOut,
    appeal_words,
    evidence_words,
)
from apps.api.v1.desk.base import DeskView, deed, file_deed, listed, polled
from apps.api.v1.desk.orders import OrderView
from apps.api.v1.desk.talk import FileThrottle
from apps.flows import appeals
from apps.trades import files
from apps.trades.models import Appeal
from apps.trades.queries.appeals import appeal_for, evidence_of

#: The fields beside a file, and what multipart needs to hold them together.
AROUND_A_FILE = 64 * 1024


class AppealView(DeskView):
    """What the views of disputes share."""

    def appeal(self, id: UUID) -> Appeal:
        """One of the caller's disputes, or 404."""
        return appeal_for(self.actor, id)

    def told(self, appeal: Appeal, *, status: int = 200) -> Response:
        """The dispute as it is now."""
        return Response(self.whole(appeal.pk), status=status)

    def whole(self, id: UUID) -> dict[str, Any]:
        """The dispute with what the caller has shown."""
        appeal = self.appeal(id)
        shown = evidence_of(appeal, party=self.actor).defer("attachment__content")
        words = appeal_words(appeal, actor=self.actor, at=self.at)
        return words | {"evidence": [evidence_words(one) for one in shown]}


class Appeals(AppealView):
    """Your disputes."""

    pagination_class = NewestFirst

    @extend_schema(
        operation_id="list_appeals",
        summary="Your appeals, newest first",
        responses=AppealOut(many=True),
    )
    def get(self, request: Request) -> HttpResponse:
        found = Appeal.objects.filter(
            Q(order__buyer=self.actor) | Q(order__seller=self.actor)
        ).select_related("agent", "opener", "order__buyer", "order__seller")
        answer: HttpResponse = listed(
            self,
            found,
            lambda page: [appeal_words(one, actor=self.actor, at=self.at) for one in page],
        )
        return answer


class OneAppeal(AppealView):
    """One of your disputes."""

    @extend_schema(
        operation_id="read_appeal",
        summary="An appeal with what you have shown and are asked for",
        responses=WholeAppealOut,
    )
    def get(self, request: Request, id: UUID) -> HttpResponse:
        return polled(request, self.whole(id))


class OpenAppeal(AppealView, OrderView):
    """A party can't agree with the other."""

    @extend_schema(
        operation_id="open_appeal",
        summary="Appeal about an order",
        request=AppealIn,
        responses={201: WholeAppealOut},
    )
    @deed
    def post(self, request: Request, id: UUID) -> Response:
        opened = appeals.open_appeal(
            actor=self.actor,
            order=self.order(id),
            **self.said(AppealIn),
            request_facts=self.facts,
            at=self.at,
        )
        return self.told(opened, status=201)


class ReportPayment(AppealView, OrderView):
    """The seller finds something else in the bank than was agreed."""

    @extend_schema(
        operation_id="report_payment",
        summary="Report a payment of somebody else, or of another amount",
        request=ReportPaymentIn,
        responses={201: WholeAppealOut},
    )
    @deed
    def post(self, request: Request, id: UUID) -> Response:
        opened = appeals.report_payment(
            actor=self.actor,
            order=self.order(id),
            **self.said(ReportPaymentIn),
            request_facts=self.facts,
            at=self.at,
        )
        return self.told(opened, status=201)


class AnswerAppeal(AppealView):
    """Have the two agreed?"""

    @extend_schema(
        operation_id="answer_appeal",
        summary="Say whether you two have agreed",
        request=AnswerIn,
        responses=WholeAppealOut,
    )
    @deed
    def post(self, request: Request, id: UUID) -> Response:
        appeal = self.appeal(id)
        said = self.said(AnswerIn)
        return self.told(appeals.answer(actor=self.actor, appeal=appeal, **said, at=self.at))


class WithdrawAppeal(AppealView):
    """Give in."""

    @extend_schema(
        operation_id="withdraw_appeal",
        summary="Give in, or take the appeal back",
        request=None,
        responses=WholeAppealOut,
    )
    @deed
    def post(self, request: Request, id: UUID) -> Response:
        return self.told(appeals.withdraw(actor=self.actor, appeal=self.appeal(id), at=self.at))


class FormView(AppealView):
    """What comes with a file: multipart, because words go with it."""

    parser_classes = [MultiPartParser]
    throttle_classes = [*AppealView.throttle_classes, FileThrottle]
    max_body = files.MOST_BYTES_OF_VIDEO + AROUND_A_FILE

    def form(self, serializer: Any) -> tuple[dict[str, Any], bytes | None]:
        """The fields, and the file's bytes."""
        said = self.said(serializer)
        file = said.pop("file", None)
        return said, file.read() if file is not None else None


class ShowEvidence(FormView):
    """Show what happened."""

    @extend_schema(
        operation_id="show_evidence",
        summary="Show something: words, a picture, a PDF, a video",
        request={"multipart/form-data": EvidenceIn},
        responses={201: EvidenceOut},
    )
    @file_deed
    def post(self, request: Request, id: UUID) -> Response:
        appeal = self.appeal(id)
        said, data = self.form(EvidenceIn)
        shown = appeals.show(actor=self.actor, appeal=appeal, **said, data=data, at=self.at)
        return Response(evidence_words(shown), status=201)


class ObjectToAppeal(FormView):
    """Not so."""

    @extend_schema(
        operation_id="object_to_appeal",
        summary="Object to a decision, once, with something new",
        request={"multipart/form-data": ObjectionIn},
        responses=WholeAppealOut,
    )
    @file_deed
    def post(self, request: Request, id: UUID) -> Response:
        appeal = self.appeal(id)
        said, data = self.form(ObjectionIn)
        return self.told(
            appeals.object_(actor=self.actor, appeal=appeal, **said, data=data, at=self.at)
        )
