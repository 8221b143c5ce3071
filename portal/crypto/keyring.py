"""The key ring of the stored fields: AES-256-GCM under the keys of `settings.FIELD_KEYS`.

Token: `v1.<key id>.<base64url of nonce + ciphertext + tag>`, plain ASCII so that it fits any text column.
The first key encrypts, every key decrypts; see the command `rotate_keys`.
"""

import base64
import binascii
import hashlib
import os
from collections.abc import Sequence
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

from portal.crypto.errors import (
    KeyConfigurationError,
    MalformedTokenError,
    TamperedTokenError,
    UnknownKeyError,
)

VERSION = "v1"
KEY_BYTES = 32
NONCE_BYTES = 12
TAG_BYTES = 16


def decode_key(text: str) -> bytes:
    """Return the 32 bytes of a base64 key (standard or URL-safe alphabet, padding optional).

    Raises KeyConfigurationError when the text is not base64 or has another length.
    """
    compact = text.strip().rstrip("=").replace("-", "+").replace("_", "/")
    try:
        key = base64.b64decode(compact + "=" * (-len(compact) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise KeyConfigurationError("key is not base64") from None
    if len(key) != KEY_BYTES:
        raise KeyConfigurationError(f"key has {len(key)} bytes, needs {KEY_BYTES}")
    return key


def key_id(key: bytes) -> str:
    """Public name of a key: the first 8 hexadecimal digits of its SHA-256."""
    return hashlib.sha256(key).hexdigest()[:8]


class KeyRing:
    """An ordered set of keys: the first one encrypts, all of them decrypt."""

    def __init__(self, encoded_keys: Sequence[str]) -> None:
        keys = [decode_key(text) for text in encoded_keys]
        if not keys:
            raise KeyConfigurationError("FIELD_KEYS is empty")
        self.ids = [key_id(key) for key in keys]
        self._ciphers = {name: AESGCM(key) for name, key in zip(self.ids, keys, strict=True)}

    @property
    def current_prefix(self) -> str:
        """How every token under the first key starts; lets a query find the others."""
        return f"{VERSION}.{self.ids[0]}."

    def encrypt(self, plaintext: bytes, context: str) -> str:
        """Encrypt under the first key; the token opens only with the same context ("table.column")."""
        nonce = os.urandom(NONCE_BYTES)
        prefix = self.current_prefix
        sealed = self._ciphers[self.ids[0]].encrypt(nonce, plaintext, _bound(prefix, context))
        return prefix + base64.urlsafe_b64encode(nonce + sealed).rstrip(b"=").decode("ascii")

    def decrypt(self, token: str, context: str) -> bytes:
        """Return the plaintext. Raises a DecryptionError subclass; never returns unauthenticated data."""
        name, blob = _parse(token)
        cipher = self._ciphers.get(name)
        if cipher is None:
            raise UnknownKeyError(f"key {name} is not in the ring")
        nonce, sealed = blob[:NONCE_BYTES], blob[NONCE_BYTES:]
        try:
            return cipher.decrypt(nonce, sealed, _bound(f"{VERSION}.{name}.", context))
        except InvalidTag:
            raise TamperedTokenError(f"value in {context} does not authenticate") from None

    def reencrypt(self, token: str, context: str) -> str:
        """The same plaintext under the first key; raises like `decrypt`."""
        return self.encrypt(self.decrypt(token, context), context)


def _bound(prefix: str, context: str) -> bytes:
    return (prefix + context).encode("utf-8")


def _parse(token: str) -> tuple[str, bytes]:
    try:
        version, name, body = token.split(".")
        blob = base64.b64decode(body + "=" * (-len(body) % 4), altchars=b"-_", validate=True)
    except (ValueError, AttributeError):
        raise MalformedTokenError("value is not an encrypted token") from None
    if version != VERSION or len(blob) < NONCE_BYTES + TAG_BYTES:
        raise MalformedTokenError("value is not an encrypted token")
    return name, blob


@lru_cache(maxsize=8)
def _ring(encoded_keys: tuple[str, ...]) -> KeyRing:
    return KeyRing(encoded_keys)


def get_ring() -> KeyRing:
    """The ring of the current settings, built once for each set of keys."""
    return _ring(tuple(settings.FIELD_KEYS))


def encrypt(plaintext: bytes, context: str) -> str:
    """Encrypt under the current ring; see `KeyRing.encrypt`."""
    return get_ring().encrypt(plaintext, context)


def decrypt(token: str, context: str) -> bytes:
    """Decrypt with the current ring; see `KeyRing.decrypt`."""
    return get_ring().decrypt(token, context)
