"""Pictures and sound that residents send in private: fetched at once, before Zalo's addresses stop working.

Fetched like from a stranger, cleaned and encrypted like an upload of the web form. What cannot be had is
noted in the tip's thread, for officers to look for in Zalo itself.
"""

import logging
import tempfile
import time
from datetime import timedelta
from typing import Any

from asgiref.sync import async_to_sync
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from broadcasts.hints import hint
from groups.zalo import events, media
from portal.clock import this_minute
from tips import limits
from tips.enums import EvidenceKind, MessageKind
from tips.evidence import attach, stored_uploads
from tips.models import Message, Tip, ZaloFile
from tips.services import additions
from tips.tasks import fetch_zalo_files

logger = logging.getLogger(__name__)

KINDS = frozenset({"image", "gif", "audio", "video", "file"})
RUN_SECONDS = 60.0
# Longer than fetching and cleaning a film takes.
CLAIM = timedelta(minutes=5)
PAUSES = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 30))
IN_MEMORY = 2 * limits.MEGABYTE


def expect(tip: Tip, message: Message | None, body: dict[str, Any]) -> None:
    """Have the files fetched that an event's message names; in the caller's transaction."""
    urls = [_address(item) for item in events.attachments_of(events.message_of(body))]
    due = [url for url in urls if url][: limits.max_files()]
    now = this_minute()
    ZaloFile.objects.bulk_create(ZaloFile(tip=tip, message=message, url=url, due_at=now) for url in due)
    if due:
        hint(fetch_zalo_files)


def fetch_due() -> int:
    """Fetch the files that are due, one after another, for about a minute; returns how many were stored.

    Any number of workers may do so at once.
    """
    started, stored = time.monotonic(), 0
    while time.monotonic() - started < RUN_SECONDS:
        file = _claim()
        if file is None:
            break
        stored += _fetch(file)
    return stored


def _address(item: dict[str, Any]) -> str:
    payload = item.get("payload")
    url = payload.get("url") if item.get("type") in KINDS and isinstance(payload, dict) else None
    return url if isinstance(url, str) and len(url) <= media.LONGEST_ADDRESS else ""


def _claim() -> ZaloFile | None:
    now = timezone.now()
    with transaction.atomic():
        due = ZaloFile.objects.filter(due_at__lte=now).order_by("due_at")
        file = due.select_for_update(skip_locked=True).first()
        if file is not None:
            file.due_at, file.attempts = now + CLAIM, file.attempts + 1
            ZaloFile.objects.filter(pk=file.pk).update(due_at=file.due_at, attempts=F("attempts") + 1)
    return file


def _fetch(file: ZaloFile) -> bool:
    if file.attempts > len(PAUSES) + 1:
        # Its worker died each time.
        _give_up(file)
        return False
    try:
        with tempfile.SpooledTemporaryFile(max_size=IN_MEMORY, dir=settings.FILE_UPLOAD_TEMP_DIR) as sink:
            _download(file.url, sink)
            return _keep(file, sink)
    except media.MediaWaits as error:
        logger.warning("zalo_file_waits: %s", error)
        if file.attempts <= len(PAUSES):
            _mine(file).update(due_at=timezone.now() + PAUSES[file.attempts - 1])
            return False
    except (media.MediaRefused, ValidationError) as error:
        logger.warning("zalo_file_refused: %s", error if isinstance(error, media.MediaRefused) else "content")
    _give_up(file)
    return False


def _download(url: str, sink: Any) -> None:
    simulator = settings.ZALO_API_URL if settings.DEBUG else ""
    most = max(limits.max_bytes(kind) for kind in EvidenceKind)
    hosts = settings.ZALO_MEDIA_HOSTS
    async_to_sync(media.fetch)(url, sink, hosts=hosts, most_bytes=most, simulator=simulator)


def _keep(file: ZaloFile, sink: Any) -> bool:
    """Store the file with its message, unless the tip was erased or another worker did so meanwhile."""
    sink.seek(0)
    with stored_uploads([sink]) as stored, transaction.atomic():
        tip = additions.locked(file.tip)
        if tip.erased_at is not None or _mine(file).delete()[0] != 1:
            # Leaves the block as an error does, so that nothing stays on disk.
            raise media.MediaRefused("tip is erased, or the file is here")
        attach(stored, tip=tip, message=file.message)
        Tip.objects.filter(pk=tip.pk).update(version=F("version") + 1)
    return True


def _mine(file: ZaloFile) -> QuerySet[ZaloFile]:
    """The row as it was claimed."""
    return ZaloFile.objects.filter(pk=file.pk, due_at=file.due_at, attempts=file.attempts)


def _give_up(file: ZaloFile) -> None:
    with transaction.atomic():
        tip = additions.locked(file.tip)
        if _mine(file).delete()[0] != 1 or tip.erased_at is not None:
            return
        text = _("Một tệp chưa tải được từ Zalo. Xin xem trong hội thoại Zalo của OA.")
        at = this_minute()
        Message.objects.create(tip=tip, kind=MessageKind.NOTE, text=text, at=at)
