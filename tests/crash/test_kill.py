"""kill -9 in the middle of a running market: what was acknowledged is there, the books are right.

KILLS=200 kills longer than CI has time for; each round ends with a rest in which all is verified.
"""

import json
import os
import random
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.crash.machine import Machine

pytestmark = pytest.mark.crash

KILLS, A_ROUND = int(os.environ.get("KILLS", "9")), 20
#: So many things are hit, one after the other, before anybody starts them again.
BURSTS = (1, 2, 3, 5)


@pytest.fixture
def var() -> Iterator[Path]:
    """A folder that the user of PostgreSQL may enter too."""
    folder = Path(tempfile.mkdtemp(prefix="otcrisk-kill-"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def test_a_killed_desk_comes_back_with_all_that_it_said(var: Path) -> None:
    chance, killed, figures = random.Random(os.environ.get("SEED", "kill")), Counter[str](), {}
    with Machine(var, chance=chance) as desk:
        ways = desk.ways()
        # Each at least once, then at random.
        plan = [*ways, *(chance.choice(list(ways)) for _ in range(KILLS - len(ways)))][:KILLS]
        burst = chance.choice(BURSTS)
        for number, way in enumerate(plan, start=1):
            time.sleep(chance.uniform(0, 1.5))
            ways[way]()
            killed[way] += 1
            burst -= 1
            if burst > 0 and number % A_ROUND and number < KILLS:
                continue
            desk.heal()
            burst = chance.choice(BURSTS)
            if number % A_ROUND == 0 or number == KILLS:
                with desk.rest():
                    said = desk.runs("verify", str(desk.acks)).splitlines()
                figures, selfcheck = json.loads(said[0]), json.loads(said[-1])
                assert selfcheck["violations"] == 0, selfcheck
                assert figures["lost"] == []
                print(json.dumps({"kills": number, **figures}), flush=True)  # noqa: T201
    assert killed.total() == KILLS
    assert figures["COMPLETED"] > 0, "nothing was traded"
    print(json.dumps({"kills": killed.total(), "of": killed, **figures}))  # noqa: T201
