"""Changing the password: it ends other sessions, leaves a trace, and is not easy to guess."""

import pytest
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.test import Client

from portal.accounts.models import User
from tests.portal.accounts.logins import PASSWORD, VERIFY, actions, broken, change_password, enrolled

pytestmark = pytest.mark.django_db


def test_password_change_ends_other_sessions(client: Client, officer: User):
    other = Client()
    other.force_login(officer)
    client.force_login(officer)
    assert change_password(client)["Location"] == "/can-bo/"
    assert (
        client.get("/tai-khoan/mat-khau/").status_code,
        other.get("/tai-khoan/mat-khau/").status_code,
    ) == (
        200,
        302,
    )
    assert "accounts.password.changed" in actions()


def test_password_change_that_leaves_no_trace_does_not_happen(client: Client, officer: User, monkeypatch):
    client.force_login(officer)
    monkeypatch.setattr("portal.accounts.views.record", broken)
    client.raise_request_exception = False
    assert change_password(client).status_code == 500
    officer.refresh_from_db()
    assert officer.check_password(PASSWORD)


def test_password_change_by_somebody_without_the_phone_is_refused(client: Client, officer: User):
    enrolled(officer)
    client.force_login(officer)
    answers = [client.get("/tai-khoan/mat-khau/"), change_password(client)]
    officer.refresh_from_db()
    assert ([answer["Location"] for answer in answers], officer.check_password(PASSWORD)) == (
        [f"{VERIFY}?next=/tai-khoan/mat-khau/"] * 2,
        True,
    )


@pytest.mark.parametrize(
    "password",
    ["congan123", "Công@n12345", "Zalo@2026!!", "matkhau12345", "12345678901", "An-Ninh-2026", "ngắn"],
)
def test_password_easy_to_guess_is_refused(officer: User, password: str):
    with pytest.raises(ValidationError):
        validate_password(password, officer)


@pytest.mark.parametrize("password", [PASSWORD, "x7#kQ9!mT2wP", "công an yêu hoa phượng 72"])
def test_password_hard_to_guess_is_taken(officer: User, password: str):
    validate_password(password, officer)
