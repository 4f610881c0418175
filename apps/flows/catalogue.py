"""What staff keep: reference prices, currencies, rails, tiers; each change leaves an event.

The admin puts its own transaction around what it saves, so these deeds don't insist on theirs.
"""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.db.models import Model

from apps.core import partitions
from apps.core.errors import Refused
from apps.flows import own_acts, staff
from apps.trades import price_sources
from apps.trades.models import Fiat, Rail, ReferencePrice, Tier
from apps.users.models import User
from apps.users.roles import Deed

KEPT: tuple[type[Model], ...] = (Fiat, Rail, Tier)
#: A price that moves further is asked about once more: a slip of a digit sells the shop.
ASKED_ABOUT = Decimal("0.1")
SOURCE = "staff"


def set_price(
    *, by: User, asset: str, fiat: str, price: Decimal, confirmed: bool, at: datetime
) -> ReferencePrice:
    """Set a reference price; one that moves by more than 10 % has to be confirmed.

    With a feed as source, staff set only what the feed jumped away from; it goes on from there.
    """
    staff.may(by, Deed.KEEP_CATALOGUE)
    if not price.is_finite() or price <= 0 or price != round(price, 18):
        raise Refused("BAD_PRICE", 422, "Write a price above zero.", {"price": ["Above zero."]})
    partitions.ensure(at)
    with transaction.atomic():
        row = ReferencePrice.objects.select_for_update().filter(asset=asset, fiat=fiat).first()
        before = row.price if row else None
        if before and abs(price_sources.change(before, price)) > ASKED_ABOUT and not confirmed:
            share = price_sources.change(before, price) * 100
            sentence = f"That moves the price by {share:+.1f} %. Confirm that it is meant so."
            raise Refused("CONFIRM_CHANGE", 409, sentence, {"confirmed": [sentence]})
        row, _made = ReferencePrice.objects.update_or_create(
            asset_id=asset, fiat_id=fiat, defaults={"price": price, "source": SOURCE, "at": at}
        )
        own_acts.note(
            "price.set",
            by=by,
            at=at,
            asset=asset,
            fiat=fiat,
            price=f"{price:f}",
            before=None if before is None else f"{before:f}",
        )
    return row


def read_source(*, at: datetime) -> int:
    """Take over what the price source says by now; how many prices moved."""
    found = price_sources.quotes(at=at)
    if not found:
        return 0
    with transaction.atomic(durable=True):
        return price_sources.store(found, source="file")


def keep(*, by: User, row: Model, changed: Iterable[str], at: datetime) -> None:
    """Add a currency, rail or tier, or change the named fields of one."""
    staff.may(by, Deed.KEEP_CATALOGUE)
    if not isinstance(row, KEPT):
        raise Refused("NOT_KEPT", 409, "This is not kept by hand.")
    fields, is_new = sorted(set(changed)), row._state.adding
    if not fields and not is_new:
        return
    partitions.ensure(at)
    with transaction.atomic():
        if is_new:
            row.save(force_insert=True)
        else:
            row.save(update_fields=fields)
        own_acts.note(
            "catalogue.changed",
            by=by,
            at=at,
            table=row._meta.model_name,
            row=str(row.pk),
            fields=[] if is_new else fields,
            added=is_new,
        )
