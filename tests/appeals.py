"""Appeals as tests see them: opened, heard, taken and decided by a cast of staff."""

import io
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import numpy as np
from PIL import Image

from apps.flows import appeals
from apps.ledger import queries as ledger
from apps.trades.models import Appeal, Order, Ruling
from apps.users.models import User
from apps.users.roles import Role
from tests.desk import Desk
from tests.staff import colleague

STATEMENT = "I paid the whole amount from my own account an hour ago, and nothing happens."
FINDING = "The bank's statement shows the payment in full, so the buyer gets the crypto."


def picture(seed: int = 1) -> bytes:
    """A picture that no other seed draws."""
    pixels = np.random.default_rng(seed).integers(0, 255, (64, 64, 3), dtype=np.uint8)
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, format="PNG")
    return out.getvalue()


@dataclass
class Court:
    """A desk with its orders, and the staff who settle what people disagree on."""

    desk: Desk
    staff: dict[str, User] = field(default_factory=dict)

    def member(self, name: str, role: Role = Role.SENIOR) -> User:
        """Somebody of the staff, made when first named."""
        if name not in self.staff:
            self.staff[name] = colleague(role, name)
        return self.staff[name]

    def paid(self, **words: Any) -> Order:
        """An order that was marked as paid a quarter of an hour ago."""
        order = self.desk.order(step="PAID", **words)
        self.desk.pass_time(minutes=15)
        return order

    def opens(self, order: Order, by: str = "bob", reason: str = "PAID_NOT_RELEASED") -> Appeal:
        """A party appeals."""
        return appeals.open_appeal(
            actor=self.desk.person(by),
            order=order,
            reason=reason,
            statement=STATEMENT,
            request_facts=self.desk.facts(by),
            at=self.desk.now,
        )

    def tells(self, appeal: Appeal, by: str, **words: Any) -> None:
        """A party says something, or shows it."""
        said: dict[str, Any] = {"what": "OTHER", "words": "I see nothing in my bank.", "data": None}
        appeals.show(actor=self.desk.person(by), appeal=appeal, at=self.desk.now, **(said | words))

    def takes(self, appeal: Appeal, by: str = "sam") -> Appeal:
        """A member of staff takes an appeal."""
        return appeals.take(by=self.member(by), appeal=appeal, at=self.desk.now)

    def heard(self, appeal: Appeal, by: str = "sam") -> Appeal:
        """Everybody has spoken, and a member of staff has taken it."""
        for name in ("alice", "bob"):
            self.tells(appeal, name)
        return self.takes(appeal, by)

    def decides(
        self, appeal: Appeal, outcome: str = "RELEASE", by: str = "sam", **words: Any
    ) -> Ruling:
        """The agent decides: unless said otherwise the seller is at fault for not releasing."""
        said: dict[str, Any] = {
            "reason": "PAID_NOT_RELEASED",
            "fault": "SELLER",
            "finding": FINDING,
        }
        return appeals.decide(
            by=self.member(by), appeal=appeal, outcome=outcome, at=self.desk.now, **(said | words)
        )

    def agrees(self, appeal: Appeal, by: str = "cora") -> Ruling:
        """A second person agrees."""
        return appeals.approve(by=self.member(by), appeal=appeal, at=self.desk.now)

    def balance(self, name: str, what: str = "available") -> Decimal:
        """Somebody's USDT."""
        rows = ledger.balances(self.desk.person(name), at=self.desk.now)
        found = [getattr(row, what) for row in rows if row.asset.code == "USDT-TRC20"]
        return found[0] if found else Decimal(0)
