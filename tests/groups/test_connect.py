"""Connecting an account through Zalo's consent, with the simulator as Zalo; and every way it can go wrong."""

import time
import urllib.request
from datetime import timedelta
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from groups.admin.accounts_connect import SESSION_KEY
from groups.enums import AccountState, Role
from groups.models import OfficialAccount
from groups.services import connecting
from groups.zalo import events
from groups.zalo.simulator.server import SimulatorThread
from groups.zalo.simulator.state import World
from portal.audit.models import AuditEntry
from tests.factories import OfficialAccountFactory, make_area, make_user

pytestmark = pytest.mark.django_db
TOKEN_PATH = "/v4/oa/access_token"
CALLBACK = "http://testserver/zalo/callback/"
VECTOR = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"


class StaysHere(urllib.request.HTTPRedirectHandler):
    """Redirects are looked at, not followed."""

    def redirect_request(self, *args, **options):
        return None


@pytest.fixture(scope="module")
def running():
    with SimulatorThread(World(seed=1)) as simulator:
        yield simulator


@pytest.fixture
def zalo(running, settings):
    running.control("POST", "reset", {})
    settings.ZALO_OAUTH_URL = settings.ZALO_API_URL = running.url
    settings.PUBLIC_URL = "http://testserver"
    return running


@pytest.fixture
def area():
    return make_area()


@pytest.fixture
def account(area, zalo):
    """An account that waits for its grant, known to the simulator."""
    account = OfficialAccountFactory(
        unit=area.commune_a, state=AccountState.NEEDS_GRANT, access_token="", refresh_token=""
    )
    about = {"oa_id": account.oa_id, "app_id": account.app_id, "app_secret": account.app_secret}
    zalo.control("POST", "oas", {**about, "callback_url": CALLBACK})
    return account


@pytest.fixture
def administrator(area):
    return make_user(Role.ADMINISTRATOR, area.province)


@pytest.fixture
def browser_of():
    def log_in(user) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return log_in


@pytest.fixture
def browser(browser_of, administrator) -> Client:
    return browser_of(administrator)


def page_of(account) -> str:
    return reverse("admin:groups_officialaccount_connect", args=[account.pk])


def start(browser, account) -> dict[str, str]:
    """Press the button; returns what Zalo is asked."""
    response = browser.get(reverse("admin:groups_officialaccount_to_zalo", args=[account.pk]))
    assert response.status_code == 302
    return {name: values[0] for name, values in parse_qs(urlsplit(response.url).query).items()}


def consent(zalo, asked: dict[str, str], oa_id: str, decision: str = "approve") -> dict[str, str]:
    """Decide at Zalo; returns what the browser is sent back with."""
    form = urlencode({**asked, "oa_id": oa_id, "decision": decision}).encode()
    opener = urllib.request.build_opener(StaysHere)
    try:
        opener.open(f"{zalo.url}/v4/oa/permission", form, timeout=10)
    except urllib.error.HTTPError as answer:
        location = answer.headers["Location"]
    assert location.startswith(asked["redirect_uri"])
    return {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}


def come_back(browser, answer: dict[str, str]):
    return browser.get("/zalo/callback/", answer)


def exchanges(zalo) -> int:
    return sum(zalo.control("GET", "stats")["calls"].get(TOKEN_PATH, {}).values())


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


def refused(browser, account, answer: dict[str, str]) -> str:
    """The page of an attempt that must fail and leave the account as it was."""
    before = OfficialAccount.objects.values_list("state", "refresh_token", "granted_at").get(pk=account.pk)
    response = come_back(browser, answer)
    after = OfficialAccount.objects.values_list("state", "refresh_token", "granted_at").get(pk=account.pk)
    assert response.status_code == 400 and before == after
    return response.content.decode()


def test_answer_with_a_wrong_state_is_refused_and_uses_the_attempt_up(account, zalo, browser):
    answer = consent(zalo, start(browser, account), account.oa_id)
    assert "phiên làm việc hiện tại" in refused(browser, account, {**answer, "state": "x" * 43})
    assert "phiên làm việc hiện tại" in refused(browser, account, answer)
    assert exchanges(zalo) == 0


def test_answer_in_another_session_is_refused(account, zalo, browser, browser_of, area):
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
def test_only_administrators_of_the_unit_are_sent_to_zalo(account, area, browser_of, role, page, button):
    browser = browser_of(make_user(role, area.province))
    assert browser.get(page_of(account)).status_code == page
    response = browser.get(reverse("admin:groups_officialaccount_to_zalo", args=[account.pk]))
    assert response.status_code == button
    assert (SESSION_KEY in browser.session) == (role == Role.ADMINISTRATOR)


def test_account_of_another_province_does_not_exist(account, area, browser_of):
    browser = browser_of(make_user(Role.ADMINISTRATOR, area.other_province))
    assert browser.get(page_of(account)).status_code == 404
    to_zalo = reverse("admin:groups_officialaccount_to_zalo", args=[account.pk])
    assert browser.get(to_zalo).status_code == 404


def test_answer_without_the_second_factor_is_sent_to_prove_it(account, zalo, browser, settings):
    answer = consent(zalo, start(browser, account), account.oa_id)
    settings.REQUIRE_SECOND_FACTOR = True
    response = come_back(browser, answer)
    assert response.status_code == 302 and "/tai-khoan/xac-thuc/" in response.url
    assert exchanges(zalo) == 0


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
