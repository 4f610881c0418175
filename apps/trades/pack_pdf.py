"""The pack to read: what a bank clerk wants to know first, what experts check last."""

from typing import Any

from django.utils.translation import get_language

from apps.trades import pack_pdf_proof, pack_verify
from apps.trades.models import AppealOutcome, AppealReason, Fault
from apps.trades.pack_paper import Paper
from apps.trades.pack_words import (
    CHECKPOINTS,
    OUTCOMES,
    ROLES,
    amount,
    moment,
    reason,
    spaced,
    word,
)  # fmt: skip
from apps.trades.pack_words import in_words as _
from apps.trades.states import AppealState, OrderStatus


def render(pack: dict[str, Any], *, json: bytes, key: str) -> bytes:
    """The PDF, with the record in JSON inside it; the line that signs it is still to come."""
    order, name = pack["order"], pack_verify.digest(pack)
    paper = Paper(
        title=f"{_('Record of a P2P trade')} {order['number']}",
        mark=f"{_('Order')} {order['number']}  ·  {spaced(name)[:19]}",
        language=get_language() or "en",
        page_of=_("page {page} of {pages}"),
    )
    paper.title_line(
        _("Record of a P2P trade"),
        f"{_('Order')} {order['number']}  ·  {pack['desk']}  ·  {moment(pack['made_at'])}",
    )
    _what(paper, pack)
    _payment(paper, pack)
    _trade(paper, pack)
    _parties(paper, pack)
    _timeline(paper, pack)
    _checks(paper, pack)
    _appeals(paper, pack)
    pack_pdf_proof.ledger(paper, pack)
    pack_pdf_proof.talk(paper, pack)
    pack_pdf_proof.log(paper, pack)
    pack_pdf_proof.verify(paper, pack, name=name, key=key)
    paper.embed_file(
        bytes=json, basename=f"{order['number']}.json", mime_type="application/json",
        desc="otcrisk-pack", compress=False,
    )  # fmt: skip
    return bytes(paper.output())


def _what(paper: Paper, pack: dict[str, Any]) -> None:
    who = pack["parties"].get(pack["made_for"].lower())
    asked = (who and (who["legal_name"] or who["nickname"])) or _("an authority or a party")
    paper.text_block(
        _(
            "This is the record of one purchase of crypto between two customers of a P2P desk. "
            "While the buyer paid the seller directly, from account to account, the desk kept the "
            "crypto in escrow. The payment did not pass through the desk. The record was made for "
            "%(who)s, from the desk's own books, and is signed by the desk: the last section says "
            "how anyone can check that nothing in it was changed."
        )
        % {"who": asked}
    )


def _payment(paper: Paper, pack: dict[str, Any]) -> None:
    payment, order = pack["payment"], pack["order"]
    payee, payer = payment["payee"], payment["payer"] or {}
    paper.heading(_("The payment"))
    paper.pairs(
        [
            (
                _("Amount"),
                amount(payment["amount"], payment["fiat"], places=order["fiat_decimals"]),
            ),
            (_("Way of payment"), payment["rail_name"]),
            (_("Payer (buyer of the crypto)"), payer.get("holder")),
            (_("Payer's bank"), payer.get("bank")),
            (_("Payer's account"), payer.get("number")),
            (_("Payee (seller of the crypto)"), payee["holder"]),
            (_("Payee's bank"), payee["bank"]),
            (_("Payee's account"), payee["number"]),
            (_("Marked as paid by the buyer"), moment(payment["marked_paid_at"])),
            (_("Crypto released by the seller"), moment(order["released_at"])),
            (
                _("Reported by the seller"),
                _("a payment from somebody else") if order["third_party_reported"] else None,
            ),
        ]
    )


def _trade(paper: Paper, pack: dict[str, Any]) -> None:
    order = pack["order"]
    paper.heading(_("What was traded"))
    paper.pairs(
        [
            (_("State"), word(order["status"], among=OrderStatus)),
            (_("Crypto"), f"{amount(order['amount'], order['asset'])} ({order['network']})"),
            (_("Price"), f"{amount(order['price'], order['fiat'])} / {order['asset']}"),
            (_("Fees"), _fees(order)),
            (_("Opened"), moment(order["created_at"])),
            (_("To be paid until"), moment(order["pay_until"])),
            (_("Ended"), moment(order["ended_at"])),
            (_("Why it ended"), reason(order["cancel_reason"])),
            (
                _("Note"),
                _("the buyer took 'paid' back once") if order["paid_reverted"] else None,
            ),
        ]
    )


