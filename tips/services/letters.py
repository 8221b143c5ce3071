"""Mails that tell staff there is something to do, and never a word of it: numbers and an address."""

import datetime
import logging
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core import mail
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from portal.mail import DEFERRED, SENT, deliver

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Letter:
    """One mail. ``path`` leads to the page, behind the log-in, that tells the rest."""

    subject: str
    text: str
    path: str


def send(letters: Mapping[str, Letter]) -> dict[str, str]:
    """Send each letter to its address; returns what became of it, ``SENT``, ``REFUSED`` or ``DEFERRED``.

    An address that is refused keeps no letter from anybody else; a server that is away is logged.
    """
    became = dict.fromkeys(letters, DEFERRED)
    try:
        with mail.get_connection() as connection:
            for address, letter in sorted(letters.items()):
                where = _("Xem tại: %(url)s") % {"url": settings.PUBLIC_URL + letter.path}
                body = f"{letter.text}\n\n{where}\n"
                message = mail.EmailMessage(letter.subject, body, to=[address], connection=connection)
                became[address] = deliver(message)
    except OSError as error:
        logger.warning("letter_not_sent: %s", type(error).__name__)
    return became


def send_once(
    rows: QuerySet[Any],
    *,
    people: Callable[[Any], list[Any]],
    letter: Callable[[int], Letter],
    now: datetime.datetime,
) -> int:
    """One letter a person about all of ``rows`` that wait (``mailed_at`` None); returns how many went out.

    ``people`` says whom a row is for, ``letter`` takes how many there are. Each row goes out once, whoever
    runs this twice; what the mail server could not take now is tried again next time.
    """
    table = rows.model.objects
    mine = [row for row in rows if table.filter(pk=row.pk, mailed_at=None).update(mailed_at=now)]
    wanted = {row.pk: {user.email for user in people(row) if user.email} for row in mine}
    numbers = Counter(address for addresses in wanted.values() for address in addresses)
    became = send({address: letter(number) for address, number in numbers.items()}) if numbers else {}
    waiting = [pk for pk, addresses in wanted.items() if {became[one] for one in addresses} == {DEFERRED}]
    table.filter(pk__in=waiting).update(mailed_at=None)
    return list(became.values()).count(SENT)
