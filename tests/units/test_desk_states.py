"""Every pair of states of every machine: table, services, database and diagram agree on it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from itertools import product

import pytest
from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.db.models import Model

from apps.core.errors import Refused
from apps.core.ids import uuid7
from apps.core.machines import Machine
from apps.flows import ads as ad_deeds
from apps.trades import states
from apps.trades.diagrams import diagram
from apps.trades.models import (
    LIVE,
    Ad,
    AddressBookEntry,
    Appeal,
    Deposit,
    Order,
    Withdrawal,
)
from apps.trades.services import ads, orders
from tests.desk import Desk, facts

NAMES = [machine.name for machine in states.MACHINES]
FIELD = {"appeal": "state"}


def an_order(desk: Desk) -> Order:
    return desk.order()


def an_ad(desk: Desk) -> Ad:
    desk.funds("alice")
    return desk.ad("alice")


def an_appeal(desk: Desk) -> Appeal:
    return Appeal.objects.create(
        order=desk.order(),
        kind="LIVE",
        reason="NO_REPLY",
        state="OPEN",
        opened_at=desk.now,
        decide_by=desk.now + timedelta(days=1),
        outcome="RELEASE",
        decided_by=desk.person("sam"),
    )


def a_withdrawal(desk: Desk) -> Withdrawal:
    entry = AddressBookEntry.objects.create(
        user=desk.person("alice"),
        label="own",
        network="TRON",
        address="TXYZ",
        destination="SELF_HOSTED",
        added_at=desk.now,
        usable_at=desk.now,
    )
    return Withdrawal.objects.create(
        user=entry.user,
        asset_id="USDT-TRC20",
        amount=Decimal(10),
        fee=Decimal(1),
        usd=Decimal(10),
        entry=entry,
        address=entry.address,
        destination=entry.destination,
        status="REQUESTED",
        requested_at=desk.now,
        status_at=desk.now,
        tx_id="known",
    )


def a_deposit(desk: Desk) -> Deposit:
    return Deposit.objects.create(
        user=desk.person("alice"),
        asset_id="USDT-TRC20",
        amount=Decimal(10),
        usd=Decimal(10),
        tx_id="known",
        address="TXYZ",
        status="DETECTED",
        detected_at=desk.now,
        status_at=desk.now,
    )


MAKE: dict[str, Callable[[Desk], Model]] = {
    "order": an_order,
    "ad": an_ad,
    "appeal": an_appeal,
    "withdrawal": a_withdrawal,
    "deposit": a_deposit,
}


@contextmanager
def without_triggers() -> Iterator[None]:
    """How a row gets into a state that no step leads to."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        yield
        cursor.execute("SET LOCAL session_replication_role = origin")


def written(row: Model, state: str, table: str) -> None:
    """Set the state by hand, with the columns that belong to it."""
    field = FIELD.get(table, "status")
    also = ""
    if table == "order":
        ended = "NULL" if state in LIVE else "status_at"
        also = f", ended_at = {ended}, cancel_reason = 'RISK', release_from = 'PAID'"
    with connection.cursor() as cursor:
        name = row._meta.db_table
        cursor.execute(f"UPDATE {name} SET {field} = %s{also} WHERE id = %s", [state, row.pk])


def is_refused(deed: Callable[[], object], refusal: type[Exception]) -> bool:
    """Whether a deed is refused; it is undone either way."""
    try:
        with transaction.atomic():
            deed()
            transaction.set_rollback(True)
    except refusal:
        return True
    return False


@pytest.mark.parametrize("machine", states.MACHINES, ids=NAMES)
def test_the_database_allows_the_steps_of_the_table_and_no_others(
    p2p: Desk, machine: Machine
) -> None:
    row = MAKE[machine.name](p2p)
    differ = []
    for one, two in product(sorted(machine.states), repeat=2):
        with without_triggers():
            written(row, one, machine.name)
        refused = is_refused(lambda two=two: written(row, two, machine.name), DatabaseError)
        if refused == (machine.allows(one, two) or one == two):
            differ.append((one, two, "refused" if refused else "allowed"))
    assert differ == []


@pytest.mark.parametrize("machine", states.MACHINES, ids=NAMES)
def test_nothing_starts_in_the_middle(p2p: Desk, machine: Machine) -> None:
    row, other = MAKE[machine.name](p2p), None
    if machine.name == "appeal":
        other = p2p.order(ad=Ad.objects.get()).pk
    columns = [field.column for field in row._meta.concrete_fields]
    differ = []
    for state in sorted(machine.states):
        with without_triggers():
            written(row, state, machine.name)
        fresh = {"id": f"'{uuid7()}'", "entity": "entity + 1", "tx_id": "'another'"}
        if machine.name == "appeal":
            fresh["order_id"] = f"'{other}'"  # of which none is open yet
        copied = ", ".join(fresh.get(column, f'"{column}"') for column in columns)
        named = ", ".join(f'"{column}"' for column in columns)

        def insert(copied: str = copied, named: str = named) -> None:
            table = row._meta.db_table
            with connection.cursor() as cursor:
                cursor.execute(
                    f"INSERT INTO {table} ({named}) SELECT {copied} FROM {table} WHERE id = %s",
                    [row.pk],
                )

        if is_refused(insert, DatabaseError) == (state in machine.start):
            differ.append(state)
    assert differ == []


