"""Devices, sightings, seals and deliveries: what is on record and is never edited."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from apps.console.admin.browse import Browse
from apps.devices.models import Device, Sighting
from apps.events.models import Delivery, Seal, Subscriber


@admin.register(Device)
class Devices(Browse):
    """Machines that registered with us."""

    list_display = (
        "id",
        "platform",
        "scope",
        "attestation_state",
        "integrity",
        "first_seen_at",
        "last_seen_at",
        "revoked_at",
    )
    list_filter = ("platform", "attestation_state")
    search_fields = ("=id",)
    ordering = ("-id",)

    @admin.display(description="integrity")
    def integrity(self, device: Device) -> str:
        return ", ".join(device.flags) or "–"

    @admin.display(description="risk")
    def risk(self, device: Device) -> SafeString:
        page = reverse("console:entity", args=[device.entity])
        return format_html('<a href="{}">Users, events, restrictions</a>', page)


@admin.register(Sighting)
class Sightings(Browse):
    """A device seen with a person at a subnet."""

    list_display = ("device", "subnet", "count", "first_at", "last_at")
    search_fields = ("=device__id",)
    list_select_related = ("device",)
    ordering = ("-id",)


@admin.register(Seal)
class Seals(Browse):
    """Batches of the event log, closed for ever and chained."""

    list_display = ("id", "count", "first_at", "last_at", "root_hex", "sealed_at")
    ordering = ("-id",)
    fields = ("id", "count", "first_at", "last_at", "root_hex", "previous_hex", "sealed_at")

    @admin.display(description="root")
    def root_hex(self, seal: Seal) -> str:
        return bytes(seal.root).hex()[:16]

    @admin.display(description="previous")
    def previous_hex(self, seal: Seal) -> str:
        return bytes(seal.previous).hex()[:16]


@admin.register(Subscriber)
class Subscribers(Browse):
    """Endpoints that are told of events."""

    list_display = ("url", "created_at", "disabled_at")
    ordering = ("-id",)
    exclude = ("secret",)


@admin.register(Delivery)
class Deliveries(Browse):
    """What was owed to whom, and how its delivery went."""

    list_display = ("id", "subscriber", "status", "attempts", "last_status", "last_at", "next_at")
    list_filter = ("status",)
    list_select_related = ("subscriber",)
    ordering = ("-id",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Delivery]:
        return super().get_queryset(request).defer("subscriber__secret")  # type: ignore[no-any-return]
