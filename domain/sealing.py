"""Texts that only this service can read or make: what a client carries for us and hands back, such as a cursor or a position."""

from base64 import urlsafe_b64decode
from binascii import b2a_base64
from collections.abc import Iterable
from functools import lru_cache
from hashlib import blake2b

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

MIN_SECRET_BYTES = 16
SIV_KEY_BYTES = 64  # AES-256 for the cipher, AES-256 for the authentication
URL_SAFE = bytes.maketrans(b"+/", b"-_")
MAX_KNOWN_BINDINGS = 256  # of which the keys are kept
PURPOSE = b"tallygraph seal 1"  # Changes with the format, and every seal made before is broken.
PURPOSE_OF_KEYS = b"tallygraph keys of seals 1"  # So does this, of seals that have a key of their own.


class SealBrokenError(ValueError):
    """Raised when a text was not sealed by us, not for this binding, or was changed since."""


class Sealing:
    """Encrypts and authenticates small payloads with AES-SIV (RFC 5297).

    Deterministic: equal payloads and bindings give equal texts, so that an answer can be given twice, byte for byte. What it
    tells an onlooker is only that two texts are equal.
    """

    def __init__(self, key: bytes) -> None:
        """`key` is that of the cipher."""
        self._cipher = AESSIV(key)

    def seal(self, payload: bytes, *binding: bytes) -> str:
        """`payload` as URL-safe text that opens only with the same `binding`, part for part."""
        return self.seal_each([payload], *binding)[0]

    def seal_each(self, payloads: Iterable[bytes], *binding: bytes) -> list[str]:
        """The same of many, which take less time together."""
        encrypt, bound = self._cipher.encrypt, [*binding] or None
        lines = b"".join([b2a_base64(encrypt(each, bound)) for each in payloads])
        return lines.translate(URL_SAFE, b"=").decode().splitlines()

    def open(self, token: str, *binding: bytes) -> bytes:
        """The payload of a text that `seal` made. Raises SealBrokenError."""
        try:
            sealed = urlsafe_b64decode(token + "=" * (-len(token) % 4))
            payload = self._cipher.decrypt(sealed, [*binding])
        except (ValueError, InvalidTag) as error:  # ValueError: not base64, not ASCII, too short
            raise SealBrokenError("the text was not made by this service, or not for this") from error
        if self.seal(payload, *binding) != token:  # base64 can say the same bytes in several ways; we say them in one
            raise SealBrokenError("the text was changed since this service made it")
        return payload


class Seal(Sealing):
    """That of the service, and those which are made of it."""

    def __init__(self, key: bytes) -> None:
        """`key` is the service's secret, 16 bytes or more; the keys of ciphers are derived from it."""
        if len(key) < MIN_SECRET_BYTES:
            raise ValueError(f"the secret has {len(key)} bytes, and needs {MIN_SECRET_BYTES} or more")
        super().__init__(_derived(key, PURPOSE))
        self._of_keys = _derived(key, PURPOSE_OF_KEYS)
        self._known = lru_cache(MAX_KNOWN_BINDINGS)(self._made)

    def of(self, binding: bytes) -> Sealing:
        """One whose key stands for the binding: with many texts of one binding, each takes two thirds of the time."""
        return self._known(binding)

    def _made(self, binding: bytes) -> Sealing:
        return Sealing(blake2b(binding, key=self._of_keys, digest_size=SIV_KEY_BYTES).digest())


def _derived(secret: bytes, purpose: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=SIV_KEY_BYTES, salt=None, info=purpose).derive(secret)
