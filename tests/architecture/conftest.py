import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def var() -> Iterator[Path]:
    """A folder for servers of a test's own.

    Not `tmp_path`: each session of pytest shuts its parent to other users, and so to the one that
    PostgreSQL runs as for root.
    """
    folder = Path(tempfile.mkdtemp(prefix="otcrisk-test-"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)
