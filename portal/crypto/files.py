"""Encrypted files, a chunk at a time, so that a video never has to fit in memory.

File = `PEF1` + chunks. A chunk is AES-256-GCM of up to 64 KiB under the file's own random key; its nonce is
the chunk number (11 bytes) and a flag, 1 on the last chunk only. Chunks that are dropped, repeated, swapped
or appended therefore fail to authenticate. Every file has a new key, so a nonce never repeats under one.
"""

import hashlib
import io
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from portal.crypto.errors import MalformedTokenError, TamperedTokenError
from portal.crypto.keyring import KEY_BYTES, TAG_BYTES

MAGIC = b"PEF1"
CHUNK_BYTES = 64 * 1024


@dataclass(frozen=True)
class EncryptionResult:
    """What the caller keeps: the key (to store wrapped), SHA-256 (hex) and size in bytes of the plaintext."""

    key: bytes = field(repr=False)
    sha256: str
    size: int


def encrypt_stream(src: BinaryIO, dst: BinaryIO) -> EncryptionResult:
    """Copy `src` from its position to `dst`, encrypted under a fresh key."""
    key = os.urandom(KEY_BYTES)
    cipher, digest, size = AESGCM(key), hashlib.sha256(), 0
    dst.write(MAGIC)
    for number, (chunk, is_last) in enumerate(_chunks(src, CHUNK_BYTES)):
        digest.update(chunk)
        size += len(chunk)
        dst.write(cipher.encrypt(_nonce(number, is_last), chunk, MAGIC))
    return EncryptionResult(key=key, sha256=digest.hexdigest(), size=size)


def decrypt_stream(src: BinaryIO, key: bytes) -> Iterator[bytes]:
    """Yield the plaintext chunk by chunk; each chunk is authentic, the file is complete when it ends.

    Raises MalformedTokenError for a file of another kind, TamperedTokenError for a changed or cut one; chunks
    already yielded stay valid, so a consumer that needs the whole file must wait for the end.
    """
    if _read_exactly(src, len(MAGIC)) != MAGIC:
        raise MalformedTokenError("file was not encrypted by this portal")
    cipher = AESGCM(key)
    for number, (sealed, is_last) in enumerate(_chunks(src, CHUNK_BYTES + TAG_BYTES)):
        try:
            yield cipher.decrypt(_nonce(number, is_last), sealed, MAGIC)
        except InvalidTag:
            raise TamperedTokenError(f"chunk {number} does not authenticate") from None


def decrypt_range(src: BinaryIO, key: bytes, first: int, last: int) -> Iterator[bytes]:
    """Yield the plaintext bytes ``first`` to ``last``, both included, of a seekable encrypted file.

    Reads the chunks that hold them and no others. Raises like ``decrypt_stream``; that the file is complete
    is known only for what lies in these chunks.
    """
    src.seek(0, io.SEEK_END)
    sealed_size = CHUNK_BYTES + TAG_BYTES
    final = max(0, (src.tell() - len(MAGIC) - 1) // sealed_size)
    src.seek(0)
    if _read_exactly(src, len(MAGIC)) != MAGIC:
        raise MalformedTokenError("file was not encrypted by this portal")
    cipher = AESGCM(key)
    for number in range(first // CHUNK_BYTES, min(last // CHUNK_BYTES, final) + 1):
        src.seek(len(MAGIC) + number * sealed_size)
        sealed = _read_exactly(src, sealed_size)
        try:
            chunk = cipher.decrypt(_nonce(number, number == final), sealed, MAGIC)
        except InvalidTag:
            raise TamperedTokenError(f"chunk {number} does not authenticate") from None
        start = number * CHUNK_BYTES
        yield chunk[max(0, first - start) : last - start + 1]


def _nonce(number: int, is_last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([is_last])


def _chunks(src: BinaryIO, size: int) -> Iterator[tuple[bytes, bool]]:
    """Chunks with a flag on the last; an empty source is one empty last chunk."""
    chunk = _read_exactly(src, size)
    while len(chunk) == size and (following := _read_exactly(src, size)):
        yield chunk, False
        chunk = following
    yield chunk, True


def _read_exactly(src: BinaryIO, size: int) -> bytes:
    """Read `size` bytes unless the source ends first; pipes and uploads may give less at a time."""
    parts, missing = [], size
    while missing and (part := src.read(missing)):
        parts.append(part)
        missing -= len(part)
    return b"".join(parts)
