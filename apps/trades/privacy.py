"""A person's own data on the desk: taken along, or freed of what names them.

What the law makes a desk keep stays: who traded how much with whom, when, and which account was
paid. What goes is what the person wrote, showed and called their own.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db.models import Model, Q

from apps.ledger import queries as ledger
from apps.ledger.models import Posting
from apps.trades.models import (
    LIVE,
    Ad,
    AddressBookEntry,
    Appeal,
    Attachment,
    Deposit,
    Evidence,
    MerchantProfile,
    Message,
    Notice,
    Order,
    Rating,
    Relation,
    Report,
    Withdrawal,
)
from apps.users.models import User

Section = list[dict[str, Any]]


def open_matters(user: User, *, at: datetime) -> list[str]:
    """Why this person can't be erased yet, in sentences."""
    mine = Q(buyer=user) | Q(seller=user)
    why = []
    if Order.objects.filter(mine, status__in=LIVE).exists():
        why.append("An order is open. Finish it first.")
    if (
        Appeal.objects.filter(Q(order__buyer=user) | Q(order__seller=user), closed_at=None)
        .exclude(state__in=["CLOSED", "WITHDRAWN"])
        .exists()
    ):
        why.append("An appeal is open. Wait for its decision.")
    if any(row.is_some for row in ledger.balances(user, at=at)):
        why.append("There is money in the wallet. Close your ads and withdraw it first.")
    return why


def export(user: User) -> dict[str, Section]:
    """What the desk holds on a person, by section, ready for json.dumps."""
    orders = Order.objects.filter(Q(buyer=user) | Q(seller=user)).order_by("id")
    mine = {"user": user}
    return {
        "orders": [_order(order, user) for order in orders.select_related("payer_account")],
        "messages": _rows(
            Message.objects.filter(sender=user).order_by("id"), "order_id", "seq", "at", "body"
        ),
        "files": _rows(
            Attachment.objects.filter(uploader=user).defer("content").order_by("id"),
            "id", "order_id", "kind", "size", "sha256", "at",
        ),
        "ads": _rows(
            Ad.objects.filter(owner=user).order_by("id"),
            "id", "side", "asset_id", "fiat_id", "price", "premium", "quantity", "terms",
            "auto_reply", "status", "created_at",
        ),
        "addresses": _rows(
            AddressBookEntry.objects.filter(**mine).order_by("id"),
            "label", "network", "address", "beneficiary", "vasp", "added_at", "removed_at",
        ),
        "withdrawals": _rows(
            Withdrawal.objects.filter(**mine).order_by("id"),
            "id", "asset_id", "amount", "fee", "address", "status", "requested_at", "tx_id",
            "travel_rule",
        ),
        "deposits": _rows(
            Deposit.objects.filter(**mine).order_by("id"),
            "id", "asset_id", "amount", "tx_id", "status", "detected_at",
        ),
        "ledger": _rows(
            Posting.objects.filter(account__user=user)
            .select_related("entry", "account")
            .order_by("pk"),
            "entry.kind", "entry.at", "account.kind", "asset_id", "amount",
        ),
        "appeals": _rows(
            Appeal.objects.filter(opener=user).order_by("id"),
            "id", "order_id", "reason", "statement", "state", "outcome", "opened_at",
        ),
        "ratings_given": _rows(
            Rating.objects.filter(rater=user).order_by("id"),
            "order_id", "is_positive", "tags", "comment", "at",
        ),
        "relations": _rows(
            Relation.objects.filter(user=user).order_by("pk"), "other_id", "kind", "at"
        ),
        "reports": _rows(
            Report.objects.filter(reporter=user).order_by("id"),
            "target_id", "category", "words", "at",
        ),
        "merchant": _rows(
            MerchantProfile.objects.filter(user=user),
            "tier_id", "state", "headline", "applied_at", "since",
        ),
    }  # fmt: skip


def erase(user: User, *, at: datetime) -> dict[str, int]:
    """Destroy what the person wrote and showed; how many of each. Digests and amounts stay."""
    return {
        "messages": Message.objects.filter(sender=user, body__isnull=False).update(body=None),
        "files": Attachment.objects.filter(uploader=user, content__isnull=False).update(
            content=None
        ),
        "statements": Appeal.objects.filter(opener=user, statement__isnull=False).update(
            statement=None
        )
        + Appeal.objects.filter(objection_by=user, objection__isnull=False).update(objection=None)
        + Evidence.objects.filter(party=user, words__isnull=False).update(words=None)
        + Evidence.objects.filter(party=user, answer__isnull=False).update(answer=None)
        + Report.objects.filter(reporter=user, words__isnull=False).update(words=None),
        "addresses": AddressBookEntry.objects.filter(user=user, removed_at=None).update(
            removed_at=at, label="", beneficiary=None
        ),
        "ratings": Rating.objects.filter(rater=user).exclude(comment="").update(comment=""),
        "notices": Notice.objects.filter(user=user).delete()[0],
        "relations": Relation.objects.filter(Q(user=user) | Q(other=user)).delete()[0],
        "profiles": MerchantProfile.objects.filter(user=user)
        .exclude(headline="")
        .update(headline=""),
    }


def _order(order: Order, user: User) -> dict[str, Any]:
    told = _row(
        order, "id", "asset_id", "fiat_id", "amount", "fiat_amount", "price", "rail_id", "status",
        "created_at", "paid_at", "released_at", "ended_at",
    )  # fmt: skip
    buys = order.buyer_id == user.pk
    told["side"] = "buy" if buys else "sell"
    # Of the two accounts one's own; the other one is the other person's.
    told["own_account_holder"] = order.payer_holder if buys else order.payee_holder
    return told


def _rows(rows: Iterable[Model], *names: str) -> Section:
    return [_row(row, *names) for row in rows]


def _row(row: Model, *names: str) -> dict[str, Any]:
    told = {}
    for name in names:
        value: Any = row
        for part in name.split("."):
            value = getattr(value, part)
        plain = value is None or isinstance(value, (bool, int, list, str))
        told[name.removesuffix("_id").replace(".", "_")] = (
            value if plain else value.isoformat() if isinstance(value, datetime) else str(value)
        )
    return told
