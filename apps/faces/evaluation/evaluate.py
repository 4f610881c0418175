"""How well attacks are told from people: recordings through the engine's one function.

The rates are those of ISO/IEC 30107-3. An attack that passes is an error (APCER, per species), a
living person who fails is one (BPCER). RETRY and REVIEW are non-responses, neither pass nor fail:
they are given beside (APNRR, BPNRR), and so is the strict view, living people who did not pass.
"""

import argparse
import json
import os
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from statistics import mean, median
from typing import Any, TextIO

from apps.faces.engine.verdict import Check, Outcome
from apps.faces.evaluation import manifest
from apps.faces.evaluation.judged import Judge, Judged
from apps.faces.evaluation.rates import Rate, det, share
from apps.faces.evaluation.spread import spread

NO_RESPONSE = (Outcome.RETRY, Outcome.REVIEW)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `faces evaluate`."""
    parser.add_argument("--manifest", type=Path, required=True, help="CSV, JSON or JSON lines")
    parser.add_argument("--root", type=Path, help="folder of the paths, if not the manifest's")
    parser.add_argument("--policy", type=Path, help="another policy than the shipped one")
    parser.add_argument("--json", action="store_true", help="end with one line of JSON")
    parser.add_argument(
        "--processes", type=int, default=os.cpu_count() or 1, help="recordings judged at once"
    )


def run(options: dict[str, Any], out: TextIO, err: TextIO) -> None:
    """Judges every recording and prints what came of it."""
    items = manifest.read(options["manifest"], root=options.get("root"))
    other = options.get("policy")
    document = json.loads(other.read_text()) if other else None
    found = judge_all(items, document=document, processes=options["processes"], err=err)
    result = rates(found)
    _print(found, result, out)
    if options["json"]:
        out.write(json.dumps(result) + "\n")


def judge_all(
    items: Sequence[manifest.Item], *, document: dict[str, Any] | None, processes: int, err: TextIO
) -> list[Judged]:
    """All verdicts in order, with the progress told."""
    found: list[Judged] = []
    began = told = time.monotonic()
    for one in spread(Judge(document), items, processes=processes):
        found.append(one)
        if time.monotonic() - told > 5 or len(found) == len(items):
            told = time.monotonic()
            err.write(f"{len(found)} of {len(items)} recordings, {told - began:.0f} s\n")
            err.flush()
    return found


def rates(found: Sequence[Judged]) -> dict[str, Any]:
    """The error rates, with intervals and the number of trials behind them."""
    readable = [one for one in found if one.is_readable]
    live = [one for one in readable if one.kind == manifest.LIVE]
    species = sorted({one.kind for one in readable} - {manifest.LIVE})
    of = {kind: [one for one in readable if one.kind == kind] for kind in species}
    apcer = {kind: share([one.outcome == Outcome.PASS for one in of[kind]]) for kind in species}
    bpcer = share([one.outcome == Outcome.FAIL for one in live])
    return {
        "apcer": {kind: _value(rate) for kind, rate in apcer.items()},
        "bpcer": _value(bpcer),
        "n": {
            manifest.LIVE: len(live),
            **{kind: len(of[kind]) for kind in species},
            "unreadable": len(found) - len(readable),
        },
        "seconds_per_session": round(mean([one.seconds for one in readable] or [0.0]), 3),
        "apnrr": {kind: _value(_silent(of[kind])) for kind in species},
        "bpnrr": _value(_silent(live)),
        "live_not_passed": _value(share([one.outcome != Outcome.PASS for one in live])),
        "intervals": {
            "apcer": {kind: rate.document() for kind, rate in apcer.items()},
            "bpcer": bpcer.document(),
        },
        "det": {check.value: points for check in Check if (points := _det(check, readable))},
    }


def _silent(judged: Sequence[Judged]) -> Rate:
    return share([one.outcome in NO_RESPONSE for one in judged])


def _value(rate: Rate) -> float | None:
    return None if rate.value is None else round(rate.value, 6)


def _det(check: Check, judged: Sequence[Judged]) -> list[dict[str, Any]]:
    """Both errors of this check's score alone, were its threshold elsewhere."""
    scored = [one for one in judged if check.value in one.scores]
    live = [one.scores[check.value] for one in scored if one.kind == manifest.LIVE]
    attacks = [one.scores[check.value] for one in scored if one.kind != manifest.LIVE]
    if len(live) < 2 or len(attacks) < 2:
        return []
    return det(live=live, attacks=attacks)


def _print(found: Sequence[Judged], result: dict[str, Any], out: TextIO) -> None:
    _print_rates(result, out)
    readable = [one for one in found if one.is_readable]
    out.write("\nWhat decided, by kind:\n")
    for kind in sorted({one.kind for one in found}):
        codes = Counter(f"{one.outcome} {one.code}" for one in found if one.kind == kind)
        told = ", ".join(f"{count} × {code}" for code, count in codes.most_common())
        out.write(f"  {kind:<14} {told}\n")
    out.write("\nScores, lowest, median and highest, by check and kind:\n")
    for check in Check:
        for kind in sorted({one.kind for one in readable}):
            scores = [
                one.scores[check]
                for one in readable
                if one.kind == kind and check.value in one.scores
            ]
            if scores:
                out.write(
                    f"  {check.value:<10} {kind:<14} n {len(scores):<5} "
                    f"{min(scores):9.3f} {median(scores):9.3f} {max(scores):9.3f}\n"
                )
    out.write("\nErrors of single scores (95 % intervals), were the threshold elsewhere:\n")
    for name, points in result["det"].items():
        for point in points:
            out.write(
                f"  {name:<10} at {point['threshold']:9.3f}: attacks accepted "
                f"{_percent(point['apcer'], point['apcer_interval'])}, people refused "
                f"{_percent(point['bpcer'], point['bpcer_interval'])}\n"
            )


def _print_rates(result: dict[str, Any], out: TextIO) -> None:
    n, ends = result["n"], result["intervals"]
    out.write("RETRY and REVIEW are non-responses, not errors (ISO/IEC 30107-3).\n\n")
    for kind, value in result["apcer"].items():
        out.write(
            f"APCER {kind:<14} {_percent(value, ends['apcer'][kind])} of {n[kind]} passed; "
            f"no response {_percent(result['apnrr'][kind])}\n"
        )
    out.write(
        f"BPCER {'':<14} {_percent(result['bpcer'], ends['bpcer'])} of {n['live']} failed; "
        f"no response {_percent(result['bpnrr'])}; did not pass at all "
        f"{_percent(result['live_not_passed'])}\n"
    )
    out.write(
        f"{n['unreadable']} recordings could not be read. "
        f"{result['seconds_per_session']:.2f} s of CPU per session.\n"
    )


def _percent(value: float | None, interval: Sequence[float] | None = None) -> str:
    if value is None:
        return "–"
    ends = f" ({100 * interval[0]:.1f} to {100 * interval[1]:.1f})" if interval else ""
    return f"{100 * value:.1f} %{ends}"
