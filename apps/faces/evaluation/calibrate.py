"""The shipped policy: thresholds chosen on recordings, with the error rates they were chosen for.

Only two checks take numbers from recordings. SHAPE gets its least height of a nose, midway between
what pictures reach and what turned heads reach, inside bounds that its geometry gives. TEXTURE
gets the offset and damping of its log-odds (Platt 1999), damped at least as much as it was
developed with, because such features hold on no other camera. All other limits stay. Rates are
those of the recordings themselves and, if given, of recordings that chose nothing.
"""

import argparse
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TextIO

import numpy as np
from numpy.typing import NDArray

from apps.faces import policy
from apps.faces.engine.checks import texture
from apps.faces.engine.policy import from_document
from apps.faces.engine.verdict import Check
from apps.faces.evaluation import manifest
from apps.faces.evaluation.evaluate import judge_all, rates
from apps.faces.evaluation.judged import Judged

#: A nose lower than a third of the usual is none; one higher than half of it nobody has to have.
LEAST_HEIGHT, MOST_HEIGHT = 0.33, 0.5
_LIKE_LIVE = 10  # percentile of the heads that turned


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `faces calibrate`."""
    parser.add_argument("--manifest", type=Path, required=True, help="recordings to choose on")
    parser.add_argument("--held-out", type=Path, help="recordings to measure on, not to choose on")
    parser.add_argument("--root", type=Path, help="folder of the paths, if not the manifest's")
    parser.add_argument("--out", type=Path, default=policy.SHIPPED, help="where it is written")
    parser.add_argument("--note", default="", help="what the recordings are, for the policy")
    parser.add_argument(
        "--processes", type=int, default=os.cpu_count() or 1, help="recordings judged at once"
    )


def run(options: dict[str, Any], out: TextIO, err: TextIO) -> None:
    """Chooses, measures, and writes the next version."""
    old = json.loads(options["out"].read_text()) if options["out"].exists() else {}
    base = {name: limits for name, limits in old.items() if name != "rates"}
    tuned = _judged(options["manifest"], base, options, err)
    document = base | {
        "version": int(base.get("version", 0)) + 1,
        "shape": base.get("shape", {}) | {"height": height(tuned)},
        "texture": base.get("texture", {}) | dampened(tuned),
    }
    from_document(document)
    measured = {"tuned_on": options["manifest"], "held_out": options["held_out"]}
    document["rates"] = {"note": options["note"]} | {
        name: _told(rates(_judged(path, document, options, err)))
        for name, path in measured.items()
        if path
    }
    options["out"].write_text(json.dumps(document, indent=2) + "\n")
    out.write(json.dumps(document) + "\n")


def _judged(
    path: Path, document: dict[str, Any], options: dict[str, Any], err: TextIO
) -> list[Judged]:
    items = manifest.read(path, root=options["root"])
    return judge_all(items, document=document, processes=options["processes"], err=err)


def height(judged: Sequence[Judged]) -> float:
    """Midway between pictures and heads that turned, in shares of the mean head's nose."""
    shape = [(one, one.evidence.get(Check.SHAPE, {})) for one in judged]
    turned = [
        (one.kind == manifest.LIVE, found["height"])
        for one, found in shape
        if "height" in found and found.get("is_turned")
    ]
    heads = [high for is_live, high in turned if is_live]
    pictures = [high for is_live, high in turned if not is_live]
    if not heads or not pictures:
        return LEAST_HEIGHT
    middle = (float(np.percentile(heads, _LIKE_LIVE)) + max(pictures)) / 2
    return round(min(MOST_HEIGHT, max(LEAST_HEIGHT, middle)), 3)


def dampened(judged: Sequence[Judged]) -> dict[str, float]:
    """Offset and damping of the texture's sum, by logistic regression with equal priors."""
    found = [
        (one.kind != manifest.LIVE, one.evidence[Check.TEXTURE]["raw"])
        for one in judged
        if "raw" in one.evidence.get(Check.TEXTURE, {})
    ]
    is_attack = np.array([attack for attack, _ in found], bool)
    if is_attack.all() or not is_attack.any():
        return {}
    offset, damping = _platt(np.array([raw for _, raw in found], float), is_attack)
    most = texture.Limits().damping
    shrink = min(1.0, most / damping) if damping > 0 else 0.0
    return {"offset": round(offset * shrink, 3), "damping": round(damping * shrink, 3)}


def _platt(raw: NDArray[np.float64], is_attack: NDArray[np.bool_]) -> tuple[float, float]:
    share = is_attack.mean()
    weights = np.where(is_attack, 0.5 / share, 0.5 / (1 - share))
    terms = np.column_stack([np.ones_like(raw), raw])
    found = np.zeros(2)
    for _ in range(50):
        likely = 1 / (1 + np.exp(-np.clip(terms @ found, -30, 30)))
        slope = terms.T @ (weights * (likely - is_attack)) + 0.1 * found
        curve = (terms * (weights * likely * (1 - likely))[:, None]).T @ terms + 0.1 * np.eye(2)
        found -= np.clip(np.linalg.solve(curve, slope), -1, 1)
    return float(found[0]), float(found[1])


def _told(result: dict[str, Any]) -> dict[str, Any]:
    kept = ("apcer", "bpcer", "apnrr", "bpnrr", "live_not_passed", "intervals", "n")
    return {name: result[name] for name in kept}
