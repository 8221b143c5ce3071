"""Public codes: ``TB-2611-0042`` for a broadcast, ``TN-2611-0007`` for a notice.

A code is what members read on the last line of a post, what they type into the checker and what tells our own
message from any other when the outcome of a call was lost. Unique, rising, not gapless.
"""

import re
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from broadcasts.models import CodeCounter

BROADCAST = "TB"
NOTICE = "TN"
CODE = re.compile(r"\bT[BN]-\d{4}-\d{4,}\b")
# As long as any code of this century gets; used to measure a text that has no code yet.
LONGEST = "TB-0000-00000"
# More than are given out between two copies of the database.
LEAP = 10_000


def next_code(kind: str, *, now: datetime | None = None) -> str:
    """The next code of this month for ``BROADCAST`` or ``NOTICE``; a number is never given out twice.

    The counter's row stays locked until the caller's transaction ends, so two callers cannot meet.
    """
    prefix = _prefix(kind, now)
    with transaction.atomic():
        if not _increment(prefix):
            _start(prefix)
            _increment(prefix)
        value = CodeCounter.objects.values_list("value", flat=True).get(prefix=prefix)
    return f"{prefix}-{value:04d}"


def leap(*, now: datetime | None = None) -> None:
    """Go far ahead in this month: an older database does not know which codes were given out since."""
    for kind in (BROADCAST, NOTICE):
        prefix = _prefix(kind, now)
        _start(prefix)
        CodeCounter.objects.filter(prefix=prefix).update(value=F("value") + LEAP)


def _prefix(kind: str, now: datetime | None) -> str:
    return f"{kind}-{timezone.localtime(now):%y%m}"


def _increment(prefix: str) -> bool:
    return CodeCounter.objects.filter(prefix=prefix).update(value=F("value") + 1) == 1


def _start(prefix: str) -> None:
    try:
        with transaction.atomic():
            CodeCounter.objects.create(prefix=prefix)
    except IntegrityError:
        # Another process opened the month at this moment; its row serves both.
        return
