"""People of ours, integrators and their keys. Who somebody is, is read elsewhere, with a reason."""

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib import admin
from django.contrib.auth.models import Group
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from apps.console.access import staff
from apps.console.admin.browse import Browse, each
from apps.core import clock
from apps.core.problems import request_id
from apps.flows import upkeep
from apps.users import roles
from apps.users.models import ApiKey, Client, User
from apps.users.roles import Deed

# Roles are code, addresses and secrets of sign-in are nobody's to browse.
for hidden in (Group, EmailAddress, Authenticator, UserSession):
    if admin.site.is_registered(hidden):
        admin.site.unregister(hidden)


@admin.register(User)
class Users(Browse):
    """People by nickname; e-mail addresses are not shown."""

    list_display = ("nickname", "is_staff", "kyc_level", "kyc_country", "is_active", "date_joined")
    list_filter = ("is_staff", "is_active", "kyc_level")
    search_fields = ("=id", "display_name")
    ordering = ("-id",)
    fields = (
        "id",
        "nickname",
        "risk",
        "is_active",
        "is_staff",
        "role_names",
        "kyc_level",
        "kyc_country",
        "locale",
        "timezone",
        "date_joined",
        "last_login",
        "erased_at",
        "is_sample",
    )
    readonly_fields = fields

    @admin.display(description="roles")
    def role_names(self, user: User) -> str:
        return ", ".join(sorted(roles.of(user))) or "–"

    @admin.display(description="risk")
    def risk(self, user: User) -> SafeString:
        page = reverse("console:entity", args=[user.entity_id])
        return format_html('<a href="{}">Score, events, restrictions</a>', page)


@admin.register(Client)
class Clients(Browse):
    """Integrators."""

    list_display = ("name", "slug", "is_active", "created_at")
    list_filter = ("is_active",)
    search_fields = ("slug", "name")
    ordering = ("slug",)


@admin.register(ApiKey)
class ApiKeys(Browse):
    """Keys by prefix; the key itself was shown once and is kept nowhere."""

    list_display = ("prefix", "client", "name", "created_at", "expires_at", "revoked_at")
    list_filter = ("client",)
    search_fields = ("=prefix", "name")
    list_select_related = ("client",)
    ordering = ("-id",)
    exclude = ("digest",)
    actions = ("revoke",)

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        return roles.may(staff(request), Deed.MANAGE_CLIENTS)

    @admin.action(description="End these keys for good", permissions=["revoke"])
    def revoke(self, request: HttpRequest, keys: QuerySet[ApiKey]) -> None:
        by, at = staff(request), clock.now()

        def deed(key: ApiKey) -> None:
            upkeep.revoke_key(by=by, at=at, key=key, request_id=request_id(request))

        each(self, request, keys.select_related("client"), deed, "Ended")
