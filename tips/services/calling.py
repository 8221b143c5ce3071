"""Telling the people an urgent tip calls: a push to their devices, a mail to their address.

Neither says anything about the tip: not its kind, place, number or a word of it. That one
waits, and where to log in. What could not be delivered is tried again while the tip still waits.
"""

import datetime
import logging

from django.conf import settings
from django.core import mail
from django.core.mail.backends.base import BaseEmailBackend
from django.db.models import F, Q
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from portal.clock import minute
from portal.mail import DEFERRED, REFUSED, SENT, deliver
from tips.models import AlarmCall
from tips.services import push

MOST_TRIES = 8
# A process that claimed a call and died is not waited for longer than this.
CLAIM_LASTS = datetime.timedelta(seconds=40)
AT_ONCE = 100
logger = logging.getLogger(__name__)


def send_due(now: datetime.datetime) -> None:
    """Tell everybody who is called and has not been told. Pushes first: a mail server may be slow."""
    free = Q(tried_at=None) | Q(tried_at__lte=now - CLAIM_LASTS)
    due = AlarmCall.objects.filter(free, done_at=None, ended_at=None).select_related("user").order_by("pk")
    calls = [call for call in due[:AT_ONCE] if _claim(call, now)]
    if not calls:
        return
    pushed = push.ring({call.user_id for call in calls if call.pushed_at is None})
    mailed = _mail([call for call in calls if call.mailed_at is None])
    for call in calls:
        # Nothing to mail is like an address that is refused: nobody waits for it.
        _note(call, pushed.get(call.user_id, push.NOTHING), mailed.get(call.pk, REFUSED), now)


def _claim(call: AlarmCall, now: datetime.datetime) -> bool:
    """True for the one process that tells this person now."""
    row = AlarmCall.objects.filter(pk=call.pk, attempts=call.attempts, done_at=None, ended_at=None)
    return row.update(attempts=F("attempts") + 1, tried_at=now) == 1


def _note(call: AlarmCall, pushed: str, mailed: str, now: datetime.datetime) -> None:
    """Write down what went out; to the minute, as all moments of a tip."""
    at = minute(now)
    values: dict[str, datetime.datetime | None] = {}
    if pushed == push.RANG:
        values["pushed_at"] = at
    if mailed == SENT:
        values["mailed_at"] = at
    is_told = mailed != DEFERRED and pushed != push.FAILED
    if is_told or call.attempts + 1 >= MOST_TRIES:
        # When exactly it was tried only says when to try again.
        values |= {"done_at": at, "tried_at": None}
    if values:
        AlarmCall.objects.filter(pk=call.pk).update(**values)


def _mail(calls: list[AlarmCall]) -> dict[int, str]:
    """By call: what became of its mail. A server that is away is not asked again in the same pass."""
    found = {call.pk: DEFERRED for call in calls if call.user.email}
    if not found:
        return found
    try:
        with translation.override(settings.LANGUAGE_CODE), mail.get_connection() as connection:
            for call in calls:
                if call.pk in found:
                    found[call.pk] = deliver(_letter(call.user.email, connection))
    except OSError as error:
        logger.warning("urgent_mail_failed: %s", type(error).__name__)
    return found


def _letter(address: str, connection: BaseEmailBackend) -> mail.EmailMessage:
    body = _(
        "Có tin khẩn đang chờ đơn vị tiếp nhận. Xin đăng nhập để xem và tiếp nhận ngay:\n%(url)s\n\n"
        "Thư này không kèm nội dung tin. Nếu sau 5 phút chưa ai tiếp nhận, hệ thống báo chỉ huy đơn vị."
    ) % {"url": settings.PUBLIC_URL + reverse("desk:duty")}
    return mail.EmailMessage(_("Có tin khẩn đang chờ"), body, to=[address], connection=connection)
