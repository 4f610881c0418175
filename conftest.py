"""Gives tests their own folder and servers, and a database no other test run is using."""

import fcntl
import os
from typing import TextIO

from otcrisk import embedded

TESTS = embedded.ROOT / "var" / "test"


def free_database() -> tuple[str, TextIO]:
    """The first name test_otcrisk_N that no running test session holds."""
    TESTS.mkdir(parents=True, exist_ok=True)
    for number in range(100):
        lock = open(TESTS / f"database-{number}.lock", "a")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return f"test_otcrisk_{number}", lock
        except BlockingIOError:
            lock.close()
    raise RuntimeError("a hundred test sessions are running")


os.environ["OTCRISK_VAR"] = str(TESTS)
embedded.start(durable=False)
if "TEST_DATABASE" not in os.environ:  # a worker of pytest-xdist inherits its controller's
    os.environ["TEST_DATABASE"], held = free_database()
os.environ["DJANGO_SETTINGS_MODULE"] = "otcrisk.settings"

import django  # noqa: E402  the servers and the name of the database come first

django.setup()
