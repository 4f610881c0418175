"""The form in which an ad is written, and the offer that it makes."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.core import money
from apps.flows.ads import WINDOWS
from apps.ledger.models import Asset
from apps.trades.models import Ad, Fiat, PriceType, Rail, Side
from apps.trades.services.ads import Offer
from apps.users.models import PayoutAccount
from apps.web import wording
from apps.web.amounts import AmountField

HUNDRED = Decimal(100)


@dataclass(frozen=True, slots=True)
class Pair:
    """What is offered against what: the asset bought or sold, the currency paid in."""

    side: str
    asset: Asset
    fiat: Fiat

    @property
    def sells(self) -> bool:
        """Whether the advertiser sells the asset."""
        return self.side == Side.SELL


class AdForm(forms.Form):
    """Everything that an ad says; percentages are written as people write them."""

    price_type = forms.ChoiceField(
        label=gettext_lazy("Price"),
        choices=[
            (PriceType.FIXED, gettext_lazy("Fixed")),
            (PriceType.FLOATING, gettext_lazy("Follows the market")),
        ],
        widget=forms.RadioSelect,
        initial=PriceType.FIXED,
    )
    price = AmountField(label=gettext_lazy("Fixed price"), required=False)
    premium = AmountField(
        label=gettext_lazy("Above or below the market, in percent"),
        required=False,
        sign=True,
        help_text=gettext_lazy("1.5 is 1.5 % above the reference price, -1 is 1 % below."),
    )
    quantity = AmountField(label=gettext_lazy("How much in all"))
    min_fiat = AmountField(label=gettext_lazy("Smallest order"))
    max_fiat = AmountField(label=gettext_lazy("Largest order"))
    rails = forms.MultipleChoiceField(
        label=gettext_lazy("Ways of paying"), widget=forms.CheckboxSelectMultiple
    )
    window_min = forms.TypedChoiceField(label=gettext_lazy("Time to pay"), coerce=int, initial=30)
    terms = forms.CharField(
        label=gettext_lazy("Terms"),
        required=False,
        max_length=900,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=gettext_lazy("Everybody reads them. Contact details and links are not allowed."),
    )
    auto_reply = forms.CharField(
        label=gettext_lazy("First message to whoever takes the ad"),
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    min_kyc = forms.TypedChoiceField(
        label=gettext_lazy("Verification level at least"),
        coerce=int,
        required=False,
        empty_value=0,
        choices=[(0, "–"), (1, "1"), (2, "2"), (3, "3")],
    )
    min_age_days = forms.IntegerField(
        label=gettext_lazy("Account at least so many days old"),
        required=False,
        min_value=0,
        max_value=3650,
    )
    min_orders = forms.IntegerField(
        label=gettext_lazy("Completed orders at least"),
        required=False,
        min_value=0,
        max_value=100_000,
    )
    min_completion = forms.IntegerField(
        label=gettext_lazy("Completed in 30 days at least, in percent"),
        required=False,
        min_value=0,
        max_value=100,
    )
    newcomer_limit_usd = AmountField(
        label=gettext_lazy("First order with me: at most"), required=False
    )
    countries = forms.CharField(
        label=gettext_lazy("Only people verified in"),
        required=False,
        max_length=200,
        help_text=gettext_lazy("Country codes of two letters, such as DE, FR. Empty: everywhere."),
    )
    clean_rail_only = forms.BooleanField(
        label=gettext_lazy("Only payments from accounts used here for 30 days"), required=False
    )
    trusted_only = forms.BooleanField(
        label=gettext_lazy("Only people whom I trust"), required=False
    )

    def __init__(
        self,
        data: Any,
        *,
        pair: Pair,
        rails: list[Rail],
        accounts: list[PayoutAccount],
        ad: Ad | None,
    ) -> None:
        super().__init__(data, initial=_as_written(ad) if ad else {"quantity": None})
        self.pair, self.rails = pair, rails
        self.accounts = {str(one.pk): one for one in accounts}
        names = {rail.code: _(rail.name) for rail in rails}
        fields: dict[str, Any] = self.fields
        fields["window_min"].choices = [(one, wording.span(one * 60)) for one in WINDOWS]
        if pair.sells:
            fields["rails"].label = _("Where I am paid")
            fields["rails"].choices = [
                (id, f"{names[one.rail]} · {wording.account(one)}")
                for id, one in self.accounts.items()
            ]
        else:
            fields["rails"].label = _("How I pay")
            fields["rails"].choices = list(names.items())
        if ad is not None:
            fields["quantity"].label = _("Still to trade")

    def clean_countries(self) -> list[str]:
        codes = self.cleaned_data["countries"].replace(",", " ").upper().split()
        if any(len(code) != 2 or not code.isascii() or not code.isalpha() for code in codes):
            raise forms.ValidationError(_("Write codes of two letters, such as DE, FR."))
        return sorted(set(codes))

    def clean_rails(self) -> dict[str, PayoutAccount | None]:
        chosen = self.cleaned_data["rails"]
        if not self.pair.sells:
            return dict.fromkeys(chosen)
        own = [self.accounts[id] for id in chosen]
        if len({one.rail for one in own}) < len(own):
            raise forms.ValidationError(_("Choose one account for each way of paying."))
        return {one.rail: one for one in own}

    def offer(self) -> Offer:
        """What is offered; the form is valid."""
        said = self.cleaned_data
        fixed = said["price_type"] == PriceType.FIXED
        premium = said["premium"]
        return Offer(
            price_type=said["price_type"],
            price=said["price"] if fixed else None,
            premium=None if fixed or premium is None else premium / HUNDRED,
            quantity=said["quantity"],
            min_fiat=said["min_fiat"],
            max_fiat=said["max_fiat"],
            window_min=said["window_min"],
            rails=said["rails"],
            terms=said["terms"],
            auto_reply=said["auto_reply"],
            min_kyc=said["min_kyc"] or 0,
            min_age_days=said["min_age_days"] or 0,
            min_orders=said["min_orders"] or 0,
            min_completion=Decimal(said["min_completion"] or 0) / HUNDRED,
            countries=said["countries"],
            newcomer_limit_usd=said["newcomer_limit_usd"],
            clean_rail_only=said["clean_rail_only"],
            trusted_only=said["trusted_only"],
        )


def _as_written(ad: Ad) -> dict[str, Any]:
    same = (
        "price_type", "price", "min_fiat", "max_fiat", "window_min", "terms", "auto_reply",
        "min_kyc", "min_age_days", "min_orders", "newcomer_limit_usd", "clean_rail_only",
        "trusted_only",
    )  # fmt: skip
    said = {name: getattr(ad, name) or None for name in same}
    rails = list(ad.rails.all())
    return said | {
        "quantity": ad.remaining,
        "premium": None if ad.premium is None else Decimal(money.short(ad.premium * HUNDRED)),
        "min_completion": int(ad.min_completion * HUNDRED) or None,
        "countries": ", ".join(ad.countries),
        "rails": [str(one.account_id) if ad.side == Side.SELL else one.rail_id for one in rails],
    }
