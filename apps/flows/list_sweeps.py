"""What the clock does with watch-lists: fetch them, and compare everybody with what changed.

A list whose live version is not the one that everybody was compared with is swept: people in the
order of their ids, some in a round, each in their own transaction. A missed round heals itself.
"""

import time
from datetime import datetime
from uuid import UUID

from django.db.models import Q

from apps.core import clock
from apps.flows import flow, list_checks
from apps.flows.desk_sweeps import each
from apps.flows.list_checks import Asked
from apps.screening import queries
from apps.screening.models import Category, Role, WatchList
from apps.trades.models import AddressBookEntry, Deposit
from apps.users.models import PayoutAccount, User

BATCH = 200
#: How long one round may take; the next one goes on.
ROUND_S = 45.0
NEVER = UUID(int=0)


def due() -> list[str]:
    """The lists with which somebody has not been compared yet."""
    lists = WatchList.objects.filter(live__isnull=False).exclude(category=Category.LABEL)
    return [one.pk for one in lists.order_by("pk") if one.swept_id != one.live_id]


def sweep(*, at: datetime, seconds: float = ROUND_S) -> int:
    """Compare people with the lists that changed, for so many seconds; how many were compared."""
    until, done = time.monotonic() + seconds, 0
    for code in due():
        while time.monotonic() < until:
            people = _next(code)
            if not people:
                break
            each(people, lambda one, code=code: compare(user=one, code=code, at=at))
            WatchList.objects.filter(pk=code).update(swept_to=people[-1].pk)
            done += len(people)
    return done


@flow.deed
def compare(*, user: User, code: str, at: datetime) -> bool:
    """Compare one person with one list: their names, accounts, recipients, addresses; any hit?"""
    accounts = list(PayoutAccount.objects.filter(user=user, removed_at=None))
    book = list(AddressBookEntry.objects.filter(user=user, removed_at=None))
    asked = [Asked(role=Role.LEGAL_NAME, name=user.legal_name or "")]
    asked += [Asked(role=Role.HOLDER, name=one.holder or "", about=one.pk) for one in accounts]
    asked += [
        Asked(role=Role.BENEFICIARY, name=one.beneficiary, about=one.pk)
        for one in book
        if one.beneficiary
    ]
    found = list_checks.names(user, asked, at=at, codes=[code])
    senders = Deposit.objects.filter(user=user).exclude(sender="")
    places = [(one.address, Role.PAYS_TO, one.pk) for one in book]
    places += [(sender, Role.PAID_BY, id) for id, sender in senders.values_list("pk", "sender")]
    said = queries.addresses([address for address, _, _ in places])
    listed = [
        place
        for place in places
        if any(
            hit.list == code and hit.category == Category.SANCTIONS
            for hit in said.hits.get(place[0], ())
        )
    ]
    if not found and not listed:
        return False
    with flow.transaction(user, at=at):
        list_checks.hold_names(user, found, at=at)
        for address, role, about in listed:
            list_checks.hold_address(user, address, role=role, about=about, at=at)
    return True


def _next(code: str) -> list[User]:
    """The next people to compare with a list; none left ends the sweep of this version."""
    one = WatchList.objects.get(pk=code)
    if one.sweeping != one.live_id:
        WatchList.objects.filter(pk=code).update(sweeping=one.live_id, swept_to=None)
        one.swept_to = None
    people = User.objects.filter(Q(pk__gt=one.swept_to or NEVER), erased_at=None).order_by("pk")
    found = list(people[:BATCH])
    if not found:
        WatchList.objects.filter(pk=code, live=one.sweeping or one.live_id).update(
            swept=one.live_id, swept_to=None
        )
    return found


def stale(*, at: datetime | None = None) -> list[str]:
    """Which watch-lists are too old to be relied on, in sentences."""
    found = []
    for age in queries.ages(at=at or clock.now()):
        if age.is_stale:
            since = (
                f"last good on {age.checked_at:%Y-%m-%d %H:%M} UTC" if age.checked_at else "never"
            )
            found.append(f"list {age.code}: {since}. {age.failure}".strip())
    return found
