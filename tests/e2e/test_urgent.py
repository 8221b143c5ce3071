"""Urgent tips in a real browser: the strip appears on an open page, the title changes, the bell rings."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils import timezone
from playwright.sync_api import expect

from tests.e2e.visits import log_in
from tests.portal.desk_world import World, make_tip, make_world
from tips.models import AlarmCall
from tips.services import handling, ringing

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

URGENT = "Có hai người cầm dao đuổi chém nhau ở chợ Minh Tân"
# Counts what the page plays; the sound itself goes on.
COUNT_PLAYS = """
window.plays = 0;
const play = HTMLMediaElement.prototype.play;
HTMLMediaElement.prototype.play = function () { window.plays += 1; return play.call(this); };
"""


@pytest.fixture
def world() -> World:
    world = make_world()
    for name in ("officer", "chief"):
        world.users[name].username = name
        world.users[name].save()
    world.restricted.alarms.all().delete()
    type(world.restricted).objects.filter(pk=world.restricted.pk).update(priority=2)
    return world


@pytest.fixture
def visit(browser, live_server):
    """``visit("officer", "/can-bo/nhom/")``: logged in through the form, with a clock of its own."""

    def open_page(name: str, path: str, *, width: int = 390, javascript: bool = True):
        context = browser.new_context(
            viewport={"width": width, "height": 844}, java_script_enabled=javascript, locale="vi-VN"
        )
        page = context.new_page()
        page.add_init_script(COUNT_PLAYS)
        page.complaints = []
        page.on("pageerror", lambda error: page.complaints.append(str(error)))
        page.on("console", lambda line: page.complaints.append(line.text) if line.type == "error" else None)
        if javascript:
            page.clock.install()
        log_in(page, live_server.url, name, path)
        return page

    return open_page


def test_open_page_rings_when_an_urgent_tip_comes_and_stops_when_it_is_taken(world, visit):
    page = visit("officer", "/can-bo/truc/")
    page.get_by_role("button", name="Bật chuông trên trang này").click()
    expect(page.get_by_text("Chuông đang bật")).to_be_visible()
    title, before = page.title(), page.evaluate("window.plays")
    tip = make_tip(world.area, text=URGENT)
    ringing.ring(timezone.now())
    assert AlarmCall.objects.filter(user=world.users["officer"], ended_at=None).exists()
    page.clock.run_for(21_000)
    strip = page.locator("#tin-khan")
    expect(strip).to_be_visible()
    expect(strip).to_contain_text("1 tin khẩn đang chờ")
    expect(page).to_have_title(f"(1) Tin khẩn · {title}")
    assert page.evaluate("window.plays") > before
    assert "dao" not in strip.inner_text() and tip.public_id not in strip.inner_text()
    handling.accept(tip, actor=world.users["chief"], version=1)
    page.clock.run_for(21_000)
    expect(strip).to_be_hidden()
    expect(page).to_have_title(title)
    assert page.complaints == []


def test_page_says_aloud_that_its_session_is_over(world, visit):
    page = visit("officer", "/can-bo/nhom/")
    page.context.clear_cookies()
    page.clock.run_for(21_000)
    expect(page.locator("#tin-khan")).to_contain_text("Phiên đã hết")


def test_strip_stands_there_without_javascript(world, visit):
    make_tip(world.area, text=URGENT)
    ringing.ring(timezone.now())
    page = visit("officer", "/can-bo/nhom/", javascript=False)
    expect(page.locator("#tin-khan")).to_contain_text("1 tin khẩn đang chờ")
    page.get_by_role("link", name="Xem và tiếp nhận").click()
    expect(page.get_by_role("heading", name="Đang gọi anh/chị")).to_be_visible()


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("path", ["/can-bo/truc/", "/can-bo/tin-han-che/", "/can-bo/xem-nguoi-bao/"])
def test_pages_fit_and_can_be_read_by_everybody(world, visit, path, width):
    make_tip(world.area, text=URGENT)
    ringing.ring(timezone.now() + timezone.timedelta(minutes=6))
    page = visit("chief", path, width=width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert Axe().run(page).response["violations"] == []
    assert page.complaints == []
