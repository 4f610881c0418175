"""What a person does with their face: agree, begin a check, show themselves, finish, give it up.

The judgement follows in a worker (face_judging.py). A check that is begun here is answered once.
"""

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from random import SystemRandom
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction

from apps.core.errors import Refused
from apps.core.ids import uuid7
from apps.devices.models import Device
from apps.faces import queries
from apps.faces.engine import asking
from apps.faces.engine.session import ACTIONS, Prompt, Sensor, Step
from apps.faces.models import Challenge, Consent, Purpose, Template
from apps.faces.services import challenges, keys, pictures, protected, templates
from apps.faces.services.pictures import Sent
from apps.faces.states import ChallengeState
from apps.flows import flow, own_acts
from apps.flows.request_facts import Channel, RequestFacts
from apps.users.models import User

#: The version of the words that a person agrees to (docs/faces.md has them all).
WORDING = 1
#: That a check could not be told is no act, but the person's app hears of it.
RETRIED = "face.retried"


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a check stands: the prompt to show next, if it is time, and what has arrived."""

    challenge: Challenge
    prompt: Prompt | None
    frames: int


@flow.deed
def agree(*, actor: User, with_search: bool, at: datetime) -> Consent:
    """Agree to face checks; `with_search`: also to being compared with banned people."""
    with flow.transaction(actor, at=at):
        known = queries.consent_of(actor)
        if known is not None and (known.with_search, known.wording) == (with_search, WORDING):
            return known
        Consent.objects.filter(user=actor, withdrawn_at=None).update(withdrawn_at=at)
        if not with_search:
            protected.remove(actor)
        consent = Consent.objects.create(
            id=uuid7(at), user=actor, wording=WORDING, with_search=with_search, given_at=at
        )
        own_acts.note("face.agreed", by=actor, of=actor, at=at, with_search=with_search)
    return consent


@flow.deed
def begin(
    *,
    actor: User,
    purpose: Purpose | None = None,
    flashes: bool = True,
    without: frozenset[Step] = frozenset(),
    hints: dict[str, Any] | None = None,
    confirmed: bool,
    request_facts: RequestFacts,
    at: datetime,
) -> Challenge:
    """Begin a face check; without a purpose it is what the person needs next.

    `without` are actions that the person can't do, `flashes` False spares them the colours; a human
    then looks at what passed. To set a face up, or take it anew, who acts must be `confirmed`.
    """
    with flow.transaction(actor, at=at):
        known = templates.in_use(actor)
        purpose = purpose or _needed(known, confirmed=confirmed, at=at)
        _may_begin(actor, purpose, known, confirmed=confirmed, at=at)
        device = Device.objects.filter(pk=request_facts.device_id).first()
        sensors = _sensors(device, request_facts)
        try:
            prompts = asking.compose(
                SystemRandom(),
                flashes=flashes,
                without=without & frozenset(ACTIONS),
                earlier=[asking.from_text(one) for one in queries.colours_before(actor)],
                sensors=sensors,
            )
        except asking.CannotAsk:
            raise Refused(
                "FACE_BY_HAND",
                422,
                "With so few movements a machine can't tell. Ask for a check by our staff instead.",
            ) from None
        challenge = challenges.issue(
            user=actor,
            purpose=purpose,
            prompts=prompts,
            sensors=sensors,
            device=device,
            channel=request_facts.client,
            facts=facts_text(request_facts),
            hints=hints or {},
            at=at,
        )
        own_acts.note("face.asked", by=actor, of=actor, at=at, purpose=purpose.value)
    return challenge


@flow.deed
def take(*, actor: User, challenge: UUID, sent: Sequence[Sent], at: datetime) -> Progress:
    """Take in pictures of a check, all of them or none, and show the next prompt when it is due."""
    with flow.transaction(actor, at=at):
        one = _locked(actor, challenge)
        challenges.open_one(one, at=at)
        taken = pictures.keep(one, sent, at=at)
        return Progress(one, challenges.go_on(one, at=at), taken.frames)


@flow.deed
def finish(*, actor: User, challenge: UUID, at: datetime) -> Challenge:
    """Everything was shown: have it judged."""
    with flow.transaction(actor, at=at):
        one = _locked(actor, challenge)
        challenges.open_one(one, at=at)
        challenges.finish(one, pictures.taken(one), at=at)
        # Where the broker is away, the sweep finds it a minute later.
        transaction.on_commit(lambda: send_to_worker(one.pk), robust=True)
    return one


@flow.deed
def give_up(*, actor: User, challenge: UUID, at: datetime) -> Challenge:
    """End a check without a judgement: its pictures are gone, and it counts as begun."""
    with flow.transaction(actor, at=at):
        one = _locked(actor, challenge)
        challenges.open_one(one, at=at)
        challenges.end(one, ChallengeState.ABANDONED, at=at)
    return one


@flow.deed
def forget(*, actor: User, confirmed: bool, at: datetime) -> None:
    """Take the consent back: the face and all its pictures become unreadable at once."""
    if not confirmed:
        raise Refused("CONFIRM_IDENTITY", 403, "Confirm first that it is you.")
    with flow.transaction(actor, at=at):
        if queries.is_being_judged(actor):
            raise _being_judged()
        for one in Challenge.objects.filter(user=actor, state=ChallengeState.OPEN):
            challenges.end(one, ChallengeState.ABANDONED, at=at)
        Consent.objects.filter(user=actor, withdrawn_at=None).update(withdrawn_at=at)
        templates.erase(actor, at=at)
        keys.destroy(actor, at=at)
        own_acts.note("face.forgotten", by=actor, of=actor, at=at)


def send_to_worker(id: UUID, *, in_s: float = 0) -> None:
    """Have a finished check judged by a worker, at once or in so many seconds."""
    from apps.flows.tasks import face_judge  # the tasks import the flows

    face_judge.apply_async(kwargs={"id": str(id)}, countdown=in_s, expires=300)


def ripe_at(template: Template) -> datetime:
    """When this face is known for long enough to prove anything."""
    return template.known_since + timedelta(hours=settings.PROOF_FACTOR_AGE_H)


def renew_at(template: Template) -> datetime:
    """When this face is due to be taken anew."""
    return template.enrolled_at + timedelta(days=settings.FACE_RENEW_DAYS)


def is_ripe(template: Template, *, at: datetime) -> bool:
    """Whether this face is known for long enough to prove anything."""
    return at >= ripe_at(template)


def facts_text(facts: RequestFacts) -> str:
    """Where a check was asked from, to be kept until it is judged."""
    return json.dumps(asdict(facts) | {"device_id": str(facts.device_id or "")})


def facts_from(text: str | None) -> RequestFacts:
    """What facts_text() wrote; nowhere where nothing is kept."""
    if not text:
        return own_acts.NOWHERE
    said = json.loads(text)
    device = said.pop("device_id")
    return RequestFacts(**said, device_id=UUID(device) if device else None)


def _may_begin(
    actor: User, purpose: Purpose, known: Template | None, *, confirmed: bool, at: datetime
) -> None:
    if queries.consent_of(actor) is None:
        raise Refused("FACE_CONSENT_NEEDED", 403, "Agree to face checks first.")
    if queries.failures(actor, at=at) >= queries.MOST_FAILED:
        raise Refused(
            "FACE_LOCKED",
            403,
            "Several face checks did not succeed. Ask for a check by our staff instead.",
        )
    if queries.is_being_judged(actor):
        raise _being_judged()
    _, free_at = queries.begun(actor, at=at)
    if free_at is not None and free_at > at:
        seconds = math.ceil((free_at - at).total_seconds())
        raise Refused(
            "FACE_TOO_OFTEN",
            429,
            f"Three checks in ten minutes. Try again in {math.ceil(seconds / 60)} min.",
            retry_after=seconds,
        )
    if purpose == Purpose.ENROL and known is not None:
        raise Refused("FACE_KNOWN", 409, "Your face is set up already.")
    if purpose != Purpose.ENROL and known is None:
        raise Refused("FACE_UNKNOWN", 409, "Set up your face first.")
    if purpose != Purpose.VERIFY and not confirmed:
        raise Refused("CONFIRM_IDENTITY", 403, "Confirm first that it is you.")
    if purpose != Purpose.ENROL and known is not None and not is_ripe(known, at=at):
        raise Refused(
            "FACE_TOO_YOUNG",
            403,
            "Your face was set up too recently to prove who you are. Wait a day, or write to "
            "support.",
        )


def _being_judged() -> Refused:
    return Refused("FACE_BEING_JUDGED", 409, "A check is being judged. Try again shortly.")


def _needed(known: Template | None, *, confirmed: bool, at: datetime) -> Purpose:
    if known is None:
        return Purpose.ENROL
    # Whoever can't confirm who they are just now still proves themselves by the old face.
    due = confirmed and renew_at(known) <= at and is_ripe(known, at=at)
    return Purpose.RENEW if due else Purpose.VERIFY


def _sensors(device: Device | None, facts: RequestFacts) -> frozenset[Sensor]:
    # A browser can't hand out depth or infrared; an app on a device that has them must.
    if device is None or facts.client != Channel.APP:
        return frozenset()
    has = {Sensor.DEPTH: device.has_camera_depth, Sensor.INFRARED: device.has_infrared}
    return frozenset(sensor for sensor, there in has.items() if there)


def _locked(actor: User, id: UUID) -> Challenge:
    return queries.challenge_for(actor, id)
