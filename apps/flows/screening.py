"""Screening (KYT): what is known of an address or a transaction before value moves.

A Screener answers or does not; no answer is never a good one. The built-in one, `lists`, reads the
desk's own lists. One that asks others over the network is asked by the clock, outside of every
transaction, and what it says is written then.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal, Protocol

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import Q

from apps.core.ids import entity_id
from apps.risk.models import ListEntry, ListName
from apps.screening import queries
from apps.screening.models import Category

log = structlog.get_logger(__name__)

#: From weak to strong. UNKNOWN says that the provider knows nothing, which is not that it is safe.
SEVERITIES = ("LOW", "MEDIUM", "HIGH", "UNKNOWN", "CRITICAL")
CLEAR = ("LOW", "MEDIUM")
#: What lists say of an address, the worst first.
SERIOUS = (Category.SANCTIONS, Category.SCAM, Category.LABEL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What is asked about: an address, and for a deposit the transaction that it came with."""

    address: str
    network: str
    asset: str
    direction: Literal["IN", "OUT"]
    usd: Decimal
    tx_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposure:
    """How much of the value touches a category, directly or through others."""

    category: str
    direction: Literal["IN", "OUT"]
    kind: Literal["DIRECT", "INDIRECT"]
    share: float
    usd: str | None = None
    hops: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """A rule of the provider that the subject met."""

    rule: str
    level: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What one provider says: `score` 0 to 100, `severity` one of SEVERITIES."""

    provider: str
    severity: str
    score: int
    sanctioned: bool = False
    entity: str = ""
    category: str = ""
    exposures: tuple[Exposure, ...] = ()
    alerts: tuple[Alert, ...] = ()
    as_of: str = ""
    raw_ref: str = ""


class Screener(Protocol):
    """A provider. `is_local`: it only reads this database, and may be asked in a transaction."""

    name: str
    is_local: bool

    def screen(self, subject: Subject, *, at: datetime) -> Answer | None:
        """What is known of the subject; None: no answer (yet)."""


class Lists:
    """The desk's own lists of addresses, and the watch-lists of others that it loads."""

    name = "lists"
    is_local = True

    def screen(self, subject: Subject, *, at: datetime) -> Answer:
        """Sanctions and BLOCKED are critical, scams and WATCHED high, what is on no list is low."""
        entity = entity_id(kind="address", scope="", ref=subject.address)
        on_it = ListEntry.objects.filter(
            Q(valid_to=None) | Q(valid_to__gt=at), entity=entity, valid_from__lte=at
        )
        listed = set(on_it.values_list("list", flat=True))
        severity, score = "LOW", 10
        if ListName.BLOCKED in listed:
            severity, score = "CRITICAL", 100
        elif ListName.WATCHED in listed:
            severity, score = "HIGH", 80
        found = [f"{name}_LIST" for name in sorted(listed - {ListName.TRUSTED})]
        hits = queries.addresses([subject.address]).hits.get(subject.address, [])
        categories = {hit.category for hit in hits}
        if Category.SANCTIONS in categories:
            severity, score = "CRITICAL", 100
        elif Category.SCAM in categories and severity != "CRITICAL":
            severity, score = "HIGH", max(score, 85)
        first = min(hits, key=lambda hit: SERIOUS.index(hit.category), default=None)
        serious = [hit.list for hit in hits if hit.category != Category.LABEL]
        return Answer(
            provider=self.name,
            severity=severity,
            score=score,
            sanctioned=Category.SANCTIONS in categories,
            entity=f"{first.list} {first.ref}" if first else "",
            category=first.category if first else "",
            alerts=tuple(
                Alert(rule=name, level=severity) for name in dict.fromkeys(found + serious)
            ),
            as_of=at.isoformat(),
        )


#: Every provider there is, by the name that settings.SCREENERS knows it under.
PROVIDERS: dict[str, Screener] = {"lists": Lists()}


@dataclass(frozen=True, slots=True)
class Screening:
    """What all providers say together; the worst of them counts."""

    answers: tuple[Answer, ...]

    @property
    def sanctioned(self) -> bool:
        """Overrides everything."""
        return any(answer.sanctioned for answer in self.answers)

    @property
    def is_clear(self) -> bool:
        """Whether value may move without a human: every provider says so."""
        return (
            bool(self.answers)
            and not self.sanctioned
            and all(answer.severity in CLEAR for answer in self.answers)
        )

    @property
    def worst(self) -> str:
        """The severity that counts; UNKNOWN where nobody answered."""
        found = [answer.severity for answer in self.answers]
        return max(found, key=SEVERITIES.index) if found else "UNKNOWN"

    def as_json(self) -> dict[str, Any]:
        """As it is kept beside what was screened."""
        return {
            "severity": self.worst,
            "sanctioned": self.sanctioned,
            "clear": self.is_clear,
            "answers": [asdict(answer) for answer in self.answers],
        }


def screeners() -> list[Screener]:
    """The providers that this desk asks."""
    return [PROVIDERS[name] for name in settings.SCREENERS]


def is_local() -> bool:
    """Whether screening needs nobody but this database."""
    return all(screener.is_local for screener in screeners())


def screen(subject: Subject, *, at: datetime) -> Screening | None:
    """Ask every provider; None unless each has answered.

    RuntimeError where one would be asked over the network while a transaction is open.
    """
    if not is_local():
        with transaction.atomic(durable=True):
            pass
    answers = list(_answers(subject, at=at))
    return None if None in answers else Screening(tuple(a for a in answers if a is not None))


def _answers(subject: Subject, *, at: datetime) -> Iterator[Answer | None]:
    for screener in screeners():
        try:
            answer = screener.screen(subject, at=at)
        except Exception:
            log.exception("screening.failed", provider=screener.name)
            answer = None
        if answer is not None and answer.severity not in SEVERITIES:
            log.error("screening.nonsense", provider=screener.name, severity=answer.severity)
            answer = None
        yield answer
