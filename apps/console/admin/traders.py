"""Merchants, ratings, reports: staff decide on applications, and hide what is abuse."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from apps.console.access import staff
from apps.console.admin.browse import Browse, each
from apps.console.admin.desk import Sealed
from apps.core import clock
from apps.flows import merchants, ratings
from apps.trades import tiers
from apps.trades.models import MerchantProfile, Rating, Report
from apps.trades.queries import people
from apps.users import roles
from apps.users.roles import Deed

#: Why an application was decided in the admin, where one can't say more.
ACCEPTED, NOT_ACCEPTED = "meets the conditions of the tier", "does not meet our expectations yet"


@admin.register(MerchantProfile)
class Merchants(Browse):
    """Who is, was or would be a merchant; applications first."""

    list_display = (
        "user", "state", "tier", "applies_for", "since", "warned_at", "ended_at", "applied_at",
    )  # fmt: skip
    list_filter = ("state", "tier", ("applies_for", admin.EmptyFieldListFilter))
    list_select_related = ("user", "tier", "applies_for")
    search_fields = ("=user__id", "user__display_name")
    ordering = ("-applied_at",)
    readonly_fields = ("record", "conditions")
    actions = ("accept", "refuse")

    def has_decide_permission(self, request: HttpRequest) -> bool:
        return roles.may(staff(request), Deed.DECIDE_MERCHANTS)

    @admin.display(description="record")
    def record(self, profile: MerchantProfile) -> str:
        known = people.record(profile.user, at=clock.now())
        done = "–" if known.completion_30d is None else f"{known.completion_30d:.0%}"
        return (
            f"{known.orders} orders, {known.orders_30d} of 30 days, {done} completed, "
            f"{known.partners} partners, {known.usd_30d:,.0f} USD of 30 days, "
            f"{known.appeals_30d} appeals against, {known.faults_30d} lost"
        )

    @admin.display(description="conditions of what is applied for")
    def conditions(self, profile: MerchantProfile) -> str:
        if profile.applies_for is None:
            return "–"
        at = clock.now()
        asked = tiers.conditions(
            profile.applies_for,
            user=profile.user,
            record=people.record(profile.user, at=at),
            at=at,
        )
        return "; ".join(f"{one.sentence}: {'yes' if one.is_met else 'no'}" for one in asked)

    @admin.action(description="Accept these applications", permissions=["decide"])
    def accept(self, request: HttpRequest, rows: QuerySet[MerchantProfile]) -> None:
        self._decide(request, rows, accept=True)

    @admin.action(description="Don't accept these applications", permissions=["decide"])
    def refuse(self, request: HttpRequest, rows: QuerySet[MerchantProfile]) -> None:
        self._decide(request, rows, accept=False)

    def _decide(
        self, request: HttpRequest, rows: QuerySet[MerchantProfile], *, accept: bool
    ) -> None:
        by, at = staff(request), clock.now()

        def deed(profile: MerchantProfile) -> None:
            merchants.decide(
                by=by,
                user=profile.user,
                accept=accept,
                reason=ACCEPTED if accept else NOT_ACCEPTED,
                at=at,
            )

        each(self, request, rows.select_related("user"), deed, "Decided")


@admin.register(Rating)
class Ratings(Browse):
    """What partners said of each other."""

    list_display = ("rater", "rated", "is_positive", "tags", "comment", "weight", "at", "hidden_at")
    list_filter = ("is_positive", ("hidden_at", admin.EmptyFieldListFilter))
    list_select_related = ("rater", "rated")
    search_fields = ("=rater__id", "=rated__id", "=order__id")
    ordering = ("-id",)
    actions = ("hide",)

    def has_hide_permission(self, request: HttpRequest) -> bool:
        return roles.may(staff(request), Deed.REVIEW_DECISIONS)

    @admin.action(description="Hide these ratings, out of sight and count", permissions=["hide"])
    def hide(self, request: HttpRequest, rows: QuerySet[Rating]) -> None:
        by, at = staff(request), clock.now()

        def deed(rating: Rating) -> None:
            ratings.hide(by=by, rating=rating, reason="abuse", at=at)

        each(self, request, rows.select_related("rated"), deed, "Hidden")


@admin.register(Report)
class Reports(Sealed):
    """What people told us of others; its words are for those who look into it."""

    list_display = ("target", "category", "reporter", "order", "at")
    list_filter = ("category",)
    list_select_related = ("target", "reporter", "order")
    search_fields = ("=target__id", "=reporter__id", "=order__id")
    ordering = ("-id",)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        may = roles.may(staff(request), Deed.REVIEW_DECISIONS)
        return ("in_their_words",) if may else ()

    @admin.display(description="in their words")
    def in_their_words(self, report: Report) -> str:
        return report.words or "–"
