"""A mistake in the ledger stays on record, answered by its reverse."""

from datetime import datetime

from apps.core.errors import Refused
from apps.ledger.models import AccountKind, Entry, EntryKind
from apps.ledger.services.posting import Place, post
from apps.users.models import User


def correct(*, entry: Entry, reason: str, at: datetime, by: User | None) -> Entry:
    """Write the reverse of an entry.

    NOT_CORRECTABLE (409) for a correction and for what settled an order or deposit: money that
    went to the wrong person is recovered (J7). INSUFFICIENT_FUNDS when it is not there any more.
    """
    if entry.is_terminal or entry.kind == EntryKind.CORRECTION:
        raise Refused(
            "NOT_CORRECTABLE",
            409,
            f"An entry of kind {entry.kind} stays. Book what should have been, "
            "or recover the money from whom it went to.",
        )
    postings = entry.postings.select_related("account__user", "asset")
    return post(
        kind=EntryKind.CORRECTION,
        postings=[
            (
                Place(AccountKind(p.account.kind), p.asset, p.account.user, p.account.ref),
                p.amount.copy_negate(),
            )
            for p in postings
        ],
        key=f"CORRECTION:{entry.pk}",
        ref=entry.ref,
        reverses=entry,
        at=at,
        by=by,
        reason=reason,
    )
