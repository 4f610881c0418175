"""A file of actions goes through the engine as if each had happened at its own time."""

import gzip
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandError

from apps.events.models import Entity
from apps.events.payment_accounts import account_party
from apps.flows import replay
from apps.risk.models import Decision

pytestmark = pytest.mark.django_db(transaction=True)
FDH = Path(settings.BASE_DIR) / "docs" / "examples" / "fdh_map.json"
START = datetime(2026, 2, 3, 9, tzinfo=UTC)


def lines(number: int) -> list[dict]:
    """Sign-ins and orders of one user, ten minutes apart."""
    return [
        {
            "id": f"a{count}",
            "kind": "order.created" if count % 2 else "signin.succeeded",
            "occurred_at": (START + timedelta(minutes=10 * count)).isoformat(),
            "user": "u1",
            **({"amount_usd": "50.00", "signals": {"side": "buy"}} if count % 2 else {}),
        }
        for count in range(number)
    ]


def written(path: Path, rows: list[dict]) -> Path:
    path.write_text("\n".join(json.dumps(row) for row in rows))
    return path


def replayed(capsys, path: Path, *more: str) -> dict:
    """Run the command and return its last line."""
    call_command("replay", str(path), *more, "--json")
    return json.loads(capsys.readouterr().out.strip().splitlines()[-1])


def test_a_file_is_judged_at_its_own_times(committed_desk, tmp_path, capsys):
    path = written(tmp_path / "acts.jsonl", lines(6))

    done = replayed(capsys, path, "--format", "jsonl")

    assert (done["events"], done["decisions"], done["duplicates"]) == (6, 6, 0)
    decisions = Decision.objects.order_by("id")
    assert [d.at for d in decisions] == [START + timedelta(minutes=10 * n) for n in range(6)]


def test_an_interrupted_replay_goes_on_without_duplicates(committed_desk, tmp_path, capsys):
    path = written(tmp_path / "acts.jsonl", lines(8))
    replayed(capsys, path, "--format", "jsonl", "--limit", "5")

    done = replayed(capsys, path, "--format", "jsonl")

    assert (done["decisions"], done["duplicates"]) == (3, 5)
    assert Decision.objects.count() == 8


def test_a_restart_decides_as_an_uninterrupted_run_would(committed_desk, tmp_path, capsys):
    path = written(tmp_path / "acts.jsonl", lines(8))
    replayed(capsys, path, "--format", "jsonl", "--limit", "5", "--client", "broken")
    replayed(capsys, path, "--format", "jsonl", "--client", "broken")
    replayed(capsys, path, "--format", "jsonl", "--client", "whole")

    def vectors(scope: str) -> list[list]:
        found = Decision.objects.filter(event__client__ref=scope).order_by("id")
        return [decision.values for decision in found]

    assert vectors("broken") == vectors("whole")


def test_numbers_of_payment_accounts_are_never_stored(committed_desk, tmp_path, capsys):
    rows = lines(2)
    rows[1]["account"] = "DE89 3704 0044 0532 0130 00"
    replayed(capsys, written(tmp_path / "acts.jsonl", rows), "--format", "jsonl")

    stored = Entity.objects.get(kind="account")
    assert stored.ref == account_party("DE89370400440532013000").ref
    assert "3704" not in stored.ref


def test_lines_that_make_no_sense_are_refused_by_number_and_the_rest_goes_on(
    committed_desk, tmp_path, capsys
):
    rows = lines(4)
    rows[1]["kind"] = "order.teleported"
    rows[2]["amount_usd"] = "lots"
    path = written(tmp_path / "acts.jsonl", rows)

    done = replayed(capsys, path, "--format", "jsonl")

    assert (done["decisions"], done["refused"]) == (2, 2)


def test_acts_out_of_order_are_refused(committed_desk, tmp_path, capsys):
    rows = lines(3)
    path = written(tmp_path / "acts.jsonl", [rows[1], rows[0], rows[2]])
    assert replayed(capsys, path, "--format", "jsonl")["refused"] == 1


def test_a_file_that_is_not_there_and_a_map_that_is_wrong_are_said(committed_desk, tmp_path):
    with pytest.raises(CommandError, match="not a file"):
        call_command("replay", str(tmp_path / "none.csv"), "--format", "csv")
    wrong = tmp_path / "map.json"
    wrong.write_text('{"usr": "{x}"}')
    path = written(tmp_path / "acts.jsonl", lines(1))
    with pytest.raises(CommandError, match="usr"):
        call_command("replay", str(path), "--format", "jsonl", "--map", str(wrong))
    assert Decision.objects.count() == 0


def test_card_transactions_with_fraud_labels(committed_desk, tmp_path, capsys):
    source = Path(settings.OTCRISK_DATA) / "fdh" / "transactions_2018-04_to_08.csv.gz"
    if not source.exists():
        pytest.skip("real data absent: set OTCRISK_DATA to the folder that holds fdh/")
    path = tmp_path / "some.csv.gz"
    with gzip.open(source, "rt") as all_of_it, gzip.open(path, "wt") as some:
        for _ in range(301):
            some.write(all_of_it.readline())

    done = replayed(capsys, path, "--format", "csv", "--map", str(FDH))

    assert (done["events"], done["decisions"], done["refused"]) == (300, 300, 0)
    assert "fraud_share" in done


def test_the_quality_of_scores_against_labels():
    perfect = replay.quality([(0, 0)] * 99 + [(900, 1)])
    assert (perfect["auc"], perfect["recall_top_1_percent"]) == (1.0, 1.0)
    assert replay.quality([(5, 0), (5, 1)])["auc"] == 0.5, "ties are half right"
    blind = replay.quality([(0, 0)] * 190 + [(0, 1)] * 10)
    assert blind["auc"] == 0.5
    assert blind["recall_top_1_percent"] == pytest.approx(0.01), "equal scores find nothing"
    assert replay.quality([(5, 0)]) == {"fraud_share": 0.0}
