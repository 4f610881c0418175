"""What the database refuses, whoever asks; and what happens when two ask at once."""

from collections.abc import Callable
from decimal import Decimal as D
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from apps.core.errors import Refused
from apps.core.ids import uuid7
from apps.flows import selfcheck
from apps.ledger import queries, services
from apps.ledger.models import Account, AccountKind, Asset, Entry, Posting
from apps.users.models import User
from tests.books import NOON, SIGNED, asset, books, fund, person
from tests.market import at_once

CHECKS = (selfcheck.entries_balanced, selfcheck.balances_recount, selfcheck.settled_once)
ORDER, CASE = uuid7(), uuid7()
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def usdt(transactional_db: None) -> Asset:
    return asset()


@pytest.fixture
def alice(usdt: Asset) -> User:
    """A seller with 100 USDT, of which 10 are in escrow."""
    alice = person("alice")
    with transaction.atomic():
        fund(alice, usdt, "100")
        services.hold_escrow(
            order=ORDER, seller=alice, asset=usdt, amount=D(10), from_ad=None, **SIGNED
        )
    return alice


@pytest.fixture
def bob(usdt: Asset) -> User:
    return person("bob")


def run(statement: str, *params: Any) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, params)


def write(
    kind: str, postings: dict[Account, str], *, lines: int | None = None, **more: Any
) -> Entry:
    """An entry as somebody would write it who goes around the services."""
    entry = Entry.objects.create(
        kind=kind,
        key=str(uuid7()),
        at=NOON,
        lines=len(postings) if lines is None else lines,
        **{"is_terminal": False, **more},
    )
    add(entry, postings)
    return entry


def add(entry: Entry, postings: dict[Account, str]) -> None:
    """Postings to an entry, old or new."""
    for account, amount in postings.items():
        Posting.objects.create(
            entry=entry, account=account, asset_id=account.asset_id, amount=D(amount)
        )


def account(kind: AccountKind, **more: Any) -> Account:
    return Account.objects.get(kind=kind, **more)


@pytest.mark.parametrize("table", ["ledger_entry", "ledger_posting", "ledger_account"])
def test_no_row_is_removed(alice: User, table: str) -> None:
    with pytest.raises(IntegrityError, match="append-only: DELETE"):
        run(f"DELETE FROM {table}")


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE ledger_entry SET reason = 'OTHER'",
        "UPDATE ledger_entry SET is_terminal = false",
        "UPDATE ledger_posting SET amount = amount * 2",
        "UPDATE ledger_posting SET balance_after = 5",
    ],
)
def test_no_entry_and_no_posting_is_changed(alice: User, change: str) -> None:
    with pytest.raises(IntegrityError, match="append-only: UPDATE"):
        run(change)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ("UPDATE ledger_account SET balance = balance + 1", "by postings alone"),
        ("UPDATE ledger_account SET balance = 0 WHERE kind = 'HOT_WALLET'", "by postings alone"),
        ("UPDATE ledger_account SET user_id = gen_random_uuid()", "is final"),
        ("UPDATE ledger_account SET kind = 'MARGIN' WHERE kind = 'AVAILABLE'", "is final"),
        ("UPDATE ledger_account SET asset_id = 'BTC'", "is final"),
        (
            "INSERT INTO ledger_account (id, kind, ref, asset_id, balance)"
            " VALUES (gen_random_uuid(), 'ESCROW', gen_random_uuid(), 'BTC', 5)",
            "opens empty",
        ),
        (
            "INSERT INTO ledger_account (id, kind, asset_id, balance)"
            " VALUES (gen_random_uuid(), 'FEE', 'BTC', 0)",
            "account_is_somebodys",
        ),
        (
            "INSERT INTO ledger_account (id, kind, asset_id)"
            " VALUES (gen_random_uuid(), 'HOT_WALLET', 'USDT-TRC20')",
            "account_once",
        ),
    ],
)
def test_a_balance_and_an_owner_are_not_edited(alice: User, change: str, why: str) -> None:
    with pytest.raises(IntegrityError, match=why):
        run(change)


def test_an_entry_sums_to_zero(alice: User) -> None:
    mine, fee = account(AccountKind.AVAILABLE), account(AccountKind.HOT_WALLET)
    with pytest.raises(IntegrityError, match="do not sum to zero"), transaction.atomic():
        write("J5_FREEZE", {mine: "-5", fee: "4.999999999999999999"})
    mine.refresh_from_db()
    assert mine.balance == D(90)


