"""What was said and shown about an order, as its pack holds it."""

from collections.abc import Iterator
from typing import Any

from apps.trades.models import Appeal, Attachment, Evidence
from apps.trades.pack_facts import Facts, amount_text, digest_text, moment_text
from apps.trades.pack_verify import line_digest


def messages(known: Facts) -> Iterator[dict[str, Any]]:
    """Every line of the chat, with what its digest is over."""
    files = {file.pk: file.sha256 for file in known.attachments}
    before = str(known.order.pk)
    for message in known.messages:
        line: dict[str, Any] = {
            "seq": message.seq,
            "at": moment_text(message.at),
            "sender": known.role(message.sender_id),
            "sender_id": str(message.sender_id) if message.sender_id else None,
            "kind": message.kind,
            "code": message.code,
            "params": message.params,
            "text_sha256": digest_text(message.body),
            "file_sha256": files.get(message.attachment_id) if message.attachment_id else None,
            "digest": message.digest,
        }
        if known.reader.with_texts:
            line["text"] = message.body
        # Only what was erased may differ from its digest without a trace of who changed it.
        gone = message.body is None and message.sender_id is not None
        line["erased"] = gone and line_digest(line, before=before) != message.digest
        before = message.digest
        yield line


def file_(file: Attachment, known: Facts) -> dict[str, Any]:
    """A file of the order: what it is and its digests, never its content."""
    return {
        "id": str(file.pk),
        "at": moment_text(file.at),
        "by": known.role(file.uploader_id),
        "type": file.content_type,
        "bytes": file.size,
        "sha256": file.sha256,
        "original_sha256": file.original_sha256,
        "erased": not file.is_kept,  # type: ignore[attr-defined]
    }


def appeal_(appeal: Appeal, known: Facts) -> dict[str, Any]:
    """An appeal: who claimed what, and what was decided on which finding."""
    decided = appeal.decided_at is not None
    return {
        "id": str(appeal.pk),
        "kind": appeal.kind,
        "by": known.role(appeal.opener_id),
        "reason": appeal.reason,
        "received": amount_text(appeal.received),
        "opened_at": moment_text(appeal.opened_at),
        "state": appeal.state,
        "agent": appeal.agent.nickname if appeal.agent else None,
        "outcome": appeal.outcome or None,
        "outcome_reason": appeal.outcome_reason or None,
        "fault": appeal.fault or None,
        # The agent wrote it to both parties: it is what a decision rests on.
        "finding": appeal.finding if decided else None,
        "buyer_amount": amount_text(appeal.buyer_amount),
        "seller_amount": amount_text(appeal.seller_amount),
        "decided_at": moment_text(appeal.decided_at),
        "carried_out_at": moment_text(appeal.carried_out_at),
        "objection_by": known.role(appeal.objection_by_id) if appeal.objected_at else None,
        "objected_at": moment_text(appeal.objected_at),
        "closed_at": moment_text(appeal.closed_at),
        **_words(known, statement=appeal.statement, objection=appeal.objection),
    }


def evidence_(item: Evidence, known: Facts) -> dict[str, Any]:
    """Something that was asked for or shown in an appeal."""
    files = {file.pk: file.sha256 for file in known.attachments}
    return {
        "id": str(item.pk),
        "appeal": str(item.appeal_id),
        "by": known.role(item.party_id),
        "what": item.what,
        "asked_at": moment_text(item.at) if item.asked_by_id else None,
        "shown_at": moment_text(item.shown_at),
        "file_sha256": files.get(item.attachment_id) if item.attachment_id else None,
        **_words(known, words=item.words),
    }


def _words(known: Facts, **texts: str | None) -> dict[str, Any]:
    digests = {f"{name}_sha256": digest_text(text) for name, text in texts.items()}
    return digests | (texts if known.reader.with_texts else {})
