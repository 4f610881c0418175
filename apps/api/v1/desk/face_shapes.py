"""Face checks on the wire: what an app sends, and what it is told."""

import base64
import binascii
import math
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.utils import translation
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers as s

from apps.faces import prompts as stored
from apps.faces.consent_words import SEARCH_TEXTS, TEXTS
from apps.faces.engine.session import ACTIONS, Prompt, Sensor, Step
from apps.faces.models import Challenge, Outcome, PictureKind, Purpose, Why
from apps.faces.queries import Standing
from apps.faces.services import challenges, pictures
from apps.faces.states import ChallengeState
from apps.flows import faces
from apps.flows.public_event import moment
from apps.users.models import User

#: So many pictures come at once.
MOST_AT_ONCE = 30
MOST_HINTS, LONGEST_HINT = 20, 120
MOST_MS, MOST_SEQ = 600_000, 999
CAPTURE = {
    "width": pictures.LONGEST_SIDE,
    "height": pictures.SHORTER_SIDE,
    "fps": 13,
    "jpeg_quality": 0.85,
    "most_frames": pictures.MOST_FRAMES,
    "most_at_once": MOST_AT_ONCE,
    "most_bytes_each": pictures.MOST_BYTES_EACH,
    "most_bytes": pictures.MOST_BYTES,
}


@extend_schema_field({"type": "string", "format": "byte"})
class Base64Field(s.Field):
    """Bytes as base64, the standard alphabet, padded, on one line."""

    default_error_messages = {
        "wrong": "Send base64.",
        "long": f"At most {pictures.MOST_BYTES_EACH:,} bytes each.",
    }

    def to_internal_value(self, data: Any) -> bytes:
        if not isinstance(data, str):
            self.fail("wrong")
        if len(data) > 4 * math.ceil(pictures.MOST_BYTES_EACH / 3):
            self.fail("long")
        try:
            return base64.b64decode(data, validate=True)
        except (binascii.Error, ValueError):
            self.fail("wrong")

    def to_representation(self, value: bytes) -> str:
        return base64.b64encode(value).decode()


@extend_schema_field(
    {"type": "object", "additionalProperties": {"type": ["string", "number", "boolean", "null"]}}
)
class HintsField(s.DictField):
    """A few words and numbers about camera and screen."""

    default_error_messages = {
        "many": f"At most {MOST_HINTS} hints: names and short values.",
    }

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        said = super().to_internal_value(data)
        if len(said) > MOST_HINTS or not all(
            len(name) <= LONGEST_HINT and _is_short(value) for name, value in said.items()
        ):
            self.fail("many")
        return dict(said)


def _is_short(value: Any) -> bool:
    if isinstance(value, str):
        return len(value) <= LONGEST_HINT and "\x00" not in value
    return value is None or (isinstance(value, bool | int | float) and abs(value) < 1e9)


class ConsentIn(s.Serializer):
    with_search = s.BooleanField(
        help_text="Also agree to `search_text`: being compared with people who were banned."
    )


class FaceManualIn(s.Serializer):
    reason = s.ChoiceField(choices=Why.choices)


class ChallengeIn(s.Serializer):
    purpose = s.ChoiceField(
        choices=Purpose.choices,
        required=False,
        help_text="Without it: ENROL where your face is not known yet, else VERIFY.",
    )
    flashes = s.BooleanField(
        default=True, help_text="false spares you the colours; a human may have to look then."
    )
    without = s.ListField(
        child=s.ChoiceField(choices=[one.value for one in ACTIONS]),
        default=list,
        max_length=len(ACTIONS),
        help_text="Movements that you can't make.",
    )
    hints = HintsField(default=dict, help_text="What you know of camera and screen.")


class PictureIn(s.Serializer):
    kind = s.ChoiceField(choices=PictureKind.choices, default=PictureKind.COLOUR)
    seq = s.IntegerField(min_value=0, max_value=MOST_SEQ, help_text="0, 1, 2… of its kind.")
    t_ms = s.IntegerField(
        min_value=0,
        max_value=MOST_MS,
        help_text="When it was taken: milliseconds since the challenge arrived.",
    )
    prompt_seq = s.IntegerField(
        min_value=0, max_value=20, help_text="Which prompt was on the screen."
    )
    mac = s.RegexField(r"^[0-9a-f]{64}$", help_text="Binds it to this check: docs/mobile.md.")
    data = Base64Field(help_text="COLOUR: a JPEG. DEPTH, INFRARED: a grey PNG of 16 or 8 bits.")
    intrinsics = s.ListField(
        child=s.FloatField(),
        min_length=4,
        max_length=4,
        required=False,
        allow_null=True,
        help_text="DEPTH: fx, fy, cx, cy in pixels of the picture.",
    )

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping):
            unknown = [str(name)[:60] for name in data if name not in self.fields]
            if unknown:
                raise s.ValidationError({name: ["This field is not known."] for name in unknown})
        said = super().to_internal_value(data)
        given = said.get("intrinsics")
        return said | {
            "kind": PictureKind(said["kind"]),
            "intrinsics": None if given is None else tuple(given),
        }


class FramesIn(s.Serializer):
    pictures = PictureIn(
        many=True,
        max_length=MOST_AT_ONCE,
        help_text=f"At most {MOST_AT_ONCE}; none asks for the prompt.",
    )


class ConsentOut(s.Serializer):
    wording = s.IntegerField()
    with_search = s.BooleanField()
    given_at = s.DateTimeField()


