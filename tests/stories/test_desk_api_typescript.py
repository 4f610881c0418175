"""A client in TypeScript: its types are made of the API's document, and a program trades with them.

Needs node and the packages of tests/typescript, which bin/test installs.
"""

import base64
import json
import os
import re
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from apps.core import clock
from apps.faces.models import Challenge
from apps.faces.states import ChallengeState
from apps.flows import face_judging
from tests.camera import Camera, picture, verdict
from tests.phones import Phones

HERE = settings.BASE_DIR / "tests" / "typescript"
DOCUMENT = settings.BASE_DIR / "docs" / "openapi.yml"
STRICT = (
    "--strict", "--skipLibCheck", "--target", "es2022", "--module", "nodenext",
    "--lib", "es2022,dom",
)  # fmt: skip
#: Opens an order and pays it, then waits for the release; what it saw goes to standard output.
BUYER = """
import { changed, desk, open, pay } from "./trade.js";
const [url, token] = process.argv.slice(2);
const client = desk(url, token);
const room = await pay(client, await open(client, "93"));
console.log(room.id, room.status);
console.log((await changed(client, room, 200)).status);
process.exit(0);
"""
#: Binds the guide's picture.
BIND = """
import { bound } from "./face.js";
const check = %s;
const { data, mac, ...place } = check.picture;
const bytes = Uint8Array.from(atob(data), (sign) => sign.charCodeAt(0));
console.log((await bound(check, place, bytes)).mac);
"""
#: Does a whole check with the pictures of a file; what it heard goes to standard output.
SHOW = """
import { readFileSync } from "node:fs";
import { faceCheck } from "./face.js";
import { desk } from "./trade.js";
const [url, token] = process.argv.slice(2);
const pictures = JSON.parse(readFileSync("pictures.json", "utf8"));
const camera = {
  picture: async () => Uint8Array.from(atob(pictures.shift()), (sign) => sign.charCodeAt(0)),
  show: (prompt) => console.error(prompt.step),
};
const check = await faceCheck(desk(url, token), camera);
console.log(check.outcome, check.attempts_left);
process.exit(0);
"""
GUIDE = (settings.BASE_DIR / "docs" / "mobile.md").read_text()
GUIDE_JSON = [json.loads(one) for one in re.findall(r"```json\n(.*?)```", GUIDE, re.S)]


def run(*command: Any, folder: Path = HERE) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(part) for part in command], cwd=folder, capture_output=True, text=True, timeout=240
    )


@pytest.fixture(scope="module")
def tools() -> Path:
    """The folder of the installed programs; where there is no npm the tests are skipped."""
    programs = HERE / "node_modules" / ".bin"
    if not (programs / "tsc").exists():
        if shutil.which("npm") is None:
            missing = "no npm found: install node 20, then run bin/test"
            pytest.fail(missing) if os.environ.get("CI") else pytest.skip(missing)
        installed = run("npm", "ci", "--no-audit", "--no-fund")
        if installed.returncode and not os.environ.get("CI"):
            pytest.skip(f"npm could not install: {installed.stderr[-300:]}")
        assert installed.returncode == 0, installed.stderr
    made = run(programs / "openapi-typescript", DOCUMENT, "-o", HERE / "desk.d.ts")
    assert made.returncode == 0, made.stderr
    return programs


def test_a_program_that_trades_compiles_against_the_document(tools: Path) -> None:
    done = run(tools / "tsc", *STRICT, "--noEmit", "trade.ts")
    assert done.returncode == 0, done.stdout


def test_a_face_check_compiles_and_binds_pictures_as_the_guide_says(
    tools: Path, tmp_path: Path
) -> None:
    made = run(tools / "tsc", *STRICT, "--outDir", tmp_path, "face.ts")
    assert made.returncode == 0, made.stdout
    (tmp_path / "package.json").write_text('{"type": "module"}')
    (tmp_path / "node_modules").symlink_to(HERE / "node_modules")
    example = next(one for one in GUIDE_JSON if "session_key" in one)
    (tmp_path / "bind.js").write_text(BIND % json.dumps(example))
    done = run("node", "bind.js", folder=tmp_path)
    assert (done.stdout.strip(), done.stderr) == (example["picture"]["mac"], "")


def test_the_program_shows_a_face_to_a_running_desk(
    tools: Path, committed_phones: Phones, live_server: Any, tmp_path: Path
) -> None:
    camera = Camera(committed_phones.desk)
    camera.known("alice")
    made = run(tools / "tsc", *STRICT, "--outDir", tmp_path, "face.ts")
    assert made.returncode == 0, made.stdout
    (tmp_path / "package.json").write_text('{"type": "module"}')
    (tmp_path / "node_modules").symlink_to(HERE / "node_modules")
    shots = [base64.b64encode(picture(number)).decode() for number in range(180)]
    (tmp_path / "pictures.json").write_text(json.dumps(shots))
    (tmp_path / "show.js").write_text(SHOW)
    shown = subprocess.Popen(
        ["node", "show.js", live_server.url, str(committed_phones.of("alice").token)],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        with camera.engine_says(verdict()):
            for _ in range(120):
                finished = Challenge.objects.filter(state=ChallengeState.FINISHED).first()
                if finished or shown.poll() is not None:
                    break
                time.sleep(0.5)
            if finished:
                face_judging.judge(id=finished.pk, at=clock.now())
        out, err = shown.communicate(timeout=60)
    finally:
        shown.kill()
        shown.wait()
    assert (out.strip(), shown.returncode) == ("PASS 2", 0), err
    steps = err.split()
    assert (steps[0], len(steps)) == ("LOOK", 5)


def test_a_program_that_misspells_a_field_does_not(tools: Path) -> None:
    wrong = HERE / "wrong.ts"
    text = (HERE / "trade.ts").read_text()
    wrong.write_text(text.replace("one.is_takeable", "one.is_takable"))
    try:
        done = run(tools / "tsc", *STRICT, "--noEmit", "wrong.ts")
    finally:
        wrong.unlink()
    assert done.returncode != 0
    assert "is_takable" in done.stdout


def test_the_program_buys_from_a_running_desk(
    tools: Path, committed_phones: Phones, live_server: Any, tmp_path: Path
) -> None:
    desk = committed_phones.desk
    desk.funds("alice")
    desk.ad("alice")
    desk.account("bob")
    bob, alice = committed_phones.of("bob"), committed_phones.of("alice")
    made = run(tools / "tsc", *STRICT, "--outDir", tmp_path, "trade.ts")
    assert made.returncode == 0, made.stdout
    (tmp_path / "package.json").write_text('{"type": "module"}')
    (tmp_path / "node_modules").symlink_to(HERE / "node_modules")
    (tmp_path / "buyer.js").write_text(BUYER)
    buyer = subprocess.Popen(
        ["node", "buyer.js", live_server.url, str(bob.token)],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert buyer.stdout is not None
        id, status = buyer.stdout.readline().split()
        assert status == "PAID"
        looked = {"arrived": True, "from_named_payer": True, "in_full": True}
        assert alice.post(f"/orders/{id}/release", looked).status_code == 200
        out, err = buyer.communicate(timeout=60)
        assert (out.strip(), buyer.returncode) == ("COMPLETED", 0), err
    finally:
        buyer.kill()
        buyer.wait()
