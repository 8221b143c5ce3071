"""From an upload to encrypted bytes: cleaned at once where that costs little, else by a worker.

A single photo is cleaned while its sender waits, so that a broken one is refused while it can still be chosen
again. When photos come faster than that, when a film is large, or when a virus scanner is set up, the bytes
are encrypted as they are and a worker cleans them (``tips.services.evidence_work``): then the file is
"đang xử lý" or "đang quét", for officers and for its sender.
"""

import logging
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from broadcasts.hints import hint
from portal.clock import this_minute
from portal.crypto.sealed import seal
from tips import limits, validators
from tips.enums import EvidenceKind, EvidenceState
from tips.evidence.cleaning import clean_upload, recognise
from tips.evidence.errors import CleaningCutOffError, FileRefusedError
from tips.evidence.storage import StoredBytes, store, unlink
from tips.models import Evidence, Message, Original, Tip
from tips.receipts import new_public_id
from tips.tasks import work_on_evidence

# What a request cleans itself: photos, and films that ffmpeg copies in a second or two.
MOST_BYTES_AT_ONCE = 16 * limits.MEGABYTE
HINT_EVERY_SECONDS = 1.0
logger = logging.getLogger(__name__)
# One at a time in each process: the others are a crowd, and a crowd is for the workers.
_cleaning_here = Lock()
_last_hint = 0.0


@dataclass(frozen=True)
class StoredFile:
    """A file on disk that has no row yet; ``clean`` is None while a worker has to make the clean copy."""

    kind: EvidenceKind
    content_type: str
    sha256: str
    original: StoredBytes | None
    clean: StoredBytes | None


def discard(files: Sequence[StoredFile]) -> None:
    """Remove files whose rows were never written."""
    unlink([part.path for file in files for part in (file.original, file.clean) if part])


@contextmanager
def stored_uploads(uploads: Sequence[Any]) -> Iterator[list[StoredFile]]:
    """Encrypt uploads, cleaned or to be cleaned; if the body then fails, nothing of them stays on disk.

    To be entered before the transaction: cleaning a film takes seconds. Raises ValidationError keyed
    ``files`` that names the file by its place, since its name may be private.
    """
    stored: list[StoredFile] = []
    try:
        _check(uploads)
        for number, upload in enumerate(uploads, start=1):
            stored.append(_numbered(upload, number))
        yield stored
    except BaseException:
        discard(stored)
        raise
    # Rows tell of the files by now: whatever fails from here on, they stay.
    for upload in uploads:
        if hasattr(upload, "attached"):
            upload.attached()


def _check(uploads: Sequence[Any]) -> None:
    validators.keyed("files", validators.check_file_count, uploads)
    if uploads and free_bytes() < limits.min_free_bytes():
        logger.error("evidence_disk_full")
        raise ValidationError(
            {"files": _("Hệ thống tạm thời chưa nhận được tệp. Xin bỏ tệp và gửi nội dung trước.")}
        )


def free_bytes() -> int:
    """Room left where evidence lies."""
    root = Path(settings.MEDIA_ROOT)
    root.mkdir(parents=True, exist_ok=True)
    return shutil.disk_usage(root).free


def _numbered(upload: Any, number: int) -> StoredFile:
    try:
        return _take(upload)
    except FileRefusedError as error:
        sentence = _("Tệp thứ %(number)s: %(reason)s") % {"number": number, "reason": error.message}
        if hasattr(upload, "refused"):
            upload.refused()
            sentence += " " + _("Tệp này đã được bỏ ra.")
        raise ValidationError({"files": sentence}) from None


def _take(upload: Any) -> StoredFile:
    kind, size = recognise(upload)
    if _may_clean_now(size) and _cleaning_here.acquire(blocking=False):
        try:
            # What takes too long here is left to the workers; a line about it would tell the tip's second.
            with suppress(CleaningCutOffError):
                return _take_clean(upload)
        finally:
            _cleaning_here.release()
    return _take_raw(upload, kind)


def _may_clean_now(size: int) -> bool:
    if settings.CLAMAV_ADDRESS or size > MOST_BYTES_AT_ONCE:
        return False
    return not Evidence.objects.filter(due_at__isnull=False).exists()


def _take_clean(upload: Any) -> StoredFile:
    clean = clean_upload(upload)
    try:
        copy = store(clean.stream)
    finally:
        clean.close()
    try:
        original = _stored_raw(upload)
    except BaseException:
        unlink([copy.path])
        raise
    if not settings.KEEP_ORIGINALS:
        unlink([original.path])
    kept = original if settings.KEEP_ORIGINALS else None
    return StoredFile(clean.kind, clean.content_type, original.sha256, kept, copy)


def _take_raw(upload: Any, kind: EvidenceKind) -> StoredFile:
    original = _stored_raw(upload)
    return StoredFile(kind, "", original.sha256, original, None)


def _stored_raw(upload: Any) -> StoredBytes:
    upload.seek(0)
    return store(upload)


def attach(files: Sequence[StoredFile], *, tip: Tip, message: Message | None = None) -> list[Evidence]:
    """Write the rows of stored files, in the caller's transaction; workers hear of what is left to do."""
    if not files:
        return []
    rows = Evidence.objects.bulk_create(_row(file, tip, message) for file in files)
    Original.objects.bulk_create(
        Original(
            evidence=row,
            path=file.original.path,
            size=file.original.size,
            sealed_key=seal(file.original.key) if settings.KEEP_ORIGINALS else None,
            data_key=None if file.clean else file.original.encoded_key,
        )
        for row, file in zip(rows, files, strict=True)
        if file.original
    )
    if any(row.is_waiting for row in rows):
        _tell_workers()
    return rows


def _row(file: StoredFile, tip: Tip, message: Message | None) -> Evidence:
    row = Evidence(
        tip=tip,
        message=message,
        public_id=new_public_id(),
        kind=file.kind,
        content_type=file.content_type,
        original_sha256=file.sha256,
        added_at=tip.received_at if message is None else message.at,
    )
    if file.clean:
        row.size, row.path = file.clean.size, file.clean.path
        row.data_key, row.sha256 = file.clean.encoded_key, file.clean.sha256
    else:
        row.size, row.due_at = file.original.size, this_minute()
        row.state = EvidenceState.SCANNING if settings.CLAMAV_ADDRESS else EvidenceState.CLEANING
    return row


def _tell_workers() -> None:
    """A crowd of photos needs one worker that goes on until none is left, not a message each."""
    global _last_hint  # noqa: PLW0603
    now = time.monotonic()
    if now - _last_hint >= HINT_EVERY_SECONDS:
        _last_hint = now
        hint(work_on_evidence)
