"""What the parties show in an appeal, and the one objection to how it was decided."""

from datetime import datetime

from apps.core.errors import Refused
from apps.flows import appeal_terms, flow, recovery
from apps.flows.appeal_steps import HEARING, into, locked_appeal, party
from apps.trades import files
from apps.trades.models import Appeal, Attachment, Evidence, EvidenceKind
from apps.trades.queries import appeals as appeals_of
from apps.trades.services import appeals, talk
from apps.trades.states import AppealState
from apps.users.models import User

MOST_WORDS, MOST_SHOWN = 2_000, 20


def show(
    *, actor: User, appeal: Appeal, what: str, words: str, data: bytes | None, at: datetime
) -> Evidence:
    """A party shows something: words, a picture, a document, a video; or what it was asked for."""
    party(actor, appeal.order)
    words = " ".join(words.split())
    if what not in EvidenceKind.values:
        raise Refused("EVIDENCE_WHAT", 422, "Say what this is.", {"what": ["Choose one."]})
    if len(words) > MOST_WORDS:
        sentence = f"At most {MOST_WORDS:,} characters, please."
        raise Refused("TOO_LONG", 422, sentence, {"words": [sentence]})
    if not words and data is None:
        sentence = "Write what you have to say, or choose a file."
        raise Refused("EVIDENCE_EMPTY", 422, sentence, {"words": [sentence]})
    # Decoding takes its time: not while anything is locked.
    file = files.accept(data, purpose=files.Purpose.EVIDENCE) if data is not None else None
    return _shown(actor, appeal, what, words, file, at)


@flow.deed
def _shown(
    actor: User, appeal: Appeal, what: str, words: str, file: files.Accepted | None, at: datetime
) -> Evidence:
    order = appeal.order
    with flow.transaction(order.buyer, order.seller, at=at):
        order, appeal = locked_appeal(appeal)
        if appeal.state not in (*HEARING, AppealState.OBJECTION):
            raise Refused("APPEAL_STATE", 409, "This appeal has been decided. You may object.")
        if appeals_of.evidence_of(appeal, party=actor).count() >= MOST_SHOWN:
            raise Refused("TOO_MUCH_EVIDENCE", 409, f"At most {MOST_SHOWN} pieces, please.")
        kept = talk.attach(order=order, uploader=actor, file=file, at=at) if file else None
        shown = appeals.show(appeal, party=actor, what=what, words=words, attachment=kept, at=at)
        if appeal.state in (AppealState.OPEN, AppealState.NEGOTIATING):
            into(appeal, order, AppealState.EVIDENCE, at=at)
        talk.tell(order=order, code="APPEAL_EVIDENCE", at=at, by=str(actor.pk), what=what)
        if appeal.agent:
            talk.notify(appeal.agent, "APPEAL_EVIDENCE", at=at, appeal=str(appeal.pk))
    return shown


def object_(
    *, actor: User, appeal: Appeal, statement: str, data: bytes | None, at: datetime
) -> Appeal:
    """The losing party objects, once and with something new; somebody else decides about it."""
    party(actor, appeal.order)
    statement = appeal_terms.words(statement)
    if data is None:
        sentence = "Show something that was not there before: a document, a picture or a video."
        raise Refused("NEW_EVIDENCE_NEEDED", 422, sentence, {"data": [sentence]})
    file = files.accept(data, purpose=files.Purpose.EVIDENCE)
    return _objected(actor, appeal, statement, file, at)


@flow.deed
def _objected(
    actor: User, appeal: Appeal, statement: str, file: files.Accepted, at: datetime
) -> Appeal:
    order = appeal.order
    with flow.transaction(order.buyer, order.seller, at=at):
        order, appeal = locked_appeal(appeal)
        _may_object(appeal, actor=actor, at=at)
        if Attachment.objects.filter(order=order, original_sha256=file.original_sha256).exists():
            raise Refused("NOT_NEW", 422, "This was shown before. An objection needs news.")
        kept = talk.attach(order=order, uploader=actor, file=file, at=at)
        appeals.object_(
            appeal,
            by=actor,
            statement=statement,
            phase_until=at + appeal_terms.OBJECTION,
            decide_by=appeal_terms.decide_by(order, state=AppealState.OBJECTION, at=at),
            at=at,
        )
        appeals.show(appeal, party=actor, what="OTHER", words="", attachment=kept, at=at)
        if not order.is_live:
            recovery.hold(order, by=None, at=at)
        talk.tell(order=order, code="APPEAL_OBJECTED", at=at, by=str(actor.pk))
        other = appeals_of.other_of(order, actor)
        talk.notify(other, "APPEAL_OBJECTED", at=at, order=order, appeal=str(appeal.pk))
    return appeal


def _may_object(appeal: Appeal, *, actor: User, at: datetime) -> None:
    if appeal.objection_by_id is not None:
        raise Refused("OBJECTED_ALREADY", 409, "There is one objection to a decision.")
    until = appeal.phase_until
    if appeal.state != AppealState.DECIDED or until is None or at >= until:
        raise Refused("OBJECTION_TOO_LATE", 409, "An objection takes 24 hours from the decision.")
    if actor.pk not in {user.pk for user in appeals_of.losers(appeal)}:
        raise Refused("NOT_YOURS_TO_DO", 403, "It was decided in your favour.")
