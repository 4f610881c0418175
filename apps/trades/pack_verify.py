"""Checks a traceability pack, on any machine: needs this one file and the package `cryptography`.

    python -m apps.trades.pack_verify FILE --keys KEYS       (or: python pack_verify.py …)

FILE is the .json or the .pdf of a pack; KEYS what the desk publishes under
/.well-known/otcrisk-pack-keys.json. Exit code 0: everything holds; 1: something does not.

What is signed is FORMAT, a line feed and the pack as canonical JSON: UTF-8, keys sorted, no spaces,
no fractions. A PDF carries the same JSON inside, and its last line signs every byte before it.
"""

import argparse
import hashlib
import json
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

FORMAT = "otcrisk-pack/1"
PDF_FORMAT = "otcrisk-pack-pdf/1"
ALGORITHM = "Ed25519"
LARGEST = 64 * 1024 * 1024
_PDF_END = re.compile(rb"%" + PDF_FORMAT.encode() + rb" ([0-9a-f]{16}) ([0-9a-f]{128})\n\Z")
_PDF_FILE = re.compile(rb"<<(?:(?!>>\s*stream).)*?/Type /EmbeddedFile.*?>>\s*stream\r?\n", re.S)


class NotAPack(ValueError):
    """A file that is no pack at all; the message is a sentence."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at: OK, BROKEN, or OPEN where the file alone can't tell."""

    verdict: str
    what: str
    sentence: str


def canonical(value: Any) -> bytes:
    """The one way to write a value of a pack as bytes."""
    text = json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )
    return text.encode()


def signed_bytes(pack: dict[str, Any]) -> bytes:
    """What the signature of a pack is over."""
    return f"{FORMAT}\n".encode() + canonical(pack)


def signed_bytes_of_pdf(body: bytes) -> bytes:
    """What the last line of a PDF signs: the digest of everything before it."""
    return f"{PDF_FORMAT}\n".encode() + hashlib.sha256(body).hexdigest().encode()


def digest(pack: dict[str, Any]) -> str:
    """The SHA-256 (64 hex digits) by which people name a pack: it is printed on its PDF."""
    return hashlib.sha256(signed_bytes(pack)).hexdigest()


def key_id(public: bytes) -> str:
    """What a public key (32 bytes) is called: no two keys share a name."""
    return hashlib.sha256(public).hexdigest()[:16]


def read(data: bytes) -> dict[str, Any]:
    """The wrapper in a .json or .pdf: its format, the pack, its signature; NotAPack."""
    if len(data) > LARGEST:
        raise NotAPack("This file is too large for a pack.")
    if data.startswith(b"%PDF"):
        data = _embedded(data)
    try:
        wrapper = json.loads(
            data, object_pairs_hook=_once, parse_float=_refused, parse_constant=_refused
        )
    except NotAPack:
        raise
    except (ValueError, RecursionError):
        raise NotAPack("This file is not JSON: it was cut off or changed.") from None
    whole = isinstance(wrapper, dict) and wrapper.keys() == {"format", "pack", "signature"}
    if not whole or not all(isinstance(wrapper[part], dict) for part in ("pack", "signature")):
        raise NotAPack("This file is not a traceability pack.")
    if wrapper["format"] != FORMAT or wrapper["pack"].get("format") != FORMAT:
        raise NotAPack(f"This pack is not in the format {FORMAT}: use a newer verifier.")
    return wrapper


def check(data: bytes, *, keys: Sequence[dict[str, Any]]) -> list[Finding]:
    """Everything that a pack can prove by itself, given the desk's published keys."""
    try:
        wrapper = read(data)
        findings = [_signature(wrapper, keys)]
        if data.startswith(b"%PDF"):
            findings.append(_pdf(data, keys))
        for part in (_chat, _ledger, _seals, _events):
            findings += part(wrapper["pack"])
    except NotAPack as fault:
        return [Finding("BROKEN", "file", str(fault))]
    except (KeyError, TypeError, ValueError, AttributeError, ArithmeticError):
        return [Finding("BROKEN", "file", "Something in this file is not as packs are written.")]
    return findings