def _fees(order: dict[str, Any]) -> str:
    sides = (("buyer_fee", "BUYER"), ("seller_fee", "SELLER"))
    return ", ".join(
        f"{word(role, among=ROLES)} {amount(order[fee], order['asset'])}" for fee, role in sides
    )


def _parties(paper: Paper, pack: dict[str, Any]) -> None:
    paper.heading(_("The parties"))
    rows = [(role, pack["parties"][role.lower()]) for role in ("BUYER", "SELLER")]
    paper.grid(
        ["", _("Name"), _("Nickname"), _("Country"), _("Identity"), _("Customer since"), _("Id")],
        [
            (
                word(role, among=ROLES),
                who["legal_name"] or "–",
                who["nickname"],
                who["country"] or "–",
                _("checked") if who["identity_checked"] else _("not checked"),
                who["since"],
                who["id"],
            )
            for role, who in rows
        ],
        widths=(16, 36, 26, 17, 20, 24, 35),
    )


def _timeline(paper: Paper, pack: dict[str, Any]) -> None:
    paper.heading(_("What happened"))
    paper.grid(
        [_("When"), _("By"), _("From"), _("To"), _("Why")],
        [
            (
                moment(step["at"]),
                word(step["by"], among=ROLES),
                word(step["before"], among=OrderStatus),
                word(step["after"], among=OrderStatus),
                reason(step["reason"]),
            )
            for step in pack["steps"]
        ],
        widths=(40, 26, 36, 36, 36),
    )


def _checks(paper: Paper, pack: dict[str, Any]) -> None:
    told = [check for check in pack["checks"] if check["outcome"]]
    if not told and not pack["holds"]:
        return
    paper.heading(_("What was checked, and what was said"))
    rows = [
        (
            moment(one["at"]),
            f"{word(one['checkpoint'], among=CHECKPOINTS)} ({word(one['of'], among=ROLES)})",
            word(one["outcome"], among=OUTCOMES),
            one["told"] or "",
        )
        for one in told
    ]
    rows += [
        (
            moment(one["since"]),
            _("Hold"),
            _("lifted %(when)s") % {"when": moment(one["lifted_at"])}
            if one["lifted_at"]
            else _("in force"),
            one["told"],
        )
        for one in pack["holds"]
    ]
    paper.grid(
        [_("When"), _("Check"), _("Outcome"), _("What the person was told")],
        sorted(rows),
        widths=(40, 36, 34, 64),
    )


def _appeals(paper: Paper, pack: dict[str, Any]) -> None:
    for appeal in pack["appeals"]:
        paper.heading(_("Appeal"))
        paper.pairs(
            [
                (_("Opened"), f"{moment(appeal['opened_at'])}, {word(appeal['by'], among=ROLES)}"),
                (_("Reason"), word(appeal["reason"], among=AppealReason)),
                (_("State"), word(appeal["state"], among=AppealState)),
                (_("Agent"), appeal["agent"]),
                (_("Decision"), word(appeal["outcome"], among=AppealOutcome)),
                (_("Decided"), moment(appeal["decided_at"])),
                (_("Fault"), word(appeal["fault"], among=Fault)),
                (_("Finding"), appeal["finding"]),
                (_("Statement"), appeal.get("statement")),
                (_("Objection"), appeal.get("objection")),
            ]
        )
        shown = [one for one in pack["evidence"] if one["appeal"] == appeal["id"]]
        if shown:
            paper.ln(2)
            paper.grid(
                [_("Evidence"), _("By"), _("Shown"), "SHA-256"],
                [
                    (
                        one["what"],
                        word(one["by"], among=ROLES),
                        moment(one["shown_at"]),
                        one["file_sha256"] or "–",
                    )
                    for one in shown
                ],
                widths=(28, 22, 40, 84),
            )
