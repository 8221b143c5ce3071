"""Encrypted files under MEDIA_ROOT/evidence: each with a key of its own, kept wrapped in its row."""

import base64
import logging
import os
import secrets
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from portal.crypto.files import decrypt_stream, encrypt_stream
from tips import limits, validators
from tips.enums import EvidenceKind
from tips.evidence.cleaning import CleanFile, clean_upload
from tips.evidence.errors import FileRefusedError
from tips.models import Evidence, Message, Tip
from tips.receipts import new_public_id

FOLDER = "evidence"
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class StoredFile:
    """An encrypted file that has no row yet."""

    kind: EvidenceKind
    content_type: str
    path: str
    size: int
    sha256: str
    key: bytes = field(repr=False)


def store(clean: CleanFile) -> StoredFile:
    """Encrypt a clean file under a random name."""
    name = secrets.token_hex(16)
    path = Path(FOLDER, name[:2], name)
    target = Path(settings.MEDIA_ROOT, path)
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        with target.open("xb") as sink:
            result = encrypt_stream(clean.stream, sink)
    except BaseException:
        target.unlink(missing_ok=True)
        raise
    # The file system would remember to the second when somebody sent this.
    minute = time.time() // 60 * 60
    os.utime(target, (minute, minute))
    os.utime(target.parent, (minute, minute))
    return StoredFile(clean.kind, clean.content_type, str(path), result.size, result.sha256, result.key)


def discard(files: Sequence[StoredFile]) -> None:
    """Remove files whose rows were never written."""
    for file in files:
        Path(settings.MEDIA_ROOT, file.path).unlink(missing_ok=True)


@contextmanager
def stored_uploads(uploads: Sequence[Any]) -> Iterator[list[StoredFile]]:
    """Clean and encrypt uploads; if the body then fails, nothing of them stays on disk.

    To be entered before the transaction: cleaning a film takes seconds. Raises ValidationError keyed
    ``files`` that names the file by its place, since its name may be private.
    """
    stored: list[StoredFile] = []
    try:
        _check(uploads)
        for number, upload in enumerate(uploads, start=1):
            stored.append(_clean_and_store(upload, number))
        yield stored
    except BaseException:
        discard(stored)
        raise


def _check(uploads: Sequence[Any]) -> None:
    validators.keyed("files", validators.check_file_count, uploads)
    if uploads and _free_bytes() < limits.min_free_bytes():
        logger.error("evidence_disk_full")
        raise ValidationError(
            {"files": _("Hệ thống tạm thời chưa nhận được tệp. Xin bỏ tệp và gửi nội dung trước.")}
        )


def _free_bytes() -> int:
    root = Path(settings.MEDIA_ROOT)
    root.mkdir(parents=True, exist_ok=True)
    return shutil.disk_usage(root).free


def _clean_and_store(upload: Any, number: int) -> StoredFile:
    try:
        clean = clean_upload(upload)
    except FileRefusedError as error:
        sentence = _("Tệp thứ %(number)s: %(reason)s") % {"number": number, "reason": error.message}
        raise ValidationError({"files": sentence}) from None
    try:
        return store(clean)
    finally:
        clean.close()


def attach(files: Sequence[StoredFile], *, tip: Tip, message: Message | None = None) -> list[Evidence]:
    """Write the rows of stored files, in the caller's transaction."""
    return Evidence.objects.bulk_create(
        Evidence(
            tip=tip,
            message=message,
            public_id=new_public_id(),
            kind=file.kind,
            content_type=file.content_type,
            size=file.size,
            path=file.path,
            data_key=base64.b64encode(file.key).decode("ascii"),
            sha256=file.sha256,
            added_at=tip.received_at if message is None else message.at,
        )
        for file in files
    )


def open_evidence(evidence: Evidence) -> Iterator[bytes]:
    """Yield the plain bytes of a file, a chunk at a time.

    Raises FileNotFoundError when it is gone from the disk, DecryptionError when it was changed.
    """
    source = Path(settings.MEDIA_ROOT, evidence.path).open("rb")
    return _decrypted(source, base64.b64decode(evidence.data_key))


def _decrypted(source: Any, key: bytes) -> Iterator[bytes]:
    with source:
        yield from decrypt_stream(source, key)
