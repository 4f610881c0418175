"""What tests of face checks send, whether it keeps the rules or breaks one, and what is left."""

import io
from dataclasses import replace
from typing import Any

import pytest
from PIL import Image

from apps.core.errors import Refused
from apps.events.models import Event
from apps.faces.models import Attempt, AuditPicture, Challenge, Picture, PictureKind
from apps.faces.services import pictures
from apps.faces.services.pictures import Sent
from apps.flows import faces
from tests.camera import Camera

INTRINSICS = (500.0, 500.0, 80.0, 60.0)


def everything() -> list[Any]:
    """What a refused deed may not have changed."""
    rows = Challenge.objects.order_by("pk").values_list("pk", "state", "released", "ended_at")
    counts = [model.objects.count() for model in (Picture, AuditPicture, Attempt, Event)]
    return [list(rows), counts]


def refused(camera: Camera, challenge: Challenge, *sent: Sent) -> str:
    """The code under which these are refused; nothing has changed then."""
    before = everything()
    with pytest.raises(Refused) as fault:
        take(camera, challenge, *sent)
    assert everything() == before
    assert fault.value.detail
    return fault.value.code


def take(camera: Camera, challenge: Challenge, *sent: Sent) -> faces.Progress:
    return faces.take(actor=challenge.user, challenge=challenge.pk, sent=sent, at=camera.desk.now)


def rebound(challenge: Challenge, one: Sent, **changes: Any) -> Sent:
    """The same picture with something else said of it, and bound anew."""
    one = replace(one, **changes)
    key, nonce = bytes(challenge.session_key), bytes(challenge.nonce)
    return replace(one, mac=pictures.mac(key=key, nonce=nonce, sent=one))


def png(mode: str = "I;16", size: tuple[int, int] = (160, 120), seed: int = 0) -> bytes:
    out = io.BytesIO()
    image = Image.new(mode, size, 700 if mode == "I;16" else 90)
    image.putpixel((seed, 0), 1)
    image.save(out, "PNG")
    return out.getvalue()


def depth(camera: Camera, challenge: Challenge, seq: int, **words: Any) -> Sent:
    said: dict[str, Any] = {
        "kind": PictureKind.DEPTH,
        "data": png(seed=seq),
        "intrinsics": INTRINSICS,
        "t_ms": seq * 100,
    }
    return camera.sent(challenge, seq, **(said | words))
