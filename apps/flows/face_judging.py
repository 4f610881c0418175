"""Judging a finished face check: the engine outside of any transaction, what follows inside one.

A pass is an act that the risk engine judges like any other (`face.passed`): only what it trusts
lifts what waited. So are a failure, a doubtful check that a human has to see, and a new face.
"""

import time
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from django.db import transaction

from apps.devices.models import Device
from apps.events.act import Act
from apps.faces import policy
from apps.faces.engine.session import Challenge as Asked
from apps.faces.engine.session import (
    DepthFrame,
    Frame,
    InfraredFrame,
    Intrinsics,
    Sensor,
)
from apps.faces.engine.session import Template as Known
from apps.faces.engine.verdict import ENGINE_FAULT, TRY_AGAIN, Outcome, Verdict
from apps.faces.models import Attempt, Challenge, Picture, PictureKind, Purpose
from apps.faces.services import attempts, challenges, templates
from apps.faces.states import ChallengeState
from apps.flows import face_acts, face_keeping, face_search, faces, flow, own_acts, waiting
from apps.flows.decisions import TRUSTED
from apps.flows.request_facts import RequestFacts
from apps.risk.models import Decision
from apps.trades.services.talk import notify

#: How often a check is looked at before it is given up, and how long after a fault.
TRIES, AGAIN_IN_S = 3, 2
log = structlog.get_logger(__name__)

#: The kind of act that each outcome is; what could not be told is none, and counts nowhere.
ACT_OF = {Outcome.PASS: "face.passed", Outcome.FAIL: "face.failed", Outcome.REVIEW: "face.held"}
NOTICE_OF = {Outcome.FAIL: "FACE_FAILED", Outcome.REVIEW: "FACE_HELD", Outcome.RETRY: "FACE_RETRY"}


def judge(*, id: UUID, at: datetime) -> Attempt | None:
    """Judge a finished check and do what follows; None where it is, or is to be, judged elsewhere.

    Where the engine breaks it is tried again, three times in all; then the person may try again,
    and it counts nowhere.
    """
    if not challenges.in_hand(id, at=at):
        return None
    challenge = Challenge.objects.select_related("user", "device").get(pk=id)
    try:
        attempt = _judged(challenge, at=at)
    except Exception:
        log.exception("face.engine_fault", challenge=str(id), tries=challenge.tries)
        if challenge.tries < TRIES:
            challenges.out_of_hand(id)
            # Where the broker is away, the sweep finds it a minute later.
            transaction.on_commit(lambda: faces.send_to_worker(id, in_s=AGAIN_IN_S), robust=True)
            return None
        attempt = _conclude(challenge=challenge, verdict=_broken(), took_ms=0, at=at)
    if attempt is not None:
        follow(attempt)
    return attempt


def follow(attempt: Attempt) -> bool:
    """Let go on, or end, what waited for a judged check; whether anything moved.

    Doing it again changes nothing.
    """
    decision = Decision.objects.filter(pk=attempt.event).first() if attempt.event else None
    if decision is None:
        return False
    if decision.outcome in TRUSTED:
        return _proves(attempt) and bool(waiting.prove(user=attempt.user, at=attempt.at))
    if attempt.outcome == Outcome.FAIL and decision.outcome in ("REVIEW", "BLOCK"):
        blocked = decision.outcome == "BLOCK"
        return bool(waiting.fail(user=attempt.user, at=attempt.at, for_good=blocked))
    return False


def _judged(challenge: Challenge, *, at: datetime) -> Attempt | None:
    began = time.process_time()
    # Where there were more tries than faults, workers have died of it.
    verdict = _looked_at(challenge) if challenge.tries <= TRIES else _broken()
    took_ms = round((time.process_time() - began) * 1000)
    return _conclude(challenge=challenge, verdict=verdict, took_ms=took_ms, at=at)


def _broken() -> Verdict:
    return Verdict(outcome=Outcome.RETRY, code=ENGINE_FAULT, hint=TRY_AGAIN, findings=())


