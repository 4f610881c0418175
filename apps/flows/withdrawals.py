"""What people do with withdrawals: ask for one, hand in what travels along, take it back; CP5.

CP5 fails closed: what the engine could not judge is held, and asked for again.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from apps.core.errors import Refused
from apps.core.ids import uuid7
from apps.flows import custody, flow, list_checks, own_acts
from apps.flows.list_checks import Asked as AskedName
from apps.flows.request_facts import RequestFacts
from apps.flows.withdrawal_steps import advance, end, locked
from apps.flows.withdrawal_terms import agree
from apps.restrictions.models import Kind
from apps.screening.models import Role
from apps.trades import travel_rule as rule
from apps.trades.models import AddressBookEntry, Withdrawal
from apps.trades.services import withdrawals
from apps.trades.services.talk import notify
from apps.trades.states import WithdrawalStatus
from apps.users.models import User


@dataclass(frozen=True, slots=True)
class Asked:
    """A withdrawal after it was asked for, and what the engine said to the person."""

    withdrawal: Withdrawal
    outcome: str = "ALLOW"
    sentence: str = ""


@flow.deed
def request(
    *,
    actor: User,
    asset: str,
    amount: Decimal,
    entry: UUID,
    travel_rule: Mapping[str, Any] | None,
    confirmed: bool,
    request_facts: RequestFacts,
    at: datetime,
) -> Asked:
    """Ask for a withdrawal: its money is set aside, and it goes as far as it may (CP5).

    `confirmed`: the person has just shown again who they are. A BLOCK leaves it REJECTED, its money
    untouched, and is Refused (BLOCKED, 403) once that is written.
    """
    if not confirmed:
        raise Refused("CONFIRM_IDENTITY", 403, "Confirm who you are first, then withdraw.")
    custody.require_wallet()
    with flow.transaction(actor, at=at):
        terms = agree(
            actor=actor, asset=asset, amount=amount, entry=entry, details=travel_rule, at=at
        )
        flow.require(actor, "withdraw", at=at, request_facts=request_facts, usd=terms.usd)
        id = uuid7(at)
        act = own_acts.act(
            "withdrawal.requested",
            user=actor,
            address=terms.entry.address,
            usd=terms.usd,
            request_facts=request_facts,
            at=at,
            about=own_acts.thing("withdrawal", id),
            **_known_of(terms.entry),
            **terms.signals,
        )
        judgement = flow.judge(act)
        outcome = judgement.verdict.outcome
        sanctioned = list_checks.hold_address(
            actor, terms.entry.address, role=Role.PAYS_TO, about=id, at=at
        )
        if sanctioned:
            # No policy lets value go there, and no proof of anything.
            outcome = "BLOCK"
        held = outcome != "BLOCK" and _listed_names(
            actor, id, terms.entry.beneficiary, terms.travel_rule, at=at
        )
        withdrawal = withdrawals.open_(
            id=id,
            user=actor,
            entry=terms.entry,
            asset=terms.asset,
            amount=terms.amount,
            usd=terms.usd,
            travel_rule=terms.travel_rule,
            cool_until=terms.cool_down.until if terms.cool_down else None,
            decision=act.id,
            blocked=outcome == "BLOCK",
            at=at,
        )
        if outcome != "BLOCK":
            notify(actor, "WITHDRAWAL_REQUESTED", at=at, withdrawal=str(id))
            held_by = {Kind.HOLD} if held else _HELD_AFTER.get(outcome)
            advance(withdrawal, at=at, held_by=held_by, new=True)
        flow.write(
            act,
            judgement=judgement,
            holds=[]
            if sanctioned
            else flow.hold_on(withdrawal.entity, judgement, ability="withdraw"),
        )
    sentence = flow.sentence(judgement)
    if sanctioned:
        raise Refused("BLOCKED", 403, NOT_THERE)
    if outcome == "BLOCK":
        raise Refused("BLOCKED", 403, sentence)
    if withdrawal.status == WithdrawalStatus.COOLING_OFF and terms.cool_down:
        sentence = terms.cool_down.sentence
    return Asked(withdrawal, outcome, sentence)


#: Said of an address under sanctions.
NOT_THERE = "We can't send to this address. Please contact support."
_HELD_AFTER: dict[str, set[str]] = {"STEP_UP": {Kind.STEP_UP}, "REVIEW": {Kind.HOLD}}


@flow.deed
def give_details(
    *, actor: User, withdrawal: Withdrawal, travel_rule: Mapping[str, Any], at: datetime
) -> Withdrawal:
    """Say who sends and who receives, as the law asks; it goes on if nothing else lacks."""
    with flow.transaction(actor, at=at):
        withdrawal = _own(actor, withdrawal)
        if not withdrawal.is_cancellable:
            raise Refused("WITHDRAWAL_STATE", 409, "This withdrawal needs nothing more from you.")
        payload = rule.payload(user=actor, entry=withdrawal.entry, given=travel_rule)
        withdrawals.detail(withdrawal, travel_rule=payload)
        _listed_names(actor, withdrawal.pk, None, payload, at=at)
        advance(withdrawal, at=at)
    return withdrawal


@flow.deed
def cancel(*, actor: User, withdrawal: Withdrawal, at: datetime) -> Withdrawal:
    """Take a withdrawal back that is not approved yet: all of it is available again."""
    with flow.transaction(actor, at=at):
        withdrawal = _own(actor, withdrawal)
        if not withdrawal.is_cancellable:
            raise Refused(
                "WITHDRAWAL_STATE",
                409,
                f"This withdrawal is {WithdrawalStatus(withdrawal.status).label}: "
                "it can't be cancelled any more.",
            )
        end(withdrawal, WithdrawalStatus.CANCELLED, by=actor, reason="CANCELLED", at=at)
    return withdrawal


def details_of(withdrawal: Withdrawal) -> dict[str, Any] | None:
    """What travels along, as IVMS101; nothing where it was not given, or was erased."""
    text = withdrawal.travel_rule
    return json.loads(text) if text else None


def _own(actor: User, withdrawal: Withdrawal) -> Withdrawal:
    if withdrawal.user_id != actor.pk:
        raise Refused("NO_SUCH_WITHDRAWAL", 404, "There is no such withdrawal of yours.")
    return locked(withdrawal)


def _listed_names(
    user: User, id: UUID, beneficiary: str | None, payload: str | None, *, at: datetime
) -> bool:
    """Whether somebody who sends or receives may be on a list: then the withdrawal is held."""
    told = [beneficiary or "", *rule.names_in(payload)]
    asked = [
        AskedName(role=Role.BENEFICIARY, name=name, about=id)
        for name in told
        if name and name != user.legal_name
    ]
    found = list_checks.names(user, asked, at=at)
    thing = own_acts.thing("withdrawal", id)
    return list_checks.hold_names(user, found, at=at, on=thing.id)


def _known_of(entry: AddressBookEntry) -> dict[str, bool | None]:
    """What the lists say of an address, and what its latest screening by anybody said."""
    said = list_checks.signals(entry.address)
    screened = Withdrawal.objects.filter(entry=entry).exclude(screened_at=None)
    before = screened.order_by("-screened_at").values_list("screening", flat=True).first()
    if before and not said["sanctioned_address"]:
        said["sanctioned_address"] = bool(before.get("sanctioned"))
    return said
