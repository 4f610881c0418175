"""How much somebody may do and what they may not: limits and restrictions, each with its reason."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from rest_framework import serializers as s

from apps.api.v1.desk.amounts import AmountField, plain
from apps.flows.order_terms import WHY_LIMITED
from apps.flows.public_event import moment
from apps.restrictions.models import Ability, Kind, LiftedBy, Restriction
from apps.trades import limits
from apps.trades.models import Rail
from apps.trades.queries import orders, people
from apps.users.models import PayoutAccount, User


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
    rail = s.CharField()
    account = s.UUIDField(allow_null=True, help_text="Your account; null: none on this rail yet.")
    buy_usd = AmountField(help_text="The largest order in which you buy.")
    sell_usd = AmountField()
    why = s.ChoiceField(choices=tuple(WHY_LIMITED), help_text="What binds when you buy.")
    sentence = s.CharField()
    grows_at = s.DateTimeField(allow_null=True, help_text="When it rises by itself.")


class LimitsOut(s.Serializer):
    tier = s.CharField()
    order_usd = AmountField()
    day_usd = AmountField()
    day_used_usd = AmountField(help_text="Of orders that you took in the last 24 hours.")
    open_orders = s.IntegerField()
    max_open_orders = s.IntegerField()
    max_ads = s.IntegerField()
    rails = LimitOut(many=True)


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


def limits_words(user: User, *, at: datetime) -> dict[str, Any]:
    """What binds this person's orders, by rail and own account."""
    tier = people.tier_of(user)
    accounts: dict[str, list[PayoutAccount | None]] = {}
    for one in PayoutAccount.objects.filter(user=user, removed_at=None).order_by("id"):
        accounts.setdefault(one.rail, []).append(one)

    def bound(rail: Rail, account: PayoutAccount | None, *, buys: bool) -> limits.Limit:
        return limits.of_order(
            tier=tier, kyc_level=user.kyc_level, rail=rail, payer=account, buys=buys, at=at
        )[0]

    lines = []
    for rail in Rail.objects.filter(is_active=True).order_by("pk"):
        for account in accounts.get(rail.pk, [None]):
            buy = bound(rail, account, buys=True)
            lines.append(
                {
                    "rail": rail.pk,
                    "account": str(account.pk) if account else None,
                    "buy_usd": plain(buy.usd),
                    "sell_usd": plain(bound(rail, account, buys=False).usd),
                    "why": buy.code,
                    "sentence": WHY_LIMITED[buy.code],
                    "grows_at": moment(buy.grows_at),
                }
            )
    return {
        "tier": tier.code,
        "order_usd": plain(tier.order_limit_usd),
        "day_usd": plain(tier.day_limit_usd),
        "day_used_usd": plain(orders.usd_of_day(user, at=at) or Decimal(0)),
        "open_orders": orders.open_taken(user),
        "max_open_orders": tier.max_open_orders,
        "max_ads": tier.max_ads,
        "rails": lines,
    }
