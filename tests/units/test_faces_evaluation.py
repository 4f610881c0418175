"""Rates of recordings: what counts as an error, what is read, what is only counted."""

import io
import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from django.core.management import call_command

from apps.faces import policy, recordings
from apps.faces.engine.session import Step
from apps.faces.evaluation import calibrate, manifest
from apps.faces.evaluation.evaluate import rates
from apps.faces.evaluation.judged import Judge, Judged
from apps.faces.evaluation.rates import det
from tests import faces, paper


def judged(kind, outcome, **more):
    return Judged(kind=kind, path=Path("x"), outcome=outcome, code="X", seconds=1.0, **more)


def test_only_a_pass_of_an_attack_and_a_fail_of_a_person_are_errors():
    found = rates(
        [judged("live", one) for one in ("PASS", "PASS", "FAIL", "RETRY", "REVIEW")]
        + [judged("print", one) for one in ("PASS", "FAIL", "RETRY", "FAIL")]
        + [judged("mask", "REVIEW"), judged("live", "UNREADABLE")]
    )
    assert found["apcer"] == {"mask": 0.0, "print": 0.25}
    assert found["bpcer"] == 0.2
    assert (found["bpnrr"], found["live_not_passed"]) == (0.4, 0.6)
    assert found["apnrr"] == {"mask": 1.0, "print": 0.25}
    assert found["n"] == {"live": 5, "mask": 1, "print": 4, "unreadable": 1}
    low, high = found["intervals"]["apcer"]["mask"]
    assert low == 0
    assert high > 0.5, "one trial proves little"


def test_nothing_tried_is_no_rate():
    found = rates([judged("print", "FAIL")])
    assert found["bpcer"] is None
    assert found["n"]["live"] == 0


def test_both_errors_trade_against_each_other():
    points = det(live=[0.8, 0.9, 1.0, 1.2], attacks=[0.0, 0.1, 0.2, 0.85])
    assert [p["apcer"] for p in points] == sorted((p["apcer"] for p in points), reverse=True)
    assert [p["bpcer"] for p in points] == sorted(p["bpcer"] for p in points)
    turned = det(live=[0.1, 0.2], attacks=[2.0, 3.0])
    assert {0.0} in [{p["apcer"], p["bpcer"]} for p in turned], "low scores may speak for people"


def test_manifests_are_read_in_three_ways(tmp_path):
    row = {"path": "a", "kind": "Print", "subject": 7, "actions": "left@1200;blink_twice@4000"}
    (tmp_path / "m.csv").write_text(
        "path,kind,subject,actions\na,Print,7,left@1200;blink_twice@4000\n"
    )
    (tmp_path / "m.jsonl").write_text(json.dumps(row) + "\n\n")
    (tmp_path / "m.json").write_text(json.dumps([row]))
    read = [manifest.read(tmp_path / name) for name in ("m.csv", "m.jsonl", "m.json")]
    assert read[0] == read[1] == read[2]
    assert read[0][0].path == tmp_path / "a"
    assert (read[0][0].kind, read[0][0].subject) == ("print", "7")
    assert read[0][0].actions == ((1200, Step.LEFT), (4000, Step.BLINK_TWICE))
    assert manifest.read(tmp_path / "m.csv", root=tmp_path / "b")[0].path == tmp_path / "b" / "a"


@pytest.mark.parametrize("line", ["a,", ",live", "a,live,jump@300", "a,live,left@soon"])
def test_a_wrong_manifest_says_where(tmp_path, line):
    (tmp_path / "m.csv").write_text(f"path,kind,actions\n{line}\n")
    with pytest.raises(manifest.NotAManifest, match="Recording 1"):
        manifest.read(tmp_path / "m.csv")


def test_pictures_of_a_folder_come_in_their_natural_order(tmp_path):
    for number in (10, 9, 1, 2):
        shade = np.full((64, 64, 3), number * 10, np.uint8)
        cv2.imwrite(str(tmp_path / f"shot_{number}.jpg"), shade)
    frames = recordings.load(tmp_path).frames
    shades = [cv2.imdecode(np.frombuffer(one.image, np.uint8), 0).mean() for one in frames]
    assert shades == pytest.approx([10, 20, 90, 100], abs=3)
    assert [one.t_ms for one in frames] == [0, 250, 500, 750], "numbers are missing: it was slow"


