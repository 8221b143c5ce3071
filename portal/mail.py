"""Handing letters to the mail server, and what became of each. Logs say why one did not go, never to whom."""

import logging
from smtplib import SMTPDataError, SMTPRecipientsRefused, SMTPServerDisconnected

from django.core.mail import EmailMessage

# REFUSED: asking again changes nothing. Any other error says that the mail server cannot be talked to now.
SENT, REFUSED, DEFERRED = "sent", "refused", "deferred"
logger = logging.getLogger(__name__)


def deliver(message: EmailMessage) -> str:
    """Hand over one letter by its own connection. An address that is refused concerns nobody else.

    One that was hung up meanwhile is opened once more. Raises OSError when the mail server is away.
    """
    try:
        return _hand_over(message)
    except SMTPServerDisconnected:
        message.connection.close()
        return _hand_over(message)


def _hand_over(message: EmailMessage) -> str:
    try:
        message.send()
    except SMTPRecipientsRefused as error:
        codes = [code for code, _text in error.recipients.values()]
    except SMTPDataError as error:
        codes = [error.smtp_code]
    except ValueError:  # UnicodeError is one too
        codes = []
    else:
        return SENT
    # Some servers hang up on who names a wrong address: the next letter gets a connection of its own.
    message.connection.close()
    answer = DEFERRED if codes and max(codes) < 500 else REFUSED
    logger.warning("mail_%s: %s", answer, codes or "address")
    return answer
