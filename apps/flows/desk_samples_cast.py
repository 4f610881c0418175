"""Who the sample desk is made of: traders, their ads, and the orders they complete."""

from dataclasses import dataclass
from uuid import NAMESPACE_DNS, uuid5

from apps.flows.request_facts import RequestFacts
from apps.users.demo import DOMAIN


@dataclass(frozen=True, slots=True)
class Deal:
    """One order to be walked from its opening to what both said afterwards."""

    taker: str
    ad: int
    fiat: int
    pays: int
    releases: int
    tags: tuple[str, ...]
    comment: str


@dataclass(frozen=True, slots=True)
class Trader:
    """One sample person: the name in the passport, where they are, how they are paid."""

    name: str
    legal_name: str
    country: str
    level: int
    place: int
    accounts: tuple[tuple[str, str, str], ...]
    funds: tuple[tuple[str, str], ...] = ()

    @property
    def facts(self) -> RequestFacts:
        """Their usual browser at their usual place: an address reserved for documents."""
        ip = f"2001:db8:{self.place}::7"
        return RequestFacts(
            ip=ip,
            subnet=f"2001:db8:{self.place}::/48",
            device_id=uuid5(NAMESPACE_DNS, f"{self.name}.{DOMAIN}"),
            user_agent_family="firefox",
            client="web",
            second_factor=True,
        )


TRADERS = {
    trader.name: trader
    for trader in (
        Trader(
            "mia.merchant", "Mia Sommer", "DE", 3, 1,
            (("sepa_instant", "DE89 3704 0044 0532 0130 00", "Beispielbank"),),
            (("USDT-TRC20", "42000"), ("BTC", "0.6")),
        ),
        Trader(
            "max.merchant", "Max Oliveira", "BR", 2, 2,
            (("pix", "max.oliveira@otcrisk.example", "Banco Exemplo"),
             ("bank_ng", "0123456789", "Example Bank Lagos")),
            (("USDT-TRC20", "30000"),),
        ),
        Trader(
            "ben.buyer", "Ben Carvalho", "PT", 1, 3,
            (("sepa_instant", "PT50 0002 0123 1234 5678 9015 4", "Banco de Exemplo"),
             ("pix", "ben.carvalho@otcrisk.example", "Banco Exemplo")),
            (("USDT-TRC20", "900"),),
        ),
        Trader(
            "bea.buyer", "Beatrice Adeyemi", "NG", 1, 4,
            (("bank_ng", "9876543210", "Example Bank Abuja"),),
        ),
    )
}  # fmt: skip

#: Who offers what: owner, side, asset, fiat, premium or (as text) fixed price over the reference,
#: how much, smallest and largest order, rail, terms.
ADS = (
    ("mia.merchant", "SELL", "USDT-TRC20", "EUR", "1.008", None, "12000", 20, 900, "sepa_instant"),
    ("mia.merchant", "SELL", "BTC", "EUR", None, "0.012", "0.4", 50, 2500, "sepa_instant"),
    ("mia.merchant", "BUY", "USDT-TRC20", "EUR", None, "-0.006", "8000", 20, 1500, "sepa_instant"),
    ("max.merchant", "SELL", "USDT-TRC20", "BRL", None, "0.015", "9000", 100, 5000, "pix"),
    ("max.merchant", "SELL", "USDT-TRC20", "NGN", "1.012", None, "7000", 9000, 900000, "bank_ng"),
    ("max.merchant", "BUY", "USDT-TRC20", "CNY", None, "-0.004", "5000", 100, 7000, "alipay"),
)
#: Completed orders: taker, place of the ad, fiat, minutes to pay and to release, what they said.
DEALS = (
    ("ben.buyer", 0, 60, 4, 3, ("FAST",), ""),
    ("bea.buyer", 4, 55_000, 9, 6, ("POLITE",), "Friendly, and patient with my bank."),
    ("ben.buyer", 3, 450, 3, 4, ("GOOD_PRICE",), ""),
    ("ben.buyer", 0, 140, 6, 2, ("FAST", "CLEAR_TERMS"), "Quick and clear."),
    ("bea.buyer", 4, 120_000, 12, 9, (), ""),
    ("ben.buyer", 2, 90, 5, 4, ("POLITE",), ""),
    ("ben.buyer", 1, 180, 7, 5, ("FAST",), "Bitcoin in ten minutes."),
    ("bea.buyer", 4, 80_000, 15, 22, ("SLOW",), "Took a while this time."),
    ("ben.buyer", 0, 210, 3, 3, ("FAST",), ""),
    ("bea.buyer", 4, 160_000, 8, 7, ("GOOD_PRICE",), ""),
    ("ben.buyer", 3, 620, 4, 6, (), ""),
    ("ben.buyer", 0, 95, 5, 2, ("FAST", "POLITE"), ""),
)
