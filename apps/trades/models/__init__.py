"""The facts of business: ads, orders, what is said about them, disputes, people, wallets."""

from apps.trades.models.ads import Ad, AdRail, AdRevision, PriceType, Side
from apps.trades.models.appeals import (
    Appeal,
    AppealKind,
    AppealOutcome,
    AppealReason,
    Evidence,
    Fault,
    Penalty,
)
from apps.trades.models.catalogue import Fiat, Rail, ReferencePrice, Reversal, Speed, Tier
from apps.trades.models.orders import LIVE, CancelReason, Order, OrderStep
from apps.trades.models.people import (
    DayTally,
    MerchantProfile,
    MerchantState,
    PairTally,
    Rating,
    Relation,
    RelationKind,
    Report,
)
from apps.trades.models.talk import Attachment, Message, MessageKind, Notice, ReadMark
from apps.trades.models.wallet import (
    AddressBookEntry,
    Deposit,
    DepositAddress,
    Destination,
    Withdrawal,
)

__all__ = [
    "LIVE",
    "Ad",
    "AdRail",
    "AdRevision",
    "AddressBookEntry",
    "Appeal",
    "AppealKind",
    "AppealOutcome",
    "AppealReason",
    "Attachment",
    "CancelReason",
    "DayTally",
    "Deposit",
    "DepositAddress",
    "Destination",
    "Evidence",
    "Fault",
    "Fiat",
    "MerchantProfile",
    "MerchantState",
    "Message",
    "MessageKind",
    "Notice",
    "Order",
    "OrderStep",
    "PairTally",
    "Penalty",
    "PriceType",
    "Rail",
    "Rating",
    "ReadMark",
    "ReferencePrice",
    "Relation",
    "RelationKind",
    "Report",
    "Reversal",
    "Side",
    "Speed",
    "Tier",
    "Withdrawal",
]
