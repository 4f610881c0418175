"""The traceability pack: what the desk knows of an order, signed, for a bank or the police.

Made for a party of the order, or by staff for somebody who may ask. What it says of risk control
is what the person was told, in the same words: no rule, no score, nothing of the other side.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.conf import settings
from django.db.models import Q
from django.utils import translation

from apps.core import throttle
from apps.core.errors import Refused
from apps.core.ids import uuid7
from apps.events import log, proof
from apps.events.models import Retirement
from apps.flows import flow, own_acts, staff
from apps.flows.privacy import Ground
from apps.flows.request_facts import RequestFacts
from apps.restrictions.models import Restriction
from apps.risk import live
from apps.risk.models import Decision, Maker
from apps.risk.policy import Reason, Verdict
from apps.risk.sentences import for_user
from apps.trades import pack, pack_facts, pack_signing, pack_verify
from apps.trades.models import Order
from apps.trades.pack_facts import STAFF, Facts, Reader
from apps.users.models import User
from apps.users.roles import Deed

MADE = "pack.made"
#: Not in the record: what the other side is not to learn of, what staff only considered, and what
#: somebody could repeat until nothing else had room. The chat has a chain of its own.
LEFT_OUT = (MADE, "deed.refused", "appeal.proposed", "appeal.sent_back", "message.sent")
#: Parts of a document that come from the log, which is kept for RETENTION_DAYS.
OF_THE_LOG = frozenset({"events", "seals", "checks"})
#: Packs of one person: so many at once, and one more every so many seconds.
BURST, EVERY_S = 5, 60


class Pack(NamedTuple):
    """The same record twice: to read, and for machines."""

    pdf: bytes
    json: bytes


def make(
    *,
    actor: User,
    order: Order,
    at: datetime,
    with_texts: bool = False,
    request_facts: RequestFacts = own_acts.NOWHERE,
) -> Pack:
    """The pack of an order for one of its parties; `with_texts` adds what was written in the chat.

    Refused: NO_SUCH_ORDER (404) for others, TOO_MANY_PACKS (429).
    """
    role = pack_facts.role_of(actor, order)
    if role == STAFF:
        raise Refused("NO_SUCH_ORDER", 404, "There is no such order of yours.")
    reader = Reader(role, with_texts)
    return _made(order, by=actor, reader=reader, at=at, request_facts=request_facts)


def make_for_authority(*, by: User, order: Order, ground: Ground, at: datetime) -> Pack:
    """The pack of an order with both sides in full, by staff who may read personal data."""
    staff.may(by, Deed.READ_PII)
    if ground not in (Ground.REQUEST, Ground.AUTHORITY):
        raise Refused("WRONG_GROUND", 422, "Say why this is done.", {"ground": ["Choose one."]})
    reader = Reader(STAFF, with_texts=True)
    facts = own_acts.NOWHERE
    return _made(order, by=by, reader=reader, at=at, request_facts=facts, ground=ground)


def document_now(
    *, order: UUID, reader: Reader, made_at: datetime, id: UUID
) -> dict[str, Any] | None:
    """The document that a pack with this head would hold now; None without such an order."""
    row = _orders().filter(pk=order).first()
    return row and _document(row, reader=reader, id=id, at=made_at)


def is_log_kept(*, since: datetime) -> bool:
    """Whether no month of the log from then on was dropped by retention."""
    month = since.date().replace(day=1)
    return not Retirement.objects.filter(table="events_event", month__gte=month).exists()


def _made(
    order: Order,
    *,
    by: User,
    reader: Reader,
    at: datetime,
    request_facts: RequestFacts,
    ground: Ground | None = None,
) -> Pack:
    wait = throttle.take(key=f"pack:{by.pk}", rate_per_s=1 / EVERY_S, burst=BURST, at=at)
    if wait:
        raise Refused(
            "TOO_MANY_PACKS", 429, "You have made several just now. Try again in a minute.",
            retry_after=int(wait) + 1,
        )  # fmt: skip
    content = _read(order, by=by, reader=reader, at=at, request_facts=request_facts, ground=ground)
    signature = pack_signing.sign(pack_verify.signed_bytes(content))
    wrapper = {"format": pack_verify.FORMAT, "pack": content, "signature": signature}
    json = pack_verify.canonical(wrapper)
    from apps.trades import pack_pdf  # a second and many megabytes: only where a pack is made

    with translation.override(by.locale or settings.LANGUAGE_CODE):
        pages = pack_pdf.render(content, json=json, key=signature["key"])
    return Pack(pack_signing.sign_pdf(pages), json)


@flow.deed
def _read(
    order: Order,
    *,
    by: User,
    reader: Reader,
    at: datetime,
    request_facts: RequestFacts,
    ground: Ground | None,
) -> dict[str, Any]:
    id = uuid7(at)
    said: dict[str, Any] = {"pack": str(id), "role": reader.role, "texts": reader.with_texts}
    # Nobody moves the order while it is read, so that the record is of one moment.
    with flow.transaction(order.buyer, order.seller, at=at):
        row = _orders().select_for_update(of=("self",)).get(pk=order.pk)
        content = _document(row, reader=reader, id=id, at=at)
        if ground is not None:
            said |= {"ground": ground.value, "order": str(order.pk)}
            staff.write_event(MADE, by=by, at=at, data=said)
        else:
            about = own_acts.thing("order", order.pk)
            log.add(
                own_acts.act(MADE, user=by, request_facts=request_facts, at=at, about=about, **said)
            )
    return content


def _orders() -> Any:
    return Order.objects.select_related("buyer", "seller", "asset", "fiat", "rail", "payer_account")


def _document(order: Order, *, reader: Reader, id: UUID, at: datetime) -> dict[str, Any]:
    known = pack_facts.facts(order, reader=reader)
    events = proof.events_of(
        kind="order",
        ref=str(order.pk),
        people=[order.buyer.entity_id, order.seller.entity_id],
        staff=known.staff,
        spans=_spans(known, at),
        also=[step.event for step in known.steps if step.event],
        but=LEFT_OUT,
    )
    seals = proof.proofs(sorted({event.seal for event in events if event.seal is not None}))
    return {
        "format": pack_verify.FORMAT,
        "id": str(id),
        "made_at": at.isoformat(),
        "made_for": reader.role,
        "with_texts": reader.with_texts,
        "desk": settings.SITE_URL,
        **pack.document(known),
        "checks": _checks(events, known),
        "holds": _holds(order),
        "events": [_event(event, known) for event in events],
        "seals": [_seal(one) for one in seals],
    }


def _spans(known: Facts, at: datetime) -> list[tuple[datetime, datetime]]:
    order = known.order
    ended = order.ended_at or at
    later = {
        moment
        for appeal in known.appeals
        for moment in (
            appeal.opened_at, appeal.taken_at, appeal.decided_at, appeal.approved_at,
            appeal.objected_at, appeal.carried_out_at, appeal.closed_at,
            *(item.at for item in known.evidence),
        )
        if moment and moment > ended
    }  # fmt: skip
    return [(order.created_at, ended), *((moment, moment) for moment in sorted(later))]


def _event(event: proof.Place, known: Facts) -> dict[str, Any]:
    return {
        "id": str(event.id),
        "at": event.at.isoformat(),
        "kind": event.kind,
        "by": _role(event.actor, known),
        "of": _role(event.user, known),
        "digest": event.digest.hex(),
        "state": "PENDING" if event.seal is None else "SEALED",
        "seal": event.seal,
    }


def _role(entity: int | None, known: Facts) -> str:
    order = known.order
    roles = {order.buyer.entity_id: "BUYER", order.seller.entity_id: "SELLER", None: "DESK"}
    return roles.get(entity, STAFF)


def _seal(one: proof.Proof) -> dict[str, Any]:
    return {
        "id": one.id,
        "from_xid": one.from_xid,
        "upto_xid": one.upto_xid,
        "count": one.count,
        "root": one.root.hex(),
        "previous": one.previous.hex(),
        "digest": one.digest.hex(),
        "sealed_at": one.sealed_at.isoformat(),
        "events": None if one.events is None else [digest.hex() for digest in one.events],
    }


def _checks(events: Sequence[proof.Place], known: Facts) -> list[dict[str, Any]]:
    """What risk control said at each checkpoint, to the person whose act it was."""
    whose = {event.id: _role(event.user, known) for event in events}
    judged = Decision.objects.filter(Q(pk__in=whose) | Q(supersedes__in=whose)).order_by("id")
    return [
        {
            "id": str(one.pk),
            "at": one.at.isoformat(),
            "checkpoint": one.checkpoint,
            "by": "ENGINE" if one.maker == Maker.ENGINE else STAFF,
            "of": (role := whose.get(one.supersedes or one.pk, STAFF)),
            "outcome": one.outcome if known.reader.is_(role) else None,
            "told": _told(one) if known.reader.is_(role) else None,
        }
        for one in judged
    ]


def _told(one: Decision) -> str | None:
    if one.maker != Maker.ENGINE:
        return None
    policy = live.compiled(one.policy) if one.policy else None
    reasons = tuple(Reason(code, 0.0) for code in one.reasons)
    return for_user(policy, Verdict(one.outcome, one.score, one.band, reasons))


def _holds(order: Order) -> list[dict[str, Any]]:
    return [
        {
            "id": str(one.pk),
            "kind": one.kind,
            "keeps_from": one.ability,
            "since": one.imposed_at.isoformat(),
            "lifted_at": one.lifted_at.isoformat() if one.lifted_at else None,
            "told": one.user_sentence,
        }
        for one in Restriction.objects.filter(subject=order.entity).order_by("id")
    ]
