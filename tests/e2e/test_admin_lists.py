"""A supervisor narrows a list of the admin on a phone, in a real browser."""

import pytest
from axe_playwright_python.sync_playwright import Axe

from groups.enums import Role
from tests.e2e.visits import ADMIN_DOOR, log_in
from tests.factories import GroupFactory, make_area, make_user

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
LIST = "/admin/groups/group/"


@pytest.fixture
def listed(browser, live_server):
    area = make_area()
    GroupFactory(unit=area.commune_a)
    make_user(Role.SUPERVISOR, area.district, username="supervisor")
    page = browser.new_context(viewport={"width": 390, "height": 844}, locale="vi-VN").new_page()
    log_in(page, live_server.url, "supervisor", LIST, door=ADMIN_DOOR)
    return page


def test_list_narrowed_to_an_area_opens_at_its_rows(listed, live_server):
    listed.get_by_role("link", name="Bộ lọc").click()
    listed.locator("summary", has_text="Địa bàn").click()
    listed.get_by_label("Địa bàn").select_option(label="Xã Minh Tân")
    listed.get_by_role("button", name="Lọc", exact=True).click()
    listed.wait_for_url("**area=D6801**")
    # With the fragment of the jump to the filters, the browser would show those, below all rows.
    assert listed.url == f"{live_server.url}{LIST}?area=D6801"


def test_filters_are_wide_enough_for_a_thumb(listed):
    listed.get_by_role("link", name="Bộ lọc").click()
    heights = listed.locator("#changelist-filter summary").evaluate_all(
        "(found) => found.map((one) => one.offsetHeight)"
    )
    assert len(heights) == 5 and min(heights) >= 44


def test_box_to_search_in_says_what_it_searches(listed):
    assert listed.get_by_role("textbox", name="Tìm nhóm Zalo", exact=True).count() == 1


def test_heading_of_the_sorted_column_can_be_read(listed):
    assert listed.locator("th.sorted").count() == 1
    only = {"runOnly": ["color-contrast"], "resultTypes": ["violations"]}
    assert Axe().run(listed, options=only).response["violations"] == []
