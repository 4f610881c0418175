"""replay: a file of actions through the engine, as if each happened at its own time.

The clock is the file's: acts must come in order of time. Ids come from the file, so a replay that
was interrupted goes on where it stopped, and nothing is judged twice.
"""

import csv
import gzip
import hashlib
import io
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, TextIO

from django.db import connection
from pydantic import BaseModel, ConfigDict, Field

from apps.core.ids import uuid7
from apps.events.act import Act, Party
from apps.events.payment_accounts import account_party
from apps.flows.ingest import record
from apps.flows.judge import judge
from apps.risk.vocabulary import KINDS, SIGNAL_BY_NAME

DIGEST_SIZE = 16


class Mapped(BaseModel):
    """How a file's columns become an act: a template per field, with {column} in it.

    Without a map the columns are named as in the API; those of what an act may lack may be absent.
    `kind` may be constant; `label` names the column that says 1 for fraud (only for the summary);
    `time_format` is strptime's, without it ISO 8601. Missing zones are UTC.
    """

    model_config = ConfigDict(extra="forbid")

    id: str = "{id}"
    kind: str = "{kind}"
    at: str = "{occurred_at}"
    time_format: str | None = None
    user: str = "{user}"
    counterparty: str | None = "{counterparty}"
    device: str | None = "{device}"
    ip: str | None = "{ip}"
    account: str | None = "{account}"
    address: str | None = "{address}"
    amount_usd: str | None = "{amount_usd}"
    signals: dict[str, str] = Field(default_factory=dict)
    label: str | None = None


