"""Log-in, second factor, recovery codes, API tokens: what the person sees, what an intruder does not get."""

import io
import re
import time
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from axes.models import AccessAttempt, AccessLog
from django.conf import settings as django_settings
from django.contrib.auth.password_validation import validate_password
from django.contrib.sessions.models import Session
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone
from django_otp.oath import totp
from django_otp.plugins.otp_static.models import StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice
from knox.models import AuthToken

from portal.accounts import services
from portal.accounts.models import User
from portal.accounts.tasks import forget_past_logins
from portal.audit.models import AuditEntry

pytestmark = pytest.mark.django_db
LOGIN = "/tai-khoan/dang-nhap/"
VERIFY = "/tai-khoan/xac-thuc/"
SETUP = "/tai-khoan/xac-thuc/cai-dat/"
PASSWORD = "bốn-con-trâu-đen-17"


@pytest.fixture
def officer() -> User:
    return User.objects.create_user("officer", password=PASSWORD, full_name="Nguyễn Văn An")


@pytest.fixture
def strict(settings) -> None:
    """As outside the demo: a second factor is required."""
    settings.REQUIRE_SECOND_FACTOR = True


def current_code(device: TOTPDevice, *, steps: int = 0) -> str:
    """What the phone shows now, or ``steps`` half minutes later."""
    return f"{totp(device.bin_key, t0=-steps * 30):06d}"


def enrolled(user: User) -> tuple[TOTPDevice, list[str]]:
    device = services.begin_second_factor(user)
    return services.confirm_second_factor(user, code=current_code(device))


def log_in(client: Client, password: str = PASSWORD, **extra):
    return client.post(LOGIN, {"username": "officer", "password": password}, **extra)


def change_password(client: Client, new: str = "ba cây cau trước ngõ 9"):
    data = {"old_password": PASSWORD, "new_password1": new, "new_password2": new}
    return client.post("/tai-khoan/mat-khau/", data)


def broken(*args, **kwargs):
    raise RuntimeError("the audit trail is away")


def actions() -> list[str]:
    return list(AuditEntry.objects.order_by("id").values_list("action", flat=True))


# --- Password --------------------------------------------------------------------------------------------


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


# --- Second factor ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("address", ["/can-bo/", "/admin/", "/admin/accounts/user/"])
def test_staff_page_without_second_factor_leads_to_setup(client: Client, strict, address: str):
    client.force_login(User.objects.create_superuser("chief", password=PASSWORD))
    response = client.get(address)
    assert (response.status_code, response["Location"].split("?")[0]) == (302, SETUP)


@pytest.mark.parametrize("address", ["/can-bo/", "/admin/"])
def test_staff_page_with_unproven_second_factor_leads_to_the_code(
    client: Client, officer: User, strict, address
):
    enrolled(officer)
    client.force_login(officer)
    response = client.get(address)
    assert (response.status_code, response["Location"].split("?")[0]) == (302, VERIFY)


def test_demo_asks_for_no_second_factor(client: Client, settings):
    settings.REQUIRE_SECOND_FACTOR = False
    client.force_login(User.objects.create_superuser("admin", password=PASSWORD))
    assert client.get("/admin/").status_code == 200


def test_setup_shows_a_picture_and_a_secret_to_type(client: Client, officer: User):
    client.force_login(officer)
    page = client.get(SETUP).content.decode()
    device = TOTPDevice.objects.get(user=officer)
    assert ("<svg" in page, services.readable_secret(device) in page, device.confirmed) == (True, True, False)


def test_setup_first_code_switches_it_on_and_shows_recovery_codes_once(client: Client, officer: User, strict):
    client.force_login(officer)
    client.get(SETUP)
    page = client.post(SETUP, {"code": current_code(TOTPDevice.objects.get(user=officer))}).content.decode()
    codes = re.findall(r"<code>([0-9A-Z]{5}-[0-9A-Z]{5})</code>", page)
    assert (len(set(codes)), actions()[-1]) == (10, "accounts.second_factor.enabled")
    assert client.get("/can-bo/").status_code != 302 or "xac-thuc" not in client.get("/can-bo/")["Location"]


