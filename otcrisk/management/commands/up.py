"""Runs a whole desk on this machine until Ctrl-C or SIGTERM."""

import fcntl
import os
import shutil
import signal
import socket
import sys
import time
import urllib.error
import urllib.request
from io import StringIO
from pathlib import Path
from threading import Event
from typing import Any

from django.conf import settings
from django.core.management import (
    BaseCommand,
    CommandError,
    CommandParser,
    call_command,
)

from apps.users import demo
from otcrisk.processes import Processes

PROGRAMS = Path(sys.executable).parent
# Of each web process: requests at work, and requests taken in before more have to queue outside.
THREADS, WAITING = "4", "64"


class Command(BaseCommand):
    help = "Start embedded servers, migrate, seed, and run web, worker and beat until Ctrl-C."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default=os.environ.get("HOST", "127.0.0.1"))
        parser.add_argument("--port", type=int, default=int(os.environ.get("PORT", "8000")))
        parser.add_argument("--workers", type=int, default=int(os.environ.get("WEB_WORKERS", "2")))

    def handle(self, *, host: str, port: int, workers: int, **_: Any) -> None:
        began = time.monotonic()
        stop = Event()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda *_: stop.set())
        lock = open(settings.VAR / "up.lock", "a")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CommandError(
                "This checkout is running already; stop that bin/up first."
            ) from None
        refuse_taken_port(host, port)

        self.say("servers", "PostgreSQL and Valkey are up")
        call_command("migrate", verbosity=0)
        self.say("database", "migrated")
        call_command("seed", stdout=StringIO())
        self.say("seed", "policies and sample people are in place")

        log = settings.VAR / "otcrisk.log"
        with Processes(log=log) as processes:
            start_all(processes, host=host, port=port, workers=workers)
            address = f"http://{'localhost' if host in ('127.0.0.1', '0.0.0.0') else host}:{port}"
            while not stop.wait(0.2) and not answers(f"http://{host}:{port}/healthz"):
                fail_if_ended(processes, log)
            if not stop.is_set():
                self.say("ready", f"in {time.monotonic() - began:.0f} s")
                self.stdout.write(welcome(address, log))
            while not stop.wait(0.5):
                fail_if_ended(processes, log)
            self.stdout.write("\nStopping …")
        self.stdout.write("Stopped.")

    def say(self, step: str, words: str) -> None:
        self.stdout.write(f"  {step:<10}{words}")
        self.stdout.flush()


def refuse_taken_port(host: str, port: int) -> None:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except (OSError, OverflowError) as fault:
            reason = getattr(fault, "strerror", None) or fault
            raise CommandError(
                f"Port {port} on {host} cannot be used ({reason}). "
                f"Stop what uses it, or choose another: bin/up --port {port + 1}"
            ) from None


def start_all(processes: Processes, *, host: str, port: int, workers: int) -> None:
    metrics = (
        settings.VAR / "metrics"
    )  # counted by each process on its own, added up when asked for
    shutil.rmtree(metrics, ignore_errors=True)
    metrics.mkdir()
    settings.STATIC_ROOT.mkdir(exist_ok=True)
    env = {"PROMETHEUS_MULTIPROC_DIR": str(metrics), "PYTHONUNBUFFERED": "1"}
    web = [str(PROGRAMS / "granian"), "--interface", "wsgi", "--no-ws", "--respawn-failed-workers"]
    web += ["--workers", str(workers), "--blocking-threads", THREADS, "--backpressure", WAITING]
    web += ["--host", host, "--port", str(port), "otcrisk.wsgi:application"]
    celery = [str(PROGRAMS / "celery"), "--quiet", "-A", "otcrisk"]
    alone = [
        "--without-gossip",
        "--without-mingle",
    ]  # a second and chatter that one worker can save
    queues = ["-Q", "default,webhooks,custody,faces"]
    quiet = {"PYTHONWARNINGS": "ignore:You're running the worker"}  # as root, in a container
    processes.start("web", web, env=env | {"OMP_NUM_THREADS": "1"})
    processes.start("worker", [*celery, "worker", "-c", "2", *alone, *queues], env=env | quiet)
    processes.start("beat", [*celery, "beat", "--pidfile="], env=env)


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5):
            return True
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False


def fail_if_ended(processes: Processes, log: Path) -> None:
    if name := processes.ended():
        last = "\n".join(log.read_text(errors="replace").splitlines()[-15:])
        raise CommandError(f"The {name} process ended by itself. The end of {log}:\n{last}")


def welcome(address: str, log: Path) -> str:
    lines = [
        "",
        f"  console   {address}/console/",
        f"  API       {address}/api/docs",
        f"  log       {log}",
        "",
        *sign_ins(),
        "  Ctrl-C stops everything.",
        "",
    ]
    return "\n".join(lines)


def sign_ins() -> list[str]:
    """Who can sign in on this desk for trying out; nothing on servers of one's own."""
    sample = demo.sign_ins() if demo.allowed() else {}
    if not sample:
        return []
    people = [
        f"  {person['role'] or 'trader':<12}{email:<34}{person['password']}"
        for email, person in sample["people"].items()
    ]
    code = "  Staff and merchants also need a code: .venv/bin/python manage.py totp EMAIL"
    return [*people, code, "", f"  API key of {sample['client']}: {sample['api_key']}", ""]
