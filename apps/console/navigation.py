"""Where one can go, by role: the same for the console's own pages and the admin."""

from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.http import HttpRequest
from django.urls import reverse

from apps.users import roles
from apps.users.models import User
from apps.users.roles import Deed

#: More than this is "99+": counting further helps nobody.
MOST = 100
WAITING = f"""
SELECT (SELECT count(*) FROM (SELECT 1 FROM cases_case WHERE status = 'OPEN' LIMIT {MOST}) c),
       (SELECT count(*) FROM (SELECT 1 FROM cases_proposal WHERE stage = 'PENDING'
                              AND proposer_id <> %s LIMIT {MOST}) p),
       (SELECT count(*) FROM (SELECT 1 FROM trades_withdrawal WHERE status = 'UNDER_REVIEW'
                              UNION ALL SELECT 1 FROM trades_deposit
                              WHERE status = 'QUARANTINED' AND wait_until IS NULL
                              LIMIT {MOST}) w),
       (SELECT count(*) FROM (SELECT 1 FROM trades_appeal
                              WHERE state IN ('EVIDENCE', 'IN_REVIEW', 'OBJECTION')
                              AND agent_id IS NULL LIMIT {MOST}) a),
       (SELECT count(*) FROM (SELECT 1 FROM faces_attempt f WHERE outcome = 'REVIEW'
                              AND at > now() - interval '30 days' AND NOT EXISTS (
                                SELECT 1 FROM faces_review r WHERE r.attempt_id = f.id)
                              UNION ALL SELECT 1 FROM faces_manualcheck WHERE ruling = ''
                              LIMIT {MOST}) f)
"""
#: Tables that are browsed in the admin: (name of its pages, label, permission, icon).
RECORDS = (
    ("users_user", "People", "users.view_user", "group"),
    ("users_client", "Integrators", "users.view_client", "hub"),
    ("users_apikey", "API keys", "users.view_apikey", "key"),
    ("trades_order", "Orders", "trades.view_order", "swap_horiz"),
    ("trades_ad", "Ads", "trades.view_ad", "sell"),
    ("trades_merchantprofile", "Merchants", "trades.view_merchantprofile", "storefront"),
    ("trades_rating", "Ratings", "trades.view_rating", "thumb_up"),
    ("trades_report", "Reports", "trades.view_report", "flag"),
    ("trades_withdrawal", "Withdrawals", "trades.view_withdrawal", "logout"),
    ("trades_deposit", "Deposits", "trades.view_deposit", "login"),
    ("trades_referenceprice", "Prices", "trades.view_referenceprice", "price_change"),
    ("trades_rail", "Rails", "trades.view_rail", "route"),
    ("trades_tier", "Tiers", "trades.view_tier", "military_tech"),
    ("ledger_entry", "Ledger", "ledger.view_entry", "receipt_long"),
    ("ledger_account", "Accounts", "ledger.view_account", "account_balance"),
    ("ledger_asset", "Assets", "ledger.view_asset", "toll"),
    ("devices_device", "Devices", "devices.view_device", "devices"),
    ("devices_sighting", "Sightings", "devices.view_sighting", "visibility"),
    ("events_seal", "Seals", "events.view_seal", "verified"),
    ("events_delivery", "Webhook deliveries", "events.view_delivery", "send"),
    ("django_celery_beat_periodictask", "Periodic tasks", "users.read_audit", "schedule"),
)


@dataclass(frozen=True, slots=True)
class Link:
    """One entry of the navigation; `hint` is its key, `icon` its sign in the admin."""

    key: str
    name: str
    url: str
    icon: str
    hint: str = ""
    count: str = ""


def navigation(by: User) -> list[tuple[str, list[Link]]]:
    """Return the groups of links that this person may follow: one query."""
    with connection.cursor() as cursor:
        cursor.execute(WAITING, [by.pk])
        cases, proposals, value, appeals, faces = cursor.fetchone()
    work = [
        Link("home", "Overview", reverse("console:home"), "space_dashboard", "g h"),
        Link("stream", "Decisions", reverse("console:stream"), "stream", "g d"),
        Link("cases", "Cases", reverse("console:cases"), "inbox", "g c", _count(cases)),
        Link("appeals", "Appeals", reverse("console:appeals"), "gavel", "g e", _count(appeals)),
        Link(
            "approvals",
            "Approvals",
            reverse("console:approvals"),
            "how_to_reg",
            "g a",
            _count(proposals),
        ),
    ]
    if by.has_perm("trades.view_withdrawal"):
        url = reverse("console:withdrawals")
        work.append(Link("withdrawals", "Withdrawals", url, "outbound", "g w", _count(value)))
    if by.has_perm("faces.view_attempt"):
        url = reverse("console:faces")
        work.append(Link("faces", "Face checks", url, "face", "g i", _count(faces)))
    control = [
        Link("restrictions", "Restrictions", reverse("console:restrictions"), "block", "g r"),
        Link("lists", "Lists", reverse("console:lists"), "list_alt", "g l"),
        Link("watch_lists", "Watch-lists", reverse("console:watch_lists"), "travel_explore", "g x"),
        Link("policies", "Policies", reverse("console:policies"), "rule", "g p"),
        Link("features", "Features", reverse("console:features"), "data_object", "g f"),
    ]
    records = [
        Link(name, label, reverse(f"admin:{name}_changelist"), icon)
        for name, label, permission, icon in RECORDS
        if by.has_perm(permission)
    ]
    if roles.may(by, Deed.READ_AUDIT):
        records.insert(0, Link("audit", "Audit log", reverse("console:audit"), "history", "g u"))
    return [("Work", work), ("Control", control), ("Records", records)]


def sidebar(request: HttpRequest) -> list[dict[str, Any]]:
    """Return the same links in the words of the admin's theme."""
    if not isinstance(request.user, User) or not request.user.is_staff:
        return []
    return [
        {
            "title": group,
            "separator": bool(place),
            "items": [
                {"title": link.name, "link": link.url, "icon": link.icon}
                | ({"badge": link.count, "badge_variant": "warning"} if link.count else {})
                for link in links
            ],
        }
        for place, (group, links) in enumerate(navigation(request.user))
        if links
    ]


def _count(number: int) -> str:
    return "" if not number else f"{MOST - 1}+" if number >= MOST else str(number)
