"""Connecting an account through Zalo's consent, with the simulator as Zalo; and every way it can go wrong."""

import time
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from groups.admin.accounts_connect import SESSION_KEY
from groups.enums import AccountState, Role
from groups.models import OfficialAccount
from groups.services import connecting
from portal.audit.models import AuditEntry
from tests.clients import browser_of
from tests.factories import make_user
from tests.groups.connect.consent import (
    CALLBACK,
    TOKEN_PATH,
    come_back,
    consent,
    exchanges,
    page_of,
    refused,
    start,
)

pytestmark = pytest.mark.django_db
VECTOR = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"


def test_administrator_connects_an_account_through_zalos_page(account, zalo, browser, administrator):
    asked = start(browser, account)
    assert asked["app_id"] == account.app_id and asked["redirect_uri"] == CALLBACK
    assert len(asked["state"]) >= 32 and len(asked["code_challenge"]) == 43
    response = come_back(browser, consent(zalo, asked, account.oa_id))
    assert response.status_code == 302 and response.url == page_of(account)
    account.refresh_from_db()
    assert (account.state, bool(account.refresh_token)) == (AccountState.ACTIVE, True)
    assert account.granted_at > timezone.now() - timedelta(minutes=1)
    entry = AuditEntry.objects.get(action="groups.account.connected")
    assert (entry.actor, entry.unit_path) == (administrator, account.unit.path)
    assert "Đã kết nối" in browser.get(page_of(account)).content.decode()


def test_every_attempt_has_its_own_state_and_challenge(account, browser):
    first, second = start(browser, account), start(browser, account)
    assert first["state"] != second["state"]
    assert first["code_challenge"] != second["code_challenge"]


def test_fixed_verifier_is_used_for_every_attempt_and_its_challenge_is_shown(
    account, zalo, browser, settings
):
    settings.ZALO_CODE_VERIFIER = VECTOR
    challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
    assert challenge in browser.get(page_of(account)).content.decode()
    asked = start(browser, account)
    assert asked["code_challenge"] == challenge
    assert come_back(browser, consent(zalo, asked, account.oa_id)).status_code == 302


def test_state_serves_once(account, zalo, browser):
    answer = consent(zalo, start(browser, account), account.oa_id)
    come_back(browser, answer)
    response = come_back(browser, answer)
    assert response.status_code == 400
    assert "đã dùng rồi" in response.content.decode()
    assert exchanges(zalo) == 1


def test_answer_with_a_wrong_state_is_refused_and_uses_the_attempt_up(account, zalo, browser):
    answer = consent(zalo, start(browser, account), account.oa_id)
    assert "phiên làm việc hiện tại" in refused(browser, account, {**answer, "state": "x" * 43})
    assert "phiên làm việc hiện tại" in refused(browser, account, answer)
    assert exchanges(zalo) == 0


def test_answer_in_another_session_is_refused(account, zalo, browser, area):
    answer = consent(zalo, start(browser, account), account.oa_id)
    other = browser_of(make_user(Role.ADMINISTRATOR, area.province))
    assert "phiên làm việc hiện tại" in refused(other, account, answer)
    assert exchanges(zalo) == 0


def test_answer_without_a_session_asks_to_log_in(account, zalo, browser):
    answer = consent(zalo, start(browser, account), account.oa_id)
    response = come_back(Client(), answer)
    assert response.status_code == 403
    page = response.content.decode()
    assert "Phiên làm việc đã hết" in page and account.name not in page


def test_answer_after_ten_minutes_is_refused(account, zalo, browser):
    answer = consent(zalo, start(browser, account), account.oa_id)
    session = browser.session
    session[SESSION_KEY] = {**session[SESSION_KEY], "started_at": time.time() - 601}
    session.save()
    assert "quá 10 phút" in refused(browser, account, answer)


def test_grant_for_another_account_is_refused_by_its_id(account, zalo, browser):
    other = {"oa_id": "999", "app_id": account.app_id, "app_secret": account.app_secret}
    zalo.control("POST", "oas", other)
    page = refused(browser, account, consent(zalo, start(browser, account), "999"))
    assert "OA 999" in page and account.oa_id in page
    assert exchanges(zalo) == 0


def test_grant_for_another_account_is_refused_though_the_address_claims_ours(account, zalo, browser):
    other = {"oa_id": "999", "app_id": account.app_id, "app_secret": account.app_secret}
    zalo.control("POST", "oas", other)
    answer = consent(zalo, start(browser, account), "999")
    page = refused(browser, account, {**answer, "oa_id": account.oa_id})
    assert "OA 999" in page


