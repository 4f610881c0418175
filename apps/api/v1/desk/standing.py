"""How much somebody may do and what they may not: limits and restrictions, each with its reason."""

from typing import Any

from rest_framework import serializers as s

from apps.api.v1.desk.amounts import AmountField, plain
from apps.flows.public_event import moment
from apps.restrictions.models import Ability, Kind, LiftedBy, Restriction
from apps.trades.queries.limits import Bound


class MyRestrictionOut(s.Serializer):
    id = s.UUIDField()
    ability = s.ChoiceField(choices=Ability.choices)
    kind = s.ChoiceField(choices=Kind.choices)
    cap_usd = AmountField(allow_null=True)
    sentence = s.CharField(help_text="Why, and what to do.")
    since = s.DateTimeField()
    until = s.DateTimeField(allow_null=True, help_text="null: until it is lifted.")
    lifts_by = s.ChoiceField(choices=LiftedBy.choices)


class LimitOut(s.Serializer):
    code = s.CharField(help_text="TIER_ORDER, DAY, KYC, ACCOUNT_AGE, T_PLUS_N, CAPPED …")
    about = s.CharField(help_text="A rail and account, an ability, an address, an order.")
    sentence = s.CharField(help_text="Why.")
    usd = AmountField(allow_null=True)
    left_usd = AmountField(allow_null=True, help_text="Of it, unspent.")
    count = s.IntegerField(allow_null=True)
    count_left = s.IntegerField(allow_null=True)
    asset = s.CharField()
    amount = AmountField(allow_null=True, help_text="Of the asset.")
    until = s.DateTimeField(allow_null=True, help_text="When it ends, or grows, by itself.")


def restriction_words(one: Restriction) -> dict[str, Any]:
    """A restriction as the person is told of it: never the code or the decision behind it."""
    return {
        "id": str(one.pk),
        "ability": one.ability,
        "kind": one.kind,
        "cap_usd": plain(one.cap_usd),
        "sentence": one.user_sentence,
        "since": moment(one.imposed_at),
        "until": moment(one.until),
        "lifts_by": one.lifts_by,
    }


def limit_words(one: Bound) -> dict[str, Any]:
    """One bound."""
    return {
        "code": one.code,
        "about": one.about,
        "sentence": one.why,
        "usd": plain(one.usd),
        "left_usd": plain(one.left),
        "count": one.count,
        "count_left": one.count_left,
        "asset": one.asset,
        "amount": plain(one.amount),
        "until": moment(one.until),
    }
