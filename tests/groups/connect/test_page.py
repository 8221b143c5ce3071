"""The page of a connection: what it asks to prepare, for whom, and what it never shows."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from groups.admin.accounts_connect import SESSION_KEY
from groups.enums import AccountState, Role
from groups.models import OfficialAccount
from groups.zalo import events
from tests.clients import browser_of
from tests.factories import make_user
from tests.groups.connect.consent import CALLBACK, page_of

pytestmark = pytest.mark.django_db


def test_page_says_what_to_prepare_and_never_shows_a_secret(account, zalo, browser):
    OfficialAccount.objects.update(app_secret="app-secret-x", oa_secret="")
    page = browser.get(page_of(account)).content.decode()
    for words in (CALLBACK, "http://testserver/zalo/webhook/", account.oa_id, "Chưa có", "Kết nối với Zalo"):
        assert words in page
    assert "app-secret-x" not in page


def test_page_names_every_event_that_somebody_reads_and_no_other(account, browser):
    page = browser.get(page_of(account)).content.decode()
    named = {name for names in events.TO_TICK for name in names}
    assert named >= events.READ | {"user_send_text", "user_send_location", "oa_send_group_link"}
    assert all(events.is_read(name) and name in page for name in named)


VERIFIER = "SeEEB8ES51jdZCu-hOfK5MQ3rGwAyW9I_pW"


def test_page_says_how_the_domain_is_proven(account, browser, settings):
    assert "ZALO_VERIFIER_CODES" in browser.get(page_of(account)).content.decode()
    settings.ZALO_VERIFIER_CODES = [VERIFIER]
    page = browser.get(page_of(account)).content.decode()
    assert f"http://testserver/zalo_verifier{VERIFIER}.html" in page and "ZALO_VERIFIER_CODES" not in page


def test_domain_is_proven_to_anybody_with_our_codes_only(zalo, settings, client):
    settings.ZALO_VERIFIER_CODES = [VERIFIER]
    response = client.get(f"/zalo_verifier{VERIFIER}.html")
    assert response.status_code == 200 and f'content="{VERIFIER}"' in response.content.decode()
    assert "zalo-platform-site-verification" in response.content.decode()
    for other in ("another", f"{VERIFIER}x", ""):
        assert client.get(f"/zalo_verifier{other}.html").status_code == 404


def test_page_without_app_secret_offers_no_button(account, browser):
    OfficialAccount.objects.update(app_secret="")
    to_zalo = reverse("admin:groups_officialaccount_to_zalo", args=[account.pk])
    assert to_zalo not in browser.get(page_of(account)).content.decode()
    assert browser.get(to_zalo).url == page_of(account)


@pytest.mark.parametrize(
    ("role", "page", "button"),
    [
        (Role.ADMINISTRATOR, 200, 302),
        (Role.SUPERVISOR, 200, 403),
        (Role.AUDITOR, 200, 403),
        (Role.CHIEF, 302, 302),
        (Role.RELAY, 302, 302),
    ],
)
def test_only_administrators_of_the_unit_are_sent_to_zalo(account, area, role, page, button):
    browser = browser_of(make_user(role, area.province))
    assert browser.get(page_of(account)).status_code == page
    response = browser.get(reverse("admin:groups_officialaccount_to_zalo", args=[account.pk]))
    assert response.status_code == button
    assert (SESSION_KEY in browser.session) == (role == Role.ADMINISTRATOR)


def test_account_of_another_province_does_not_exist(account, area):
    browser = browser_of(make_user(Role.ADMINISTRATOR, area.other_province))
    assert browser.get(page_of(account)).status_code == 404
    to_zalo = reverse("admin:groups_officialaccount_to_zalo", args=[account.pk])
    assert browser.get(to_zalo).status_code == 404


def test_new_account_leads_to_its_connection(area, browser):
    data = {
        "unit": area.commune_a.pk,
        "name": "OA Minh Tân",
        "oa_id": "4700000000000000009",
        "app_id": "3100000000000000009",
        "rate_per_minute": "100",
        "new_app_secret": "app-secret-9",
        "new_oa_secret": "oa-secret-9",
    }
    response = browser.post(reverse("admin:groups_officialaccount_add"), data)
    made = OfficialAccount.objects.get()
    assert response.url == page_of(made)
    assert made.state == AccountState.NEEDS_GRANT


def chain(browser, account) -> str:
    return browser.get(page_of(account)).content.decode()


def test_chain_of_renewals_is_told_in_words(account, browser):
    assert "Cần người quản trị OA cấp quyền" in chain(browser, account)
    account.state, account.tokens_at = AccountState.ACTIVE, timezone.now()
    account.access_expires_at = account.tokens_at + timedelta(hours=24)
    account.save()
    assert "Tự làm mới sau" in chain(browser, account)
    account.tokens_at -= timedelta(hours=14)
    account.access_expires_at -= timedelta(hours=14)
    account.save()
    assert "Lẽ ra đã làm mới" in chain(browser, account)
