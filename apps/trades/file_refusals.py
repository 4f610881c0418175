"""Why a file is not taken, each with what to do instead."""

from enum import StrEnum

from apps.core.errors import Refused


class Code(StrEnum):
    """The codes of refusals of files."""

    FILE_TOO_LARGE = "FILE_TOO_LARGE"
    FILE_TYPE_REFUSED = "FILE_TYPE_REFUSED"
    FILE_BROKEN = "FILE_BROKEN"
    FILE_POLYGLOT = "FILE_POLYGLOT"
    FILE_LOCKED = "FILE_LOCKED"
    FILE_ACTIVE = "FILE_ACTIVE"
    FILE_TOO_LONG = "FILE_TOO_LONG"
    IMAGE_TOO_LARGE = "IMAGE_TOO_LARGE"
    IMAGE_ANIMATED = "IMAGE_ANIMATED"


STILL = "Send a JPEG, PNG, WebP or GIF picture, or a PDF. A screenshot always works."
SENTENCES = {
    Code.FILE_TOO_LARGE: (413, "This file is larger than {megabytes} MB. Send a smaller one."),
    Code.FILE_TYPE_REFUSED: (415, STILL),
    Code.FILE_BROKEN: (422, "This file is damaged or not whole. Save it anew and send it again."),
    Code.FILE_POLYGLOT: (422, "This file hides a second one. Send a screenshot of it instead."),
    Code.FILE_LOCKED: (422, "This PDF asks for a password. Print it to a new PDF without one."),
    Code.FILE_ACTIVE: (422, "This PDF runs programs or carries files. Print it to a new PDF."),
    Code.FILE_TOO_LONG: (422, "This PDF has more than {pages} pages. Send those that matter."),
    Code.IMAGE_TOO_LARGE: (422, "This picture has more than 50 megapixels. Send a smaller one."),
    Code.IMAGE_ANIMATED: (422, "This picture moves. Send a still one, such as a screenshot."),
}
WITH_VIDEO = "Send a JPEG, PNG, WebP or GIF picture, a PDF, or an MP4 or WebM video."


def refuse(code: Code, *, video: bool = False, **numbers: int) -> Refused:
    """The refusal with its sentence; `video`: whether videos would be taken."""
    status, sentence = SENTENCES[code]
    if code == Code.FILE_TYPE_REFUSED and video:
        sentence = WITH_VIDEO
    detail = sentence.format(**numbers)
    return Refused(code.value, status, detail, fields={"file": [detail]})
