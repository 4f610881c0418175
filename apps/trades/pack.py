"""The document of an order: what the desk knows of it, as its reader may see it, in plain data.

Amounts and moments are text, codes stay codes, everybody is called by their role in the order.
Other people's account numbers are shortened, except the one that the buyer was told to pay to.
What people wrote stands here as digests, its words only when they are asked for.
"""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from apps.trades import pack_said as said
from apps.trades.models import Order, OrderStep
from apps.trades.pack_facts import Facts, amount_text, moment_text
from apps.users.models import PayoutAccount, User

#: Reasons of steps that are between the desk and the person whose act it was.
_OF_THE_CHECK = ("STEP_UP", "REVIEW", "BLOCK")


def document(known: Facts) -> dict[str, Any]:
    """The sections that come from the order itself; flows.packs adds what the log says."""
    return {
        "order": _order(known),
        "parties": {
            role.lower(): _party(user, own=known.reader.is_(role))
            for role, user in (("BUYER", known.order.buyer), ("SELLER", known.order.seller))
        },
        "payment": _payment(known),
        "steps": [_step(step, known) for step in known.steps],
        "ledger": list(_ledger(known)),
        "messages": list(said.messages(known)),
        "files": [said.file_(file, known) for file in known.attachments],
        "appeals": [said.appeal_(appeal, known) for appeal in known.appeals],
        "evidence": [said.evidence_(item, known) for item in known.evidence],
    }


def _order(known: Facts) -> dict[str, Any]:
    order = known.order
    return {
        "id": str(order.pk),
        "number": order.number,
        "status": order.status,
        "maker": known.role(order.maker_id),
        "ad": str(order.ad_id),
        "ad_revision": order.ad_revision,
        "asset": order.asset_id,
        "network": order.asset.network,
        "fiat": order.fiat_id,
        "fiat_decimals": order.fiat.decimals,
        "price": amount_text(order.price),
        "amount": amount_text(order.amount),
        "fiat_amount": amount_text(order.fiat_amount),
        "buyer_fee": amount_text(order.buyer_fee),
        "seller_fee": amount_text(order.seller_fee),
        "rail": order.rail_id,
        "rail_name": order.rail.name,
        "created_at": moment_text(order.created_at),
        "pay_until": moment_text(order.pay_until),
        "paid_at": moment_text(order.paid_at),
        "released_at": moment_text(order.released_at),
        "ended_at": moment_text(order.ended_at),
        "cancelled_by": known.role(order.cancelled_by_id) if order.cancel_reason else None,
        "cancel_reason": order.cancel_reason or None,
        "paid_reverted": order.paid_reverted,
        "third_party_reported": order.third_party,
        "reclaims": str(order.reclaims_id) if order.reclaims_id else None,
    }


def _party(user: User, *, own: bool) -> dict[str, Any]:
    return {
        "id": str(user.pk),
        "nickname": user.nickname,
        "legal_name": user.legal_name,
        "country": user.kyc_country or None,
        "identity_checked": user.kyc_level > 0,
        "email": user.email if own else None,
        "since": user.date_joined.date().isoformat(),
    }


def _payment(known: Facts) -> dict[str, Any]:
    order, reader = known.order, known.reader
    to_seller = known.was_open or reader.is_("SELLER")
    return {
        "rail": order.rail_id,
        "rail_name": order.rail.name,
        "fiat": order.fiat_id,
        "amount": amount_text(order.fiat_amount),
        "payee": {
            "holder": order.payee_holder if to_seller else None,
            "bank": order.payee_bank or None if to_seller else None,
            "number": order.payee_number if to_seller else None,
        },
        "payer": _payer(order.payer_account, order, own=reader.is_("BUYER")),
        "marked_paid_at": moment_text(order.paid_at),
    }


def _payer(account: PayoutAccount | None, order: Order, *, own: bool) -> dict[str, Any] | None:
    if account is None:
        return None
    return {
        "holder": order.payer_holder,
        "bank": account.bank or None,
        "number": account.number if own else shortened(account.number),
    }


def shortened(number: str | None) -> str | None:
    """An account number of somebody else: its last four characters, fewer of a short one."""
    if number is None:
        return None
    plain = "".join(number.split())
    return "…" + plain[-min(4, len(plain) // 2) :] if len(plain) > 1 else "…"


def _step(step: OrderStep, known: Facts) -> dict[str, Any]:
    by = known.role(step.actor_id)
    hidden = step.reason in _OF_THE_CHECK and not known.reader.is_(by)
    return {
        "id": str(step.pk),
        "at": moment_text(step.at),
        "by": by,
        "before": step.before or None,
        "after": step.after,
        "reason": None if hidden else step.reason or None,
        "event": str(step.event) if step.event else None,
    }


def _ledger(known: Facts) -> Iterator[dict[str, Any]]:
    entries: dict[UUID, dict[str, Any]] = {}
    for posting in known.postings:
        entry = posting.entry
        line = entries.setdefault(
            entry.pk,
            {
                "id": str(entry.pk),
                "kind": entry.kind,
                "at": moment_text(entry.at),
                "by": known.role(entry.by_id),
                "reverses": str(entry.reverses_id) if entry.reverses_id else None,
                "postings": [],
            },
        )
        line["postings"].append(
            {
                "account": posting.account.kind,
                "owner": known.role(posting.account.user_id),
                "asset": posting.asset_id,
                "amount": amount_text(posting.amount),
            }
        )
    yield from entries.values()