def order_step(order: Order, to: str) -> None:
    changes = {} if to in LIVE else {"ended_at": order.created_at, "cancel_reason": "RISK"}
    orders.step(
        order,
        states.OrderStatus(to),
        at=order.created_at,
        actor=None,
        release_from="PAID",
        **changes,
    )


def ad_step(ad: Ad, to: str) -> None:
    ads.step(ad, states.AdStatus(to), at=ad.created_at)


GUARDS = [(states.ORDER, order_step), (states.AD, ad_step)]


@pytest.mark.parametrize(("machine", "step"), GUARDS, ids=[m.name for m, _ in GUARDS])
def test_the_service_allows_the_steps_of_the_table_and_no_others(
    p2p: Desk, machine: Machine, step: Callable[[Model, str], None]
) -> None:
    row = MAKE[machine.name](p2p)
    differ = []
    for one, two in product(sorted(machine.states), repeat=2):
        with without_triggers():
            written(row, one, machine.name)
        row.refresh_from_db()
        refused = is_refused(lambda two=two: step(row, two), Refused)
        # An ad that is edited may stay what it is.
        stays = one == two and machine is states.AD
        if refused == (machine.allows(one, two) or stays):
            differ.append((one, two, "refused" if refused else "allowed"))
    assert differ == []


def test_a_step_from_a_state_that_has_passed_is_stale(p2p: Desk) -> None:
    order = p2p.order()
    seen_before = Order.objects.get(pk=order.pk)
    p2p.pays(order)
    with pytest.raises(Refused) as refused:
        order_step(seen_before, "EXPIRED")
    assert refused.value.code == "STALE"
    assert Order.objects.get().status == "PAID"


@pytest.mark.parametrize("state", ["PENDING_REVIEW", "SUSPENDED", "CLOSED"])
def test_its_owner_brings_no_ad_back_that_staff_keep_off_the_market(p2p: Desk, state: str) -> None:
    ad = an_ad(p2p)
    Ad.objects.filter(pk=ad.pk).update(status=state)
    owner = {"actor": ad.owner, "ad": ad, "at": p2p.now}
    with pytest.raises(Refused) as paused:
        ad_deeds.pause(**owner)
    with pytest.raises(Refused) as resumed:
        ad_deeds.resume(**owner, request_facts=facts(ad.owner))
    assert (paused.value.code, resumed.value.code) == ("AD_STATE", "AD_STATE")
    assert Ad.objects.get().status == state


def test_a_buyer_does_not_pull_a_release_back_by_saying_paid_again(p2p: Desk) -> None:
    order = p2p.order(step="PAID")
    p2p.judged("REVIEW", lambda: p2p.releases(order))
    with pytest.raises(Refused) as refused:
        p2p.pays(Order.objects.get())
    assert refused.value.code == "ORDER_STATE"
    assert Order.objects.get().status == "RELEASING"


def test_nothing_leaves_paid_but_by_somebodys_deed() -> None:
    """Neither a release nor a refund is a step of the clock: from PAID it can only escalate."""
    assert {two for one, two in states.ORDER.steps if one == "PAID"} == {
        "RELEASING",
        "CANCELLED",
        "APPEALED",
    }


@pytest.mark.parametrize("machine", states.MACHINES, ids=NAMES)
def test_a_diagram_says_all_that_the_table_says_and_nothing_else(machine: Machine) -> None:
    head, *arrows = diagram(machine).splitlines()
    assert head == "stateDiagram-v2"
    pairs = [tuple(arrow.strip().split(" --> ")) for arrow in arrows]
    assert len(pairs) == len(set(pairs))
    drawn = {pair for pair in pairs if "[*]" not in pair}
    assert drawn == machine.steps
    assert {two for one, two in pairs if one == "[*]"} == machine.start
    assert {one for one, two in pairs if two == "[*]"} == machine.terminal


@pytest.mark.parametrize("machine", states.MACHINES, ids=NAMES)
def test_the_manual_shows_the_machine_as_it_is(machine: Machine) -> None:
    manual = settings.BASE_DIR / "docs" / "desk.md"
    if not manual.exists():
        pytest.skip("docs/desk.md is not written yet")
    assert manual.read_text().count(diagram(machine)) == 1
