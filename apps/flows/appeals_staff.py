"""What staff do in an appeal: take it under their name, ask, decide; a second person agrees.

Whoever decides has taken the appeal first, and both parties see who it is.
"""

from datetime import datetime, timedelta
from decimal import Decimal

from apps.core.errors import Refused
from apps.flows import appeal_outcome, flow, notices, staff
from apps.flows.appeal_steps import HEARING, into, locked_appeal
from apps.flows.appeal_verdict import checked, needs_second
from apps.trades.models import (
    Appeal,
    AppealKind,
    Evidence,
    EvidenceKind,
    Ruling,
    RulingStage,
    Verdict,
)
from apps.trades.queries import appeals as appeals_of
from apps.trades.services import appeals, talk
from apps.trades.states import AppealState, OrderStatus
from apps.users import roles
from apps.users.models import User
from apps.users.roles import Deed

DUE = timedelta(hours=24)
TAKEABLE = (*HEARING, AppealState.OBJECTION)
DECIDABLE = (AppealState.IN_REVIEW, AppealState.OBJECTION)


@flow.deed
def take(*, by: User, appeal: Appeal, at: datetime, request_id: str | None = None) -> Appeal:
    """Make an appeal one's own: both parties learn who it is. Those who approve may take over."""
    staff.may(by, Deed.DECIDE_APPEALS)
    order = appeal.order
    with flow.transaction(order.buyer, order.seller, at=at):
        order, appeal = locked_appeal(appeal)
        _impartial(by, appeal)
        if appeal.state not in TAKEABLE:
            raise Refused("APPEAL_STATE", 409, "This appeal is decided or over.")
        if appeal.state == AppealState.OBJECTION and by.pk == appeal.decided_by_id:
            raise Refused(
                "ANOTHER_PERSON_NEEDED", 403, "You decided this: somebody else looks at it anew."
            )
        if appeal.agent_id == by.pk:
            raise Refused("YOURS_ALREADY", 409, "This appeal is yours.")
        if appeal.agent_id is not None and not roles.may(by, Deed.APPROVE_APPEALS):
            raise Refused("TAKEN_ALREADY", 409, "Somebody else has this appeal.")
        if appeals_of.pending_ruling(appeal) is not None:
            raise Refused("RULING_PENDING", 409, "A decision waits for a second person.")
        if appeal.state in (AppealState.OPEN, AppealState.NEGOTIATING):
            into(appeal, order, AppealState.EVIDENCE, at=at)
        state = AppealState(appeal.state)
        if state == AppealState.EVIDENCE:
            # The time to be heard runs on.
            state = AppealState.IN_REVIEW
        appeals.step(appeal, state, agent=by, taken_at=at)
        talk.tell(order=order, code="APPEAL_TAKEN", at=at, agent=str(by.pk))
        notices.of_appeal(appeal, "APPEAL_TAKEN", at=at, agent=str(by.pk))
        _event("appeal.taken", by, appeal, at, request_id)
    return appeal


@flow.deed
def ask(
    *,
    by: User,
    appeal: Appeal,
    party: User,
    what: str,
    words: str,
    at: datetime,
    request_id: str | None = None,
) -> Evidence:
    """The agent asks a party for something, within 24 hours; who stays silent may lose by it."""
    staff.may(by, Deed.DECIDE_APPEALS)
    words = staff.words(words, "words", least=10, most=1_000)
    if what not in EvidenceKind.values:
        raise Refused("EVIDENCE_WHAT", 422, "Say what you need.", {"what": ["Choose one."]})
    order = appeal.order
    if party.pk not in (order.buyer_id, order.seller_id):
        raise Refused("NOT_A_PARTY", 422, "Ask the buyer or the seller.", {"party": ["Choose."]})
    with flow.transaction(order.buyer, order.seller, at=at):
        order, appeal = locked_appeal(appeal)
        _agent(by, appeal)
        row = appeals.ask(
            appeal, party=party, by=by, what=what, words=words, due_at=at + DUE, at=at
        )
        talk.notify(party, "APPEAL_ASKED", at=at, order=order, appeal=str(appeal.pk), what=what)
        _event("appeal.asked", by, appeal, at, request_id, what=what, party=str(party.pk))
    return row


@flow.deed
def judge_evidence(
    *,
    by: User,
    evidence: Evidence,
    verdict: str,
    at: datetime,
    request_id: str | None = None,
) -> Evidence:
    """The agent says whether what was shown is genuine; what is fake costs whoever showed it."""
    staff.may(by, Deed.DECIDE_APPEALS)
    if verdict not in Verdict.values:
        raise Refused("UNKNOWN_VERDICT", 422, "Choose one.", {"verdict": ["Choose one."]})
    order = evidence.appeal.order
    with flow.transaction(order.buyer, order.seller, at=at):
        _order, appeal = locked_appeal(evidence.appeal)
        _agent(by, appeal)
        evidence = Evidence.objects.select_for_update().get(pk=evidence.pk)
        if evidence.shown_at is None:
            raise Refused("NOT_SHOWN", 409, "Nothing has been shown yet.")
        evidence.verdict, evidence.judged_by = verdict, by
        evidence.save(update_fields=["verdict", "judged_by"])
        _event(
            "evidence.judged", by, appeal, at, request_id,
            evidence=str(evidence.pk), verdict=verdict,
        )  # fmt: skip
    return evidence


