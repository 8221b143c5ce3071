"""Keyed digests: find a secret, a phone or a word again without storing it.

Every purpose ("tips.receipt", "tips.terms", ...) has its own random key, so digests of the same text under
two purposes cannot be matched, and a stolen database without FIELD_KEYS cannot be searched by guessing.
"""

import base64
import hmac
import os
from collections.abc import Iterable
from threading import Lock

from django.db import transaction
from nacl.bindings import crypto_pwhash_scryptsalsa208sha256_ll as scrypt

from portal.crypto.keyring import KEY_BYTES
from portal.crypto.models import DigestKey

# How often scrypt turns, see docs/decisions/0015-what-a-receipt-digest-costs.md.
SLOW_TURNS = 2**8

_cache: dict[str, bytes] = {}
_cache_lock = Lock()


def digest_key(purpose: str) -> bytes:
    """The key of a purpose, made on first use; two processes that race get the same one."""
    cached = _cache.get(purpose)
    if cached is not None:
        return cached
    fresh = base64.b64encode(os.urandom(KEY_BYTES)).decode("ascii")
    row, _created = DigestKey.objects.get_or_create(purpose=purpose, defaults={"wrapped": fresh})
    key = base64.b64decode(row.wrapped)
    # Only a committed key may be remembered: after a rollback the next caller makes another one.
    transaction.on_commit(lambda: _remember(purpose, key))
    return key


def _remember(purpose: str, key: bytes) -> None:
    with _cache_lock:
        _cache[purpose] = key


def forget_keys() -> None:
    """Empty this process's cache, for tests and after a restore."""
    with _cache_lock:
        _cache.clear()


def keyed_digest(purpose: str, data: bytes | str) -> bytes:
    """HMAC-SHA256 of the data under the key of the purpose: 32 bytes."""
    raw = data.encode("utf-8") if isinstance(data, str) else data
    return hmac.digest(digest_key(purpose), raw, "sha256")


def slow_digest(purpose: str, secret: str, turns: int = SLOW_TURNS) -> bytes:
    """Scrypt digest of a random secret such as a receipt: 32 bytes, about half a millisecond and 256 KiB.

    The cost is low on purpose. The secrets are 80 random bits, out of reach at any cost per guess, and the
    salt is a pepper kept outside the database's reach; what remains is to slow an intruder who has both,
    without letting a flood of lookups occupy every web worker. libsodium takes two thirds of the time that
    ``hashlib.scrypt`` takes for the same bytes.
    """
    return scrypt(secret.encode("utf-8"), digest_key(purpose), n=turns, r=8, p=1, dklen=32)


def term_digests(purpose: str, words: Iterable[str]) -> set[int]:
    """One signed 64-bit number for each distinct word, for a BigIntegerField index of encrypted text."""
    key = digest_key(purpose)
    return {
        int.from_bytes(hmac.digest(key, word.encode("utf-8"), "sha256")[:8], "big", signed=True)
        for word in words
    }
