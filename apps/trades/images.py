"""Pictures: decoded within bounds, encoded anew, and a fingerprint of what they show."""

import functools
import io
import re
import struct
import zlib
from dataclasses import dataclass

import numpy as np
from PIL import ExifTags, Image, ImageOps

from apps.trades.file_refusals import Code, refuse
from apps.trades.receipts import moment, said

FORMATS = {"image/jpeg": "JPEG", "image/png": "PNG", "image/webp": "WEBP", "image/gif": "GIF"}
KEPT_AS = {"JPEG": "JPEG", "PNG": "PNG", "WEBP": "WEBP", "GIF": "PNG"}
MOST_PIXELS = 50_000_000
# The longer side of what is kept: enough to read the small print of a whole page.
LONGEST_SIDE = 4096
QUALITY = 90
# Below this spread of grey (of 256) a picture shows nothing that could be compared.
LEAST_CONTRAST = 2.0
FINGERPRINT_SIDE, FINGERPRINT_PIXELS = 8, 32

CREATOR = re.compile(rb"CreatorTool(?:=[\"']|>)([^\"'<]{1,100})")


@dataclass(frozen=True, slots=True)
class Encoded:
    """A picture of our own making."""

    content_type: str
    data: bytes
    phash: int | None
    width: int
    height: int
    meta: dict[str, str | int]


def encode_anew(data: bytes, *, content_type: str) -> Encoded:
    """The picture upright, in eight bits a colour, and nothing else of the file; Refused if broken.

    Of a GIF the first frame is kept, as PNG. Its size is checked before any pixel is decoded.
    """
    try:
        with Image.open(io.BytesIO(data), formats=[FORMATS[content_type]]) as image:
            if image.width * image.height > MOST_PIXELS:
                raise refuse(Code.IMAGE_TOO_LARGE)
            if image.format != "GIF" and getattr(image, "is_animated", False):
                raise refuse(Code.IMAGE_ANIMATED)
            kept_as = KEPT_AS[image.format or ""]
            meta = _facts(image, data)
            # Lets the JPEG decoder skip detail that would be thrown away: less memory.
            image.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
            clean = _plain(image)
    except Image.DecompressionBombError:
        raise refuse(Code.IMAGE_TOO_LARGE) from None
    # What decoders raise for broken input is not a closed list; all of it means the same.
    except (
        OSError, SyntaxError, ValueError, EOFError, LookupError, TypeError, ArithmeticError,
        struct.error, zlib.error, MemoryError,
    ) as fault:  # fmt: skip
        raise refuse(Code.FILE_BROKEN) from fault
    kept = io.BytesIO()
    clean.save(kept, format=kept_as, **({} if kept_as == "PNG" else {"quality": QUALITY}))
    return Encoded(
        content_type=f"image/{kept_as.lower()}",
        data=kept.getvalue(),
        phash=phash(clean),
        width=clean.width,
        height=clean.height,
        meta=meta,
    )


def phash(image: Image.Image) -> int | None:
    """The signs of the 64 lowest frequencies as a signed integer; None if it shows one colour.

    The same picture scaled, compressed or recoloured differs in few bits (see distance).
    """
    size = (FINGERPRINT_PIXELS, FINGERPRINT_PIXELS)
    on_white = Image.new("RGBA", size, "white")
    on_white.alpha_composite(image.resize(size, Image.Resampling.LANCZOS).convert("RGBA"))
    pixels = np.asarray(on_white.convert("L"), dtype=np.float64)
    if pixels.std() < LEAST_CONTRAST:
        return None
    waves = _waves()
    lowest = (waves @ pixels @ waves.T).ravel()
    signs = lowest > np.median(lowest[1:])
    return int.from_bytes(np.packbits(signs).tobytes(), signed=True)


def distance(one: int, other: int) -> int:
    """In how many of 64 bits two fingerprints differ; copies of one picture differ in at most 6."""
    return ((one ^ other) & 0xFFFF_FFFF_FFFF_FFFF).bit_count()


@functools.cache
def _waves() -> np.ndarray:
    """The first rows of the discrete cosine transform (type II)."""
    places = (2 * np.arange(FINGERPRINT_PIXELS) + 1) * np.pi / (2 * FINGERPRINT_PIXELS)
    return np.cos(np.arange(FINGERPRINT_SIDE)[:, None] * places[None, :])


def _plain(image: Image.Image) -> Image.Image:
    """The pixels alone: upright, RGB(A) or grey, of bounded size."""
    image.load()
    has_alpha = image.has_transparency_data
    mode = "RGBA" if has_alpha else "L" if image.mode[0] in "1LI" else "RGB"
    if image.mode.startswith("I"):
        # Sixteen bits of grey; a plain conversion would turn all but black to white.
        image = Image.fromarray((np.asarray(image).clip(0, 0xFFFF) >> 8).astype(np.uint8))
    elif image.mode in ("1", "P", "PA"):
        image = image.convert(mode)
    # Smaller first: each step on fifty megapixels would take 200 MB.
    image.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.LANCZOS)
    ImageOps.exif_transpose(image, in_place=True)
    plain = image.convert(mode)
    plain.info.clear()
    return plain


def _facts(image: Image.Image, data: bytes) -> dict[str, str | int]:
    """What the file says of its making; its place is not even read."""
    exif = image.getexif()
    shot = exif.get_ifd(ExifTags.IFD.Exif)
    creator = CREATOR.search(data)
    software = (
        said(exif.get(ExifTags.Base.Software))
        or said(creator[1].decode(errors="replace") if creator else None)
        or said(image.info.get("Software"))
        or ("Photoshop" if "photoshop" in image.info else "")
    )
    make, model = said(exif.get(ExifTags.Base.Make)), said(exif.get(ExifTags.Base.Model))
    facts = {
        "captured_at": moment(shot.get(ExifTags.Base.DateTimeOriginal)),
        "modified_at": moment(exif.get(ExifTags.Base.DateTime)),
        "software": software,
        "camera": model if model.startswith(make) else f"{make} {model}".strip(),
    }
    return {name: value for name, value in facts.items() if value}
