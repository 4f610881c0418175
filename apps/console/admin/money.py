"""The ledger to look at: assets, accounts, entries, postings. A balance is never edited."""

from django.contrib import admin
from unfold.admin import TabularInline

from apps.console.admin.browse import Browse
from apps.core import money
from apps.ledger.models import Account, Asset, Entry, Posting


@admin.register(Asset)
class Assets(Browse):
    """What is traded, and on which network."""

    list_display = (
        "code",
        "symbol",
        "network",
        "decimals",
        "confirmations",
        "fee",
        "least",
        "is_active",
    )
    list_filter = ("network", "is_active")
    ordering = ("code",)

    @admin.display(description="withdrawal fee")
    def fee(self, asset: Asset) -> str:
        return money.short(asset.withdrawal_fee)

    @admin.display(description="least withdrawal")
    def least(self, asset: Asset) -> str:
        return money.short(asset.withdrawal_min)


@admin.register(Account)
class Accounts(Browse):
    """Where amounts stand; platform accounts show no balance: it is the sum of their postings."""

    list_display = ("kind", "user", "asset", "holds", "ref")
    list_filter = ("kind", "asset")
    list_select_related = ("user", "asset")
    search_fields = ("=user__id", "=ref")
    ordering = ("-id",)

    @admin.display(description="balance")
    def holds(self, account: Account) -> str:
        return "–" if account.balance is None else money.short(account.balance)


class PostingsOfEntry(TabularInline):  # type: ignore[misc]
    """The two or more sides of an entry."""

    model = Posting
    fields = ("account", "asset", "amount", "balance_after")
    readonly_fields = fields
    extra = 0
    can_delete = False

    def has_add_permission(self, *_: object) -> bool:
        return False

    def has_change_permission(self, *_: object) -> bool:
        return False


@admin.register(Entry)
class Entries(Browse):
    """Movements of value, for ever."""

    list_display = ("at", "kind", "ref", "by", "reason", "reverses")
    list_filter = ("kind",)
    list_select_related = ("by", "reverses")
    search_fields = ("=id", "=ref", "=key")
    ordering = ("-id",)
    inlines = (PostingsOfEntry,)


@admin.register(Posting)
class Postings(Browse):
    """One account's part of an entry."""

    list_display = ("id", "entry", "account", "moved", "after")
    list_filter = ("asset",)
    list_select_related = ("entry", "account", "asset")
    search_fields = ("=entry__id", "=entry__ref", "=account__id")
    ordering = ("-id",)

    @admin.display(description="amount")
    def moved(self, posting: Posting) -> str:
        return f"{money.short(posting.amount)} {posting.asset_id}"

    @admin.display(description="balance after")
    def after(self, posting: Posting) -> str:
        return "–" if posting.balance_after is None else money.short(posting.balance_after)