def test_prompts_of_a_manifest_are_laid_over_the_frames(tmp_path):
    for number in range(40):
        cv2.imwrite(str(tmp_path / f"{number}.png"), np.zeros((64, 64, 3), np.uint8))
    asked = recordings.asked(recordings.load(tmp_path), ((1000, Step.LEFT), (2000, Step.UP)))
    assert [one.step for one in asked.challenge.prompts] == [Step.LOOK, Step.LEFT, Step.UP]
    assert [one.prompt_seq for one in asked.frames if one.t_ms in (0, 1000, 2500)] == [0, 1, 2]


@pytest.mark.parametrize("what", ["missing", "empty folder", "text", "broken session"])
def test_what_can_not_be_read_is_counted_and_raises_nothing(tmp_path, what):
    path = tmp_path / "x.mp4"
    if what == "text":
        path.write_text("not a video")
    if what != "missing" and what != "text":
        path.mkdir()
    if what == "broken session":
        (path / recordings.INDEX).write_text("{")
    found = Judge()(manifest.Item(path=path, kind="live"))
    assert (found.outcome, found.is_readable) == ("UNREADABLE", False)


def test_heights_are_set_between_pictures_and_heads():
    def turned(kind, height):
        return judged(kind, "RETRY", evidence={"SHAPE": {"height": height, "is_turned": True}})

    people = [turned("live", one) for one in (0.7, 0.9, 1.0, 1.2)]
    attacks = [turned("print", one) for one in (-0.1, 0.0, 0.15)]
    assert 0.4 < calibrate.height(people + attacks) < 0.5
    assert calibrate.height(people) == calibrate.LEAST_HEIGHT, "nothing to choose between"
    low = [turned("live", 0.2), turned("print", 0.1)]
    assert calibrate.height(low) == calibrate.LEAST_HEIGHT, "geometry bounds what data may say"


def test_texture_is_damped_however_well_it_does_at_home():
    raws = [(-4, "live"), (-3, "live"), (-1, "live"), (1, "print"), (3, "print"), (5, "print")]
    found = calibrate.dampened(
        [judged(kind, "RETRY", evidence={"TEXTURE": {"raw": raw}}) for raw, kind in raws]
    )
    assert 0 < found["damping"] <= 0.5


def test_the_shipped_policy_is_whole_and_says_what_it_was_chosen_for():
    shipped = policy.shipped()
    assert shipped.version >= 1
    assert calibrate.LEAST_HEIGHT <= shipped.shape.height <= calibrate.MOST_HEIGHT
    assert {"apcer", "bpcer", "n", "intervals"} <= set(shipped.rates["tuned_on"])


def test_the_command_ends_with_one_line_of_rates(tmp_path):
    for name, surface in (("head", paper.head), ("plane", paper.plane)):
        folder = tmp_path / name
        folder.mkdir()
        for number, yaw in enumerate((0, 0, 6, 12, 18, 12, 6, 0, 0)):
            image = paper.turned(surface, yaw=yaw)
            cv2.imwrite(str(folder / f"{number}.jpg"), image)
    rows = "path,kind\nhead,live\nplane,print\nnowhere,screen\n"
    (tmp_path / "m.csv").write_text(rows)
    out, err = io.StringIO(), io.StringIO()
    call_command(
        "faces",
        "evaluate",
        f"--manifest={tmp_path / 'm.csv'}",
        "--json",
        "--processes=1",
        stdout=out,
        stderr=err,
    )
    last = json.loads(out.getvalue().splitlines()[-1])
    assert last["n"] == {"live": 1, "print": 1, "unreadable": 1}
    assert last["apcer"] == {"print": 0.0}
    assert last["seconds_per_session"] > 0
    assert "3 of 3 recordings" in err.getvalue()
    assert "{" not in err.getvalue()


def test_a_person_who_turns_on_video_passes_and_one_who_talks_is_asked_again():
    folder = faces.DATA / "clips"
    if not folder.exists():
        pytest.skip("clips absent: set OTCRISK_DATA to the folder that holds faces/")
    shown = Judge()(manifest.Item(path=folder / "d3.mp4", kind="live"))
    assert (shown.outcome, shown.code) == ("PASS", "PASSED")
    still = Judge()(manifest.Item(path=folder / "d0.mp4", kind="live"))
    assert (still.outcome, still.code) == ("RETRY", "NOT_TURNED")
