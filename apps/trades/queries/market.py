"""The market: whose offers somebody sees, at which price, best first; one statement for the list.

Fixed and floating ads are two walks along two indexes, each in the order of the price (what floats
moves with one reference, so its premium orders it), and are merged. Neither reads more than the
page needs, however many ads there are.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from apps.core import sql
from apps.trades import conditions, prices
from apps.trades.models import (
    Ad,
    Fiat,
    MerchantProfile,
    PriceType,
    Relation,
    RelationKind,
    Side,
)
from apps.trades.prices import Prices
from apps.trades.queries import people
from apps.trades.queries.people import NOTHING, Record
from apps.users.models import User

SIZE = 20
#: Nobody turns more pages than this: further down, other filters help.
MOST_PAGES = 50
NOBODY = UUID(int=0)

CHOICES = """
SELECT 'ASSET', code, network, '{}'::varchar[] FROM ledger_asset WHERE is_active
UNION ALL SELECT 'FIAT', code, name, '{}' FROM trades_fiat WHERE is_active
UNION ALL SELECT 'RAIL', code, name, fiats FROM trades_rail WHERE is_active
ORDER BY 1, 2
"""
# Both walks hold the same filters; asked is what one unit costs.
WALK = """
SELECT ad.*, {asked} AS asked FROM trades_ad ad
WHERE ad.status = 'ONLINE' AND ad.price_type = '{kind}' AND ad.fiat_id = %(fiat)s
  AND ad.asset_id = %(asset)s AND ad.side = %(side)s AND ({asked}) IS NOT NULL
  AND (%(amount)s::numeric IS NULL OR %(amount)s::numeric BETWEEN ad.min_fiat AND
       least(ad.max_fiat, ad.remaining * ({asked})))
  AND (%(rail)s = '' OR EXISTS (
       SELECT 1 FROM trades_adrail r WHERE r.ad_id = ad.id AND r.rail_id = %(rail)s))
  AND (NOT %(merchants)s OR EXISTS (
       SELECT 1 FROM trades_merchantprofile m
       WHERE m.user_id = ad.owner_id AND m.state = 'ACTIVE'))
  AND EXISTS (SELECT 1 FROM users_user u WHERE u.id = ad.owner_id AND u.is_active)
  AND NOT EXISTS (
       SELECT 1 FROM trades_relation b WHERE b.kind = 'BLOCK'
       AND ((b.user_id = ad.owner_id AND b.other_id = %(viewer)s)
         OR (b.user_id = %(viewer)s AND b.other_id = ad.owner_id)))
  AND (NOT %(fitting)s OR (
       ad.min_kyc <= %(kyc)s AND ad.min_age_days <= %(age_days)s AND ad.min_orders <= %(orders)s
       AND ad.min_completion <= %(completion)s
       AND (ad.countries = '{{}}' OR %(country)s = ANY(ad.countries))
       AND (NOT ad.trusted_only OR EXISTS (
            SELECT 1 FROM trades_relation t WHERE t.kind = 'TRUST'
            AND t.user_id = ad.owner_id AND t.other_id = %(viewer)s))))
ORDER BY ad.{column} {order}, ad.id {order} LIMIT %(enough)s
"""
MARKET = """
WITH reference AS (
  SELECT price FROM trades_referenceprice
  WHERE asset_id = %(asset)s AND fiat_id = %(fiat)s
    AND (%(fresh_since)s::timestamptz IS NULL OR at >= %(fresh_since)s)
)
SELECT a.*, (SELECT price FROM reference) AS reference, u.display_name AS owner_name,
  u.timezone AS owner_zone,
  t.name AS badge, m.headline, m.opens_at, m.closes_at, f.decimals AS fiat_decimals,
  ARRAY(SELECT l.code || chr(31) || l.name FROM trades_adrail r JOIN trades_rail l
        ON l.code = r.rail_id WHERE r.ad_id = a.id AND l.is_active ORDER BY l.name) AS ways,
  EXISTS (SELECT 1 FROM trades_relation x WHERE x.kind = 'TRUST'
        AND x.user_id = a.owner_id AND x.other_id = %(viewer)s) AS trusts_me
FROM (({fixed}) UNION ALL ({floating})) a
JOIN users_user u ON u.id = a.owner_id JOIN trades_fiat f ON f.code = a.fiat_id
LEFT JOIN trades_merchantprofile m ON m.user_id = a.owner_id AND m.state = 'ACTIVE'
LEFT JOIN trades_tier t ON t.code = m.tier_id
ORDER BY a.asked {order}, a.id {order} LIMIT %(size)s OFFSET %(skip)s
"""
FLOATS = "round((SELECT price FROM reference) * (1 + ad.premium), 8)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One offer of the market as its viewer sees it.

    `max_fiat` ends at what is left; `unmet` are codes of conditions.SENTENCES,
    or CLOSED: the merchant's hours are over.
    """

    ad: Ad
    owner: str
    badge: str
    headline: str
    price: Decimal
    min_fiat: Decimal
    max_fiat: Decimal
    rails: tuple[tuple[str, str], ...]
    record: Record
    unmet: tuple[str, ...]
    is_own: bool

    @property
    def is_takeable(self) -> bool:
        """Whether the viewer may take it, as far as is known before they say how much."""
        return not self.unmet and not self.is_own


@dataclass(frozen=True, slots=True)
class Market:
    """A page of the market."""

    offers: list[Listed]
    page: int
    has_more: bool


