"""Erasing what may no longer be kept, and files that belong to nothing.

Personal data go when their purpose is fulfilled (Law 91/2025/QH15 on the protection of personal data). The
terms are the programme's proposal, to be confirmed by the unit's legal officer: spam 30 days, questions and
feedback 2 years after they ended. A report of a crime belongs to its case file and is not erased here. What
remains of an erased tip is what reports count: category, unit, dates, outcome.
"""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.db.models import Model, Q, QuerySet
from django.utils import timezone

from portal.audit.services import record
from tips import receipts
from tips.enums import Category, TipStatus
from tips.evidence.storage import FOLDER, unlink
from tips.models import Contact, Evidence, Message, Original, Tip, TipEvent, TipTerm, UploadPart

AT_ONCE = 200
# Longer than any request that has encrypted a file but not yet written its row.
ORPHANED_AFTER = datetime.timedelta(days=1)


@dataclass(frozen=True)
class RetentionRule:
    """Tips in one of ``statuses`` (and ``categories``, if any) are erased ``days`` after they ended."""

    statuses: Sequence[str]
    days: int
    source: str
    categories: Sequence[str] = ()

    def due(self, now: datetime.datetime) -> Q:
        """The condition on tips."""
        condition = Q(status__in=self.statuses, closed_at__lt=now - datetime.timedelta(days=self.days))
        return condition & Q(category__in=self.categories) if self.categories else condition


RULES = (
    RetentionRule((TipStatus.SPAM,), 30, "Quy chế lưu giữ của cổng: tin rác"),
    RetentionRule(
        (TipStatus.CLOSED, TipStatus.UNFOUNDED, TipStatus.DUPLICATE),
        730,
        "Quy chế lưu giữ của cổng: phản ánh, câu hỏi",
        (Category.TTHC, Category.KHAC, Category.TAI_SAN, Category.CAN_BO),
    ),
)


def due_for_erasure(now: datetime.datetime) -> QuerySet[Tip]:
    """Tips whose time is over."""
    condition = Q(pk__in=[])
    for rule in RULES:
        condition |= rule.due(now)
    return Tip.objects.filter(condition, erased_at=None)


def erase_expired(now: datetime.datetime | None = None) -> int:
    """Erase up to ``AT_ONCE`` tips whose time is over; returns how many. Safe to run twice at a time."""
    now = now or timezone.now()
    erased = 0
    for tip in due_for_erasure(now).select_related("handler").order_by("pk")[:AT_ONCE]:
        erased += _erase(tip, now)
    return erased


def _erase(tip: Tip, now: datetime.datetime) -> bool:
    """Take everything readable out of one tip; its receipt opens nothing any more."""
    with transaction.atomic():
        paths = [path for pair in _file_paths(Evidence.objects.filter(tip=tip)) for path in pair if path]
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
        for model in (Contact, Message, Evidence, TipTerm):
            model.objects.filter(tip=tip).delete()
        tip.identity_grants.all().delete()
        TipEvent.objects.filter(tip=tip).update(note="")
        record(None, "tips.tip.erased", tip, unit_path=tip.handler.path)
        transaction.on_commit(lambda: unlink(paths))
    return True


def remove_orphaned_files(now: datetime.datetime | None = None) -> int:
    """Remove encrypted files without a row: left by a process that died between file and row."""
    before = ((now or timezone.now()) - ORPHANED_AFTER).timestamp()
    root = Path(settings.MEDIA_ROOT)
    old = [path for path in (root / FOLDER).glob("*/*") if path.stat().st_mtime < before]
    removed = 0
    for start in range(0, len(old), AT_ONCE):
        names = {str(path.relative_to(root)) for path in old[start : start + AT_ONCE]}
        known = {path for model in (Evidence, Original, UploadPart) for path in _known(model, names)}
        unlink(sorted(names - known))
        removed += len(names - known)
    return removed


def _known(model: type[Model], names: set[str]) -> QuerySet:
    return model.objects.filter(path__in=names).values_list("path", flat=True)


def _file_paths(files: QuerySet[Evidence]) -> QuerySet:
    """The paths of clean copies, each with that of its original."""
    return files.values_list("path", "original__path")
