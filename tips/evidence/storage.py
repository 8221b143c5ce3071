"""Encrypted files under MEDIA_ROOT/evidence: each with a key of its own, kept wrapped in its row."""

import base64
import os
import secrets
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from django.conf import settings

from portal.crypto.files import decrypt_range, decrypt_stream, encrypt_stream

FOLDER = "evidence"


@dataclass(frozen=True)
class StoredBytes:
    """Encrypted bytes on disk that no row knows yet; ``sha256`` (hex) and ``size`` are of the plain ones."""

    path: str
    size: int
    sha256: str
    key: bytes = field(repr=False)

    @property
    def encoded_key(self) -> str:
        """The key as the column ``data_key`` takes it."""
        return base64.b64encode(self.key).decode("ascii")


def store(stream: BinaryIO) -> StoredBytes:
    """Encrypt what the stream holds, from its position, under a random name."""
    name = secrets.token_hex(16)
    path = Path(FOLDER, name[:2], name)
    target = Path(settings.MEDIA_ROOT, path)
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        with target.open("xb") as sink:
            result = encrypt_stream(stream, sink)
    except BaseException:
        target.unlink(missing_ok=True)
        raise
    _forget_second(target, target.parent, target.parent.parent)
    return StoredBytes(str(path), result.size, result.sha256, result.key)


def read(path: str, data_key: str) -> Iterator[bytes]:
    """Yield the plain bytes of a stored file, a chunk at a time.

    Raises FileNotFoundError at once when it is gone from the disk, DecryptionError when it was changed.
    """
    return _decrypted(Path(settings.MEDIA_ROOT, path).open("rb"), base64.b64decode(data_key))


def open_evidence(evidence: Any, span: tuple[int, int] | None = None) -> Iterator[bytes]:
    """The plain bytes of a file's clean copy, or of the span (first, last) of it. Raises like ``read``."""
    if span is None:
        return read(evidence.path, evidence.data_key)
    return read_range(evidence.path, evidence.data_key, *span)


def read_range(path: str, data_key: str, first: int, last: int) -> Iterator[bytes]:
    """Like ``read``, the bytes ``first`` to ``last`` (both included) only."""
    source = Path(settings.MEDIA_ROOT, path).open("rb")
    return _decrypted_range(source, base64.b64decode(data_key), first, last)


def unlink(paths: Sequence[str]) -> None:
    """Remove encrypted bytes; those that are gone already are no complaint."""
    for path in filter(None, paths):
        target = Path(settings.MEDIA_ROOT, path)
        target.unlink(missing_ok=True)
        _forget_second(target.parent)


def _forget_second(*paths: Path) -> None:
    """The file system would remember when somebody sent this, or took it back."""
    minute = time.time() // 60 * 60
    for path in paths:
        with suppress(FileNotFoundError):
            os.utime(path, (minute, minute))


def _decrypted(source: Any, key: bytes) -> Iterator[bytes]:
    with source:
        yield from decrypt_stream(source, key)


def _decrypted_range(source: Any, key: bytes, first: int, last: int) -> Iterator[bytes]:
    with source:
        yield from decrypt_range(source, key, first, last)