def _looked_at(challenge: Challenge) -> Verdict:
    from apps.faces.engine.evaluate import evaluate  # dlib and OpenCV: in this worker alone

    template = _template(challenge)
    asked = Asked(
        id=str(challenge.pk),
        issued_at=challenge.issued_at,
        expires_at=challenge.expires_at,
        prompts=challenges.prompts_of(challenge),
        sensors=frozenset(Sensor(one) for one in challenge.sensors),
        with_match=challenge.purpose != Purpose.ENROL,
    )
    rows = list(challenge.pictures.order_by("kind", "seq"))
    return evaluate(
        challenge=asked,
        frames=[_frame(row) for row in rows if row.kind == PictureKind.COLOUR],
        depth=[_depth(row) for row in rows if row.kind == PictureKind.DEPTH],
        infrared=[_infrared(row) for row in rows if row.kind == PictureKind.INFRARED],
        template=template,
        policy=policy.shipped(),
        now=challenge.finished_at or challenge.expires_at,
    )


def _template(challenge: Challenge) -> Known | None:
    if challenge.purpose == Purpose.ENROL:
        return None
    known = templates.in_use(challenge.user)
    return templates.opened(known) if known else None


@flow.deed
def _conclude(
    *, challenge: Challenge, verdict: Verdict, took_ms: int, at: datetime
) -> Attempt | None:
    user, device = challenge.user, challenge.device
    with flow.transaction(user, at=at):
        challenge = Challenge.objects.select_related("user", "device").get(pk=challenge.pk)
        if challenge.state != ChallengeState.FINISHED:
            return None
        request_facts = faces.facts_from(challenge.facts)
        verdict = face_keeping.fit(challenge.purpose, verdict)
        found = face_search.alike(challenge, verdict)
        act = _act(
            challenge, verdict, request_facts=request_facts, at=at, **face_search.told(found)
        )
        attempt = attempts.record(
            challenge,
            verdict,
            device_model=_model_of(device),
            platform=device.platform if device else "",
            took_ms=took_ms,
            event=act.id if act else None,
            at=at,
            face=face_keeping.waiting(challenge, verdict),
            also=face_search.as_findings(found),
        )
        challenges.end(challenge, ChallengeState.JUDGED, at=at)
        if verdict.outcome is Outcome.PASS and challenge.purpose != Purpose.VERIFY:
            face_keeping.keep(challenge, face_keeping.seen(verdict), at=at)
        if code := NOTICE_OF.get(verdict.outcome):
            notify(user, code, at=at, hint=verdict.hint)
        if act is None:
            own_acts.note(faces.RETRIED, by=user, of=user, at=at, code=verdict.code)
            return attempt
        judgement = flow.judge(act)
        flow.write(act, judgement=judgement)
    return attempt


def _act(
    challenge: Challenge,
    verdict: Verdict,
    *,
    request_facts: RequestFacts,
    at: datetime,
    **signals: Any,
) -> Act | None:
    kind = ACT_OF.get(verdict.outcome)
    if kind == "face.passed" and challenge.purpose == Purpose.ENROL:
        kind = "face.enrolled"
    if kind is None:
        return None
    return own_acts.act(
        kind,
        user=challenge.user,
        request_facts=request_facts,
        at=at,
        **face_acts.told(challenge, verdict, at=at),
        **signals,
    )


def _proves(attempt: Attempt) -> bool:
    """Whether this check shows that the person is who the account belongs to."""
    return attempt.outcome == Outcome.PASS and attempt.challenge.purpose != Purpose.ENROL


def _model_of(device: Device | None) -> str:
    if device is None:
        return ""
    return " ".join(str(device.attributes[n]) for n in ("brand", "model") if n in device.attributes)


def _frame(row: Picture) -> Frame:
    return Frame(
        seq=row.seq,
        t_ms=row.t_ms,
        prompt_seq=row.prompt_seq,
        image=row.content,
        received_ms=row.received_ms,
    )


def _depth(row: Picture) -> DepthFrame:
    fx, fy, cx, cy = row.intrinsics or (0.0, 0.0, 0.0, 0.0)
    return DepthFrame(t_ms=row.t_ms, image=row.content, intrinsics=Intrinsics(fx, fy, cx, cy))


def _infrared(row: Picture) -> InfraredFrame:
    return InfraredFrame(t_ms=row.t_ms, image=row.content)
