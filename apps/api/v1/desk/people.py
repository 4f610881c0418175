"""Other people: what one may know of them, what one says of them, and to them."""

from uuid import UUID

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.v1.base import NewestFirst
from apps.api.v1.desk.base import DeskView, deed, listed, polled
from apps.api.v1.desk.orders import OrderView
from apps.api.v1.desk.people_shapes import (
    PersonOut,
    RatingIn,
    RatingOut,
    RelationIn,
    ReportIn,
    ReportOut,
    person_words,
    rating_words,
)
from apps.core.errors import Refused
from apps.flows import ratings, relations
from apps.flows.public_event import moment
from apps.trades.queries import reputation
from apps.trades.queries.orders import order_for
from apps.users.models import User


def trader(id: UUID) -> User:
    """Somebody who trades here; NO_SUCH_PERSON (404) for staff and for who is gone."""
    found = User.objects.filter(pk=id, is_active=True, is_staff=False).first()
    if found is None:
        raise Refused("NO_SUCH_PERSON", 404, "There is no such trader.")
    return found


class OnePerson(DeskView):
    """What others may know of a trader."""

    @extend_schema(operation_id="read_person", summary="A trader's profile", responses=PersonOut)
    def get(self, request: Request, id: UUID) -> HttpResponse:
        told = reputation.profile(trader(id), viewer=self.actor, at=self.at)
        return polled(request, person_words(told))


class Ratings(DeskView):
    """What partners said of a trader."""

    pagination_class = NewestFirst

    @extend_schema(
        operation_id="list_ratings",
        summary="What was said of a trader, newest first",
        responses=RatingOut(many=True),
    )
    def get(self, request: Request, id: UUID) -> HttpResponse:
        found = reputation.ratings_of(trader(id))
        answer: HttpResponse = listed(self, found, lambda page: [rating_words(r) for r in page])
        return answer


class RateOrder(OrderView):
    """How it was."""

    @extend_schema(
        operation_id="rate_order",
        summary="Rate your partner, within 30 days of a completed order",
        request=RatingIn,
        responses={201: RatingOut},
    )
    @deed
    def post(self, request: Request, id: UUID) -> Response:
        order = self.order(id)
        rating = ratings.rate(
            actor=self.actor,
            order=order,
            **self.said(RatingIn),
            request_facts=self.facts,
            at=self.at,
        )
        return Response(rating_words(rating), status=201)


class Relations(DeskView):
    """Trust, follow, block."""

    @extend_schema(
        operation_id="relate",
        summary="Trust, follow or block a trader, or no longer",
        request=RelationIn,
        responses=PersonOut,
    )
    @deed
    def post(self, request: Request, id: UUID) -> Response:
        other = trader(id)
        relations.set_(actor=self.actor, other=other, **self.said(RelationIn), at=self.at)
        told = reputation.profile(other, viewer=self.actor, at=self.at)
        return Response(person_words(told))


class Reports(DeskView):
    """Somebody's conduct."""

    @extend_schema(
        operation_id="report_person",
        summary="Tell the desk of a trader's conduct",
        request=ReportIn,
        responses={201: ReportOut},
    )
    @deed
    def post(self, request: Request, id: UUID) -> Response:
        target, said = trader(id), self.said(ReportIn)
        order = said.pop("order", None)
        row = relations.report(
            actor=self.actor,
            target=target,
            order=order_for(self.actor, order) if order else None,
            **said,
            request_facts=self.facts,
            at=self.at,
        )
        told = {"id": str(row.pk), "category": row.category, "at": moment(row.at)}
        return Response(told, status=201)
