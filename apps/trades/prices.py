"""What things are worth: the reference price, and from it the price of an ad and USD amounts."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, Decimal, localcontext

from django.conf import settings

from apps.core.errors import Refused
from apps.core.money import CENT, USD_WHOLE_DIGITS
from apps.ledger.models import Asset
from apps.trades.models import Ad, Fiat, PriceType, ReferencePrice

#: Digits to compute with: two amounts of 38 digits fit.
PRECISION = 80
#: A price is shown and kept with as many digits as an exchange would show.
PRICE_PLACES = Decimal("0.00000001")


@dataclass(frozen=True, slots=True)
class Prices:
    """Reference prices by (asset, fiat), read at once."""

    by_pair: dict[tuple[str, str], Decimal]
    moments: dict[tuple[str, str], datetime] = field(default_factory=dict)

    def of(self, asset: str, fiat: str) -> Decimal:
        """One unit of the asset in the currency; NO_PRICE (409) where there is none."""
        found = self.by_pair.get((asset, fiat))
        if found is None:
            raise Refused(
                "NO_PRICE",
                409,
                f"There is no reference price for {asset} in {fiat} at the moment. Try again "
                "later, or use a fixed price.",
            )
        return found

    def is_stale(self, asset: str, fiat: str, *, at: datetime) -> bool:
        """Whether the price is older than PRICE_MAX_AGE_H allows, or there is none."""
        said, since = self.moments.get((asset, fiat)), fresh_since(at=at)
        return said is None or (since is not None and said < since)

    def require_fresh(self, asset: str, fiat: str, *, at: datetime) -> None:
        """Refused where nobody may trade at the reference price now: NO_PRICE, STALE_PRICE."""
        self.of(asset, fiat)
        if self.is_stale(asset, fiat, at=at):
            raise Refused(
                "STALE_PRICE",
                409,
                f"The reference price for {asset} in {fiat} is out of date, so offers that follow "
                "it rest. Try again later, or use one with a fixed price.",
            )

    def of_ad(self, ad: Ad) -> Decimal:
        """What one unit costs in this ad now."""
        if ad.price_type == PriceType.FIXED:
            assert ad.price is not None
            return ad.price
        assert ad.premium is not None
        return times(self.of(ad.asset_id, ad.fiat_id), 1 + ad.premium).quantize(PRICE_PLACES)

    def deviation(self, ad: Ad) -> float | None:
        """How far the ad's price lies from the reference: 0.05 is 5 % above; None unknown."""
        reference = self.by_pair.get((ad.asset_id, ad.fiat_id))
        if reference is None:
            return None
        return float(self.of_ad(ad) / reference - 1)

    def usd(self, asset: str, amount: Decimal) -> Decimal:
        """What an amount of the asset is worth in US dollars, in cents; refused beyond counting."""
        worth = times(amount, self.of(asset, "USD"))
        if worth >= 10**USD_WHOLE_DIGITS:
            raise Refused("AMOUNT_TOO_LARGE", 422, "That is more than there is. Write less.")
        return worth.quantize(CENT, rounding=ROUND_HALF_EVEN)


def fresh_since(*, at: datetime) -> datetime | None:
    """Since when a reference price has to be to be traded at; None: however old."""
    hours = settings.PRICE_MAX_AGE_H
    return at - timedelta(hours=hours) if hours else None


def read(*assets: str) -> Prices:
    """The reference prices of these assets (of all without any), in one query."""
    rows = ReferencePrice.objects.all()
    if assets:
        rows = rows.filter(asset__in=assets)
    found = list(rows)
    return Prices(
        {(row.asset_id, row.fiat_id): row.price for row in found},
        {(row.asset_id, row.fiat_id): row.at for row in found},
    )


def times(one: Decimal, other: Decimal) -> Decimal:
    """The exact product."""
    with localcontext(prec=PRECISION):
        return one * other


def crypto_for(fiat_amount: Decimal, *, price: Decimal, asset: Asset) -> Decimal:
    """The crypto that an amount of fiat buys, rounded down to what the network can carry."""
    with localcontext(prec=PRECISION):
        return (fiat_amount / price).quantize(Decimal(1).scaleb(-asset.decimals), ROUND_DOWN)


def fiat_for(amount: Decimal, *, price: Decimal, fiat: Fiat) -> Decimal:
    """What an amount of crypto costs, rounded to what the currency can carry."""
    with localcontext(prec=PRECISION):
        return (amount * price).quantize(Decimal(1).scaleb(-fiat.decimals), ROUND_HALF_EVEN)


def share(amount: Decimal, rate: Decimal, *, asset: Asset) -> Decimal:
    """A fee: a share of an amount, rounded down in favour of whoever pays it."""
    with localcontext(prec=PRECISION):
        return (amount * rate).quantize(Decimal(1).scaleb(-asset.decimals), ROUND_DOWN)
