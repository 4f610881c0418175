"""The embedded servers live exactly as long as somebody uses them."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from otcrisk import embedded

USER = """
import sys
from otcrisk import embedded
embedded.start(durable=False)
import os, psycopg, redis
psycopg.connect(os.environ["DATABASE_URL"]).close()
redis.from_url(os.environ["CACHE_URL"]).ping()
print(open(os.environ["OTCRISK_VAR"] + "/pg/postmaster.pid").readline().strip(), flush=True)
sys.stdin.read()
"""

Start = Callable[[], tuple[subprocess.Popen[str], int]]


@pytest.fixture
def start(var: Path) -> Iterator[Start]:
    """Starts one more user of servers in `var`; gives it and its PostgreSQL's PID."""
    env = {
        k: v for k, v in os.environ.items() if k not in ("DATABASE_URL", "BROKER_URL", "CACHE_URL")
    }
    users: list[subprocess.Popen[str]] = []

    def one() -> tuple[subprocess.Popen[str], int]:
        user = subprocess.Popen(
            [sys.executable, "-c", USER],
            env=env | {"OTCRISK_VAR": str(var)},
            cwd=embedded.ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        users.append(user)
        assert user.stdout is not None
        return user, int(user.stdout.readline())

    yield one
    for user in users:
        user.kill()
        user.wait()
    with suppress(FileNotFoundError, ProcessLookupError):
        os.kill(int((var / "pg" / "postmaster.pid").read_text().split()[0]), signal.SIGQUIT)
    with suppress(FileNotFoundError, ProcessLookupError):
        os.kill(int((var / "valkey" / "valkey.pid").read_text()), signal.SIGTERM)


def lives(pid: int) -> bool:
    """Whether it runs: the first process of a container may be slow to bury the dead."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_processes_share_servers_and_the_last_one_stops_them(start: Start) -> None:
    first, postgres = start()
    second, same = start()
    assert same == postgres

    first.communicate("")
    assert lives(postgres)

    second.communicate("")
    assert not lives(postgres)


def test_a_killed_user_is_not_counted(start: Start) -> None:
    killed, postgres = start()
    other, _ = start()
    killed.kill()
    killed.wait()

    other.communicate("")
    assert not lives(postgres)


def test_killed_servers_are_started_again(start: Start) -> None:
    only, postgres = start()
    os.kill(postgres, signal.SIGQUIT)
    only.kill()
    only.wait()

    _, again = start()
    assert again != postgres


def test_a_deep_folder_gets_a_short_socket_name(var: Path) -> None:
    deep = var / ("d" * 60) / ("e" * 60)
    deep.mkdir(parents=True)
    name = embedded._socket_folder(deep) / ".s.PGSQL.5432.lock"
    assert len(str(name)) <= embedded.LONGEST_SOCKET_NAME
