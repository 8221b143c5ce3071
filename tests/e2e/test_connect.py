"""An administrator connects an account in a real browser: our page, Zalo's consent page, and back."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from groups.enums import AccountState, Role
from groups.zalo.simulator.server import SimulatorThread
from groups.zalo.simulator.state import World
from tests.e2e.visits import ADMIN_DOOR, log_in, wait_for_copy
from tests.factories import OfficialAccountFactory, make_area, make_user

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PHONE, DESK = 390, 1280


@pytest.fixture
def zalo(settings, live_server):
    with SimulatorThread(World(seed=1)) as simulator:
        settings.ZALO_OAUTH_URL = settings.ZALO_API_URL = simulator.url
        settings.PUBLIC_URL = live_server.url
        yield simulator


@pytest.fixture
def account(zalo, live_server):
    area = make_area()
    make_user(Role.ADMINISTRATOR, area.province, username="admin")
    account = OfficialAccountFactory(
        unit=area.commune_a, state=AccountState.NEEDS_GRANT, access_token="", refresh_token=""
    )
    about = {"oa_id": account.oa_id, "app_id": account.app_id, "app_secret": account.app_secret}
    zalo.control("POST", "oas", {**about, "callback_url": f"{live_server.url}/zalo/callback/"})
    return account


@pytest.mark.parametrize(("javascript", "width"), [(True, PHONE), (False, DESK)], ids=["js", "no-js"])
def test_account_is_connected_through_the_consent_page(account, browser, live_server, javascript, width):
    context = browser.new_context(
        viewport={"width": width, "height": 844}, java_script_enabled=javascript, locale="vi-VN"
    )
    page, complaints = context.new_page(), []
    page.on("console", lambda message: complaints.append(message.text))
    path = f"/admin/groups/officialaccount/{account.pk}/ket-noi/"
    log_in(page, live_server.url, "admin", path, door=ADMIN_DOOR)
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
    if javascript:
        context.grant_permissions(["clipboard-read", "clipboard-write"])
        page.locator("[data-copy=copy-callback]").click()
        wait_for_copy(page, f"{live_server.url}/zalo/callback/")
    page.locator(".connect-steps").get_by_role("link", name="Kết nối với Zalo").click()
    page.get_by_role("button", name="Đồng ý cấp quyền").click()
    page.wait_for_url(live_server.url + path)
    expect(page.locator(".messagelist")).to_contain_text("Đã kết nối")
    account.refresh_from_db()
    assert account.state == AccountState.ACTIVE
    assert complaints == []


def test_refusal_at_the_consent_page_leaves_the_account_as_it_was(account, browser, live_server):
    page = browser.new_context(locale="vi-VN").new_page()
    path = f"/admin/groups/officialaccount/{account.pk}/ket-noi/"
    log_in(page, live_server.url, "admin", path, door=ADMIN_DOOR)
    assert Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa"]}).response["violations"] == []
    page.locator(".connect-steps").get_by_role("link", name="Kết nối với Zalo").click()
    page.get_by_role("button", name="Từ chối").click()
    page.wait_for_url("**/v4/permission/error**")
    account.refresh_from_db()
    assert account.state == AccountState.NEEDS_GRANT
