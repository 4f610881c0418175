"""People, as others may know them, field by field."""

from typing import Any

from rest_framework import serializers as s

from apps.api.v1.desk.amounts import AmountField, plain
from apps.flows.public_event import moment
from apps.flows.relations import CATEGORIES, LONGEST
from apps.trades.models import Rating, RelationKind
from apps.trades.queries.people import Record
from apps.trades.queries.reputation import Profile
from apps.trades.services import ratings


class RecordOut(s.Serializer):
    orders = s.IntegerField(help_text="Completed, ever.")
    orders_30d = s.IntegerField()
    completion_30d = s.FloatField(allow_null=True, help_text="A share; null without orders.")
    pay_seconds = s.FloatField(allow_null=True, help_text="Mean time to pay, of thirty days.")
    release_seconds = s.FloatField(allow_null=True)
    volume_usd_30d = AmountField()
    partners = s.IntegerField()
    appeal_rate_30d = s.FloatField(allow_null=True)


class PersonOut(s.Serializer):
    id = s.UUIDField()
    nickname = s.CharField()
    badge = s.CharField()
    headline = s.CharField()
    is_open = s.BooleanField(help_text="Trades at this hour.")
    account_days = s.IntegerField()
    trading_days = s.IntegerField(allow_null=True)
    record = RecordOut()
    ratings = s.IntegerField()
    positive_share = s.FloatField(allow_null=True, help_text="By weight.")
    trusted_by = s.IntegerField()
    followed_by = s.IntegerField()
    relations = s.ListField(
        child=s.ChoiceField(choices=RelationKind.choices), help_text="Yours to this person."
    )
    orders_together = s.IntegerField()


class RatingIn(s.Serializer):
    is_positive = s.BooleanField()
    tags = s.ListField(
        child=s.ChoiceField(choices=tuple(ratings.TAGS)), max_length=ratings.MOST_TAGS, default=list
    )
    comment = s.CharField(max_length=ratings.LONGEST, required=False, allow_blank=True, default="")


class RatingOut(s.Serializer):
    id = s.UUIDField()
    by = s.CharField(help_text="The rater's nickname.")
    is_positive = s.BooleanField()
    tags = s.ListField(child=s.CharField())
    comment = s.CharField()
    at = s.DateTimeField()


class RelationIn(s.Serializer):
    kind = s.ChoiceField(choices=RelationKind.choices)
    on = s.BooleanField()


class ReportIn(s.Serializer):
    category = s.ChoiceField(choices=tuple(CATEGORIES.items()))
    words = s.CharField(max_length=LONGEST, required=False, allow_blank=True, default="")
    order = s.UUIDField(required=False, allow_null=True, help_text="One between you two.")


class ReportOut(s.Serializer):
    id = s.UUIDField()
    category = s.CharField()
    at = s.DateTimeField()


def record_words(one: Record) -> dict[str, Any]:
    """How somebody trades."""
    return {
        "orders": one.orders,
        "orders_30d": one.orders_30d,
        "completion_30d": one.completion_30d,
        "pay_seconds": one.pay_seconds,
        "release_seconds": one.release_seconds,
        "volume_usd_30d": plain(one.usd_30d),
        "partners": one.partners,
        "appeal_rate_30d": one.appeal_rate_30d,
    }


def person_words(one: Profile) -> dict[str, Any]:
    """What others may know of a person."""
    return {
        "id": str(one.user.pk),
        "nickname": one.user.nickname,
        "badge": one.merchant.tier.name if one.merchant else "",
        "headline": one.merchant.headline if one.merchant else "",
        "is_open": one.is_open,
        "account_days": one.account_days,
        "trading_days": one.trading_days,
        "record": record_words(one.record),
        "ratings": one.praise.count,
        "positive_share": one.praise.share,
        "trusted_by": one.trusted_by,
        "followed_by": one.followed_by,
        "relations": list(one.relations),
        "orders_together": one.orders_together,
    }


def rating_words(one: Rating) -> dict[str, Any]:
    """What somebody said."""
    return {
        "id": str(one.pk),
        "by": one.rater.nickname,
        "is_positive": one.is_positive,
        "tags": list(one.tags),
        "comment": one.comment,
        "at": moment(one.at),
    }