def test_an_entry_sums_to_zero_in_every_asset(alice: User) -> None:
    with transaction.atomic():
        fund(alice, asset("BTC"), "5")
    mine = account(AccountKind.AVAILABLE, asset="USDT-TRC20")
    coins = account(AccountKind.AVAILABLE, asset="BTC")
    with pytest.raises(IntegrityError, match="do not sum to zero"), transaction.atomic():
        write("J5_FREEZE", {mine: "-5", coins: "5"})


def test_a_posting_is_in_its_accounts_asset(alice: User) -> None:
    mine = account(AccountKind.AVAILABLE)
    entry = Entry.objects.first()
    with pytest.raises(IntegrityError, match="posting_asset_is_accounts"):
        Posting.objects.create(entry=entry, account=mine, asset_id="BTC", amount=D(1))


@pytest.mark.parametrize("lines", [2, 3])
def test_an_entry_has_the_postings_it_was_made_of(alice: User, lines: int) -> None:
    with pytest.raises(IntegrityError, match="its postings are not the"), transaction.atomic():
        write("J5_FREEZE", {}, lines=lines)


def test_nothing_is_added_to_an_entry_of_the_past(alice: User, usdt: Asset) -> None:
    entry = Entry.objects.get(kind="J1_HOLD")
    with transaction.atomic():
        services.freeze(user=alice, ref=CASE, asset=usdt, amount=D(1), key="1", **SIGNED)
    frozen, wallet = account(AccountKind.FROZEN), account(AccountKind.HOT_WALLET)
    with pytest.raises(IntegrityError, match="its postings are not the"), transaction.atomic():
        add(entry, {frozen: "5", wallet: "-5"})


def test_no_account_of_a_person_goes_below_zero(alice: User) -> None:
    mine, wallet = account(AccountKind.AVAILABLE), account(AccountKind.HOT_WALLET)
    with pytest.raises(IntegrityError, match="never_below_zero"), transaction.atomic():
        write("J9_BROADCAST", {mine: "-90.000000000000000001", wallet: "90.000000000000000001"})


def test_an_order_has_one_terminal_entry(alice: User, bob: User, usdt: Asset) -> None:
    with transaction.atomic():
        services.release_escrow(order=ORDER, buyer=bob, asset=usdt, fee=D(0), **SIGNED)
    with pytest.raises(IntegrityError, match="entry_settles_once"):
        write("J3_RETURN", {}, lines=2, ref=ORDER, is_terminal=True)
    with pytest.raises(IntegrityError, match="entry_terminal_by_kind"):
        write("J3_RETURN", {}, lines=2, ref=ORDER)


def test_an_escrow_is_full_or_empty(alice: User) -> None:
    escrow, mine = account(AccountKind.ESCROW), account(AccountKind.AVAILABLE)
    with pytest.raises(IntegrityError, match="full or empty"), transaction.atomic():
        write("J3_RETURN", {escrow: "-4", mine: "4"}, ref=ORDER, is_terminal=True)


def test_a_correction_is_the_reverse_and_nothing_else(alice: User, usdt: Asset) -> None:
    with transaction.atomic():
        wrong = services.freeze(user=alice, ref=CASE, asset=usdt, amount=D(9), key="1", **SIGNED)
    frozen, mine = account(AccountKind.FROZEN), account(AccountKind.AVAILABLE)
    with pytest.raises(IntegrityError, match="not the reverse"), transaction.atomic():
        write("CORRECTION", {frozen: "-8", mine: "8"}, reverses=wrong)
    with pytest.raises(IntegrityError, match="entry_correction_reverses"):
        write("CORRECTION", {frozen: "-9", mine: "9"})
    with transaction.atomic():
        write("CORRECTION", {frozen: "-9", mine: "9"}, reverses=wrong)
    assert books(usdt)["alice AVAILABLE"] == D(90)


def test_a_lock_is_lifted_once_and_not_changed(alice: User, usdt: Asset) -> None:
    with transaction.atomic():
        services.lock_acquired(
            user=alice,
            asset=usdt,
            amount=D(5),
            until=NOON.replace(day=20),
            order=ORDER,
            at=NOON,
        )
    for change in ("amount = 1", "until = now()", "lifted_at = now(), amount = 1"):
        with pytest.raises(IntegrityError, match="not changed"):
            run(f"UPDATE ledger_acquisitionlock SET {change}")
    with pytest.raises(IntegrityError, match="append-only: DELETE"):
        run("DELETE FROM ledger_acquisitionlock")
    services.lift_locks(user=alice, at=NOON)
    with pytest.raises(IntegrityError, match="lifted once"):
        run("UPDATE ledger_acquisitionlock SET lifted_at = NULL")


