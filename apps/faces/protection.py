"""The secret rotation under which banned faces are searched: without it a vector is nobody's.

A face is multiplied by an orthogonal matrix (Haar-distributed: QR of a Gaussian, Mezzadri 2007),
which keeps every distance, and blurred: who knew faces of many banned people could else find the
matrix by the distances among them. The index proposes; what decides is the face itself, sealed
beside it. The matrix is derived from a secret outside the database, for one model of the encoder; a
ring of secrets lets it be changed while the search goes on. See docs/decisions/0008-faces.md.
"""

import secrets
from functools import lru_cache

import numpy as np
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from numpy.typing import NDArray

DIMENSIONS = 128
#: Two faces at most this far apart are taken for one person's: one pair of strangers in a million
#: is so near, at the lower end of its confidence interval (bench/face_search; docs/benchmarks.md).
NEAR = 0.235
#: How far the blur moves a face, on average: two faces of one person are about 0.2 apart.
BLUR = 0.8
_HALF = 1 / 2**53


def current() -> str:
    """The id of the rotation under which faces are protected now."""
    return next(iter(_ring()))


def known() -> list[str]:
    """The ids of every rotation in the ring, the current one first."""
    return list(_ring())


def protect(
    vector: NDArray[np.float64], *, model: str, rotation: str | None = None
) -> NDArray[np.float64]:
    """A face in the space of a rotation (the current one), where distances are what they were."""
    return _matrix(rotation or current(), model) @ np.asarray(vector, np.float64)


def blurred(protected: NDArray[np.float64]) -> NDArray[np.float64]:
    """A protected face as it is stored: moved by BLUR in a direction that nobody knows."""
    noise = np.random.default_rng(secrets.randbits(128)).standard_normal(DIMENSIONS)
    return protected + noise * (BLUR / np.sqrt(DIMENSIONS))


def _matrix(rotation: str, model: str) -> NDArray[np.float64]:
    return _derived(_ring()[rotation], rotation, model)


def _ring() -> dict[str, bytes]:
    ring: dict[str, bytes] = settings.FACE_ROTATION
    return ring


@lru_cache(maxsize=8)
def _derived(secret: bytes, rotation: str, model: str) -> NDArray[np.float64]:
    info = f"otcrisk face rotation:{rotation}:{model}:{DIMENSIONS}".encode()
    key = HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=info).derive(secret)
    # A cipher's stream, because the generators of numpy promise no stream across versions.
    count = DIMENSIONS * DIMENSIONS
    cipher = Cipher(algorithms.AES(key), modes.CTR(bytes(16))).encryptor()
    stream = np.frombuffer(cipher.update(bytes(16 * count)), dtype="<u8") >> np.uint64(11)
    uniform = (stream.astype(np.float64) + 0.5) * _HALF
    # Box and Muller 1958.
    gaussian = np.sqrt(-2 * np.log(uniform[:count])) * np.cos(2 * np.pi * uniform[count:])
    q, r = np.linalg.qr(gaussian.reshape(DIMENSIONS, DIMENSIONS))
    found: NDArray[np.float64] = q * np.sign(np.diag(r))
    found.setflags(write=False)
    return found
