"""Sessions and API tokens: how long they last, and what is forgotten of them."""

import io
import re
import time
from datetime import timedelta

import pytest
import time_machine
from axes.models import AccessAttempt, AccessLog
from django.contrib.sessions.models import Session
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone
from knox.models import AuthToken

from portal.accounts.models import User
from portal.accounts.tasks import forget_past_logins
from tests.portal.accounts.logins import LOGIN, actions, log_in

pytestmark = pytest.mark.django_db


def test_session_left_alone_ends(client: Client, officer: User):
    client.force_login(officer)
    with time_machine.travel(time.time()) as traveller:
        assert client.get("/tai-khoan/mat-khau/").status_code == 200
        traveller.shift(29 * 60)
        assert client.get("/tai-khoan/mat-khau/").status_code == 200
        traveller.shift(31 * 60)
        assert client.get("/tai-khoan/mat-khau/")["Location"].startswith(LOGIN)


def test_session_in_use_ends_after_half_a_day(client: Client, officer: User):
    client.force_login(officer)
    with time_machine.travel(time.time()) as traveller:
        statuses = []
        for _ in range(27):
            statuses.append(client.get("/tai-khoan/mat-khau/").status_code)
            traveller.shift(28 * 60)
    assert (statuses[:25], statuses[26]) == ([200] * 25, 302)


def test_addresses_of_failed_logins_are_forgotten_after_a_day(client: Client, officer: User, settings):
    settings.AXES_ENABLED = True
    with time_machine.travel(time.time() - 25 * 3600, tick=False):
        log_in(client, "wrong", REMOTE_ADDR="198.51.100.7")
    log_in(client, "wrong", REMOTE_ADDR="203.0.113.5")
    AccessLog.objects.create(username="officer", ip_address="198.51.100.8")
    AccessLog.objects.update(attempt_time=timezone.now() - timedelta(hours=25))
    forget_past_logins()
    assert list(AccessAttempt.objects.values_list("ip_address", flat=True)) == ["203.0.113.5"]
    assert not AccessLog.objects.exists()


def test_ended_sessions_are_forgotten(client: Client, officer: User):
    with time_machine.travel(time.time() - 13 * 3600):
        client.force_login(officer)
    Client().force_login(officer)
    forget_past_logins()
    assert Session.objects.count() == 1


def test_disabled_account_is_out_with_its_next_request(client: Client, officer: User):
    client.force_login(officer)
    User.objects.filter(pk=officer.pk).update(is_active=False)
    assert client.get("/tai-khoan/mat-khau/").status_code == 302


def test_api_token_command_prints_only_a_token_that_works(officer: User):
    out = io.StringIO()
    call_command("create_api_token", "officer", stdout=out)
    token = out.getvalue().strip()
    assert re.fullmatch(r"\S{32,}", token)
    assert token not in {row.digest for row in AuthToken.objects.all()}
    from knox.auth import TokenAuthentication

    user, _row = TokenAuthentication().authenticate_credentials(token.encode())
    assert (user, actions()) == (officer, ["accounts.api_token.created"])


@pytest.mark.parametrize("username", ["nobody", "disabled"])
def test_api_token_command_for_nobody_fails(username: str):
    User.objects.create_user("disabled", is_active=False)
    with pytest.raises(CommandError, match=username):
        call_command("create_api_token", username)