@flow.deed
def decide(
    *,
    by: User,
    appeal: Appeal,
    outcome: str,
    reason: str,
    fault: str,
    finding: str,
    buyer_amount: Decimal | None = None,
    seller_amount: Decimal | None = None,
    malicious: bool = False,
    at: datetime,
    request_id: str | None = None,
) -> Ruling:
    """The agent decides; it stands at once, or once a second person agrees.

    Above the limit, for a split, against bad faith and over a hold of risk control it takes two.
    """
    staff.may(by, Deed.DECIDE_APPEALS)
    terms = checked(
        outcome=outcome,
        reason=reason,
        fault=fault,
        finding=finding,
        buyer_amount=buyer_amount,
        seller_amount=seller_amount,
        malicious=malicious,
    )
    if terms.outcome == "SPLIT":
        staff.may(by, Deed.SPLIT_APPEALS)
    order = appeal.order
    with flow.transaction(order.buyer, order.seller, at=at):
        order, appeal = locked_appeal(appeal)
        _agent(by, appeal)
        if appeals_of.pending_ruling(appeal) is not None:
            raise Refused("RULING_PENDING", 409, "A decision waits for a second person.")
        appeal_outcome.fits(appeal, terms, at=at)
        two = needs_second(appeal, terms, at=at)
        ruling = appeals.rule(
            appeal,
            by=by,
            terms=terms,
            needs_approval=two,
            after_objection=appeal.state == AppealState.OBJECTION,
            at=at,
        )
        kind = "appeal.proposed" if two else "appeal.ruled"
        _event(kind, by, appeal, at, request_id, outcome=ruling.outcome, fault=ruling.fault)
        if not two:
            appeal_outcome.stand(appeal, ruling, at=at)
    return ruling


@flow.deed
def approve(*, by: User, appeal: Appeal, at: datetime, request_id: str | None = None) -> Ruling:
    """A second person lets a decision stand; never the one who made it."""
    staff.may(by, Deed.APPROVE_APPEALS)
    order = appeal.order
    with flow.transaction(order.buyer, order.seller, at=at):
        _order, appeal = locked_appeal(appeal)
        ruling = _asked_to_agree(by, appeal)
        appeal_outcome.fits(appeal, appeal_outcome.terms_of(ruling), at=at)
        appeals.answered(ruling, RulingStage.STANDS, by=by, at=at)
        _event("appeal.approved", by, appeal, at, request_id, outcome=ruling.outcome)
        appeal_outcome.stand(appeal, ruling, at=at)
    return ruling


@flow.deed
def send_back(
    *, by: User, appeal: Appeal, note: str, at: datetime, request_id: str | None = None
) -> Ruling:
    """A second person disagrees and says why: the agent goes on. Nothing has changed by it."""
    staff.may(by, Deed.APPROVE_APPEALS)
    note = staff.words(note, "note")
    order = appeal.order
    with flow.transaction(order.buyer, order.seller, at=at):
        _order, appeal = locked_appeal(appeal)
        ruling = _asked_to_agree(by, appeal)
        appeals.answered(ruling, RulingStage.SENT_BACK, by=by, note=note, at=at)
        talk.notify(ruling.by, "APPEAL_SENT_BACK", at=at, appeal=str(appeal.pk))
        _event("appeal.sent_back", by, appeal, at, request_id, outcome=ruling.outcome)
    return ruling


def _agent(by: User, appeal: Appeal) -> None:
    if appeal.state not in DECIDABLE:
        raise Refused(
            "TAKE_FIRST" if appeal.state in HEARING else "APPEAL_STATE",
            409,
            "Take this appeal first." if appeal.state in HEARING else "This appeal is decided.",
        )
    if appeal.agent_id != by.pk:
        raise Refused("TAKE_FIRST", 403, "Take this appeal first: only its agent does this.")
    if appeal.kind == AppealKind.LIVE and appeal.order.status == OrderStatus.RELEASING:
        raise Refused("ORDER_STATE", 409, "The seller has released: wait for the check of it.")


def _asked_to_agree(by: User, appeal: Appeal) -> Ruling:
    _impartial(by, appeal)
    ruling = appeals_of.pending_ruling(appeal)
    if ruling is None:
        raise Refused("NOTHING_PENDING", 409, "No decision of this appeal waits for anybody.")
    if ruling.by_id == by.pk:
        raise Refused(
            "SECOND_PERSON_NEEDED", 403, "You decided this: somebody else has to agree to it."
        )
    return ruling


def _impartial(by: User, appeal: Appeal) -> None:
    if by.pk in (appeal.order.buyer_id, appeal.order.seller_id):
        raise Refused("OWN_ORDER", 403, "This is about an order of your own.")


def _event(
    kind: str, by: User, appeal: Appeal, at: datetime, request_id: str | None, **data: str
) -> None:
    told = {"appeal": str(appeal.pk), "order": str(appeal.order_id), **data}
    staff.write_event(kind, by=by, at=at, data=told, request_id=request_id)
