"""Mails that tell staff there is something to do, and never a word of it: numbers and an address."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass

from django.conf import settings
from django.core import mail
from django.utils.translation import gettext as _

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Letter:
    """One mail. ``path`` leads to the page, behind the log-in, that tells the rest."""

    subject: str
    text: str
    path: str


def send(letters: Mapping[str, Letter]) -> set[str]:
    """Send each letter to its address; returns the addresses that were served. A server away is logged."""
    sent: set[str] = set()
    try:
        with mail.get_connection() as connection:
            for address, letter in sorted(letters.items()):
                where = _("Xem tại: %(url)s") % {"url": settings.PUBLIC_URL + letter.path}
                body = f"{letter.text}\n\n{where}\n"
                message = mail.EmailMessage(letter.subject, body, to=[address], connection=connection)
                if message.send(fail_silently=False):
                    sent.add(address)
    except (OSError, ValueError) as error:
        logger.warning("letter_not_sent: %s", type(error).__name__)
    return sent
