"""Mails about alarms: at opening, when nobody looked for a while, at the end. One mail a person and pass.

They say what is wrong and where to look; never a word of a tip, a post or a token.
"""

import logging
from collections import defaultdict
from datetime import datetime, timedelta

from django.conf import settings
from django.core import mail
from django.core.mail.backends.base import BaseEmailBackend
from django.db.models import Q, QuerySet
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from broadcasts.models import Alarm
from groups.enums import Role
from groups.models import Posting
from groups.permissions import DECIDING_ROLES
from portal.mail import DEFERRED, SENT, deliver

logger = logging.getLogger(__name__)

ESCALATE_AFTER = timedelta(minutes=30)
# An end is news once the cause stayed away for this long: what flickers is one alarm and one mail.
CLOSING_AFTER = timedelta(minutes=15)
OPENING, ESCALATION, CLOSING = "opening", "escalation", "closing"
MOST_AT_ONCE = 200

# One part of one alarm: its opening, its escalation, its end.
News = tuple[Alarm, str]


def send_due(now: datetime) -> int:
    """Send what is due; returns the number of mails. A mail server that is away is asked again next time."""
    due = _due(now)
    claimed = [(alarm, part) for alarm, part in due if _claim(alarm, part, now)]
    if not claimed:
        return 0
    letters: dict[str, list[News]] = defaultdict(list)
    for alarm, part in claimed:
        for address in recipients(alarm, is_escalation=part == ESCALATION):
            letters[address].append((alarm, part))
    with translation.override(settings.LANGUAGE_CODE):
        return _send(letters)


def recipients(alarm: Alarm, *, is_escalation: bool = False) -> set[str]:
    """Addresses of those who must act: chiefs of the unit and administrators of it or above it.

    An escalation also goes to chiefs and supervisors above. For the whole system: administrators of the
    highest units. Who has no address in their account gets none.
    """
    postings = Posting.objects.open().filter(user__is_active=True).exclude(user__email="")
    if alarm.unit is None:
        return set(highest_administrators(postings).values_list("user__email", flat=True))
    codes = alarm.unit.path.rstrip("/").split("/")
    chain = ["/".join(codes[:end]) + "/" for end in range(1, len(codes) + 1)]
    wanted = Q(role=Role.CHIEF, unit=alarm.unit_id) | Q(role=Role.ADMINISTRATOR, unit__path__in=chain)
    if is_escalation:
        wanted |= Q(role__in=DECIDING_ROLES, unit__path__in=chain)
    return set(postings.filter(wanted).values_list("user__email", flat=True))


def highest_administrators(postings: QuerySet[Posting]) -> QuerySet[Posting]:
    """Administrators of the highest units; any administrators where those have none."""
    administrators = postings.filter(role=Role.ADMINISTRATOR)
    highest = administrators.filter(unit__parent=None)
    return highest if highest.exists() else administrators


def _due(now: datetime) -> list[News]:
    unseen = Alarm.objects.open().filter(acknowledged_at=None)
    wanted = {
        OPENING: Alarm.objects.open().filter(opening_mail_at=None),
        ESCALATION: unseen.filter(
            escalation_mail_at=None, opening_mail_at__isnull=False, opened_at__lte=now - ESCALATE_AFTER
        ),
        CLOSING: Alarm.objects.filter(
            closed_at__lte=now - CLOSING_AFTER, closing_mail_at=None, opening_mail_at__isnull=False
        ),
    }
    return [
        (alarm, part)
        for part, rows in wanted.items()
        for alarm in rows.select_related("unit").order_by("pk")[:MOST_AT_ONCE]
    ]


def _claim(alarm: Alarm, part: str, now: datetime) -> bool:
    """True for the one process that is to mail about this part of this alarm."""
    field = f"{part}_mail_at"
    rows = Alarm.objects.filter(pk=alarm.pk, closed_at=alarm.closed_at, **{field: None})
    return rows.update(**{field: now}) == 1


def _send(letters: dict[str, list[News]]) -> int:
    """Number of letters taken by the mail server. News that reached nobody yet is tried again next time."""
    waiting, told = dict(letters), set()
    sent = 0
    try:
        with mail.get_connection() as connection:
            for address, news in sorted(letters.items()):
                answer = deliver(_message(address, news, connection))
                if answer == SENT:
                    sent += 1
                    told.update(news)
                if answer != DEFERRED:
                    del waiting[address]
    except OSError as error:
        logger.warning("alarm_mail_failed: %s, %s sent", type(error).__name__, sent)
    finally:
        # Who was told is not to be told every minute because somebody else could not be.
        for alarm, part in {item for news in waiting.values() for item in news} - told:
            Alarm.objects.filter(pk=alarm.pk).update(**{f"{part}_mail_at": None})
    return sent


def _message(address: str, news: list[News], connection: BaseEmailBackend) -> mail.EmailMessage:
    context = {
        "opened": [alarm for alarm, part in news if part == OPENING],
        "escalated": [alarm for alarm, part in news if part == ESCALATION],
        "closed": [alarm for alarm, part in news if part == CLOSING],
        "url": settings.PUBLIC_URL + reverse("desk:alarms"),
    }
    body = render_to_string("broadcasts/alarm_mail.txt", context)
    first, part = news[0]
    subject = _("Hết cảnh báo: %(what)s") if part == CLOSING else _("Cảnh báo gửi bài: %(what)s")
    subject %= {"what": first.get_kind_display()}
    if len(news) > 1:
        subject += _(" (và %(count)d tin khác)") % {"count": len(news) - 1}
    return mail.EmailMessage(subject, body, to=[address], connection=connection)
