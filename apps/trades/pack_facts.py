"""What a pack rests on: an order's rows, read once, and for whom they are told."""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db.models import Q

from apps.core import money
from apps.ledger.models import Posting
from apps.trades.models import Appeal, Attachment, Evidence, Message, Order, OrderStep
from apps.users.models import User

#: For whom a pack is made, where it is not for a party.
STAFF = "STAFF"


@dataclass(frozen=True)
class Reader:
    """For whom the document is made: BUYER, SELLER or STAFF, and whether with people's words."""

    role: str
    with_texts: bool = False

    def is_(self, role: str) -> bool:
        """Whether this role's own data are the reader's to see in full."""
        return self.role in (role, STAFF)


@dataclass(frozen=True)
class Facts:
    """An order's rows, read once."""

    order: Order
    reader: Reader
    steps: list[OrderStep]
    postings: list[Posting]
    messages: list[Message]
    attachments: list[Attachment]
    appeals: list[Appeal]
    evidence: list[Evidence]
    roles: dict[UUID | None, str] = field(default_factory=dict)

    def role(self, user: UUID | None) -> str:
        """BUYER, SELLER, STAFF, or DESK where nobody acted."""
        return self.roles.get(user, STAFF)

    @property
    def staff(self) -> list[int]:
        """The entities of those who heard and decided its appeals."""
        found = {
            one.entity_id
            for appeal in self.appeals
            for one in (appeal.agent, appeal.decided_by, appeal.approved_by)
            if one
        }
        return sorted(found)

    @property
    def was_open(self) -> bool:
        """Whether the buyer was ever told whom to pay."""
        return any(step.after == "AWAITING_PAYMENT" for step in self.steps)


def role_of(user: User, order: Order) -> str:
    """What this person is in the order; STAFF for everybody else."""
    return {order.buyer_id: "BUYER", order.seller_id: "SELLER"}.get(user.pk, STAFF)


def facts(order: Order, *, reader: Reader) -> Facts:
    """Read what an order consists of, in six queries."""
    heard_by = ("agent", "decided_by", "approved_by")
    appeals = list(Appeal.objects.filter(order=order).select_related(*heard_by).order_by("id"))
    return Facts(
        order=order,
        reader=reader,
        steps=list(OrderStep.objects.filter(order=order).order_by("id")),
        postings=list(
            Posting.objects.filter(entry__ref=order.pk)
            .select_related("entry", "account")
            .order_by("entry_id", "id")
        ),
        messages=list(Message.objects.filter(order=order).order_by("seq")),
        attachments=list(
            Attachment.objects.filter(order=order)
            .defer("content")
            .annotate(is_kept=Q(content__isnull=False))
            .order_by("id")
        ),
        appeals=appeals,
        evidence=list(
            Evidence.objects.filter(appeal__in=[appeal.pk for appeal in appeals]).order_by("id")
        ),
        roles={order.buyer_id: "BUYER", order.seller_id: "SELLER", None: "DESK"},
    )


def digest_text(text: str | None) -> str | None:
    """The SHA-256 of what somebody wrote."""
    return hashlib.sha256(text.encode()).hexdigest() if text else None


def amount_text(amount: Decimal | None) -> str | None:
    """An amount in plain digits."""
    return None if amount is None else money.short(amount)


def moment_text(moment: datetime | None) -> str | None:
    """A moment as ISO 8601."""
    return moment.isoformat() if moment else None
