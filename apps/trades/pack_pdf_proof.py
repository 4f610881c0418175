"""The last pages of a pack: books, chat, log, and how to check them; for those who do."""

from typing import Any

from apps.ledger.models import AccountKind, EntryKind
from apps.trades import pack_verify
from apps.trades.pack_paper import MARGIN, Paper
from apps.trades.pack_words import EVENTS, FILES, ROLES, amount, moment, word
from apps.trades.pack_words import in_words as _

#: Lines of the chat and events that are printed; the record inside has them all.
MOST_LINES = 400


def ledger(paper: Paper, pack: dict[str, Any]) -> None:
    """What moved in the books."""
    if not pack["ledger"]:
        return
    paper.heading(_("The crypto in the desk's books"))
    paper.grid(
        [_("When"), _("Entry"), _("Account"), _("Amount")],
        [
            (
                moment(entry["at"]) if number == 0 else "",
                word(entry["kind"], among=EntryKind) if number == 0 else "",
                _account(posting),
                amount(posting["amount"], posting["asset"]),
            )
            for entry in pack["ledger"]
            for number, posting in enumerate(entry["postings"])
        ],
        widths=(40, 38, 54, 42),
    )


def _account(posting: dict[str, Any]) -> str:
    kind = word(posting["account"], among=AccountKind)
    return kind if posting["owner"] == "DESK" else f"{word(posting['owner'], among=ROLES)}: {kind}"


def talk(paper: Paper, pack: dict[str, Any]) -> None:
    """The chat's chain, the files, and what was written where that was asked for."""
    lines = pack["messages"]
    if not lines:
        return
    paper.heading(_("Chat and files"))
    paper.text_block(
        _("The chat has %(count)s lines. Each is chained to the one before; the last digest is:")
        % {"count": len(lines)}
    )
    paper.text_block(lines[-1]["digest"], soft=True)
    if pack["files"]:
        paper.grid(
            [_("File"), _("By"), _("When"), "SHA-256"],
            [
                (
                    word(file["type"], among=FILES),
                    word(file["by"], among=ROLES),
                    moment(file["at"]),
                    file["sha256"],
                )
                for file in pack["files"]
            ],
            widths=(28, 22, 40, 84),
        )
    if pack["with_texts"]:
        written = [line for line in lines if line["text"]]
        paper.ln(2)
        paper.grid(
            [_("Line"), _("When"), _("By"), _("What was written")],
            [
                (
                    str(line["seq"]),
                    moment(line["at"]),
                    word(line["sender"], among=ROLES),
                    line["text"],
                )
                for line in written[:MOST_LINES]
            ],
            widths=(12, 40, 24, 98),
        )


def log(paper: Paper, pack: dict[str, Any]) -> None:
    """The acts about the order, and the seals that they stand under."""
    paper.heading(_("The desk's log"))
    paper.text_block(
        _(
            "Every act is written once into a log that can't be edited, and the log is sealed in "
            "batches: each seal is a digest over all acts of its batch and over the seal before. "
            "The record inside this file has the full digests and the proofs."
        ),
        soft=True,
    )
    paper.grid(
        [_("When"), _("Act"), _("By"), _("Digest"), _("Seal")],
        [
            (
                moment(event["at"]),
                word(event["kind"], among=EVENTS),
                word(event["by"], among=ROLES),
                f"{event['digest'][:16]}…",
                str(event["seal"]) if event["seal"] else _("not sealed yet"),
            )
            for event in pack["events"][:MOST_LINES]
        ],
        widths=(40, 46, 26, 36, 26),
    )


def verify(paper: Paper, pack: dict[str, Any], *, name: str, key: str) -> None:
    """What anybody needs to check the record."""
    paper.heading(_("How to check this record"), room=82)
    beside = paper.code(f"{pack_verify.FORMAT}:{name}")
    paper.set_right_margin(MARGIN + 42)
    paper.text_block(
        _(
            "1. Fetch the desk's public keys from %(desk)s/.well-known/otcrisk-pack-keys.json and "
            "save them as keys.json.\n"
            "2. With Python and its package cryptography, run: python pack_verify.py FILE --keys "
            "keys.json. FILE is this PDF or the JSON file inside it; the program is in the desk's "
            "public source code (apps/trades/pack_verify.py).\n"
            "3. Or send the file to the desk and ask: it compares the record with its books."
        )
        % {"desk": pack["desk"]}
    )
    paper.set_right_margin(MARGIN)
    paper.set_y(max(paper.get_y(), beside + 2))
    paper.pairs([(_("Digest of the record"), name), (_("Signing key"), key)])
    if paper.was_respelled:
        paper.ln(2)
        paper.text_block(
            _("Letters that this page can't print are spelled in Latin ones; the record inside the "
              "file has them as they were written."),
            soft=True,
        )  # fmt: skip
