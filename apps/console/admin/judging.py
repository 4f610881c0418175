"""Restrictions, cases, proposals, policies and lists, as tables; their own pages do more."""

from typing import Any

from django.contrib import admin
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from apps.cases.models import Case
from apps.cases.proposals import Proposal
from apps.console.admin.browse import Browse
from apps.console.entity_urls import shown
from apps.restrictions.models import Restriction
from apps.risk.models import ListEntry, Policy, Snooze


class OfSomebody(Browse):
    """A row about an entity, which links to its page; of an account only the beginning is shown."""

    @admin.display(description="whom")
    def whom(self, row: Any) -> SafeString:
        entity = getattr(row, "subject", None) or row.entity
        page = reverse("console:entity", args=[entity.id])
        return format_html(
            '<a href="{}">{} {}</a>', page, entity.kind, shown(entity.kind, entity.ref)
        )


@admin.register(Restriction)
class Restrictions(OfSomebody):
    """What is forbidden to whom."""

    list_display = ("whom", "kind", "ability", "reason", "imposed_at", "until", "lifted_at")
    list_display_links = ("kind",)
    list_filter = ("kind", "ability")
    search_fields = ("=reason", "=subject__ref")
    list_select_related = ("subject",)
    exclude = ("subject",)
    readonly_fields = ("whom",)
    ordering = ("-id",)


@admin.register(Case)
class Cases(OfSomebody):
    """What waits for a human."""

    list_display = ("whom", "queue", "status", "priority", "alerts", "due_at", "outcome")
    list_display_links = ("queue",)
    list_filter = ("queue", "status", "outcome")
    search_fields = ("=subject__ref",)
    list_select_related = ("subject",)
    exclude = ("subject",)
    readonly_fields = ("whom",)
    ordering = ("-id",)


@admin.register(Proposal)
class Proposals(OfSomebody):
    """What two people decide."""

    list_display = ("whom", "deed", "stage", "proposer", "decider", "proposed_at", "decided_at")
    list_display_links = ("deed",)
    list_filter = ("deed", "stage")
    list_select_related = ("subject", "proposer", "decider")
    exclude = ("subject",)
    readonly_fields = ("whom",)
    ordering = ("-id",)


@admin.register(Policy)
class Policies(Browse):
    """Versions of what the engine does."""

    list_display = ("name", "status", "created_by", "promoted_by", "live_at", "retired_at")
    list_filter = ("status",)
    list_select_related = ("created_by", "promoted_by")
    ordering = ("-id",)


@admin.register(ListEntry)
class ListEntries(OfSomebody):
    """Who stands on which list."""

    list_display = ("whom", "list", "reason", "valid_from", "valid_to", "added_by")
    list_display_links = ("list",)
    list_filter = ("list",)
    list_select_related = ("entity", "added_by")
    exclude = ("entity",)
    readonly_fields = ("whom",)
    ordering = ("-id",)


@admin.register(Snooze)
class Snoozes(Browse):
    """Rules that were silenced."""

    list_display = ("code", "since", "until", "reason", "by")
    list_select_related = ("by",)
    ordering = ("-id",)
