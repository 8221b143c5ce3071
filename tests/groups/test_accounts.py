"""Connecting official accounts: by command, by an administrator, and again."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from groups.enums import AccountState, Role
from groups.models import OfficialAccount
from groups.services.accounts import connect_account, grant_again
from groups.zalo.oauth import TokenPair
from portal.audit.models import AuditEntry
from portal.errors import NotAllowedError
from tests.factories import OfficialAccountFactory, make_user

pytestmark = pytest.mark.django_db
SECRETS = {
    "oa_id": "4700000000000000001",
    "app_id": "1000000000000000001",
    "app_secret": "app-secret-1",
    "oa_secret": "oa-secret-1",
    "access_token": "at-1",
    "refresh_token": "rt-1",
}


def arguments(**changes) -> list[str]:
    values = {"unit": "D6801", **SECRETS, **changes}
    return [part for name, value in values.items() for part in (f"--{name.replace('_', '-')}", str(value))]


def test_command_connects_an_account_with_encrypted_secrets(area):
    call_command("connect_oa", *arguments(rate=300, expires_at="2026-11-25T08:00:00+07:00"))
    account = OfficialAccount.objects.get()
    assert {name: getattr(account, name) for name in SECRETS} == SECRETS
    assert (account.unit, account.rate_per_minute, account.state) == (area.commune_a, 300, "active")
    assert account.access_expires_at.isoformat() == "2026-11-25T01:00:00+00:00"
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT app_secret, oa_secret, access_token, refresh_token FROM groups_officialaccount"
        )
        stored = "".join(cursor.fetchone())
    assert not any(SECRETS[name] in stored for name in ("app_secret", "oa_secret", "access_token"))


def test_command_again_replaces_secrets_and_revives_the_account(area):
    call_command("connect_oa", *arguments(rate=300, name="OA Minh Tân"))
    OfficialAccount.objects.update(state=AccountState.NEEDS_GRANT, last_error="x")
    call_command("connect_oa", *arguments(access_token="at-2", refresh_token="rt-2"))
    account = OfficialAccount.objects.get()
    assert (account.access_token, account.state, account.last_error) == ("at-2", "active", "")
    assert (account.rate_per_minute, account.name) == (300, "OA Minh Tân")


def test_command_without_expiry_lets_the_token_be_renewed_soon(area):
    call_command("connect_oa", *arguments())
    assert OfficialAccount.objects.get().access_expires_at <= timezone.now() + timedelta(hours=1)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"unit": "99"}, "Không có đơn vị mã 99"),
        ({"rate": 0}, "rate"),
        ({"access_token": "a\nb"}, "access_token"),
        ({"oa_id": "4" * 41}, "oa_id"),
        ({"expires_at": "mai"}, "--expires-at"),
    ],
)
def test_command_with_a_bad_value_says_which(area, changes, words):
    with pytest.raises(CommandError, match=words):
        call_command("connect_oa", *arguments(**changes))
    assert not OfficialAccount.objects.exists()


def test_connect_an_account_of_another_unit_is_refused(area):
    OfficialAccountFactory(unit=area.commune_b, oa_id=SECRETS["oa_id"])
    with pytest.raises(ValidationError):
        connect_account(area.commune_a, **SECRETS, by=None)


@pytest.mark.parametrize("role", [Role.CHIEF, Role.SUPERVISOR, Role.AUDITOR])
def test_connect_by_anybody_but_an_administrator_is_refused(area, role):
    with pytest.raises(NotAllowedError):
        connect_account(area.commune_a, **SECRETS, by=make_user(role, area.province))


def test_grant_again_puts_the_account_back_into_service(area):
    admin = make_user(Role.ADMINISTRATOR, area.province)
    account = OfficialAccountFactory(unit=area.commune_a, state=AccountState.NEEDS_GRANT)
    grant_again(account, pair=TokenPair("at-9", "rt-9", 90_000), by=admin)
    account.refresh_from_db()
    assert (account.state, account.access_token) == (AccountState.ACTIVE, "at-9")
    assert account.granted_at == account.tokens_at > timezone.now() - timedelta(minutes=1)
    entry = AuditEntry.objects.get(action="groups.account.connected")
    assert (entry.actor, entry.data) == (admin, {"oa_id": account.oa_id})
