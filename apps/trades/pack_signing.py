"""The desk's signature on what people take along: Ed25519, one key that signs, others that did."""

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.conf import settings

from apps.trades.pack_verify import ALGORITHM, PDF_FORMAT, key_id, signed_bytes_of_pdf


def sign(message: bytes) -> dict[str, str]:
    """The signature of this desk's current key: algorithm, key's id, value in hexadecimal."""
    key = _current()
    value = key.sign(message).hex()
    return {"algorithm": ALGORITHM, "key": key_id(_public(key)), "value": value}


def sign_pdf(body: bytes) -> bytes:
    """The PDF with the line at its end that signs every byte before it; readers pass over it."""
    body = body if body.endswith(b"\n") else body + b"\n"
    signature = sign(signed_bytes_of_pdf(body))
    return body + f"%{PDF_FORMAT} {signature['key']} {signature['value']}\n".encode()


def published_keys() -> list[dict[str, str]]:
    """Every public key that a pack of this desk may be signed with, the current one first."""
    current = _public(_current())
    retired = [bytes.fromhex(text) for text in settings.PACK_RETIRED_KEYS]
    states = [(current, "CURRENT"), *((key, "RETIRED") for key in retired if key != current)]
    return [
        {"id": key_id(key), "algorithm": ALGORITHM, "public_key": key.hex(), "status": status}
        for key, status in states
    ]


def _current() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(bytes.fromhex(settings.PACK_SIGNING_KEY))


def _public(key: Ed25519PrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
