"""Mallory sends to, and is sent from, an address that a list names: in whatever spelling."""

import pytest

from apps.cases.models import Case, Queue
from apps.core.addresses.base58 import checked
from apps.core.clock import now
from apps.core.errors import Refused
from apps.events.models import Event
from apps.flows import withdrawal_reviews
from apps.restrictions.models import Kind, Restriction
from apps.risk.models import Decision
from apps.screening.models import Hit, HitState
from apps.trades.models import AddressBookEntry, Withdrawal
from apps.users.roles import Role
from tests.desk import Desk
from tests.exchange import Exchange
from tests.lists import sanctions, scams
from tests.staff import colleague
from tests.wallet import (
    FORMATS,
    address,
    asks,
    clock,
    cool_entry,
    entry,
    fresh,
    money,
    reports,
    withdraws,
)


def spellings(text: str, asset: str) -> list[str]:
    """Other ways to write an address that still name it."""
    if FORMATS[asset] == "EVM":
        return [text.lower(), "0x" + text[2:].upper(), text[2:], f"ethereum:{text}@1"]
    if FORMATS[asset] == "TRON":
        raw = checked(text, chain="TRON").hex()
        return [text, raw, "0x" + raw.upper()]
    return [text, f"bitcoin:{text}?amount=1", f" {text} "]


def step_ups() -> int:
    return Restriction.objects.filter(kind=Kind.STEP_UP).count()


@pytest.mark.parametrize("asset", ["ETH", "USDT-TRC20", "BTC", "USDT-ERC20"])
def test_a_sanctioned_address_is_no_entry_however_the_list_spells_it(p2p: Desk, asset: str) -> None:
    meant = address("sanctioned", asset)
    for place, spelled in enumerate(spellings(meant, asset)):
        sanctions(spelled, at=p2p.now, code=f"LIST{place}")
        with pytest.raises(Refused) as refused:
            entry(p2p, f"mallory{place}", seed="sanctioned", asset=asset)
        assert (refused.value.code, refused.value.status) == ("BLOCKED", 403), spelled
    assert not AddressBookEntry.objects.exists()
    assert step_ups() == 0
    assert set(Decision.objects.values_list("outcome", flat=True)) == {"BLOCK"}
    assert Case.objects.filter(queue=Queue.SCREENING).count() == len(spellings(meant, asset))


@pytest.mark.parametrize("asset", ["ETH", "USDT-TRC20"])
def test_a_withdrawal_to_it_ends_at_once_and_freezes_its_owner(p2p: Desk, asset: str) -> None:
    p2p.funds("mallory", asset=asset)
    to = cool_entry(p2p, "mallory", seed="later", asset=asset)
    sanctions(spellings(to.address, asset)[-1], at=p2p.now)

    with pytest.raises(Refused, match="We can't send to this address"):
        asks(p2p, "mallory", to, "1" if asset == "ETH" else "100", asset=asset)

    made = Withdrawal.objects.get()
    assert made.status == "REJECTED"
    held = Restriction.objects.get(subject=p2p.person("mallory").entity_id, ability="withdraw")
    assert (held.kind, held.lifts_by, held.until) == (Kind.HOLD, "STAFF", None)
    assert step_ups() == 0
    hit = Hit.objects.get()
    assert (hit.role, hit.about, hit.state, hit.score) == ("PAYS_TO", made.pk, HitState.OPEN, 1.0)
    case = Case.objects.get(queue=Queue.SCREENING)
    assert case.subject_id == p2p.person("mallory").entity_id
    # Ids and codes only: neither the address nor a name is in the log.
    assert Event.objects.get(kind="screening.hit").data == {"lists": ["TEST"], "records": 1}
    with pytest.raises(Refused) as refused:
        asks(p2p, "mallory", to, "1" if asset == "ETH" else "100", asset=asset)
    assert refused.value.code == "UNDER_REVIEW"


