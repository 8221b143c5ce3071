"""The second factor and its recovery codes, from the first picture to a lost phone."""

import io
import re
import time

import pytest
import time_machine
from django.core.management import call_command
from django.test import Client
from django_otp.plugins.otp_static.models import StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from portal.accounts import services
from portal.accounts.models import User
from tests.portal.accounts.logins import PASSWORD, SETUP, VERIFY, actions, current_code, enrolled

pytestmark = pytest.mark.django_db


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


@pytest.mark.parametrize(
    ("steps", "is_taken"), [(-10, False), (-2, False), (-1, True), (1, True), (2, False), (10, False)]
)
def test_verify_bears_a_clock_half_a_minute_off(officer: User, steps: int, is_taken: bool):
    device, _codes = enrolled(officer)
    # Past the step of the first code, so that the one before it is none that was used.
    with time_machine.travel(time.time() + 90, tick=False):
        verified = services.verify_second_factor(officer, code=current_code(device, steps=steps))
    assert verified == (device if is_taken else None)


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
