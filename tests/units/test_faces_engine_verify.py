"""Recognition measured on pairs: rates with their intervals, faults that never end the run."""

import io
import json
import math

import pytest

from apps.faces.engine.checks import match
from apps.faces.evaluation import verify
from apps.faces.evaluation.rates import Rate, tar_at
from tests import faces

LIMITS = match.Limits()


def measured(folder, *rows):
    """What `faces verify` ends with, for these rows of pairs."""
    path = folder / "pairs.csv"
    path.write_text("\n".join(["a,b,same", *rows]))
    out, err = io.StringIO(), io.StringIO()
    verify.run({"pairs": path, "json": True, "processes": 1}, out, err)
    assert "pictures" in err.getvalue(), "progress goes to stderr"
    return json.loads(out.getvalue().splitlines()[-1])


def test_a_rate_of_nothing_still_has_an_upper_end():
    assert Rate(0, 100).interval == pytest.approx((0.0, 0.037), abs=0.001)
    assert Rate(50, 100).interval == pytest.approx((0.404, 0.596), abs=0.001)
    assert Rate(0, 0).value is None


def test_true_accepts_are_counted_where_strangers_pass_rarely():
    different = [0.3, *[0.5 + i / 1000 for i in range(199)]]
    same = [0.2, 0.29, 0.4, 0.6]
    assert tar_at(far=0.01, same=same, different=different) == 0.75
    assert tar_at(far=0.001, same=same, different=different) == 0.5, "no stranger passes"
    assert tar_at(far=0.01, same=[], different=different) is None


def test_more_pictures_on_both_sides_ask_for_less_distance():
    one, mixed, several = (
        LIMITS.distance(pictures=a, of_template=b) for a, b in ((1, 1), (1, 3), (2, 2))
    )
    assert several < mixed < one


def test_a_picture_that_shows_nobody_is_a_false_rejection():
    lost = verify.Compared(True, math.inf, LIMITS.single)
    near = verify.Compared(True, 0.2, LIMITS.single)
    stranger = verify.Compared(False, math.inf, LIMITS.single)
    document = verify.rates([lost, near, stranger], limits=LIMITS)
    assert (document["frr"], document["far"]) == (0.5, 0.0)
    assert document["tar_at"]["0.01"] == 0.5
    assert document["threshold"] == LIMITS.single


def test_the_same_picture_matches_and_broken_ones_are_counted(tmp_path):
    photograph = faces.jpeg(faces.photograph())
    (tmp_path / "one.jpg").write_bytes(photograph)
    (tmp_path / "two.jpg").write_bytes(photograph + b"more")
    (tmp_path / "cut.jpg").write_bytes(photograph[:100])
    (tmp_path / "black.jpg").write_bytes(faces.jpeg(faces.photograph() * 0))
    document = measured(
        tmp_path,
        "one.jpg,two.jpg,1",
        "one.jpg|cut.jpg,two.jpg|black.jpg,1",
        "one.jpg,cut.jpg,1",
        "black.jpg,missing.jpg,0",
    )
    assert (document["frr"], document["far"]) == (pytest.approx(1 / 3, abs=1e-6), 0.0)
    assert document["n"] == {
        "same": 3,
        "different": 1,
        "pictures": 5,
        "unreadable": 2,
        "without_face": 1,
    }


@pytest.mark.parametrize("rows", ["a,b\nx,y", "a,b,same\nx,y,perhaps", "a,b,same\n,y,1"])
def test_what_is_no_list_of_pairs_says_so(tmp_path, rows):
    path = tmp_path / "pairs.csv"
    path.write_text(rows)
    with pytest.raises(verify.NotPairs):
        verify.read(path)