def test_setup_wrong_code_changes_nothing(client: Client, officer: User):
    client.force_login(officer)
    client.get(SETUP)
    page = client.post(SETUP, {"code": "000000"}).content.decode()
    assert ("Mã không đúng" in page, TOTPDevice.objects.filter(confirmed=True).exists()) == (True, False)


def test_setup_by_somebody_with_the_password_only_is_refused(client: Client, officer: User):
    enrolled(officer)
    client.force_login(officer)
    assert client.get(SETUP)["Location"] == VERIFY
    assert client.post(SETUP, {"code": "123456"})["Location"] == VERIFY


def test_verify_right_code_opens_the_page_that_was_asked_for(client: Client, officer: User, strict):
    device, _codes = enrolled(officer)
    client.force_login(officer)
    with time_machine.travel(time.time() + 60):
        response = client.post(f"{VERIFY}?next=/can-bo/tin/", {"code": current_code(device)})
    assert response["Location"] == "/can-bo/tin/"
    assert client.session["otp_device_id"] == device.persistent_id


def test_verify_same_code_twice_is_refused(officer: User):
    device, _codes = enrolled(officer)
    with time_machine.travel(time.time() + 60):
        code = current_code(device)
        first, second = [services.verify_second_factor(officer, code=code) for _ in range(2)]
    assert (first, second) == (device, None)


def test_verify_wrong_codes_must_be_waited_out(client: Client, officer: User):
    enrolled(officer)
    client.force_login(officer)
    pages = [client.post(VERIFY, {"code": "000000"}).content.decode() for _ in range(2)]
    assert ("Mã không đúng" in pages[0], "Xin chờ" in pages[1]) == (True, True)


def test_recovery_code_works_once_however_it_is_typed(officer: User):
    _device, codes = enrolled(officer)
    typed = codes[0].lower().replace("-", " ")
    first = services.verify_second_factor(officer, code=typed)
    assert (first is not None, services.verify_second_factor(officer, code=codes[0])) == (True, None)
    assert actions()[-1] == "accounts.recovery_code.used"


def test_recovery_codes_are_not_in_the_database(officer: User):
    _device, codes = enrolled(officer)
    stored = " ".join(StaticToken.objects.values_list("token", flat=True)).upper()
    assert not any(code.replace("-", "") in stored or code in stored for code in codes)


def test_recovery_codes_renewed_replace_the_old_ones(officer: User):
    _device, old = enrolled(officer)
    new = services.renew_recovery_codes(officer)
    assert services.verify_second_factor(officer, code=new[0]) is not None
    assert services.verify_second_factor(officer, code=old[1]) is None


def test_recovery_codes_page_needs_a_proven_second_factor(client: Client, officer: User):
    enrolled(officer)
    client.force_login(officer)
    assert client.post("/tai-khoan/xac-thuc/ma-du-phong/")["Location"] == VERIFY


def test_code_of_another_officer_is_refused(officer: User):
    enrolled(officer)
    other = User.objects.create_user("other")
    device, codes = enrolled(other)
    with time_machine.travel(time.time() + 60):
        assert services.verify_second_factor(officer, code=current_code(device)) is None
    assert services.verify_second_factor(officer, code=codes[0]) is None


def test_new_phone_replaces_the_old_one(officer: User):
    old, _codes = enrolled(officer)
    device = services.begin_second_factor(officer)
    services.confirm_second_factor(officer, code=current_code(device))
    assert list(TOTPDevice.objects.filter(user=officer)) == [device]


def test_lost_phone_is_reset_by_the_administrator(officer: User):
    enrolled(officer)
    call_command("reset_second_factor", "officer", stdout=io.StringIO())
    assert (TOTPDevice.objects.exists(), StaticToken.objects.exists(), actions()[-1]) == (
        False,
        False,
        "accounts.second_factor.reset",
    )


# --- Sessions --------------------------------------------------------------------------------------------


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


# --- Admin, API ------------------------------------------------------------------------------------------


def test_admin_login_is_the_portal_login(client: Client):
    response = client.get("/admin/", follow=True)
    assert response.redirect_chain[-1][0].startswith(f"{LOGIN}?next=")


def test_admin_login_of_an_account_without_right_does_not_loop(client: Client, officer: User):
    client.force_login(officer)
    assert client.get("/admin/", follow=True).status_code == 403


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
