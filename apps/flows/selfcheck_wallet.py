"""What must find nothing in wallets: value on its way lies where its state says, and moved once."""

from collections.abc import Callable, Iterator

from apps.core import sql


def withdrawals_hold_their_money() -> Iterator[str]:
    """What is on its way out lies in WITHDRAW_PENDING: all of it until it is sent, then nothing."""
    yield from _rows(
        "withdrawal {0} is {1}: {3} lies in WITHDRAW_PENDING, and should be {2}",
        """SELECT w.id, w.status, e.due, coalesce(a.balance, 0) FROM trades_withdrawal w
           CROSS JOIN LATERAL (SELECT CASE WHEN w.status IN
             ('BROADCAST', 'CONFIRMED', 'REJECTED', 'CANCELLED', 'FAILED')
             THEN 0 ELSE w.amount END AS due) e
           LEFT JOIN ledger_account a ON a.kind = 'WITHDRAW_PENDING' AND a.ref = w.id
           WHERE coalesce(a.balance, 0) <> e.due LIMIT 100""",
    )
    yield from _rows(
        "{1} {2} lies in WITHDRAW_PENDING for {0}, which is no withdrawal",
        """SELECT a.ref, a.balance, a.asset_id FROM ledger_account a
           LEFT JOIN trades_withdrawal w ON w.id = a.ref
           WHERE a.kind = 'WITHDRAW_PENDING' AND a.balance <> 0 AND w.id IS NULL LIMIT 100""",
    )


def sent_once() -> Iterator[str]:
    """What the network has was sent once and was not also given back."""
    yield from _rows(
        "withdrawal {0} is {1} with {2} entries that sent and {3} that gave it back",
        """SELECT w.id, w.status, e.sent, e.back FROM trades_withdrawal w
           CROSS JOIN LATERAL (SELECT
             count(*) FILTER (WHERE e.kind = 'J9_BROADCAST' AND r.id IS NULL) AS sent,
             count(*) FILTER (WHERE e.kind = 'J9_RETURN') AS back
             FROM ledger_entry e LEFT JOIN ledger_entry r ON r.reverses_id = e.id
             WHERE e.ref = w.id) e
           WHERE w.status IN ('BROADCAST', 'CONFIRMED') AND (e.sent, e.back) <> (1, 0)
              OR w.status IN ('CANCELLED', 'FAILED') AND (e.sent, e.back) <> (0, 1)
              OR w.status = 'REJECTED' AND (e.sent <> 0 OR e.back > 1) LIMIT 100""",
    )


def deposits_lie_in_quarantine() -> Iterator[str]:
    """A deposit lies in QUARANTINE exactly while it is screened."""
    yield from _rows(
        "deposit {0} is {1}: {3} lies in quarantine, and should be {2}",
        """SELECT d.id, d.status, e.due, coalesce(a.balance, 0) FROM trades_deposit d
           CROSS JOIN LATERAL (SELECT CASE WHEN d.status = 'QUARANTINED'
             THEN d.amount ELSE 0 END AS due) e
           LEFT JOIN ledger_account a ON a.kind = 'QUARANTINE' AND a.ref = d.id
           WHERE coalesce(a.balance, 0) <> e.due LIMIT 100""",
    )


CHECKS: tuple[Callable[[], Iterator[str]], ...] = (
    withdrawals_hold_their_money,
    sent_once,
    deposits_lie_in_quarantine,
)


def _rows(sentence: str, query: str) -> Iterator[str]:
    for row in sql.run(query):
        yield sentence.format(*row)
