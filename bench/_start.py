"""Lets a benchmark run from anywhere with the project's own interpreter: `import _start` first."""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def _use_own_interpreter() -> None:
    environment = ROOT / ".venv"
    own = environment / "bin" / "python"
    if Path(sys.prefix).resolve() == environment.resolve() or not own.exists():
        return
    os.execv(own, [str(own), *sys.orig_argv[1:]])


_use_own_interpreter()
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))