def in_its_own(deed: Callable[[], Entry]) -> Callable[[], Entry]:
    def run() -> Entry:
        with transaction.atomic():
            return deed()

    return run


def outcomes(results: list[Any]) -> list[str]:
    return sorted(r.code if isinstance(r, Refused) else type(r).__name__ for r in results)


def test_two_holds_of_the_last_amount_one_wins(alice: User, usdt: Asset) -> None:
    def hold() -> Entry:
        return services.hold_escrow(
            order=uuid7(), seller=alice, asset=usdt, amount=D(90), from_ad=None, **SIGNED
        )

    results = at_once(*[in_its_own(hold)] * 4)
    assert outcomes(results) == ["Entry"] + ["INSUFFICIENT_FUNDS"] * 3
    assert "alice AVAILABLE" not in books(usdt)
    assert [v for check in CHECKS for v in selfcheck.run(check)] == []


def test_release_and_return_at_once_one_settles_the_order(
    alice: User, bob: User, usdt: Asset
) -> None:
    order = {"order": ORDER, "asset": usdt, **SIGNED}
    results = at_once(
        in_its_own(lambda: services.release_escrow(**order, buyer=bob, fee=D(1))),
        in_its_own(lambda: services.return_escrow(**order, seller=alice, to_ad=None)),
        in_its_own(lambda: services.release_escrow(**order, buyer=bob, fee=D(1))),
    )
    assert outcomes(results) == ["ALREADY_SETTLED", "ALREADY_SETTLED", "Entry"]
    assert queries.terminal_of(ORDER) in results
    assert queries.in_escrow(ORDER, usdt) == D(0)


def test_opposite_ways_between_two_people_never_deadlock(
    alice: User, bob: User, usdt: Asset
) -> None:
    with transaction.atomic():
        fund(bob, usdt, "90")
        for user in (alice, bob):
            services.post_margin(user=user, asset=usdt, amount=D(50), key="0", **SIGNED)

    def pay(user: User, victim: User) -> Callable[[], Entry]:
        return in_its_own(
            lambda: services.slash_margin(
                user=user, victim=victim, asset=usdt, amount=D(5), key=str(uuid7()), **SIGNED
            )
        )

    results = at_once(*[pay(alice, bob), pay(bob, alice)] * 4)
    assert outcomes(results) == ["Entry"] * 8
    assert books(usdt)["alice AVAILABLE"] == D(60)
    assert books(usdt)["bob AVAILABLE"] == D(60)


def test_one_deposit_seen_by_two_workers_arrives_once(bob: User, usdt: Asset) -> None:
    words = {"deposit": CASE, "user": bob, "asset": usdt, "amount": D(7), **SIGNED}
    results = at_once(*[in_its_own(lambda: services.deposit(**words))] * 3)
    assert outcomes(results) == ["ALREADY_POSTED", "ALREADY_POSTED", "Entry"]
    assert books(usdt)["bob QUARANTINE"] == D(7)


@pytest.mark.parametrize(
    ("tampering", "check"),
    [
        ("UPDATE ledger_posting SET amount = amount + 1 WHERE amount > 0", "entries_balanced"),
        (
            "DELETE FROM ledger_posting WHERE entry_id = (SELECT max(id::text)::uuid FROM"
            " ledger_entry)",
            "entries_balanced",
        ),
        ("UPDATE ledger_account SET balance = 1000 WHERE kind = 'AVAILABLE'", "balances_recount"),
        (
            "INSERT INTO ledger_entry (id, kind, ref, key, is_terminal, lines, at, reason)"
            " SELECT gen_random_uuid(), 'J3_RETURN', ref, 'x', true, 2, now(), ''"
            " FROM ledger_entry WHERE kind = 'J1_HOLD'",
            "settled_once",
        ),
    ],
)
def test_selfcheck_finds_what_was_changed_behind_the_triggers(
    alice: User, tampering: str, check: str
) -> None:
    assert [v for each in CHECKS for v in selfcheck.run(each)] == []
    run("SET LOCAL session_replication_role = replica; " + tampering)
    assert check in {v.check for each in CHECKS for v in selfcheck.run(each)}
