"""A face check by hand: for whom the camera can't, or may not, or did not succeed.

Nobody is shut out because they can't blink, turn or look into flashes: they ask, staff find out in
another way that it is they, and what waited goes on.
"""

from datetime import datetime, timedelta

from apps.cases.carry_out import Alert, open_cases
from apps.cases.models import Queue
from apps.core.errors import Refused
from apps.events.models import Entity
from apps.faces.models import Channel, ManualCheck, ManualRuling, Why
from apps.flows import flow, own_acts, staff, waiting
from apps.flows.request_facts import RequestFacts
from apps.restrictions import services as restrictions
from apps.trades.services.talk import notify
from apps.users.models import User
from apps.users.roles import Deed

#: When somebody looks at a request, and how urgent it is: money of the person's may wait.
LOOKED_AT_WITHIN, PRIORITY = timedelta(hours=24), 400
#: After a rejection the next request is not taken before this.
AFTER_A_REJECTION = timedelta(hours=24)


@flow.deed
def ask(*, actor: User, reason: str, request_facts: RequestFacts, at: datetime) -> ManualCheck:
    """Ask staff for a check by hand; asking again while they look changes nothing."""
    if reason not in Why.values:
        raise Refused("UNKNOWN_REASON", 422, "Say why: choose one of the reasons.")
    with flow.transaction(actor, at=at):
        waits = ManualCheck.objects.filter(user=actor, ruling="").first()
        if waits is not None:
            return waits
        rejected = ManualCheck.objects.filter(
            user=actor, ruling=ManualRuling.REJECTED, decided_at__gt=at - AFTER_A_REJECTION
        )
        if rejected.exists():
            raise Refused(
                "FACE_BY_HAND_LATER",
                429,
                "Our staff have looked at this within a day. Ask again tomorrow, or write to "
                "support.",
                retry_after=int(AFTER_A_REJECTION.total_seconds()),
            )
        check = ManualCheck.objects.create(user=actor, reason=reason, asked_at=at)
        own_acts.note(
            "face.by_hand",
            by=actor,
            of=actor,
            at=at,
            reason=reason,
            channel=request_facts.client,
            check=str(check.pk),
        )
        alert = Alert(Queue.REVIEW, actor.entity_id, PRIORITY, at + LOOKED_AT_WITHIN)
        open_cases([alert], cause=None, at=at)
        notify(actor, "FACE_BY_HAND", at=at)
    return check


@flow.deed
def decide(
    *, by: User, user: User, approve: bool, channel: str, note: str, at: datetime
) -> ManualCheck:
    """Say what staff found out about a person who asked: it is they, or it could not be shown.

    Approving lets go on what waits for a face check, and failures until now count no more: it takes
    somebody who may lift. After a rejection everything stays as it is.
    """
    staff.may(by, Deed.REVIEW_DECISIONS)
    if approve:
        staff.may(by, Deed.LIFT_RESTRICTIONS)
    if by.pk == user.pk:
        raise Refused("SECOND_PERSON_NEEDED", 403, "This is you: a colleague has to decide.")
    if channel not in set(Channel.values) - {Channel.PICTURES}:
        sentence = "Say how you found out: a call, documents, or in person."
        raise Refused("CHANNEL_NEEDED", 422, sentence, {"channel": [sentence]})
    ruling = ManualRuling.APPROVED if approve else ManualRuling.REJECTED
    check = _decided(by, user, ruling, channel, staff.words(note, "note"), at)
    if approve:
        waiting.prove(user=user, at=at, reason=restrictions.CHECKED_BY_HAND)
    return check


def _decided(
    by: User, user: User, ruling: ManualRuling, channel: str, note: str, at: datetime
) -> ManualCheck:
    with flow.transaction(user, at=at):
        check = ManualCheck.objects.filter(user=user, ruling="").first()
        if check is None:
            raise Refused("NOTHING_ASKED", 409, "This person has not asked, or it was decided.")
        check.ruling, check.by, check.channel = ruling, by, channel
        check.note, check.decided_at = note, at
        check.save(update_fields=["ruling", "by", "channel", "note", "decided_at"])
        staff.write_event(
            "face.decided_by_hand",
            by=by,
            at=at,
            subject=Entity.objects.filter(pk=user.entity_id).first(),
            data={"check": str(check.pk), "ruling": ruling.value, "channel": channel},
        )
        approved = ruling == ManualRuling.APPROVED
        notify(user, "FACE_HAND_APPROVED" if approved else "FACE_HAND_REJECTED", at=at)
    return check