class FaceOut(s.Serializer):
    consent = ConsentOut(allow_null=True, help_text="null: agree first.")
    wording = s.IntegerField(help_text="The version of the texts that you would agree to.")
    wording_text = s.CharField(help_text="Show all of it before you ask for the consent.")
    search_text = s.CharField(help_text="What `with_search` stands for.")
    enrolled_at = s.DateTimeField(allow_null=True, help_text="null: your face is not known.")
    ripe_at = s.DateTimeField(allow_null=True, help_text="From then on it proves who you are.")
    renew_at = s.DateTimeField(allow_null=True, help_text="Take it anew by then: RENEW.")
    locked = s.BooleanField(help_text="Too many failures: only a check by hand helps.")
    attempts_left = s.IntegerField()
    next_at = s.DateTimeField(allow_null=True, help_text="No check can be begun before.")
    in_review = s.BooleanField(help_text="Staff look at it.")


class FlashOut(s.Serializer):
    colour = s.RegexField(r"^#[0-9a-f]{6}$", help_text="Of the whole screen.")
    for_ms = s.IntegerField()


class PromptOut(s.Serializer):
    seq = s.IntegerField()
    step = s.ChoiceField(choices=[one.value for one in Step])
    lasts_ms = s.IntegerField(help_text="No other is shown sooner.")
    flashes = FlashOut(many=True, help_text="One after the other; COLOURS only.")


class CaptureOut(s.Serializer):
    width = s.IntegerField()
    height = s.IntegerField()
    fps = s.IntegerField()
    jpeg_quality = s.FloatField()
    most_frames = s.IntegerField()
    most_at_once = s.IntegerField()
    most_bytes_each = s.IntegerField()
    most_bytes = s.IntegerField(help_text="Of all pictures of the check.")


class ChallengeOut(s.Serializer):
    id = s.UUIDField()
    purpose = s.ChoiceField(choices=Purpose.choices)
    nonce = Base64Field(help_text="16 bytes.")
    session_key = Base64Field(help_text="32 bytes, for this check only. Keep it in memory.")
    expires_at = s.DateTimeField()
    server_now = s.DateTimeField()
    prompts = s.IntegerField(help_text="How many there will be.")
    prompt = PromptOut(help_text="The first.")
    capture = CaptureOut()
    sensors = s.ListField(
        child=s.ChoiceField(choices=[one.value for one in Sensor]),
        help_text="Send pictures of these, too: your device is known to have them.",
    )


class FramesOut(s.Serializer):
    frames = s.IntegerField(help_text="Colour pictures that have arrived.")
    prompt = PromptOut(allow_null=True, help_text="Show it now; null: go on with the present one.")
    prompts_shown = s.IntegerField()


class FaceStateOut(s.Serializer):
    state = s.ChoiceField(choices=ChallengeState.choices)


class WentOnOut(s.Serializer):
    orders = s.ListField(child=s.UUIDField())
    withdrawals = s.ListField(child=s.UUIDField())


class FaceCheckOut(s.Serializer):
    id = s.UUIDField()
    purpose = s.ChoiceField(choices=Purpose.choices)
    state = s.ChoiceField(choices=ChallengeState.choices)
    outcome = s.ChoiceField(
        choices=Outcome.choices, allow_null=True, help_text="null until it is JUDGED."
    )
    hint = s.CharField(help_text="RETRY: what to do better, by code: docs/mobile.md.")
    attempts_left = s.IntegerField()
    next_at = s.DateTimeField(allow_null=True)
    went_on = WentOnOut(help_text="What had waited for it.")


def face_words(now: Standing, *, actor: User) -> dict[str, Any]:
    """Where somebody stands, and what they would agree to, in their language."""
    consent, known = now.consent, now.template
    with translation.override(actor.locale or settings.LANGUAGE_CODE):
        texts = {
            "wording_text": str(TEXTS[faces.WORDING]),
            "search_text": str(SEARCH_TEXTS[faces.WORDING]),
        }
    return texts | {
        "consent": consent
        and {
            "wording": consent.wording,
            "with_search": consent.with_search,
            "given_at": moment(consent.given_at),
        },
        "wording": faces.WORDING,
        "enrolled_at": moment(known.enrolled_at) if known else None,
        "ripe_at": moment(faces.ripe_at(known)) if known else None,
        "renew_at": moment(faces.renew_at(known)) if known else None,
        "locked": now.is_locked,
        "attempts_left": now.attempts_left,
        "next_at": moment(now.next_at),
        "in_review": now.in_review,
    }


def prompt_words(prompt: Prompt) -> dict[str, Any]:
    """One thing to do, as an app shows it."""
    return {
        "seq": prompt.seq,
        "step": prompt.step.value,
        "lasts_ms": stored.lasts_ms(prompt),
        "flashes": [
            {"colour": f"#{one.red:02x}{one.green:02x}{one.blue:02x}", "for_ms": one.for_ms}
            for one in prompt.flashes
        ],
    }


def challenge_words(challenge: Challenge, *, at: Any) -> dict[str, Any]:
    """A challenge as it is answered once, to whoever began it."""
    return {
        "id": str(challenge.pk),
        "purpose": challenge.purpose,
        "nonce": base64.b64encode(bytes(challenge.nonce)).decode(),
        "session_key": base64.b64encode(challenge.session_key).decode(),
        "expires_at": moment(challenge.expires_at),
        "server_now": moment(at),
        "prompts": len(challenge.prompts),
        "prompt": prompt_words(challenges.shown(challenge)),
        "capture": CAPTURE,
        "sensors": challenge.sensors,
    }
