"""What staff make of face checks: they look, for a reason that is kept, and rule.

Who may rule and who may see a face are two things: scores, curves and the timetable of prompts are
open to every reviewer, pictures and landmarks to those who may read personal data.
"""

from datetime import datetime, timedelta

from django.db import models

from apps.core.errors import Refused
from apps.events.models import Entity
from apps.faces import queries
from apps.faces.engine.verdict import Species
from apps.faces.models import (
    Attempt,
    AuditPicture,
    Challenge,
    Channel,
    Look,
    Outcome,
    Purpose,
    Review,
    Ruling,
)
from apps.faces.services import attempts, keys, templates
from apps.flows import face_keeping, flow, review, staff, waiting
from apps.restrictions import services as restrictions
from apps.risk.models import Decision, Maker, Result
from apps.trades.services.talk import notify
from apps.users.models import User
from apps.users.roles import Deed

#: What a check really was where nobody posed as anybody.
LIVE = "LIVE"
TRUTHS = (LIVE, *(one.value for one in Species))
#: How long pictures are shown after a look was asked for, and how long it stands for a ruling.
SHOWN_FOR, STANDS_FOR = timedelta(minutes=10), timedelta(hours=1)
#: An older check, once approved, says nothing of what asks for a face today.
PROVES_FOR = timedelta(hours=72)
JUDGED = {Ruling.APPROVED: Result.ALLOW, Ruling.REJECTED: Result.BLOCK}
NOTICES = {
    Ruling.APPROVED: "FACE_HAND_APPROVED",
    Ruling.REJECTED: "FACE_HAND_REJECTED",
    Ruling.ASK_AGAIN: "FACE_ASK_AGAIN",
}


class Reason(models.TextChoices):
    """Why somebody wants to see a face."""

    RULE = "RULE", "to rule on this check"
    CASE = "CASE", "for an open case of this person"
    COMPLAINT = "COMPLAINT", "the person has asked"
    LABEL = "LABEL", "to say what it really was"
    AUTHORITY = "AUTHORITY", "an authority asks"


@flow.deed
def look(
    *, by: User, attempt: Attempt, reason: str, at: datetime, request_id: str | None = None
) -> Look:
    """Ask to see the pictures of a check: they are shown for some minutes, and it is on record."""
    staff.may(by, Deed.READ_PII)
    _not_ones_own(by, attempt)
    if reason not in Reason.values:
        sentence = "Say why you want to see this face."
        raise Refused("REASON_NEEDED", 422, sentence, {"reason": [sentence]})
    with flow.transaction(attempt.user, at=at):
        row = Look.objects.create(attempt=attempt, by=by, reason=reason, at=at)
        staff.write_event(
            "face.looked_at",
            by=by,
            at=at,
            subject=_subject(attempt),
            data={"check": str(attempt.pk), "reason": reason},
            request_id=request_id,
        )
    return row


def looks_until(*, by: User, attempt: Attempt, at: datetime) -> datetime | None:
    """Until when this colleague sees the pictures of a check; None where they don't."""
    latest = _latest_look(by, attempt)
    return latest + SHOWN_FOR if latest is not None and at < latest + SHOWN_FOR else None


def picture(*, by: User, attempt: Attempt, picture: AuditPicture, at: datetime) -> bytes:
    """A picture of a check, or of the enrolment beside it, for who has asked to see them."""
    staff.may(by, Deed.READ_PII)
    _not_ones_own(by, attempt)
    if looks_until(by=by, attempt=attempt, at=at) is None:
        raise Refused("LOOK_FIRST", 403, "Say first why you want to see this face.")
    if picture.attempt.user_id != attempt.user_id:
        raise Refused("NOT_FOUND", 404, "There is no such picture.")
    return attempts.opened_picture(picture)


def enrolment_of(attempt: Attempt) -> Attempt | None:
    """The check with which the face in use was set up; None where it was this one, or is gone."""
    known = templates.in_use(attempt.user)
    if known is None or known.challenge_id is None or known.challenge_id == attempt.challenge_id:
        return None
    return Attempt.objects.filter(challenge=known.challenge_id).first()


