"""Acts of our own people, in the words of the engine: ids, numbers and codes, never a text."""

from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from apps.core.ids import uuid7
from apps.core.money import CENT
from apps.events import log
from apps.events.act import Act, Party
from apps.flows.request_facts import RequestFacts
from apps.trades.models import Order
from apps.users.models import DESK, PayoutAccount, User

#: Where the clock or staff move something, there is no request to tell of.
NOWHERE = RequestFacts(
    ip=None, subnet=None, device_id=None, user_agent_family="none", client="clock"
)


def person(user: User) -> Party:
    """One of our own people as an entity."""
    return Party("user", DESK, str(user.pk))


def thing(kind: str, id: UUID) -> Party:
    """An order or a withdrawal of the desk as an entity."""
    return Party(kind, DESK, str(id))


def note(kind: str, *, by: User | None, of: User | None = None, at: datetime, **data: Any) -> UUID:
    """Write to the log what counts in no stream: who (None: the clock), whose, ids and codes."""
    one = Act(
        id=uuid7(at),
        at=at,
        kind=kind,
        scope=DESK,
        user=person(of) if of else None,
        actor=person(by) if by else None,
        data={name: value for name, value in data.items() if value is not None},
    )
    log.add(one)
    return one.id


def act(
    kind: str,
    *,
    user: User | None,
    request_facts: RequestFacts,
    at: datetime,
    to: User | None = None,
    account: PayoutAccount | None = None,
    address: str | None = None,
    usd: Decimal | None = None,
    about: Party | None = None,
    **data: Any,
) -> Act:
    """What one of our people did, with all that the request and the person themselves tell."""
    who = person(user) if user else None
    facts = request_facts
    said: dict[str, Any] = {"session_verified": facts.second_factor, "channel": facts.client}
    said |= {**facts.device_signals, **data}
    if user and user.kyc_country:
        said["kyc_country"] = user.kyc_country
    if about:
        said[about.kind] = about.ref
    return Act(
        id=uuid7(at),
        at=at,
        kind=kind,
        scope=DESK,
        user=who,
        counterparty=person(to) if to else None,
        actor=who,
        device=Party("device", DESK, str(facts.device_id)) if facts.device_id else None,
        ip=Party("ip", "", facts.ip) if facts.ip else None,
        account=Party("account", "", account.number_index) if account else None,
        address=Party("address", "", address) if address else None,
        amount_usd=usd.quantize(CENT) if usd is not None else None,
        about=(about,) if about else (),
        data={name: value for name, value in said.items() if value is not None},
    )


def of_party(
    kind: str,
    *,
    user: User,
    order: Order,
    at: datetime,
    by: User | None = None,
    request_facts: RequestFacts = NOWHERE,
    **data: Any,
) -> Act:
    """What concerns a party of an order, and the other side; `by` did it where it was not they."""
    buys = user.pk == order.buyer_id
    one = act(
        kind,
        user=user,
        to=order.seller if buys else order.buyer,
        usd=order.usd,
        request_facts=request_facts,
        at=at,
        about=thing("order", order.pk),
        side="buy" if buys else "sell",
        **data,
    )
    return replace(one, actor=person(by)) if by else one
