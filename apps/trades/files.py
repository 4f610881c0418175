"""Files that people send: what a file is, is read from its content; what is kept, is ours.

Pictures are decoded and encoded anew, so that nothing but the picture is left: no place, no colour
profile, no second file behind the first. PDFs and videos are kept as they are, if a full walk
through them finds nothing that acts or hides.
"""

import hashlib
import io
import zipfile
from dataclasses import dataclass, field
from enum import StrEnum

from apps.trades import images, pdfs, videos
from apps.trades.file_refusals import Code, refuse

MEGABYTE = 1024 * 1024
MOST_BYTES = 10 * MEGABYTE
MOST_BYTES_OF_VIDEO = 50 * MEGABYTE
# Readers of PDF look for its mark this far into a file.
PDF_MARK, PDF_MARK_WITHIN = b"%PDF-", 1024
# What makes a browser or a server run a file as a page.
MARKUP = (b"<script", b"<html", b"<?php", b"<!doctype")


class Purpose(StrEnum):
    """What a file is sent for; only evidence may be a video."""

    MESSAGE = "MESSAGE"
    RECEIPT = "RECEIPT"
    EVIDENCE = "EVIDENCE"


@dataclass(frozen=True, slots=True)
class Accepted:
    """A file fit to be kept and shown."""

    kind: str
    """IMAGE, PDF or VIDEO."""
    content_type: str
    data: bytes = field(repr=False)
    """What to keep."""
    sha256: str
    """Of what is kept, in hexadecimal."""
    original_sha256: str
    """Of what was sent."""
    phash: int | None
    """Of pictures that show something: 64 bits as a signed integer, see images.phash."""
    width: int | None
    height: int | None
    meta: dict[str, str | int]
    """What the original says: captured_at, modified_at, software, camera, pages; what is known."""


def accept(data: bytes, *, purpose: Purpose | str) -> Accepted:
    """Check a file by its content and make it fit to keep; Refused, with what to do, otherwise.

    Needs up to a second, and memory for fifty megapixels: never inside a transaction.
    """
    purpose = Purpose(purpose)
    if not data:
        raise refuse(Code.FILE_BROKEN)
    found = _recognise(data)
    is_video = found in ("video/mp4", "video/webm")
    if found is None or (is_video and purpose != Purpose.EVIDENCE):
        raise refuse(Code.FILE_TYPE_REFUSED, video=purpose == Purpose.EVIDENCE)
    if len(data) > (MOST_BYTES_OF_VIDEO if is_video else MOST_BYTES):
        raise refuse(Code.FILE_TOO_LARGE, megabytes=50 if is_video else 10)
    _refuse_two_in_one(data, found)
    original = hashlib.sha256(data).hexdigest()
    if is_video:
        video = videos.check(data, content_type=found)
        return Accepted(
            kind="VIDEO",
            content_type=found,
            data=video.data,
            sha256=hashlib.sha256(video.data).hexdigest(),
            original_sha256=original,
            phash=None,
            width=video.width,
            height=video.height,
            meta=video.meta,
        )
    if found == "application/pdf":
        meta = pdfs.check(data)
        return Accepted("PDF", found, data, original, original, None, None, None, meta)
    image = images.encode_anew(data, content_type=found)
    return Accepted(
        kind="IMAGE",
        content_type=image.content_type,
        data=image.data,
        sha256=hashlib.sha256(image.data).hexdigest(),
        original_sha256=original,
        phash=image.phash,
        width=image.width,
        height=image.height,
        meta=image.meta,
    )


def _recognise(data: bytes) -> str | None:
    """The type that the first bytes claim; the full parse has still to agree."""
    if data.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return "image/webp"
    if data.startswith((b"GIF87a", b"GIF89a")):
        return "image/gif"
    if data.startswith(PDF_MARK):
        return "application/pdf"
    if data[4:8] == b"ftyp" and data[8:12] in videos.BRANDS:
        return "video/mp4"
    if data.startswith(videos.EBML):
        return "video/webm"
    return None


def _refuse_two_in_one(data: bytes, found: str) -> None:
    """One file that other programs take for another: an archive, a PDF, a page."""
    is_archive = zipfile.is_zipfile(io.BytesIO(data))
    is_second_pdf = data.find(PDF_MARK, 1, PDF_MARK_WITHIN + len(PDF_MARK)) >= 0
    small_letters = data.lower() if found.startswith("image/") else b""
    is_page = any(mark in small_letters for mark in MARKUP)
    if is_archive or is_second_pdf or is_page:
        raise refuse(Code.FILE_POLYGLOT)