@pytest.mark.parametrize("outcome", ["ALLOW", "LIMIT", "STEP_UP", "REVIEW"])
def test_no_policy_lets_value_go_there_and_no_proof_does(p2p: Desk, outcome: str) -> None:
    p2p.funds("mallory")
    to = cool_entry(p2p, "mallory")
    sanctions(to.address, at=p2p.now)
    with pytest.raises(Refused, match="We can't send to this address"):
        p2p.judged(outcome, lambda: asks(p2p, "mallory", to))
    assert Withdrawal.objects.get().status == "REJECTED"
    assert money(p2p, "mallory") == (10_000, 0)
    assert not Restriction.objects.filter(subject=Withdrawal.objects.get().entity).exists()


def test_an_integrators_withdrawal_is_blocked_in_any_spelling(exchange: Exchange) -> None:
    at = now()
    for asset in ("ETH", "USDT-TRC20", "BTC"):
        meant = address(f"sanctioned {asset}", asset)
        sanctions(meant, at=at, code=f"LIST_{asset.replace('-', '')}")
        for spelled in spellings(meant, asset):
            said = exchange.decide(
                "withdrawal.requested",
                user=f"u-{asset}-{len(spelled)}",
                address=spelled.strip(),
                amount_usd="50",
                # Whoever sends it may know less than our lists do.
                signals={"sanctioned_address": False},
            ).json()
            assert said["outcome"] == "BLOCK", (spelled, said)
            assert said["reasons"][0]["code"] == "SANCTIONED_ADDRESS"
    assert step_ups() == 0


def test_what_is_listed_between_asking_and_sending_is_not_sent(p2p: Desk) -> None:
    made = withdraws(p2p, "mallory")
    assert made.status == "APPROVED"
    sanctions(made.address, at=p2p.now)
    clock(p2p, seconds=5)
    made = fresh(made)
    assert (made.status, made.sends) == ("UNDER_REVIEW", 0)
    assert made.screening["sanctioned"]

    with pytest.raises(Refused, match="only reject it"):
        withdrawal_reviews.approve(
            by=colleague(Role.COMPLIANCE), withdrawal=made, note="fine by me", at=p2p.now
        )
    clock(p2p, hours=30)
    assert fresh(made).status == "UNDER_REVIEW"
    withdrawal_reviews.reject(
        by=colleague(Role.SENIOR), withdrawal=made, note="sanctioned", at=p2p.now
    )
    assert money(p2p, "mallory") == (10_000, 0)


def test_a_deposit_from_it_stays_in_quarantine(p2p: Desk) -> None:
    sender = address("dirty")
    sanctions(spellings(sender, "USDT-TRC20")[-1], at=p2p.now)
    deposit = reports(p2p, "alice", sender=sender)
    assert deposit.status == "QUARANTINED"
    assert deposit.screening["sanctioned"]
    assert Hit.objects.get().role == "PAID_BY"
    assert Case.objects.filter(queue=Queue.SCREENING).count() == 1
    with pytest.raises(Refused, match="overrides everything"):
        withdrawal_reviews.accept_deposit(
            by=colleague(Role.COMPLIANCE), deposit=deposit, note="looks fine", at=p2p.now
        )


def test_alice_who_was_sent_to_a_scam_is_stopped_and_not_accused(p2p: Desk) -> None:
    p2p.funds("alice")
    to = cool_entry(p2p)
    scams(to.address, at=p2p.now)
    with pytest.raises(Refused, match="People were deceived with this address"):
        asks(p2p, "alice", to)
    rested = Restriction.objects.get()
    assert (rested.kind, rested.ability, rested.lifts_by) == (Kind.DENY, "withdraw", "TIME")
    assert Hit.objects.get().record.category == "SCAM"


def test_an_address_on_no_list_goes_as_before(p2p: Desk) -> None:
    sanctions(address("somebody else"), at=p2p.now)
    scams(address("yet another"), at=p2p.now)
    made = withdraws(p2p)
    assert made.status == "APPROVED"
    assert not Hit.objects.exists()
    said = Event.objects.get(kind="withdrawal.requested").data
    assert (said["sanctioned_address"], said["scam_address"]) == (False, False)


def test_without_a_list_the_engine_is_told_nothing(p2p: Desk) -> None:
    withdraws(p2p)
    said = Event.objects.get(kind="withdrawal.requested").data
    assert "sanctioned_address" not in said