def test_refusal_at_zalo_is_explained(account, browser):
    asked = start(browser, account)
    page = refused(browser, account, {"state": asked["state"], "error_code": "-14010"})
    assert "đã từ chối" in page and "-14010" in page
    entry = AuditEntry.objects.get(action="groups.account.connect_failed")
    assert entry.data == {"code": -14010}


@pytest.mark.parametrize(
    ("change", "code", "words"),
    [
        ({"app_id": "another"}, "-14002", "mã ứng dụng"),
        ({"app_secret": "another"}, "-14004", "khóa bí mật"),
    ],
)
def test_wrong_app_is_named_with_its_remedy(account, zalo, browser, change, code, words):
    answer = consent(zalo, start(browser, account), account.oa_id)
    OfficialAccount.objects.filter(pk=account.pk).update(**change)
    page = refused(browser, account, answer)
    assert code in page and words in page


def test_spent_code_is_explained(account, browser):
    asked = start(browser, account)
    page = refused(browser, account, {"state": asked["state"], "oa_id": account.oa_id, "code": "old"})
    assert "không nhận mã" in page and "-14005" in page and "một lần, trong 10 phút" in page


def test_lost_answer_is_explained(account, zalo, browser):
    answer = consent(zalo, start(browser, account), account.oa_id)
    zalo.control("POST", "faults", {"kind": "reset_after", "path": TOKEN_PATH, "times": 1})
    assert "bị mất trên đường" in refused(browser, account, answer)


def test_zalo_out_of_reach_is_explained(account, zalo, browser, settings):
    answer = consent(zalo, start(browser, account), account.oa_id)
    settings.ZALO_OAUTH_URL = "http://127.0.0.1:9"
    assert "chưa kết nối được tới Zalo" in refused(browser, account, answer)


def test_state_agency_is_warned_about(account, zalo, browser):
    zalo.control("POST", "oas", {"oa_id": account.oa_id, "oa_type": 4})
    come_back(browser, consent(zalo, start(browser, account), account.oa_id))
    assert "Cơ quan nhà nước" in browser.get(page_of(account)).content.decode()


PROFILE_PATH = "/v2.0/oa/getoa"


@pytest.fixture
def hurried(monkeypatch):
    monkeypatch.setattr(connecting, "SECOND_TRY_SECONDS", 0.01)


@pytest.mark.parametrize(
    ("fault", "step"),
    [
        ({"kind": "reset_before"}, "Chờ vài phút"),
        ({"kind": "no_data"}, "Chờ vài phút"),
        ({"kind": "error", "code": -212}, "Quản lý thông tin OA"),
    ],
)
def test_pair_whose_owner_zalo_does_not_tell_is_not_stored(account, zalo, browser, hurried, fault, step):
    answer = consent(zalo, start(browser, account), account.oa_id)
    zalo.control("POST", "faults", {**fault, "path": PROFILE_PATH, "times": 9})
    page = refused(browser, account, answer)
    assert "không được lưu" in page and step in page
    account.refresh_from_db()
    assert (account.access_token, account.state) == ("", AccountState.NEEDS_GRANT)


def test_owner_that_zalo_tells_at_the_second_try_is_believed(account, zalo, browser, hurried):
    zalo.control("POST", "faults", {"kind": "reset_before", "path": PROFILE_PATH, "times": 1})
    come_back(browser, consent(zalo, start(browser, account), account.oa_id))
    account.refresh_from_db()
    assert account.state == AccountState.ACTIVE


def no_call_left(account_id, calls, **about) -> int:
    return 0


def test_owner_is_asked_for_in_a_full_minute_too(account, zalo, browser, settings):
    settings.ACCOUNT_CALL_BUDGET = f"{__name__}.no_call_left"
    come_back(browser, consent(zalo, start(browser, account), account.oa_id))
    account.refresh_from_db()
    assert account.state == AccountState.ACTIVE
    assert sum(zalo.control("GET", "stats")["calls"][PROFILE_PATH].values()) == 1


def test_administrator_whose_posting_ended_meanwhile_is_refused(account, zalo, browser, administrator):
    answer = consent(zalo, start(browser, account), account.oa_id)
    administrator.postings.update(valid_to=timezone.localdate())
    assert come_back(browser, answer).status_code == 403
    assert exchanges(zalo) == 0


def test_answer_without_the_second_factor_is_sent_to_prove_it(account, zalo, browser, settings):
    answer = consent(zalo, start(browser, account), account.oa_id)
    settings.REQUIRE_SECOND_FACTOR = True
    response = come_back(browser, answer)
    assert response.status_code == 302 and "/tai-khoan/xac-thuc/" in response.url
    assert exchanges(zalo) == 0
