"""Mails to people who are to post: what waits, and where to do it. Never the text of a post."""

import logging
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core import mail
from django.urls import reverse
from django.utils.translation import gettext as _

from broadcasts import tasks
from broadcasts.enums import POSTABLE
from broadcasts.hints import hint
from broadcasts.models import Delivery, PostingTask
from portal.mail import SENT, deliver

# A hint takes seconds; one that has not come by then is lost.
LOST_AFTER = timedelta(minutes=2)
WORTH_FOR = timedelta(hours=6)
MAILS_ASKED = 500
logger = logging.getLogger(__name__)


def mail_posters(delivery_ids: Iterable[int]) -> int:
    """One mail to each person who is to post one of these rows and has an address; returns how many went.

    A row whose mail went out, or is going out in another process, is left alone.
    """
    rows = Delivery.objects.filter(pk__in=list(delivery_ids), state__in=POSTABLE)
    rows = rows.select_related("task__assignee", "broadcast", "group").prefetch_related(
        "group__stewardships__user"
    )
    by_person: dict[Any, list[Delivery]] = defaultdict(list)
    for row in rows.order_by("pk"):
        person = row.poster if _take(row) else None
        if person is not None and person.is_active and person.email:
            by_person[person].append(row)
    return _mail(by_person) if by_person else 0


def ask_again(now: datetime) -> None:
    """Mails that were asked for while the broker was away; those of hours ago remind of nothing."""
    lost = PostingTask.objects.filter(mail_wanted_at__lt=now - LOST_AFTER, mail_wanted_at__gt=now - WORTH_FOR)
    ids = list(
        lost.filter(delivery__state__in=POSTABLE).order_by("pk").values_list("pk", flat=True)[:MAILS_ASKED]
    )
    if ids:
        hint(tasks.mail_posters, ids)


def _take(row: Delivery) -> bool:
    """Whether this call is the one that mails about the row."""
    wanted = PostingTask.objects.filter(pk=row.pk, mail_wanted_at__isnull=False)
    return wanted.update(mail_wanted_at=None) == 1


def _mail(by_person: Mapping[Any, list[Delivery]]) -> int:
    sent = 0
    try:
        with mail.get_connection() as connection:
            for person, rows in by_person.items():
                sent += deliver(_letter(person.email, rows, connection)) == SENT
    except OSError as error:
        # The reminder stands on the person's page; a mail server that is away must not repeat it for hours.
        logger.warning("reminders_not_mailed: %s, %s sent", type(error).__name__, sent)
    return sent


def _letter(address: str, rows: list[Delivery], connection: Any) -> mail.EmailMessage:
    lines = [f"- {row.broadcast.code}: {row.group.name}" for row in rows]
    where = _("Xin đăng bài vào các nhóm sau rồi xác nhận tại %(url)s") % {
        "url": settings.PUBLIC_URL + reverse("desk:posting")
    }
    subject = _("Bài cần đăng vào %(n)d nhóm") % {"n": len(rows)}
    body = "\n".join([where, "", *lines])
    return mail.EmailMessage(subject, body, to=[address], connection=connection)
