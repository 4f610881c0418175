"""The guide for app developers tells the truth: its commands run as they stand, in order."""

import base64
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.urls import resolve

from apps.api.v1.desk.base import DeedThrottle
from apps.api.v1.desk.face import FrameThrottle
from apps.api.v1.desk.talk import FileThrottle
from apps.core import throttle
from apps.faces.engine.evaluate import HINTS
from apps.faces.engine.verdict import TRY_AGAIN
from apps.faces.services import pictures
from apps.faces.services.pictures import Sent
from apps.trades.models import Order
from apps.web import face_words
from tests.phones import Phones, operation_of
from tests.signing_in import PASSWORD, QUICK_HASHERS

GUIDE = (Path(settings.BASE_DIR) / "docs" / "mobile.md").read_text()
JSON = re.findall(r"```json\n(.*?)```", GUIDE, re.S)


@pytest.mark.skipif(
    not all(map(shutil.which, ("bash", "curl", "jq"))), reason="needs bash, curl and jq"
)
def test_the_guides_commands_buy_and_pay(
    committed_phones: Phones, live_server: Any, settings: Any, tmp_path: Path
) -> None:
    settings.ACCOUNT_RATE_LIMITS, settings.PASSWORD_HASHERS = False, QUICK_HASHERS
    desk = committed_phones.desk
    desk.funds("alice")
    desk.ad("alice")
    bob = desk.person("bob")
    bob.set_password(PASSWORD)
    bob.save()
    script = "\n".join(re.findall(r"```sh\n(.*?)```", GUIDE, re.S))
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=tmp_path,
        env={"DESK": live_server.url, "PATH": "/usr/local/bin:/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=180,
    )
    assert done.returncode == 0, done.stderr + done.stdout
    assert done.stdout.endswith("PAID\n")
    assert '"code":"ORDER_OPENED"' in done.stdout
    assert "304\n" in done.stdout
    (order,) = Order.objects.all()
    assert (order.status, order.buyer_id) == ("PAID", bob.pk)
    assert bob.payout_accounts.count() == 1


def test_the_guides_json_is_json() -> None:
    for text in JSON:
        json.loads(text)


def test_the_guides_addresses_exist() -> None:
    for method, path in re.findall(r"`(GET|POST|DELETE) (/[a-z{][^ `?]*)", GUIDE):
        here = path.partition(" ")[0].removeprefix("/api/v1")
        if here.startswith(("/auth", "/account/")):
            resolve(f"/_allauth/app/v1{here}")
        else:
            operation_of(method, f"/api/v1{here}")


def test_the_guides_rates_are_those_of_the_code() -> None:
    rates = (throttle.RATE_PER_S, DeedThrottle.rate_per_s, throttle.BURST, DeedThrottle.burst)
    told = "read {:.0f} times and act {:.0f} times a second, with reserves of {:.0f} and {:.0f}"
    assert told.format(*rates) in GUIDE
    assert (1 / FileThrottle.rate_per_s, FileThrottle.burst) == (5, 20)
    pictures = "pictures of face checks {:.0f} times a second, with a reserve of {:.0f}"
    assert pictures.format(FrameThrottle.rate_per_s, FrameThrottle.burst) in GUIDE


def test_the_guides_picture_is_bound_as_ours_are() -> None:
    (example,) = (json.loads(one) for one in JSON if '"session_key"' in one)
    said = example["picture"]
    data, mac = base64.b64decode(said.pop("data")), said.pop("mac")
    sent = Sent(**said, data=data, mac="")
    key, nonce = (base64.b64decode(example[name]) for name in ("session_key", "nonce"))
    assert pictures.mac(key=key, nonce=nonce, sent=sent) == mac


def test_every_hint_of_the_engine_has_words_in_the_guide_and_on_the_page() -> None:
    hints = {*HINTS.values(), TRY_AGAIN}
    assert {one for one in hints if f"`{one}`" not in GUIDE} == set()
    assert hints - set(face_words.HINTS) == set()
