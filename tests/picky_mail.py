"""A mail server that looks at addresses."""

from smtplib import SMTPRecipientsRefused, SMTPServerDisconnected

from django.core.mail.backends.locmem import EmailBackend as LocmemBackend
from django.core.mail.message import sanitize_address


class PickyBackend(LocmemBackend):
    """Looks at addresses as SMTP does; knows no ``gone``, and asks to come back with ``later``."""

    answers = {"gone": (550, b"unknown user"), "later": (450, b"try again")}

    def send_messages(self, messages):
        for message in messages:
            sanitize_address(message.to[0], "utf-8")
            name = message.to[0].partition("@")[0]
            if name in self.answers:
                raise SMTPRecipientsRefused({message.to[0]: self.answers[name]})
        return super().send_messages(messages)


class BusyBackend(LocmemBackend):
    """Takes one letter by each connection and hangs up before the next."""

    taken = 0

    def send_messages(self, messages):
        if self.taken:
            raise SMTPServerDisconnected("please run connect() first")
        self.taken = 1
        return super().send_messages(messages)

    def close(self):
        self.taken = 0


class SilentBackend(LocmemBackend):
    """Hangs up on everybody at once."""

    def send_messages(self, messages):
        raise SMTPServerDisconnected("Connection unexpectedly closed")
