"""Scanning and cleaning of files that were not cleaned while their sender waited.

The row is the truth: it is claimed by moving ``due_at`` on, so a worker that dies loses nothing but time, and
a file that kills its worker again and again, or that ffmpeg never ends with, is put aside with its original.
Files whose tip was erased meanwhile leave no trace.
"""

import base64
import logging
import tempfile
import time
from datetime import timedelta
from threading import Lock
from typing import Any, BinaryIO

from django.conf import settings
from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.crypto.errors import DecryptionError
from portal.crypto.sealed import seal
from tips import limits
from tips.enums import EvidenceState
from tips.evidence import clean_upload, read, store, unlink
from tips.evidence.errors import CleaningCutOffError, FileRefusedError
from tips.evidence.scanner import ScannerDownError, scan
from tips.evidence.storage import StoredBytes
from tips.models import Evidence, Original

logger = logging.getLogger(__name__)

RUN_SECONDS = 60.0
# Longer than scanning and cleaning the largest film takes.
CLAIM = timedelta(minutes=5)
PAUSE = timedelta(minutes=1)
MAX_ATTEMPTS = 4
IN_MEMORY = 16 * limits.MEGABYTE
# One file at a time in each process: the other threads send.
_turn = Lock()


def work_on_due() -> int:
    """Scan and clean files that are due, one after another, for about a minute; returns how many it settled.

    Any number of workers may do so at once.
    """
    if not _turn.acquire(blocking=False):
        return 0
    try:
        return _work_until(time.monotonic() + RUN_SECONDS)
    finally:
        _turn.release()


def is_any_due() -> bool:
    """Whether a file waits that may be worked on now."""
    return Evidence.objects.filter(due_at__lte=timezone.now()).exists()


def _work_until(end: float) -> int:
    settled = 0
    while time.monotonic() < end:
        file = _claim()
        if file is None:
            break
        settled += _work(file)
    return settled


def _claim() -> Evidence | None:
    now = timezone.now()
    with transaction.atomic():
        due = Evidence.objects.filter(due_at__lte=now).select_related("original").order_by("due_at", "pk")
        file = due.select_for_update(skip_locked=True, of=("self",)).first()
        if file is not None:
            file.due_at, file.attempts = now + CLAIM, file.attempts + 1
            Evidence.objects.filter(pk=file.pk).update(due_at=file.due_at, attempts=F("attempts") + 1)
    return file


def _work(file: Evidence) -> bool:
    if not hasattr(file, "original"):
        # Erased while it waited.
        reason = _("Tệp đã được xóa theo thời hạn lưu.")
        return bool(_mine(file).update(state=EvidenceState.REFUSED, due_at=None, reason=reason))
    if file.attempts > MAX_ATTEMPTS:
        # Its worker or what cleans it died each time.
        return _put_aside(file)
    try:
        if file.state == EvidenceState.SCANNING and (finding := scan(_raw(file))):
            return _quarantine(file, finding)
        return _clean(file)
    except ScannerDownError as error:
        logger.warning("evidence_scan_waits: %s", error)
        _mine(file).update(due_at=timezone.now() + PAUSE, attempts=0)
    except FileRefusedError as error:
        return _refuse(file, str(error.message))
    except (CleaningCutOffError, FileNotFoundError, DecryptionError) as error:
        logger.exception("evidence_work_failed: %s", type(error).__name__)
        _mine(file).update(due_at=timezone.now() + PAUSE)
    except OSError as error:
        # A full disk passes: the file waits for as long as it takes.
        logger.exception("evidence_work_waits: %s", type(error).__name__)
        _mine(file).update(due_at=timezone.now() + PAUSE, attempts=0)
    return False


def _raw(file: Evidence) -> Any:
    return read(file.original.path, file.original.data_key)


def _clean(file: Evidence) -> bool:
    _mine(file).update(state=EvidenceState.CLEANING)
    with tempfile.SpooledTemporaryFile(max_size=IN_MEMORY, dir=settings.FILE_UPLOAD_TEMP_DIR) as source:
        for chunk in _raw(file):
            source.write(chunk)
        copy, values = _clean_copy(source)
    try:
        is_mine = _settle(file, EvidenceState.READY, **values)
    except BaseException:
        unlink([copy.path])
        raise
    if not is_mine:
        unlink([copy.path])
    return is_mine


def _clean_copy(source: BinaryIO) -> tuple[StoredBytes, dict[str, Any]]:
    """A clean copy on disk, and the columns that tell of it."""
    clean = clean_upload(source)
    try:
        copy = store(clean.stream)
    finally:
        clean.close()
    values = {
        "kind": clean.kind,
        "content_type": clean.content_type,
        "path": copy.path,
        "size": copy.size,
        "data_key": copy.encoded_key,
        "sha256": copy.sha256,
    }
    return copy, values


def _refuse(file: Evidence, reason: str) -> bool:
    """Nothing of a refused file is kept but the sentence that says why."""
    return _settle(file, EvidenceState.REFUSED, keeps_original=False, reason=reason)


def _quarantine(file: Evidence, finding: str) -> bool:
    reason = _("Tệp có dấu hiệu mã độc nên không dùng được; máy đã tạo ra tệp có thể đang bị nhiễm.")
    return _settle(file, EvidenceState.QUARANTINED, reason=reason, finding=finding)


def _put_aside(file: Evidence) -> bool:
    """What cannot be worked on is left as it came, for somebody with a live grant to open."""
    logger.error("evidence_put_aside")
    if not file.original.sealed_key:
        # Originals are switched off, but this one is all there is.
        file.original.sealed_key = seal(base64.b64decode(file.original.data_key))
        file.original.save(update_fields=["sealed_key"])
    reason = _("Máy chủ chưa xử lý được tệp này.")
    return _settle(file, EvidenceState.FAILED, reason=reason)


def _settle(file: Evidence, state: EvidenceState, *, keeps_original: bool = True, **values: Any) -> bool:
    """Write how the work ended and seal or remove the original.

    False, and nothing done, when another worker settled it or the tip was erased.
    """
    with transaction.atomic():
        if not _mine(file).update(state=state, due_at=None, **values):
            return False
        original = Original.objects.filter(evidence=file)
        if keeps_original and file.original.sealed_key:
            original.update(data_key=None)
        else:
            original.delete()
            transaction.on_commit(lambda: unlink([file.original.path]))
    return True


def _mine(file: Evidence) -> QuerySet[Evidence]:
    """The row as it was claimed."""
    return Evidence.objects.filter(pk=file.pk, due_at=file.due_at, attempts=file.attempts)
