"""Mails to people who are to post: what waits, and where to do it. Never the text of a post."""

import logging
from collections import defaultdict
from collections.abc import Iterable
from smtplib import SMTPException
from typing import Any

from django.conf import settings
from django.core.mail import send_mail
from django.urls import reverse
from django.utils.translation import gettext as _

from broadcasts.enums import POSTABLE
from broadcasts.models import Delivery

logger = logging.getLogger(__name__)


def mail_posters(delivery_ids: Iterable[int]) -> int:
    """One mail to each person who is to post one of these rows and has an address; returns how many went."""
    rows = Delivery.objects.filter(pk__in=list(delivery_ids), state__in=POSTABLE)
    rows = rows.select_related("task__assignee", "broadcast", "group").prefetch_related(
        "group__stewardships__user"
    )
    by_person: dict[Any, list[Delivery]] = defaultdict(list)
    for row in rows.order_by("pk"):
        person = row.poster
        if person is not None and person.is_active and person.email:
            by_person[person].append(row)
    return sum(_mail(person, waiting) for person, waiting in by_person.items())


def _mail(person: Any, rows: list[Delivery]) -> int:
    lines = [f"- {row.broadcast.code}: {row.group.name}" for row in rows]
    body = _("Xin đăng bài vào các nhóm sau rồi xác nhận tại %(url)s") % {
        "url": settings.PUBLIC_URL + reverse("desk:posting")
    }
    subject = _("Bài cần đăng vào %(n)d nhóm") % {"n": len(rows)}
    try:
        return send_mail(subject, "\n".join([body, "", *lines]), None, [person.email])
    except (SMTPException, OSError) as error:
        # The reminder stands on the person's page; a mail server that is away must not repeat it for hours.
        logger.warning("reminder_not_mailed: %s", type(error).__name__)
        return 0
