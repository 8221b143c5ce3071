"""Pages of the desk and of senders, in every state, in a real browser: as wide as a phone and as a desk."""

from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.test import Client

from tests.e2e.page_world import LONG_WORD, SECRET, TEXT, Pages, make_pages

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

SMALL, PHONE, DESK = 320, 390, 1280
# What passes is not told: half the time.
QUICK = {"resultTypes": ["violations"]}
PRESSED = (
    "a.btn, button, summary, select, textarea, "
    "input:not([type=hidden]):not([type=checkbox]):not([type=radio])"
)
TOO_LOW = """all => all
    .filter(item => item.checkVisibility() && !item.closest(".visually-hidden"))
    .map(item => [item.outerHTML.slice(0, 120), item.getBoundingClientRect().height])
    .filter(([, height]) => height < 43.5)"""


@pytest.fixture
def pages(live_server, settings) -> Pages:
    settings.PUBLIC_URL = live_server.url
    return make_pages()


@pytest.fixture
def opened(browser, live_server, pages) -> Callable:
    """``opened("chief")``: a page of a browser in which that person is logged in; nobody without a name."""

    def open_page(name: str = "", *, javascript: bool = True):
        context = browser.new_context(
            viewport={"width": DESK, "height": 844}, java_script_enabled=javascript, locale="vi-VN"
        )
        if name:
            client = Client()
            client.force_login(pages.users[name])
            session = client.cookies["sessionid"].value
            context.add_cookies([{"name": "sessionid", "value": session, "url": live_server.url}])
        page = context.new_page()
        page.complaints = []
        page.on("console", lambda line: page.complaints.append(line.text))
        page.on("pageerror", lambda error: page.complaints.append(str(error)))
        return page

    return open_page


def faults(page, widths: tuple[int, ...], *, accessible: bool = True) -> list:
    """What is wrong with the page that stands in the browser, at each width."""
    page.wait_for_load_state()
    found = [(page.title(), "title")] if not page.title() or SECRET in page.title() else []
    headings = page.locator("h1").count()
    found += [(headings, "h1")] if headings != 1 else []
    for width in widths:
        page.set_viewport_size({"width": width, "height": 844})
        wider = page.evaluate("document.documentElement.scrollWidth") - width
        found += [(width, "wider than the screen", wider)] if wider > 0 else []
        if width < DESK:
            found += [(width, "too low", low) for low in page.eval_on_selector_all(PRESSED, TOO_LOW)]
        if accessible:
            found += [
                (width, fault["id"], [node["html"][:120] for node in fault["nodes"][:3]])
                for fault in Axe().run(page, options=QUICK).response["violations"]
                if fault["impact"] in ("serious", "critical")
            ]
    found += [("console", text) for text in page.complaints if "Failed to load resource" not in text]
    page.complaints.clear()
    return found


@pytest.mark.parametrize("name", ["chief", "officer", "supervisor", "empty", "empty-register"])
def test_desk_pages_can_be_used_by_everybody_at_both_widths(pages, opened, live_server, name):
    page, found = opened(name), {}
    for path in pages.desk[name]:
        assert page.goto(live_server.url + path).status == 200, path
        found[path] = faults(page, (DESK, PHONE))
    assert {path: wrong for path, wrong in found.items() if wrong} == {}


def test_forms_of_the_desk_say_what_is_wrong_and_what_was_done(pages, opened, live_server):
    """Entries without words, a bulk act of which a part fails."""
    found = {}
    page = opened("supervisor")
    for path in ("/can-bo/du-lieu-ca-nhan/ghi/", "/can-bo/su-co/ghi/"):
        page.goto(live_server.url + path)
        page.get_by_role("button", name="Ghi vào sổ").click()
        page.locator(".error-summary").wait_for()
        found[path] = faults(page, (DESK, PHONE))
    page = opened("chief")
    page.goto(f"{live_server.url}/can-bo/tin-bao/")
    for box in page.locator('input[name="tip"]').all():
        box.check()
    found["bulk bar"] = faults(page, (DESK, PHONE))
    page.get_by_role("button", name="Tiếp nhận tin đã chọn").click()
    page.get_by_role("link", name="Về danh sách tin").wait_for()
    found["bulk"] = faults(page, (DESK, PHONE))
    assert {path: wrong for path, wrong in found.items() if wrong} == {}


@pytest.mark.parametrize("javascript", [True, False], ids=["js", "no-js"])
def test_pages_of_senders_fit_the_smallest_phone(pages, opened, live_server, javascript, settings):
    widths = (DESK, PHONE, SMALL)
    page, found = opened(javascript=javascript), {}

    def look(name: str) -> None:
        found[name] = faults(page, widths, accessible=javascript)

    for path in ("/du-lieu-ca-nhan/", "/theo-doi/", "/gui-tin/"):
        page.goto(live_server.url + path)
        look(path)
    for name, receipt in pages.receipts.items():
        page.goto(f"{live_server.url}/theo-doi/")
        page.get_by_label("Mã theo dõi").fill(receipt)
        page.get_by_role("button", name="Xem tin").click()
        page.get_by_role("heading", name="Giữ kín mã").wait_for()
        for fold in page.locator("summary").all():
            fold.click()
        look(f"receipt {name}")
    page.get_by_role("button", name="Gửi yêu cầu").click()
    page.locator(".error-summary").wait_for()
    look("data request with nothing in it")
    settings.TIP_PROOF_ALWAYS = True
    page.goto(f"{live_server.url}/gui-tin/")
    page.locator("label.choice", has_text="Ma túy").click()
    page.get_by_label("Kể lại điều thấy, nghe").fill(f"{TEXT} {LONG_WORD}")
    if javascript:
        look("step 1")
        page.get_by_role("button", name="Tiếp", exact=True).locator("visible=true").click()
    page.get_by_label("Xảy ra ở xã, phường nào?").select_option(label="Xã Minh Tân")
    if javascript:
        look("step 2")
        page.get_by_role("button", name="Tiếp", exact=True).locator("visible=true").click()
        look("step 3")
    page.get_by_role("button", name="Gửi tin", exact=True).click()
    page.get_by_text("Chưa gửi được tin.").wait_for()
    look("proof")
    assert {path: wrong for path, wrong in found.items() if wrong} == {}
