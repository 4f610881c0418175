"""A whole desk as processes that can be killed one by one, and that somebody restarts."""

import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psutil
from django.conf import settings

from otcrisk.management.commands.up import answers, start_all

OURS = ("DATABASE_URL", "BROKER_URL", "CACHE_URL", "OTCRISK_EMBEDDED", "TEST_DATABASE")
#: Holds the embedded servers while it lives, and starts again what was killed of them when told.
KEEPER = """
import os, sys, time
from otcrisk import embedded
for line in sys.stdin:
    for tries in range(60):
        for name in ("DATABASE_URL", "BROKER_URL", "CACHE_URL", "OTCRISK_EMBEDDED"):
            os.environ.pop(name, None)
        try:
            embedded.start()
            break
        except embedded.NotStarted as fault:
            time.sleep(0.5)
    else:
        raise fault
    print("up", flush=True)
"""
PATIENCE_S = 120.0


class _Commands:
    """Takes the commands of bin/up instead of running them."""

    def __init__(self) -> None:
        self.of: dict[str, tuple[list[str], dict[str, str]]] = {}

    def start(self, name: str, command: Any, *, env: Any) -> None:
        self.of[name] = ([str(word) for word in command], dict(env))


class Machine:
    """Servers, web, worker, beat and traders of one desk in one folder; `with` ends all of them."""

    def __init__(self, var: Path, *, chance: random.Random) -> None:
        self.var, self.chance = var, chance
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.acks = var / "acks"
        inherited = {name: value for name, value in os.environ.items() if name not in OURS}
        self.env = inherited | {"OTCRISK_VAR": str(var), "STEP_UP_PROOFS": "face,second_factor"}
        self.log = open(var / "log", "ab")
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        commands = _Commands()
        start_all(commands, host="127.0.0.1", port=self.port, workers=2)  # type: ignore[arg-type]
        self.commands = commands.of
        market = [sys.executable, "-m", "tests.crash.market", "trade", str(self.acks)]
        self.commands["trader"] = (market, {})
        self.commands["phone"] = ([*market, f"http://127.0.0.1:{self.port}"], {})

    # ── Starting ──────────────────────────────────────────────────────────────────────────────────

    def __enter__(self) -> Self:
        self.keeper = subprocess.Popen(
            [sys.executable, "-c", KEEPER],
            cwd=settings.BASE_DIR,
            env=self.env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.log,
            text=True,
        )
        try:
            self.serve()
            self.runs("seed")
            self.heal()
        except BaseException:
            self.stop()
            raise
        return self

    def serve(self) -> None:
        """Have the servers run."""
        assert self.keeper.stdin is not None
        assert self.keeper.stdout is not None
        self.keeper.stdin.write("start\n")
        self.keeper.stdin.flush()
        assert self.keeper.stdout.readline() == "up\n", self.tail()

    def runs(self, *words: str) -> str:
        """What a command of the market says; fails when it fails."""
        done = subprocess.run(
            [sys.executable, "-m", "tests.crash.market", *words],
            cwd=settings.BASE_DIR,
            env=self.env,
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
        return done.stdout

    def heal(self) -> None:
        """Start again whatever has ended, until the desk answers: what a supervisor does."""
        self.serve()
        until = time.monotonic() + PATIENCE_S
        while True:
            for name, (command, env) in self.commands.items():
                old = self.running.get(name)
                if old is None or old.poll() is not None:
                    self.start(name, command, env)
            if answers(f"http://127.0.0.1:{self.port}/healthz"):
                return
            assert time.monotonic() < until, f"{self.state()}\n{self.tail()}"
            time.sleep(0.1)

    def start(self, name: str, command: list[str], env: dict[str, str]) -> None:
        """Start one process."""
        self.running[name] = subprocess.Popen(
            command,
            cwd=settings.BASE_DIR,
            env=self.env | env | {"PROMETHEUS_MULTIPROC_DIR": str(self.metrics())},
            stdin=subprocess.DEVNULL,
            stdout=self.log,
            stderr=self.log,
            start_new_session=True,
        )

    def state(self) -> str:
        """Which processes there are, for whoever looks into a desk that does not answer."""
        return "\n".join(
            f"{name} {one.pid} {one.status()} {' '.join(one.cmdline())[:80]}"
            for name, process in self.running.items()
            if process.poll() is None
            for one in [psutil.Process(process.pid), *self.children(name)]
        )

    def metrics(self) -> Path:
        folder = self.var / "metrics"
        folder.mkdir(exist_ok=True)
        return folder

    def tail(self) -> str:
        """The end of the log."""
        return (self.var / "log").read_text(errors="replace")[-4000:]

    # ── Killing ───────────────────────────────────────────────────────────────────────────────────

    def ways(self) -> dict[str, Callable[[], None]]:
        """How the desk may be hit."""
        return {
            "web": lambda: self.end("web"),
            "web worker": lambda: self.hit(self.children("web")),
            "worker": lambda: self.end("worker"),
            "worker's child": lambda: self.hit(self.children("worker")),
            "beat": lambda: self.end("beat"),
            "trader": lambda: self.end("trader"),
            "phone": lambda: self.end("phone"),
            "database": lambda: self.hit(self.postmaster()),
            "database backend": lambda: self.hit(self.backends()),
        }

    def end(self, name: str) -> None:
        """Kill a process and all of its own."""
        process = self.running[name]
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            return
        process.wait()

    def hit(self, processes: list[psutil.Process]) -> None:
        """Kill one of these."""
        if processes:
            try:
                (one := self.chance.choice(processes)).kill()
                one.wait(10)
            except psutil.Error:  # it was faster, or is a zombie that nobody buries
                return

    def children(self, name: str) -> list[psutil.Process]:
        try:
            return psutil.Process(self.running[name].pid).children(recursive=True)
        except psutil.NoSuchProcess:
            return []

    def postmaster(self) -> list[psutil.Process]:
        """The first process of the database, if it has not been killed already."""
        try:
            return [
                psutil.Process(int((self.var / "pg" / "postmaster.pid").read_text().split()[0]))
            ]
        except (OSError, IndexError, psutil.NoSuchProcess):
            return []

    def backends(self) -> list[psutil.Process]:
        """The processes of the database that serve this desk."""
        found = []
        try:
            for first in self.postmaster():
                for one in first.children():
                    found += [one] if any(" otcrisk " in word for word in one.cmdline()) else []
        except psutil.NoSuchProcess:
            pass
        return found

    # ── Ending ────────────────────────────────────────────────────────────────────────────────────

    @contextmanager
    def rest(self) -> Iterator[None]:
        """Nobody trades meanwhile."""
        traders = [self.running[name] for name in ("trader", "phone")]
        for one in traders:
            one.send_signal(signal.SIGSTOP)
        time.sleep(1)  # what the phone has asked for is done or not by then
        self.heal()  # a killed backend takes the whole database into recovery, a moment later
        yield
        for one in traders:
            one.send_signal(signal.SIGCONT)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        fault: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """End everything."""
        for name in self.running:
            self.end(name)
        assert self.keeper.stdin is not None
        self.keeper.stdin.close()  # the last to leave, it stops the servers
        try:
            self.keeper.wait(60)
        except subprocess.TimeoutExpired:
            self.keeper.kill()
        self.log.close()
