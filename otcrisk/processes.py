"""Child processes that live and die together, writing one log."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from threading import Thread
from types import TracebackType
from typing import BinaryIO, Self

LONGEST_LOG = 50_000_000

# Looked up before any fork; elsewhere than on Linux a killed parent leaves its children running.
_PRCTL = ctypes.CDLL(None).prctl if sys.platform == "linux" else None
_PR_SET_PDEATHSIG = 1


class Processes:
    """Started by name; leaving the `with` block ends all of them, their own children included."""

    def __init__(self, *, log: Path) -> None:
        if log.exists() and log.stat().st_size > LONGEST_LOG:
            log.replace(log.with_suffix(".log.1"))
        self._log = open(log, "ab", buffering=0)
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str, command: Sequence[str | Path], *, env: Mapping[str, str]) -> None:
        """Start `command`; each line it writes goes to the log behind its name."""
        process = subprocess.Popen(
            command,
            env=os.environ | env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C reaches us alone, and we end them in order
            preexec_fn=_end_with_parent if _PRCTL else None,
        )
        assert process.stdout is not None
        self._running[name] = process
        Thread(target=self._copy, args=(name, process.stdout), daemon=True).start()

    def ended(self) -> str | None:
        """The name of a process that ended by itself."""
        return next(
            (name for name, process in self._running.items() if process.poll() is not None), None
        )

    def _copy(self, name: str, output: BinaryIO) -> None:
        label = f"{name:<7}│ ".encode()
        for line in output:
            self._log.write(label + line)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        fault: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for process in self._running.values():
            _signal(process, signal.SIGTERM)
        deadline = time.monotonic() + 20
        for process in self._running.values():
            try:
                process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                _signal(process, signal.SIGKILL)
                process.wait()
            _signal(process, signal.SIGKILL)  # whatever it left behind in its group
        self._log.close()


def _signal(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    """Signal a process that lives, or the group that one has left behind."""
    try:
        if number is signal.SIGTERM:
            process.terminate()
        else:
            os.killpg(process.pid, number)
    except ProcessLookupError:
        return


def _end_with_parent() -> None:
    assert _PRCTL is not None
    _PRCTL(_PR_SET_PDEATHSIG, signal.SIGTERM)