def line_digest(line: dict[str, Any], *, before: str) -> str:
    """The digest that chains a line of the chat to the one before; as apps.trades.services.talk."""
    said = {
        "seq": line["seq"],
        "sender": line["sender_id"],
        "at": line["at"],
        "kind": line["kind"],
        "text": line["text_sha256"],
        "code": line["code"],
        "params": line["params"],
        "file": line["file_sha256"],
    }
    words = json.dumps(said, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(f"{before}\n{words}".encode()).hexdigest()


def _signature(wrapper: dict[str, Any], keys: Sequence[dict[str, Any]]) -> Finding:
    by, value = wrapper["signature"]["key"], wrapper["signature"]["value"]
    if wrapper["signature"].keys() != {"algorithm", "key", "value"} or (
        wrapper["signature"]["algorithm"] != ALGORITHM
    ):
        return Finding("BROKEN", "signature", f"It is not signed with {ALGORITHM}.")
    return _verified("signature", by, value, signed_bytes(wrapper["pack"]), keys, "the record")


def _pdf(data: bytes, keys: Sequence[dict[str, Any]]) -> Finding:
    end = _PDF_END.search(data)
    if end is None:
        sentence = "The last line, which signs the pages, is missing: the PDF was changed."
        return Finding("BROKEN", "pages", sentence)
    message = signed_bytes_of_pdf(data[: end.start()])
    return _verified("pages", end[1].decode(), end[2].decode(), message, keys, "the pages")


def _verified(
    what: str, by: str, value: str, message: bytes, keys: Sequence[dict[str, Any]], thing: str
) -> Finding:
    known = {}
    for key in keys:
        public = bytes.fromhex(key["public_key"])
        known[key_id(public)] = (public, key.get("status", ""))
    if by not in known:
        return Finding("BROKEN", what, f"{by} is not a key that this desk has published.")
    public, status = known[by]
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(bytes.fromhex(value), message)
    except (InvalidSignature, ValueError):
        sentence = f"The signature does not fit: {thing} changed after the desk signed."
        return Finding("BROKEN", what, sentence)
    note = " (no longer in use)" if status == "RETIRED" else ""
    return Finding("OK", what, f"Signed by the desk with the key {by}{note}: {thing} as it was.")


def _chat(pack: dict[str, Any]) -> Iterator[Finding]:
    before, erased = pack["order"]["id"], 0
    for number, line in enumerate(pack["messages"], start=1):
        if line["seq"] != number:
            yield Finding("BROKEN", "chat", f"Line {number} of the chat is missing.")
            return
        text = line.get("text")
        if text is not None and hashlib.sha256(text.encode()).hexdigest() != line["text_sha256"]:
            yield Finding("BROKEN", "chat", f"The text of line {number} is not what was written.")
            return
        erased += line["erased"]
        if not line["erased"] and line_digest(line, before=before) != line["digest"]:
            yield Finding("BROKEN", "chat", f"Line {number} does not follow the line before it.")
            return
        before = line["digest"]
    if pack["messages"]:
        count = len(pack["messages"])
        yield Finding("OK", "chat", f"{count} lines of the chat: none missing, none changed.")
    if erased:
        sentence = f"The words of {erased} lines were erased with the account of who wrote them."
        yield Finding("OPEN", "chat", sentence)


def _ledger(pack: dict[str, Any]) -> Iterator[Finding]:
    for entry in pack["ledger"]:
        sums: dict[str, Decimal] = {}
        for posting in entry["postings"]:
            asset = posting["asset"]
            sums[asset] = sums.get(asset, Decimal(0)) + Decimal(posting["amount"])
        if any(sums.values()):
            yield Finding("BROKEN", "ledger", f"The entry {entry['id']} does not sum to zero.")
            return
    if pack["ledger"]:
        yield Finding("OK", "ledger", f"{len(pack['ledger'])} ledger entries, each sums to zero.")


def _seals(pack: dict[str, Any]) -> Iterator[Finding]:
    proven = 0
    for seal in pack["seals"]:
        number, root = seal["id"], bytes.fromhex(seal["root"])
        said = f"{seal['from_xid']}|{seal['upto_xid']}|{seal['count']}".encode()
        if (
            hashlib.sha256(bytes.fromhex(seal["previous"]) + root + said).hexdigest()
            != (seal["digest"])
        ):
            yield Finding("BROKEN", "seals", f"The digest of seal {number} is not of its content.")
            return
        if seal["events"] is None:
            sentence = f"Seal {number} covers {seal['count']} events: ask the desk for its proof."
            yield Finding("OPEN", "seals", sentence)
            continue
        batch = [bytes.fromhex(one) for one in seal["events"]]
        if len(batch) != seal["count"] or hashlib.sha256(b"".join(batch)).digest() != root:
            yield Finding("BROKEN", "seals", f"The root of seal {number} is not of its events.")
            return
        proven += 1
    for one, two in zip(pack["seals"], pack["seals"][1:], strict=False):
        if one["upto_xid"] == two["from_xid"] and one["digest"] != two["previous"]:
            yield Finding("BROKEN", "seals", f"Seal {two['id']} does not follow seal {one['id']}.")
            return
    if proven:
        yield Finding("OK", "seals", f"{proven} seals: each root is that of its events.")


def _events(pack: dict[str, Any]) -> Iterator[Finding]:
    seals = {seal["id"]: seal for seal in pack["seals"]}
    sealed = pending = 0
    for event in pack["events"]:
        if event["state"] != "SEALED":
            pending += event["state"] == "PENDING"
            continue
        seal = seals.get(event["seal"])
        batch = seal["events"] if seal else []
        if seal is None or (batch is not None and event["digest"] not in batch):
            sentence = f"The event {event['kind']} ({event['id']}) is not under its seal."
            yield Finding("BROKEN", "events", sentence)
            return
        sealed += batch is not None
    if sealed:
        yield Finding("OK", "events", f"{sealed} events stand under the seals of the desk's log.")
    if pending:
        sentence = (
            f"{pending} events were not sealed yet when the pack was made: ask for a new pack."
        )
        yield Finding("OPEN", "events", sentence)


def _embedded(data: bytes) -> bytes:
    for found in _PDF_FILE.finditer(data):
        length = re.search(rb"/Length (\d+)", found[0])
        if length and b"/Filter" not in found[0]:
            return data[found.end() : found.end() + int(length[1])]
    raise NotAPack("This PDF carries no record: it is not a traceability pack, or was saved anew.")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise NotAPack("A name stands twice in this file: it was not written by the desk.")
    return found


def _refused(text: str) -> Any:
    raise NotAPack(f"The number {text} has no place in a pack.")


def report(findings: Sequence[Finding]) -> str:
    """The findings as lines to read, and what they come to."""
    lines = [f"{one.verdict:<7} {one.what:<10} {one.sentence}" for one in findings]
    return "\n".join([*lines, "", conclusion(findings)])


def holds(findings: Sequence[Finding]) -> bool:
    """Whether nothing is broken."""
    return all(one.verdict != "BROKEN" for one in findings)


def conclusion(findings: Sequence[Finding]) -> str:
    """What the findings come to, in one sentence."""
    if not holds(findings):
        return "This file does NOT hold. Do not rely on it."
    return "This file is what the desk signed."


def main(arguments: Sequence[str] | None = None) -> int:
    """Check one file; 0 when it holds."""
    parser = argparse.ArgumentParser(description="Check a traceability pack.")
    parser.add_argument("file", type=Path, help="the .json or .pdf of the pack")
    parser.add_argument(
        "--keys", type=Path, required=True, help="the desk's published keys, a JSON file"
    )
    options = parser.parse_args(arguments)
    try:
        keys = json.loads(options.keys.read_text())["keys"]
        findings = check(options.file.read_bytes(), keys=keys)
    except (OSError, ValueError, KeyError, TypeError) as fault:
        sys.stderr.write(f"Can't read that: {fault}\n")
        return 1
    sys.stdout.write(report(findings) + "\n")
    return 0 if holds(findings) else 1


if __name__ == "__main__":
    sys.exit(main())
