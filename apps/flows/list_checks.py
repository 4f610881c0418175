"""Watch-lists at the deeds: what is on one is held or blocked, put before a human, and on record.

Addresses are exact: one that is under sanctions moves no value, whatever a policy says of it. Names
are likenesses: what may be listed waits for somebody to compare, and is never passed silently.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from apps.cases import carry_out as cases
from apps.cases.carry_out import Alert
from apps.cases.models import Queue
from apps.core.statement import Statement
from apps.events.act import Act
from apps.flows import own_acts
from apps.restrictions import write as restrictions_write
from apps.restrictions.write import Imposition
from apps.screening import queries, services
from apps.screening.matching.score import Known
from apps.screening.models import Category, Record, Role
from apps.screening.queries import AddressAnswer, NameHit
from apps.users.models import User

#: Under which code a person waits, and what they are told: nothing that warns whom it should not.
REASON = "ON_LIST"
SENTENCE = (
    "We are checking some details of this account. You need not do anything; contact support if it "
    "takes longer than two days."
)
#: What moves value out of reach or into new hands. Deals that are open are finished: the other side
#: must not lose by it.
HELD = ("withdraw", "take_buy", "take_sell", "post_ad")
PRIORITY = {Category.SANCTIONS: 950, Category.SCAM: 700, Category.LABEL: 300}
DUE = timedelta(hours=24)
SERIOUS = (Category.SANCTIONS, Category.SCAM)

WRITE = Statement(f"WITH {', '.join((*restrictions_write.PARTS, *cases.PARTS))} SELECT 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A name of somebody's: what it is to them, and the thing that it stands on."""

    role: Role
    name: str
    about: UUID | None = None


@dataclass(frozen=True, slots=True)
class FoundName:
    """A name of somebody's that may be a listed one."""

    asked: Asked
    hit: NameHit


def signals(address: str) -> dict[str, bool | None]:
    """What the engine is told of an address; None where no list of the kind is loaded."""
    return _signals(queries.addresses([address]), address)


def with_lists(act: Act) -> Act:
    """An integrator's act with what our lists say of its address: they say more, never less."""
    if act.address is None or act.data.get("sanctioned_address"):
        return act
    said = signals(act.address.ref)
    more = {name: True for name, value in said.items() if value}
    more |= {n: v for n, v in said.items() if v is False and act.data.get(n) is None}
    return replace(act, data={**act.data, **more}) if more else act


def names(
    user: User, asked: Sequence[Asked], *, at: datetime, codes: Sequence[str] | None = None
) -> list[FoundName]:
    """What of these names may be listed, less what staff found to be somebody else."""
    known = Known(countries=(user.kyc_country,) if user.kyc_country else ())
    found = []
    done: set[str] = set()
    for one in asked:
        if one.name and one.name not in done:
            done.add(one.name)
            hits = queries.names(one.name, known=known, codes=codes)
            found += [FoundName(one, hit) for hit in hits]
    if not found:
        return []
    quiet = queries.quiet(user.pk, at=at)
    return [one for one in found if _key(one.hit.record) not in quiet]


def hold_names(
    user: User, found: Sequence[FoundName], *, at: datetime, on: int | None = None
) -> bool:
    """Put likenesses before a human and hold the person meanwhile, or only the thing `on`.

    Whether anything is held. The caller's transaction holds the person's lock.
    """
    for one in found:
        services.note_hit(
            user=user,
            role=one.asked.role,
            about=one.asked.about,
            record=one.hit.record,
            score=one.hit.score,
            explanation=explained(one),
            at=at,
        )
    if found:
        _hold(user, [one.hit.record for one in found], on=on, abilities=HELD, at=at)
    return bool(found)


def hold_address(user: User, address: str, *, role: Role, about: UUID | None, at: datetime) -> bool:
    """Freeze somebody whose value goes to or comes from a sanctioned address; whether it is one.

    What the lists call a scam is written beside it: there the person is the victim.
    """
    answer = queries.addresses([address])
    hits = [hit for hit in answer.hits.get(address, ()) if hit.category in SERIOUS]
    if not hits:
        return False
    quiet = queries.quiet(user.pk, at=at)
    rows = Record.objects.in_bulk([hit.record for hit in hits])
    kept = [(hit, rows[hit.record]) for hit in hits]
    for hit, record in kept:
        if hit.category == Category.SCAM and _key(record) in quiet:
            continue
        services.note_hit(
            user=user,
            role=role,
            about=about,
            record=record,
            score=1.0,
            explanation=json.dumps({"asked": address, "listed": hit.written, "pairs": []}),
            at=at,
        )
    sanctioned = any(hit.category == Category.SANCTIONS for hit, _ in kept)
    abilities = ("withdraw",) if sanctioned else ()
    _hold(user, [record for _, record in kept], on=None, abilities=abilities, at=at)
    return sanctioned


def freeze(user: User, *, at: datetime) -> None:
    """Hold withdrawals and open a case, where a provider alone speaks of sanctions."""
    _hold(user, [], on=None, abilities=("withdraw",), at=at)


def explained(found: FoundName) -> str:
    """Why a name was found, as it is kept beside the hit: words, how they match, what else."""
    match = found.hit.match
    said: dict[str, Any] = {
        "asked": found.asked.name,
        "listed": found.hit.listed,
        "pairs": [asdict(pair) for pair in match.pairs],
        "asked_alone": match.asked_alone,
        "listed_alone": match.listed_alone,
        "notes": found.hit.notes,
        "words": match.score,
    }
    return json.dumps(said, ensure_ascii=False)


def _signals(answer: AddressAnswer, address: str) -> dict[str, bool | None]:
    return {
        "sanctioned_address": answer.on(address, Category.SANCTIONS),
        "scam_address": answer.on(address, Category.SCAM),
    }


def _key(record: Record) -> tuple[str, str, bytes]:
    return record.watchlist_id, record.ref, bytes(record.digest)


def _hold(
    user: User,
    records: Sequence[Record],
    *,
    on: int | None,
    abilities: Sequence[str],
    at: datetime,
) -> None:
    """Hold the abilities, or the thing `on`; open a case; leave an event of ids and codes."""
    lists = sorted({record.watchlist_id for record in records})
    own_acts.note("screening.hit", by=None, of=user, at=at, lists=lists, records=len(records))
    held = [(on, "withdraw")] if on is not None else [(user.entity_id, one) for one in abilities]
    impositions = [
        Imposition(
            subject=subject, ability=ability, kind="HOLD", reason=REASON, user_sentence=SENTENCE
        )
        for subject, ability in held
    ]
    priority = max((PRIORITY[Category(record.category)] for record in records), default=950)
    alert = Alert(Queue.SCREENING, user.entity_id, priority, at + DUE)
    WRITE.run({
        "at": at,
        "client": None,
        "user": user.entity_id,
        **restrictions_write.params(impositions, cause=None, at=at),
        **cases.params([alert], at=at),
    })  # fmt: skip
