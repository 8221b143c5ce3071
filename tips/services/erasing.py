"""Erasing for good: one part of one tip at a time, each whole or not at all; and files that belong to
nothing.  Whatever dies in between leaves a tip that is due again, or encrypted files without a row, which a
daily look finds.
"""

import datetime
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.db.models import Model, QuerySet, Sum

from portal.audit.services import record
from tips import receipts
from tips.enums import MessageKind
from tips.evidence.storage import FOLDER, unlink
from tips.models import (
    Contact,
    DataRequest,
    Evidence,
    Message,
    Original,
    Tip,
    TipEvent,
    TipTerm,
    Tombstone,
    UploadPart,
)

FILES_AT_ONCE = 200
# Longer than any request that has encrypted a file but not yet written its row.
ORPHANED_AFTER = datetime.timedelta(days=1)


def locked(tip_id: int) -> Tip:
    """The tip as it is now, locked to the end of the transaction: who holds it or erases it comes after."""
    return Tip.objects.select_for_update(of=("self",)).select_related("handler").get(pk=tip_id)


def erase_contact(tip: Tip, *, actor=None, source: str) -> bool:
    """Forget who sent a tip; False when there was nothing left to forget."""
    with transaction.atomic():
        if not Contact.objects.filter(tip=tip).delete()[0]:
            return False
        record(actor, "tips.contact.erased", tip, unit_path=tip.handler.path, data={"source": source})
    return True


def erase_originals(tip: Tip, *, source: str) -> bool:
    """Remove files as they came; their clean copies stay."""
    with transaction.atomic():
        rows = Original.objects.filter(evidence__tip=tip)
        paths = list(rows.values_list("path", flat=True))
        if not rows.delete()[0]:
            return False
        facts = {"source": source, "files": len(paths)}
        record(None, "tips.originals.erased", tip, unit_path=tip.handler.path, data=facts)
        transaction.on_commit(lambda: unlink(paths))
    return True


def erase_content(tip: Tip, now: datetime.datetime, *, actor=None, source: str) -> bool:
    """Take everything readable out of one tip: its receipt opens nothing more, a tombstone counts it."""
    with transaction.atomic():
        files = Evidence.objects.filter(tip=tip)
        paths = [path for pair in files.values_list("path", "original__path") for path in pair if path]
        is_mine = Tip.objects.filter(pk=tip.pk, version=tip.version, erased_at=None).update(
            erased_at=now,
            version=tip.version + 1,
            text="",
            place="",
            coordinates="",
            public_reason="",
            valuable_reason="",
            occurred_at=None,
            form_token=None,
            receipt_digest=receipts.digest(receipts.new_receipt()),
        )
        if not is_mine:
            return False
        stone = Tombstone.objects.create(tip=tip, at=now, source=source[:300], **_counts(tip))
        _remove_rows(tip, now)
        facts = {"source": source, "messages": stone.messages, "notes": stone.notes, "files": stone.files}
        record(actor, "tips.tip.erased", tip, unit_path=tip.handler.path, data=facts)
        transaction.on_commit(lambda: unlink(paths))
    return True


def erase_request(request_id: int, now: datetime.datetime, *, source: str) -> bool:
    """Forget who asked for what in a finished request about no tip; False when that was done."""
    with transaction.atomic():
        row = DataRequest.objects.select_related("unit").get(pk=request_id)
        if not _forget_words(DataRequest.objects.filter(pk=row.pk, tip=None), now):
            return False
        record(None, "tips.request.erased", row, unit_path=row.unit.path, data={"source": source}, at=now)
    return True


def remove_orphaned_files(now: datetime.datetime) -> int:
    """Remove encrypted files without a row: left by a process that died between file and row."""
    before = (now - ORPHANED_AFTER).timestamp()
    root = Path(settings.MEDIA_ROOT)
    old = [path for path in (root / FOLDER).glob("*/*") if path.stat().st_mtime < before]
    removed = 0
    for start in range(0, len(old), FILES_AT_ONCE):
        names = {str(path.relative_to(root)) for path in old[start : start + FILES_AT_ONCE]}
        known = {path for model in (Evidence, Original, UploadPart) for path in _known(model, names)}
        unlink(sorted(names - known))
        removed += len(names - known)
    return removed


def _counts(tip: Tip) -> dict[str, int]:
    messages = Message.objects.filter(tip=tip)
    files = Evidence.objects.filter(tip=tip)
    return {
        "messages": messages.filter(kind=MessageKind.PUBLIC).count(),
        "notes": messages.filter(kind=MessageKind.NOTE).count(),
        "files": files.count(),
        "bytes": files.aggregate(total=Sum("size"))["total"] or 0,
    }


def _forget_words(requests: QuerySet[DataRequest], now: datetime.datetime) -> int:
    """Take who asked and their words out of those of ``requests`` that are decided."""
    finished = requests.filter(decided_at__isnull=False, erased_at=None)
    return finished.update(words="", person="", extension_reason="", erased_at=now)


def _remove_rows(tip: Tip, now: datetime.datetime) -> None:
    for model in (Contact, Message, Evidence, TipTerm):
        model.objects.filter(tip=tip).delete()
    tip.identity_grants.all().delete()
    tip.identity_requests.update(reason="")
    _forget_words(tip.data_requests.all(), now)
    TipEvent.objects.filter(tip=tip).update(note="")
    tip.extensions.update(reason="", answer="")
    tip.ratings.update(words="")
    tip.holds.update(reason="")


def _known(model: type[Model], names: set[str]) -> QuerySet:
    return model.objects.filter(path__in=names).values_list("path", flat=True)
