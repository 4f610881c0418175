"""bin/up runs a whole desk and leaves nothing behind."""

import os
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import psutil
from django.conf import settings

OURS = ("DATABASE_URL", "BROKER_URL", "CACHE_URL", "OTCRISK_EMBEDDED", "TEST_DATABASE")


def up(*, var: Path, port: int) -> subprocess.Popen[str]:
    env = {name: value for name, value in os.environ.items() if name not in OURS}
    return subprocess.Popen(
        [sys.executable, "manage.py", "up", "--port", str(port), "--workers", "1"],
        cwd=settings.BASE_DIR,
        env=env | {"OTCRISK_VAR": str(var), "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def living(*, var: Path) -> list[str]:
    """Commands of everything that was started for this folder."""
    found = []
    for process in psutil.process_iter(["cmdline", "environ", "status"]):
        words = process.info["cmdline"] or []
        variables = process.info["environ"] or {}
        ours = variables.get("OTCRISK_VAR") == str(var) or any(str(var) in word for word in words)
        if ours and process.info["status"] != psutil.STATUS_ZOMBIE:
            found.append(" ".join(words))
    return found


def test_a_desk_starts_answers_and_stops_without_a_trace(var: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    desk = up(var=var, port=port)
    try:
        assert desk.stdout is not None
        said = []
        for line in desk.stdout:
            said.append(line)
            if "Ctrl-C stops everything" in line:
                break
        assert f"http://localhost:{port}/console/" in "".join(said), "".join(said)
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz") as answer:
            assert answer.status == 200

        again, _ = (second := up(var=var, port=port)).communicate(timeout=60)
        assert second.returncode == 1
        assert "running already" in again

        desk.send_signal(signal.SIGTERM)
        assert desk.wait(60) == 0
    finally:
        desk.kill()
        desk.wait()
    assert living(var=var) == []
    log = (var / "otcrisk.log").read_text()
    assert {"web", "worker", "beat"} <= {line.partition(" ")[0] for line in log.splitlines()}


def test_a_taken_port_is_said_in_plain_words(var: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        desk = up(var=var, port=port)
        said, _ = desk.communicate(timeout=60)
    assert desk.returncode == 1
    assert f"Port {port} on 127.0.0.1 cannot be used" in said
    assert "Traceback" not in said
    assert living(var=var) == []
