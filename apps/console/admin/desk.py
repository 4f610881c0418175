"""The desk to look at: ads, orders, appeals, crypto that moves. Names, numbers, words stay out.

What people wrote to each other, whose account it is and what a document says are encrypted, and
read where a case asks for it, with a reason; here are codes, amounts and moments.
"""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from unfold.admin import TabularInline

from apps.console.admin.browse import Browse
from apps.core import money
from apps.core.fields import EncryptedBytesField, EncryptedTextField
from apps.trades.models import (
    Ad,
    AddressBookEntry,
    AdRevision,
    Appeal,
    Deposit,
    Order,
    OrderStep,
    Withdrawal,
)


class Sealed(Browse):
    """A table with columns that are encrypted: they are not shown, nor even decrypted."""

    def get_exclude(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return encrypted(self.model)

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).defer(*encrypted(self.model))


def encrypted(model: Any) -> list[str]:
    """Names of a table's encrypted columns."""
    kinds = (EncryptedTextField, EncryptedBytesField)
    return [field.name for field in model._meta.fields if isinstance(field, kinds)]


class Lines(TabularInline):  # type: ignore[misc]
    """Rows that belong to the one looked at."""

    extra = 0
    can_delete = False

    def has_add_permission(self, *_: object) -> bool:
        return False

    def has_change_permission(self, *_: object) -> bool:
        return False


class RevisionsOfAd(Lines):
    """What an ad said before."""

    model = AdRevision
    fields = ("number", "at", "said", "terms")
    readonly_fields = fields
    ordering = ("-number",)


@admin.register(Ad)
class Ads(Browse):
    """Offers, with every version of what they said."""

    list_display = (
        "owner",
        "side",
        "asset",
        "fiat",
        "status",
        "left",
        "suspended_for",
        "revision",
        "changed_at",
    )
    list_filter = ("status", "side", "asset", "fiat")
    list_select_related = ("owner", "asset", "fiat")
    search_fields = ("=id", "=owner__id")
    ordering = ("-id",)
    inlines = (RevisionsOfAd,)

    @admin.display(description="left")
    def left(self, ad: Ad) -> str:
        return f"{money.short(ad.remaining)} of {money.short(ad.quantity)}"


class StepsOfOrder(Lines):
    """Who moved an order from where to where."""

    model = OrderStep
    fields = ("at", "actor", "before", "after", "reason", "event")
    readonly_fields = fields
    ordering = ("id",)


@admin.register(Order)
class Orders(Sealed):
    """Trades, with every step."""

    list_display = (
        "number",
        "buyer",
        "seller",
        "traded",
        "paid",
        "rail",
        "status",
        "cancel_reason",
        "created_at",
    )
    list_filter = ("status", "rail", "fiat", "third_party", "paid_reverted")
    list_select_related = ("buyer", "seller", "asset", "fiat", "rail")
    search_fields = ("=id", "=buyer__id", "=seller__id", "=ad__id")
    ordering = ("-id",)
    inlines = (StepsOfOrder,)

    @admin.display(description="crypto")
    def traded(self, order: Order) -> str:
        return f"{money.short(order.amount)} {order.asset_id}"

    @admin.display(description="fiat")
    def paid(self, order: Order) -> str:
        return f"{money.short(order.fiat_amount)} {order.fiat_id}"


@admin.register(Appeal)
class Appeals(Sealed):
    """Disputes, and how they ended."""

    list_display = ("order", "kind", "reason", "state", "agent", "outcome", "fault", "opened_at")
    list_filter = ("state", "kind", "reason", "outcome", "is_malicious")
    list_select_related = ("order", "agent")
    search_fields = ("=id", "=order__id")
    ordering = ("-id",)


@admin.register(Withdrawal)
class Withdrawals(Sealed):
    """Crypto on its way out."""

    list_display = ("id", "user", "sent", "status", "reject_reason", "requested_at", "status_at")
    list_filter = ("status", "asset", "destination")
    list_select_related = ("user", "asset")
    search_fields = ("=id", "=user__id", "=address", "=tx_id")
    ordering = ("-id",)

    @admin.display(description="amount")
    def sent(self, row: Withdrawal) -> str:
        return f"{money.short(row.amount)} {row.asset_id}"


@admin.register(Deposit)
class Deposits(Sealed):
    """Crypto that arrived."""

    list_display = ("id", "user", "asset", "amount", "status", "detected_at")
    list_filter = ("status", "asset")
    list_select_related = ("user", "asset")
    search_fields = ("=id", "=user__id", "=tx_id")
    ordering = ("-id",)


@admin.register(AddressBookEntry)
class Addresses(Sealed):
    """Where people withdraw to."""

    list_display = ("user", "network", "address", "destination", "usable_at", "removed_at")
    list_filter = ("network", "destination", "is_own")
    list_select_related = ("user",)
    search_fields = ("=address", "=user__id")
    ordering = ("-id",)