@dataclass
class Summary:
    """What a replay did."""

    events: int = 0
    decisions: int = 0
    recorded: int = 0
    duplicates: int = 0
    refused: int = 0
    outcomes: dict[str, int] = field(default_factory=dict)
    labels: list[tuple[int, int]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


class BadLine(ValueError):
    """A line that can't become an act, and why."""


@contextmanager
def opened(path: Path) -> Iterator[tuple[TextIO, Callable[[], float]]]:
    """Open a file, or a gzipped one, as text; beside it the share of it that has been read."""
    size = path.stat().st_size or 1
    with path.open("rb") as raw:
        plain: Any = gzip.GzipFile(fileobj=raw) if path.suffix == ".gz" else raw
        with io.TextIOWrapper(plain, encoding="utf-8-sig", newline="") as file:
            yield file, lambda: raw.tell() / size


def rows(file: TextIO, *, format: str) -> Iterator[dict[str, Any]]:
    """Yield each line as a mapping: csv by its header, jsonl by its keys (signals flattened)."""
    if format == "csv":
        yield from csv.DictReader(file)
        return
    for number, line in enumerate(file, 1):
        if line.strip():
            try:
                found = json.loads(line)
            except ValueError as error:
                raise BadLine(f"line {number} is not JSON: {error}") from None
            if not isinstance(found, dict):
                raise BadLine(f"line {number} is not an object")
            yield {**found, **(found.get("signals") or {})}


def act_of(row: Mapping[str, Any], *, mapped: Mapped, scope: str) -> Act:
    """Return the act that a row stands for; BadLine says what is missing."""
    try:
        kind = _fill(mapped.kind, row)
        if kind not in KINDS:
            raise BadLine(f"{kind!r} is not a kind of act")
        at = _moment(_fill(mapped.at, row) or "", mapped.time_format)
        ref = _fill(mapped.id, row)
        amount = _fill(_if_there(mapped, "amount_usd", row), row)
        signals = {
            name: _signal(name, value)
            for name, template in (mapped.signals or _own_signals(row)).items()
            if (value := _fill(template, row)) not in (None, "")
        }
        given = {name: _fill(_if_there(mapped, name, row), row) for name in _PARTIES}
        parties: dict[str, Any] = {
            name: _party(k, scope if scoped else "", given[name])
            for name, (k, scoped) in _PARTIES.items()
        }
        return Act(
            id=uuid7(at),
            at=at,
            occurred_at=at,
            kind=kind,
            scope=scope,
            client=Party("client", "", scope),
            user=_party("user", scope, _fill(mapped.user, row)),
            **parties,
            amount_usd=Decimal(amount).quantize(Decimal("0.01")) if amount else None,
            data=signals,
            ref=ref,
            digest=hashlib.blake2b(
                json.dumps(dict(row), sort_keys=True, default=str).encode(),
                digest_size=DIGEST_SIZE,
            ).digest(),
        )
    except BadLine:
        raise
    except (KeyError, ValueError, ArithmeticError) as error:
        raise BadLine(f"{type(error).__name__}: {error}") from None


_PARTIES = {
    "counterparty": ("user", True),
    "device": ("device", True),
    "ip": ("ip", False),
    "account": ("account", False),
    "address": ("address", False),
}


def run(
    file: TextIO,
    *,
    format: str,
    mapped: Mapped,
    scope: str,
    limit: int | None = None,
    skip: int = 0,
) -> Iterator[Summary]:
    """Send every row through the engine, yielding the running summary after each.

    Commits do not wait for the disk: what a crash takes, the next run of the same file sends again.
    """
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = off")
    summary = Summary()
    latest = datetime.min.replace(tzinfo=UTC)
    for number, row in enumerate(rows(file, format=format), 1):
        if limit is not None and number > skip + limit:
            break
        if number <= skip:
            continue
        summary.events += 1
        try:
            act = act_of(row, mapped=mapped, scope=scope)
            if act.at < latest:
                raise BadLine(f"{act.at:%Y-%m-%d %H:%M:%S} comes after a later act: sort the file")
            latest = act.at
        except BadLine as problem:
            summary.refused += 1
            if len(summary.problems) < 20:
                summary.problems.append(f"line {number}: {problem}")
            yield summary
            continue
        _send(act, row, mapped, summary)
        yield summary


def _send(act: Act, row: Mapping[str, Any], mapped: Mapped, summary: Summary) -> None:
    if KINDS[act.kind] is None:
        done = record([act])
        summary.recorded += done.accepted
        summary.duplicates += done.duplicates
        return
    judged = judge(act)
    if judged.judgement is None:
        summary.duplicates += 1
        return
    verdict = judged.judgement.verdict
    summary.decisions += 1
    summary.outcomes[verdict.outcome] = summary.outcomes.get(verdict.outcome, 0) + 1
    if mapped.label:
        summary.labels.append((verdict.score, int(row[mapped.label])))


def quality(labels: list[tuple[int, int]]) -> dict[str, float]:
    """Return how the scores rank the labels: share of fraud, ROC AUC, recall in the top 1 %."""
    fraud = sum(label for _, label in labels)
    honest = len(labels) - fraud
    if not fraud or not honest:
        return {"fraud_share": fraud / len(labels) if labels else 0.0}
    ranked = sorted(labels)
    first_of_top = len(ranked) - max(1, len(ranked) // 100)
    rank_sum, found, place = 0.0, 0.0, 0
    while place < len(ranked):
        end = place
        while end < len(ranked) and ranked[end][0] == ranked[place][0]:
            end += 1
        frauds = sum(label for _, label in ranked[place:end])
        rank_sum += (place + 1 + end) / 2 * frauds
        # Of equal scores across the line, the top holds its share and no more.
        found += frauds * max(0, end - max(place, first_of_top)) / (end - place)
        place = end
    return {
        "fraud_share": fraud / len(labels),
        "auc": (rank_sum - fraud * (fraud + 1) / 2) / (fraud * honest),
        "recall_top_1_percent": found / fraud,
    }


def _if_there(mapped: Mapped, name: str, row: Mapping[str, Any]) -> str | None:
    """Return the field's template, None where it is the default and the row has no such column."""
    unasked = name not in mapped.model_fields_set and name not in row
    return None if unasked else getattr(mapped, name)


def _fill(template: str | None, row: Mapping[str, Any]) -> str | None:
    if template is None:
        return None
    if template.startswith("{") and template.endswith("}") and template.count("{") == 1:
        value = row[template[1:-1]]
        return None if value is None else str(value)
    return template.format_map(row)


def _own_signals(row: Mapping[str, Any]) -> dict[str, str]:
    return {name: f"{{{name}}}" for name in row if name in SIGNAL_BY_NAME}


def _signal(name: str, value: str | None) -> float | bool | str:
    signal = SIGNAL_BY_NAME.get(name)
    if signal is None:
        raise BadLine(f"{name!r} is not a signal")
    if signal.type == "text":
        return str(value)
    if signal.type == "bool":
        return str(value).lower() in ("1", "true", "yes")
    return float(value or "nan")


def _party(kind: str, scope: str, ref: str | None) -> Party | None:
    if not ref:
        return None
    # The number of a payment account is never stored, from a file no more than from the API.
    return account_party(ref) if kind == "account" else Party(kind, scope, ref)


def _moment(text: str, format: str | None) -> datetime:
    at = datetime.strptime(text, format) if format else datetime.fromisoformat(text)
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    if at > datetime.now(UTC) + timedelta(days=1):
        raise BadLine(f"{text} lies in the future")
    return at
