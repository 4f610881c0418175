"""An act on its way to becoming an Event: built at the edge, judged, then written once."""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from typing import Any
from uuid import UUID

from apps.core.ids import entity_id
from apps.core.net import subnet


@dataclass(frozen=True, slots=True)
class Party:
    """One entity by its words: `kind`, `scope` ("" where all clients share it) and reference."""

    kind: str
    scope: str
    ref: str

    @property
    def id(self) -> int:
        """Return the signed 64-bit hash under which the entity is stored."""
        return entity_id(kind=self.kind, scope=self.scope, ref=self.ref)


def pair_ref(one: str, other: str) -> str:
    """Return the reference of two people as a pair, the same whoever of them acts."""
    return "|".join(sorted((one, other)))


@dataclass(frozen=True)
class Act:
    """What somebody did, in words and numbers: everything that the engine may look at.

    `data` holds the signals of apps.risk.vocabulary and ids; never text that a person wrote.
    """

    id: UUID
    at: datetime
    kind: str
    scope: str
    user: Party | None = None
    counterparty: Party | None = None
    device: Party | None = None
    ip: Party | None = None
    account: Party | None = None
    address: Party | None = None
    client: Party | None = None
    actor: Party | None = None
    # What of business it concerns: may be restricted, is counted in no stream.
    about: tuple[Party, ...] = ()
    amount_usd: Decimal | None = None
    data: dict[str, Any] = field(default_factory=dict)
    ref: str | None = None
    digest: bytes = b""
    occurred_at: datetime | None = None
    request_id: str | None = None

    @cached_property
    def parties(self) -> dict[str, Party]:
        """Return the entities by role (user cp device ip subnet account address pair)."""
        found = {
            "user": self.user,
            "cp": self.counterparty,
            "device": self.device,
            "ip": self.ip,
            "subnet": self.ip and Party("subnet", "", subnet(self.ip.ref)),
            "account": self.account,
            "address": self.address,
            "pair": self.user
            and self.counterparty
            and Party("pair", self.scope, pair_ref(self.user.ref, self.counterparty.ref)),
        }
        return {role: party for role, party in found.items() if party}

    @cached_property
    def ids(self) -> dict[str, int]:
        """Return the entity ids by role."""
        return {role: party.id for role, party in self.parties.items()}