@dataclass(frozen=True, slots=True)
class Choices:
    """What there is to choose from: codes with names, rails with their currencies."""

    assets: dict[str, str]
    fiats: dict[str, str]
    rails: dict[str, tuple[str, tuple[str, ...]]]

    def rails_for(self, fiat: str) -> dict[str, str]:
        """The rails that carry this currency, by code."""
        return {
            code: name for code, (name, fiats) in self.rails.items() if not fiats or fiat in fiats
        }


def market(
    *,
    asset: str,
    fiat: str,
    side: str,
    at: datetime,
    viewer: User | None = None,
    amount: Decimal | None = None,
    rail: str = "",
    merchants: bool = False,
    fitting: bool = False,
    page: int = 1,
    size: int = SIZE,
) -> Market:
    """A page of the ads of one side (SELL: the viewer would buy), the best price first.

    `amount` is fiat that an offer has to take; `fitting` leaves out offers whose conditions the
    viewer does not meet. Three queries, two for nobody in particular.
    """
    page = max(1, min(page, MOST_PAGES))
    own = people.record(viewer, at=at) if viewer else NOTHING
    order = "ASC" if side == Side.SELL else "DESC"
    fixed = WALK.format(asked="ad.price", kind=PriceType.FIXED, column="price", order=order)
    floating = WALK.format(asked=FLOATS, kind=PriceType.FLOATING, column="premium", order=order)
    words = {
        "asset": asset,
        "fiat": fiat,
        "side": side,
        "amount": amount,
        "rail": rail,
        "merchants": merchants,
        "viewer": viewer.pk if viewer else NOBODY,
        "fitting": fitting and viewer is not None,
        "kyc": viewer.kyc_level if viewer else 0,
        "age_days": (at - viewer.date_joined).days if viewer else 0,
        "orders": own.orders,
        "completion": own.completion_30d or 0,
        "country": viewer.kyc_country if viewer else "",
        "size": size + 1,
        "fresh_since": prices.fresh_since(at=at),
        "skip": (page - 1) * size,
        "enough": page * size + 1,
    }
    rows = list(Ad.objects.raw(MARKET.format(fixed=fixed, floating=floating, order=order), words))
    shown = rows[:size]
    for row in shown:
        row.fiat = Fiat(code=fiat, decimals=row.fiat_decimals)
    found = people.records([row.owner_id for row in shown], at=at) if shown else {}
    return Market(
        offers=[
            _listed(
                row,
                price=Prices({(asset, fiat): row.reference}).of_ad(row),
                owner=User(pk=row.owner_id, display_name=row.owner_name).nickname,
                badge=row.badge or "",
                headline=row.headline or "",
                is_open=people.is_open(
                    MerchantProfile(
                        user=User(pk=row.owner_id, timezone=row.owner_zone),
                        opens_at=row.opens_at,
                        closes_at=row.closes_at,
                    ),
                    at=at,
                ),
                rails=tuple(tuple(way.split("\x1f")) for way in row.ways),
                record=found.get(row.owner_id, NOTHING),
                viewer=viewer,
                own=own,
                is_trusted=row.trusts_me,
                at=at,
            )
            for row in shown
        ],
        page=page,
        has_more=len(rows) > size and page < MOST_PAGES,
    )


def choices() -> Choices:
    """Everything that is traded, in one query."""
    found = Choices({}, {}, {})
    for kind, code, name, fiats in sql.run(CHOICES):
        if kind == "ASSET":
            found.assets[code] = name
        elif kind == "FIAT":
            found.fiats[code] = name
        else:
            found.rails[code] = (name, tuple(fiats))
    return found


def offer_for(viewer: User | None, ad: Ad, *, at: datetime) -> Listed:
    """One ad as its viewer sees it where it is taken; four queries."""
    merchant = people.merchant(ad.owner)
    found = people.records([ad.owner_id, viewer.pk if viewer else NOBODY], at=at)
    rails = ad.rails.filter(rail__is_active=True).select_related("rail").order_by("rail__name")
    return _listed(
        ad,
        price=prices.read(ad.asset_id).of_ad(ad),
        owner=ad.owner.nickname,
        badge=merchant.tier.name if merchant else "",
        headline=merchant.headline if merchant else "",
        is_open=people.is_open(merchant, at=at),
        rails=tuple((one.rail_id, one.rail.name) for one in rails),
        record=found.get(ad.owner_id, NOTHING),
        viewer=viewer,
        own=found.get(viewer.pk, NOTHING) if viewer else NOTHING,
        is_trusted=viewer is not None
        and Relation.objects.filter(
            user=ad.owner_id, other=viewer, kind=RelationKind.TRUST
        ).exists(),
        at=at,
    )


def _listed(
    ad: Ad,
    *,
    price: Decimal,
    owner: str,
    badge: str,
    headline: str,
    is_open: bool,
    rails: tuple[tuple[str, str], ...],
    record: Record,
    viewer: User | None,
    own: Record,
    is_trusted: bool,
    at: datetime,
) -> Listed:
    unmet: list[str] = []
    if viewer is not None:
        # Whether the two know each other matters only to limits of amounts, asked when it is taken.
        partner = conditions.Partner(
            user=viewer, record=own, knows_owner=False, is_trusted=is_trusted
        )
        unmet = conditions.unmet(ad, partner, usd=None, at=at)
    if not is_open:
        unmet.append("CLOSED")
    return Listed(
        ad=ad,
        owner=owner,
        badge=badge,
        headline=headline,
        price=price,
        min_fiat=ad.min_fiat,
        max_fiat=min(ad.max_fiat, prices.fiat_for(ad.remaining, price=price, fiat=ad.fiat)),
        rails=rails,
        record=record,
        unmet=tuple(unmet),
        is_own=viewer is not None and viewer.pk == ad.owner_id,
    )
