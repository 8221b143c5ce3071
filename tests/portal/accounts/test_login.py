"""Log-in and log-out: what the person sees, what an intruder does not get."""

import re
from datetime import UTC, datetime

import pytest
import time_machine
from django.conf import settings as django_settings
from django.contrib.sessions.models import Session
from django.test import Client

from portal.accounts.models import User
from tests.portal.accounts.logins import LOGIN, PASSWORD, actions, log_in

pytestmark = pytest.mark.django_db


def test_login_right_password_opens_the_desk(client: Client, officer: User):
    response = log_in(client)
    assert (response.status_code, response["Location"], actions()) == (
        302,
        "/can-bo/",
        ["accounts.user.logged_in"],
    )


def test_login_returns_to_where_one_was_going(client: Client, officer: User):
    response = client.post(f"{LOGIN}?next=/can-bo/tin/", {"username": "officer", "password": PASSWORD})
    assert response["Location"] == "/can-bo/tin/"


def test_login_never_leads_to_another_site(client: Client, officer: User):
    response = client.post(
        f"{LOGIN}?next=https://evil.example/", {"username": "officer", "password": PASSWORD}
    )
    assert response["Location"] == "/can-bo/"


def without_token(response) -> str:
    return re.sub(r'(csrfmiddlewaretoken" value=")[^"]+', r"\1", response.content.decode())


def test_login_says_the_same_for_unknown_wrong_and_disabled(client: Client, officer: User):
    wrong = client.post(LOGIN, {"username": "officer", "password": "wrong"})
    officer.is_active = False
    officer.save(update_fields=["is_active"])
    disabled = client.post(LOGIN, {"username": "officer", "password": PASSWORD})
    officer.delete()
    unknown = client.post(LOGIN, {"username": "officer", "password": "wrong"})
    assert without_token(wrong) == without_token(disabled) == without_token(unknown)
    assert "không đúng" in wrong.content.decode()


def test_login_changes_the_session_key(client: Client, officer: User):
    client.get(LOGIN)
    session = client.session
    session["before"] = 1
    session.save()
    client.cookies[django_settings.SESSION_COOKIE_NAME] = before = session.session_key
    log_in(client)
    assert client.session.session_key != before
    assert not Session.objects.filter(session_key=before).exists()


def test_login_many_wrong_passwords_pause_this_network_only(client: Client, officer: User, settings):
    settings.AXES_ENABLED = True
    answers = [log_in(client, "wrong", REMOTE_ADDR="198.51.100.7").status_code for _ in range(10)]
    locked = log_in(client, REMOTE_ADDR="198.51.100.7")
    elsewhere = log_in(client, REMOTE_ADDR="203.0.113.5")
    assert (answers[:9], locked.status_code, elsewhere.status_code) == ([200] * 9, 429, 302)
    assert locked["Retry-After"] == "900"
    assert "thử lại sau 15 phút" in locked.content.decode()


def try_accounts(client: Client, count: int, address: str = "198.51.100.7") -> list[int]:
    """One wrong password for each of ``count`` accounts: below every limit of a single account."""
    data = {"password": "wrong"}
    return [
        client.post(LOGIN, {"username": f"user{number}", **data}, REMOTE_ADDR=address).status_code
        for number in range(count)
    ]


def test_login_one_password_for_many_accounts_pauses_the_network(
    client: Client, officer: User, settings, monkeypatch
):
    settings.AXES_ENABLED = True
    monkeypatch.setattr("portal.accounts.networks.MOST_FAILURES", 5)
    with time_machine.travel(datetime(2026, 11, 21, 23, 50, tzinfo=UTC), tick=False) as traveller:
        assert try_accounts(client, 5) == [200] * 5
        neighbour, elsewhere = [log_in(client, REMOTE_ADDR=a) for a in ("198.51.100.9", "203.0.113.5")]
        traveller.shift(15 * 60)
        later = log_in(client, REMOTE_ADDR="198.51.100.9")
    assert (neighbour.status_code, elsewhere.status_code, later.status_code) == (429, 302, 302)
    assert neighbour["Retry-After"] == "600"
    assert "thử lại sau 10 phút" in neighbour.content.decode()


def test_login_of_a_whole_office_in_the_morning_is_not_paused(client: Client, officer: User):
    assert try_accounts(client, 20) == [200] * 20
    assert [log_in(client).status_code for _ in range(3)] == [302] * 3


def test_login_without_cache_still_works(client: Client, officer: User, settings):
    settings.CACHES = {
        "default": {"BACKEND": "portal.cache.TolerantRedisCache", "LOCATION": "redis://127.0.0.1:1/0"}
    }
    assert (try_accounts(client, 1), log_in(client).status_code) == ([200], 302)


def test_logout_needs_a_post_and_empties_the_browser(client: Client, officer: User):
    client.force_login(officer)
    assert client.get("/tai-khoan/dang-xuat/").status_code == 405
    response = client.post("/tai-khoan/dang-xuat/")
    assert (response.status_code, response["Location"], "_auth_user_id" in client.session) == (
        302,
        "/",
        False,
    )
    assert response["Clear-Site-Data"] == '"cache", "storage"'


def test_account_pages_are_kept_nowhere(client: Client):
    assert "no-store" in client.get(LOGIN)["Cache-Control"]


def test_admin_login_is_the_portal_login(client: Client):
    response = client.get("/admin/", follow=True)
    assert response.redirect_chain[-1][0].startswith(f"{LOGIN}?next=")


def test_admin_login_of_an_account_without_right_does_not_loop(client: Client, officer: User):
    client.force_login(officer)
    assert client.get("/admin/", follow=True).status_code == 403
