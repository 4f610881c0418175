"""What administrators keep: reference prices, currencies, rails, tiers. Every change is a deed."""

from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import Model
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from apps.console.access import staff
from apps.console.admin.browse import Browse
from apps.core import clock, money
from apps.flows import catalogue
from apps.trades import price_sources
from apps.trades.models import Fiat, Penalty, Rail, ReferencePrice, Tier
from apps.users import roles
from apps.users.roles import Deed


class Kept(ModelAdmin):  # type: ignore[misc]
    """A table of the catalogue: everybody looks, administrators add and change, nobody deletes."""

    list_fullwidth = True

    def has_add_permission(self, request: HttpRequest, *_: Any) -> bool:
        return roles.may(staff(request), Deed.KEEP_CATALOGUE)

    def has_change_permission(self, request: HttpRequest, *_: Any) -> bool:
        return roles.may(staff(request), Deed.KEEP_CATALOGUE)

    def has_delete_permission(self, request: HttpRequest, *_: Any) -> bool:
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return (self.model._meta.pk.name,) if obj is not None else ()

    def save_model(
        self, request: HttpRequest, obj: Model, form: forms.ModelForm, change: bool
    ) -> None:
        catalogue.keep(by=staff(request), row=obj, changed=form.changed_data, at=clock.now())

    def log_addition(self, *_: Any) -> None:
        """The event log has it."""

    def log_change(self, *_: Any) -> None:
        """The event log has it."""


@admin.register(Fiat)
class Fiats(Kept):
    """Currencies that people pay each other in."""

    list_display = ("code", "name", "symbol", "decimals", "is_active")
    list_filter = ("is_active",)
    ordering = ("code",)


@admin.register(Rail)
class Rails(Kept):
    """Ways of paying: how fast, and how a payment can be taken back."""

    list_display = (
        "code", "name", "country", "speed", "reversal", "reversal_days", "limit_usd", "is_active",
    )  # fmt: skip
    list_filter = ("speed", "reversal", "is_active")
    search_fields = ("code", "name")
    ordering = ("code",)


@admin.register(Tier)
class Tiers(Kept):
    """What a trader of each standing may do, and what it takes."""

    list_display = (
        "name", "rank", "order_limit_usd", "day_limit_usd", "max_ads", "asks_for", "maker_fee",
    )  # fmt: skip
    ordering = ("rank",)

    @admin.display(description="margin")
    def asks_for(self, tier: Tier) -> str:
        return f"{money.short(tier.margin_amount)} {tier.margin_asset_id}"


class PriceForm(forms.ModelForm):  # type: ignore[type-arg]
    """A new price; one that moves far is asked about."""

    confirmed = forms.BooleanField(required=False, label="It is meant to move by more than 10 %.")

    class Meta:
        model = ReferencePrice
        fields = ("asset", "fiat", "price")

    def clean(self) -> dict[str, Any]:
        said: dict[str, Any] = super().clean() or {}
        price, before = said.get("price"), self.initial.get("price")
        if isinstance(price, Decimal) and price > 0 and before and not said.get("confirmed"):
            share = price_sources.change(before, price)
            if abs(share) > catalogue.ASKED_ABOUT:
                raise ValidationError(
                    {"confirmed": f"That moves the price by {share * 100:+.1f} %. Confirm it."}
                )
        return said


@admin.register(ReferencePrice)
class ReferencePrices(Kept):
    """What floating ads follow, where staff set it; a feed shows here too."""

    form = PriceForm
    list_display = ("asset", "fiat", "shown", "source", "at")
    list_filter = ("asset", "fiat")
    list_select_related = ("asset", "fiat")
    ordering = ("asset", "fiat")

    @admin.display(description="price")
    def shown(self, row: ReferencePrice) -> str:
        return money.short(row.price)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("asset", "fiat", "source", "at") if obj is not None else ()

    def save_model(
        self, request: HttpRequest, obj: ReferencePrice, form: forms.ModelForm, change: bool
    ) -> None:
        said = form.cleaned_data
        row = catalogue.set_price(
            by=staff(request),
            asset=obj.asset_id,
            fiat=obj.fiat_id,
            price=said["price"],
            confirmed=bool(said.get("confirmed")),
            at=clock.now(),
        )
        obj.pk = row.pk


@admin.register(Penalty)
class Penalties(Browse):
    """The published matrix: what a fault costs."""

    list_display = ("code", "name", "falls_on", "memory_days", "is_active")
    list_filter = ("falls_on", "is_active")
    ordering = ("code",)
