"""Letters of one batch by one connection: what a server that hangs up may cost."""

import smtplib

import pytest
from django.core import mail

from portal.mail import SENT, deliver


def letters(connection) -> list[mail.EmailMessage]:
    addresses = ("an@example.test", "binh@example.test", "chi@example.test")
    return [mail.EmailMessage("Nhắc việc", "Xin xem.", to=[to], connection=connection) for to in addresses]


def test_server_that_hangs_up_between_letters_gets_all_of_them():
    with mail.get_connection("tests.picky_mail.BusyBackend") as connection:
        assert [deliver(letter) for letter in letters(connection)] == [SENT] * 3
    assert [message.to for message in mail.outbox] == [[f"{n}@example.test"] for n in ("an", "binh", "chi")]


def test_server_that_hangs_up_at_once_is_away():
    connection = mail.get_connection("tests.picky_mail.SilentBackend")
    with pytest.raises(smtplib.SMTPServerDisconnected):
        deliver(letters(connection)[0])
