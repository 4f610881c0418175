"""Sessions of people who do not exist: they obey, they differ, and they are the same each time."""

import csv
import io
import os
import random
import subprocess
import sys
from argparse import ArgumentParser
from datetime import UTC, datetime, timedelta
from pathlib import Path

import cv2
import numpy as np
import pytest
from django.conf import settings

from apps.faces import recordings
from apps.faces.engine import asking
from apps.faces.engine.session import Challenge, Sensor, Step
from apps.faces.engine.verdict import Species
from apps.faces.evaluation import render
from apps.faces.rendering import sessions, video
from apps.faces.rendering.head import Head

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def head():
    path = Path(settings.OTCRISK_DATA) / "faces/head/ict_head.npz"
    if not path.exists():
        pytest.skip("no head to render: set OTCRISK_DATA to the folder that holds faces/")
    return Head.load(path)


def asked(seed=1, **how):
    return Challenge(
        id=str(seed),
        issued_at=NOW,
        expires_at=NOW + timedelta(seconds=120),
        prompts=asking.compose(random.Random(seed), **how),
    )


def pixels(frame):
    return cv2.imdecode(np.frombuffer(frame.image, np.uint8), cv2.IMREAD_UNCHANGED)


def test_the_same_seed_renders_the_same_bytes(head):
    first = sessions.render(head=head, challenge=asked(), subject=1, seed=5, fps=3)
    again = sessions.render(head=head, challenge=asked(), subject=1, seed=5, fps=3)
    other = sessions.render(head=head, challenge=asked(), subject=1, seed=6, fps=3)

    assert first.frames == again.frames
    assert first.frames[0].image != other.frames[0].image


def test_another_process_moves_the_same_way():
    program = (
        "import numpy as np\n"
        "from apps.faces.engine.session import Prompt, Step\n"
        "from apps.faces.rendering.motion import Actor\n"
        "actor = Actor(np.random.default_rng(3))\n"
        "actor.told(Prompt(seq=0, step=Step.LEFT), at=0.0)\n"
        "print(actor.moves)"
    )
    said = {
        subprocess.run(
            [sys.executable, "-c", program],
            cwd=settings.BASE_DIR,
            env=os.environ | {"PYTHONHASHSEED": str(seed)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in range(4)
    }
    assert len(said) == 1


def test_prompts_are_released_one_by_one_and_frames_arrive_after_they_are_taken(head):
    recording = sessions.render(head=head, challenge=asked(), subject=2, seed=1, fps=3)

    released = [one.released_ms for one in recording.challenge.prompts]
    assert released == sorted(released)
    assert [one.step for one in recording.challenge.prompts] == [
        one.step for one in asked().prompts
    ]
    began = recording.frames[0].received_ms - recording.frames[0].t_ms
    for frame in recording.frames:
        assert frame.received_ms >= released[frame.prompt_seq]
        assert abs(frame.received_ms - frame.t_ms - began) < 3000
    assert {one.prompt_seq for one in recording.frames} == set(range(len(released)))


def test_the_screen_is_seen_on_the_skin_while_it_flashes(head):
    recording = sessions.render(head=head, challenge=asked(), subject=3, seed=2)
    colours = next(p for p in recording.challenge.prompts if p.step is Step.COLOURS)

    def hues(seq):
        middle = [
            pixels(f)[200:280, 280:360].mean((0, 1))
            for f in recording.frames
            if f.prompt_seq == seq
        ]
        return np.std([one[1] / one.sum() for one in middle])

    assert hues(colours.seq) > 3 * hues(0)


@pytest.mark.parametrize("species", [None, *Species])
def test_every_attack_is_a_session_like_any_other(head, species):
    both = frozenset(Sensor)
    recording = sessions.render(
        head=head, challenge=asked(), subject=4, seed=3, species=species, sensors=both, fps=3
    )

    assert {one.prompt_seq for one in recording.frames} == {0, 1, 2, 3, 4}
    assert len({one.image for one in recording.frames}) == len(recording.frames)
    watched = 0 if species is Species.INJECTED else 12
    assert (len(recording.depth), len(recording.infrared)) == (watched, watched)


def test_depth_tells_a_head_from_a_sheet_and_infrared_leaves_a_screen_dark(head):
    def seen(species):
        recording = sessions.render(
            head=head, challenge=asked(), subject=5, seed=4, species=species, fps=3,
            sensors=frozenset(Sensor),
        )  # fmt: skip
        deep = pixels(recording.depth[0])[95:145, 135:185].astype(float)
        y, x = np.nonzero(deep)
        plane = np.column_stack([x, y, np.ones(len(x))])
        fit, *_ = np.linalg.lstsq(plane, deep[y, x], rcond=None)
        relief = np.std(deep[y, x] - plane @ fit)
        return relief, np.median(pixels(recording.infrared[0])[95:145, 135:185])

    live, flat, screen = seen(None), seen(Species.PRINT), seen(Species.SCREEN)
    assert live[0] > 2 * flat[0]
    assert flat[0] < 4
    assert live[1] > 60
    assert screen[1] < live[1] / 2


def test_a_film_is_what_a_browser_plays_as_a_camera(head, tmp_path):
    challenge = asked()
    shown = [(one, 1000.0 * place) for place, one in enumerate(challenge.prompts)]
    pictures = list(
        video.film(
            head=head, challenge=challenge, shown=shown, lasts_ms=5000, subject=6, seed=1, fps=2
        )
    )

    with open(tmp_path / "camera.mjpeg", "wb") as file:
        assert video.write_mjpeg(file, iter(pictures)) == 20
    parts = (tmp_path / "camera.mjpeg").read_bytes().split(b"\xff\xd8\xff")
    assert len(parts) == 21
    assert not parts[0]

    with open(tmp_path / "camera.y4m", "wb") as file:
        video.write_y4m(file, iter(pictures), fps=2)
    header = b"YUV4MPEG2 W640 H480 F2:1 Ip A1:1 C420\n"
    size = (tmp_path / "camera.y4m").stat().st_size
    assert size == len(header) + 10 * (len(b"FRAME\n") + 640 * 480 * 3 // 2)


def test_rendered_sessions_are_saved_with_a_manifest_and_read_back_as_they_were(head, tmp_path):
    parser = ArgumentParser()
    render.add_arguments(parser)
    arguments = [
        "--out",
        str(tmp_path),
        "--kind",
        "live",
        "print",
        "--count",
        "1",
        "--seed",
        "7",
        "--fps",
        "3",
    ]
    render.run(vars(parser.parse_args(arguments)), io.StringIO(), io.StringIO())

    with open(tmp_path / "manifest.csv") as file:
        rows = list(csv.DictReader(file))
    assert [(one["kind"], one["subject"], one["session"]) for one in rows] == [
        ("live", "0", "7"),
        ("print", "0", "7"),
    ]
    challenge = render.challenge(7_000_000)
    again = sessions.render(head=head, challenge=challenge, subject=0, seed=7_000_000, fps=3)
    assert recordings.load_session(tmp_path / rows[0]["path"]) == again