def rule(
    *,
    by: User,
    attempt: Attempt,
    ruling: str,
    truth: str,
    channel: str,
    note: str,
    at: datetime,
    request_id: str | None = None,
) -> Review:
    """Rule on a check: approve, reject, or ask the person again.

    Approving lifts what the engine held because of it, lets go on what waits for a face, and keeps
    a face that waited; it takes somebody who may lift. Rejecting confirms the engine, and what
    waits ends. A check that is asked again counts as no failure.
    """
    staff.may(by, Deed.REVIEW_DECISIONS)
    _not_ones_own(by, attempt)
    note = staff.words(note, "note")
    _check(by, attempt, ruling, truth, channel, at)
    if ruling == Ruling.APPROVED:
        staff.may(by, Deed.LIFT_RESTRICTIONS)
        truth = truth or LIVE
    row = _ruled(by, attempt, Ruling(ruling), truth, channel, note, at, request_id)
    if attempt.outcome != Outcome.PASS and _is_now(attempt, at=at):
        if ruling == Ruling.APPROVED and attempt.challenge.purpose != Purpose.ENROL:
            waiting.prove(user=attempt.user, at=at, reason=restrictions.CHECKED_BY_HAND)
        elif ruling == Ruling.REJECTED:
            waiting.fail(user=attempt.user, at=at, for_good=True)
    return row


@flow.deed
def _ruled(
    by: User,
    attempt: Attempt,
    ruling: Ruling,
    truth: str,
    channel: str,
    note: str,
    at: datetime,
    request_id: str | None,
) -> Review:
    user, subject = attempt.user, _subject(attempt)
    with flow.transaction(user, at=at):
        row = Review(
            attempt=attempt, by=by, ruling=ruling, truth=truth, channel=channel, note=note, at=at
        )
        row.save(force_insert=True)
        staff.write_event(
            "face.ruled",
            by=by,
            at=at,
            subject=subject,
            data={
                "check": str(attempt.pk),
                "ruling": ruling.value,
                "truth": truth,
                "channel": channel,
            },
            request_id=request_id,
        )
        decision = Decision.objects.filter(event_id=attempt.event, maker=Maker.ENGINE).first()
        outcome = JUDGED.get(ruling)
        if outcome and decision and subject:
            review.supersede(decision, subject, by, at, outcome, note, request_id)
        _settle_face(attempt, ruling, at=at)
        notify(user, NOTICES[ruling], at=at)
    return row


def _settle_face(attempt: Attempt, ruling: Ruling, *, at: datetime) -> None:
    """Keep the face that waited, or let go of it."""
    try:
        if attempts.opened_face(attempt) is None:
            return
        newer = templates.in_use(attempt.user)
        outdated = newer is not None and newer.enrolled_at > attempt.at
        agreed = queries.consent_of(attempt.user) is not None
        if ruling == Ruling.APPROVED and agreed and not outdated:
            face_keeping.keep_approved(attempt, at=at)
        attempts.drop_face(attempt)
    except keys.Destroyed:
        return


def _check(by: User, attempt: Attempt, ruling: str, truth: str, channel: str, at: datetime) -> None:
    wrong: dict[str, list[str]] = {}
    if ruling not in Ruling.values:
        wrong["ruling"] = ["Choose what you make of it."]
    if truth and truth not in TRUTHS:
        wrong["truth"] = ["Choose one, or leave it open."]
    if ruling == Ruling.APPROVED and truth not in ("", LIVE):
        wrong["truth"] = ["Who is approved was live. Reject it, or say that it was live."]
    if ruling == Ruling.REJECTED and truth == LIVE:
        wrong["truth"] = ["A living stranger is another person: choose that, or leave it open."]
    if channel not in Channel.values:
        wrong["channel"] = ["Say how you came to know."]
    elif channel == Channel.PICTURES:
        seen = _latest_look(by, attempt)
        if seen is None or at >= seen + STANDS_FOR:
            wrong["channel"] = ["You have not looked at the pictures of this check."]
    if wrong:
        raise Refused("RULING_INCOMPLETE", 422, "Some fields need attention.", wrong)


def _is_now(attempt: Attempt, *, at: datetime) -> bool:
    """Whether what this check was asked for may still wait: the latest one, a few days old."""
    later = Challenge.objects.filter(user=attempt.user, attempt__at__gt=attempt.at)
    return at - attempt.at <= PROVES_FOR and not later.exists()


def _latest_look(by: User, attempt: Attempt) -> datetime | None:
    latest = Look.objects.filter(attempt=attempt, by=by).order_by("-at").first()
    return latest.at if latest else None


def _not_ones_own(by: User, attempt: Attempt) -> None:
    if by.pk == attempt.user_id:
        raise Refused("SECOND_PERSON_NEEDED", 403, "This is you: a colleague has to look at it.")


def _subject(attempt: Attempt) -> Entity | None:
    return Entity.objects.filter(pk=attempt.user.entity_id).first()
