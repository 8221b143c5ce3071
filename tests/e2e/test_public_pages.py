"""Public pages in a real browser: sending a photo and following the answer, with and without JavaScript."""

import re
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils import timezone
from PIL import Image
from playwright.sync_api import expect

from broadcasts.enums import BroadcastState, PostKind
from portal.site.models import Contact, Procedure
from tests.e2e.visits import wait_until
from tests.factories import BroadcastFactory, GroupFactory, NoticeFactory, PostFactory, make_area
from tips.models import Tip

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

TEXT = "Mẹ tôi bị người xưng công an gọi video, bắt chuyển 45 triệu đồng để thẩm tra."
RECEIPT = re.compile(r"[0-9A-HJKMNP-TV-Z]{4}(?:-[0-9A-HJKMNP-TV-Z]{4}){3}")
PAGES = (
    "/",
    "/tin-tuc/",
    "/truy-na/",
    "/dich-vu-cong/",
    "/lien-he/",
    "/kiem-tra/",
    "/kiem-tra/?q=TB-2611-0042",
    "/kiem-tra/?q=0912345678",
    "/gui-tin/",
    "/gui-tin/?q=minh+tan",
    "/theo-doi/",
    "/khong-co-trang-nay/",
)
PRESSED = (
    "a.btn, button.btn, .tile, .emergency__call, summary, .field select, "
    ".field input:not([type=checkbox]):not([type=radio])"
)


@pytest.fixture
def portal(live_server, settings):
    """A running portal with something of everything."""
    settings.PUBLIC_URL = live_server.url
    area = make_area()
    for unit in (area.village_a, area.village_b):
        GroupFactory(unit=unit)
    PostFactory(title="Cảnh báo giả danh công an", unit=area.commune_a)
    NoticeFactory(unit=area.commune_a)
    NoticeFactory(kind=PostKind.FOUND, features="Chiếc ví da nâu nhặt ở chợ", unit=area.commune_a)
    Contact.objects.create(name="Chặn cuộc gọi lừa đảo", phone="156", purpose="Báo số gọi rác")
    Procedure.objects.create(slug="tam-tru", title="Đăng ký tạm trú", field="Cư trú", steps="Mở VNeID")
    sent = {"started_at": timezone.now(), "state": BroadcastState.DONE}
    BroadcastFactory(code="TB-2611-0042", unit=area.commune_a, **sent)
    return live_server.url


@pytest.fixture
def photo(tmp_path) -> Path:
    path = tmp_path / "anh.jpg"
    Image.effect_noise((3000, 2000), 60).convert("RGB").save(path, quality=92)
    return path


def open_page(browser, *, javascript: bool, width: int = 320):
    context = browser.new_context(
        viewport={"width": width, "height": 640}, java_script_enabled=javascript, locale="vi-VN"
    )
    page = context.new_page()
    page.complaints = []
    page.on("console", lambda message: page.complaints.append(message.text))
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    page.foreign = []
    page.on("request", lambda request: page.foreign.append(request.url))
    return page


def overflow(page) -> int:
    return page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")


def go_on(page, javascript: bool = True) -> None:
    """To the next step; without JavaScript all steps are on one page."""
    buttons = page.get_by_role("button", name="Tiếp", exact=True).locator("visible=true")
    if javascript:
        buttons.click()
    else:
        expect(page.get_by_role("button", name="Gửi tin", exact=True)).to_be_visible()


def assert_nothing_foreign(page, base: str) -> None:
    assert [url for url in page.foreign if not url.startswith((base, "data:"))] == []


@pytest.mark.parametrize("javascript", [True, False], ids=["js", "no-js"])
def test_sending_a_photo_and_following_it_on_a_small_screen(browser, portal, photo, javascript):
    page = open_page(browser, javascript=javascript)
    page.goto(f"{portal}/")
    page.get_by_role("link", name="Gửi tin", exact=True).first.click()

    page.locator("label.choice", has_text="Lừa đảo").click()
    # Fraud within a day is a matter for the bank first, said before a word is written.
    expect(page.get_by_text("Chuyển tiền chưa quá 24 giờ?")).to_be_visible()
    page.get_by_label("Kể lại điều thấy, nghe").fill(TEXT)
    go_on(page, javascript)
    page.get_by_label("Xảy ra ở xã, phường nào?").select_option(label="Xã Minh Tân")
    if not javascript:
        page.get_by_role("button", name="Chọn xã này").click()
        # The page came back where the sender was, with the villages in sight.
        page.wait_for_url("**#where")
        wait_until(page, "scrollY > 0")
        assert page.get_by_label("Kể lại điều thấy, nghe").input_value() == TEXT
        assert page.get_by_label("Thôn, tổ dân phố").bounding_box()["y"] < 640
    page.get_by_label("Thôn, tổ dân phố").select_option(label="Thôn Đông Phú")
    page.get_by_label("Ảnh, video, ghi âm").set_input_files(photo)
    assert overflow(page) <= 0
    go_on(page, javascript)
    page.get_by_role("button", name="Gửi tin", exact=True).click()

    page.wait_for_selector("#receipt")
    receipt = RECEIPT.search(re.sub(r"\s", "", page.locator("#receipt").inner_text()))[0]
    assert receipt not in page.url and receipt not in page.title()
    assert overflow(page) <= 0
    tip = Tip.objects.get()
    assert tip.text == TEXT and tip.village.name == "Đông Phú" and tip.evidence.count() == 1

    page.goto(f"{portal}/theo-doi/")
    page.get_by_label("Mã theo dõi").fill(receipt.lower().replace("-", " "))
    page.get_by_role("button", name="Xem tin").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Đã nhận")
    page.get_by_label("Nội dung gửi thêm").fill("Số tài khoản nhận tiền có đuôi 8899.")
    page.get_by_role("button", name="Gửi thêm").click()
    page.wait_for_selector(".alert--success")
    expect(page.locator(".thread")).to_contain_text("8899")
    assert receipt not in page.url and receipt not in page.locator("body").inner_text()
    assert overflow(page) <= 0
    assert page.context.cookies() == []
    assert page.complaints == []
    assert_nothing_foreign(page, portal)


def test_large_photo_shrinks_before_it_leaves_the_phone(browser, portal, photo):
    page = open_page(browser, javascript=True)
    page.goto(f"{portal}/gui-tin/")
    chosen = page.get_by_label("Ảnh, video, ghi âm")

    with page.expect_request(lambda request: request.url.endswith("/gui-tin/tep/")) as started:
        chosen.set_input_files(photo)

    assert 0 < int(started.value.headers["upload-length"]) < photo.stat().st_size


def test_refused_form_is_one_page_and_brings_the_reader_to_what_is_wrong(browser, portal):
    page = open_page(browser, javascript=True)
    page.goto(f"{portal}/gui-tin/")
    page.locator("label.choice", has_text="Ma túy").click()
    page.get_by_label("Kể lại điều thấy, nghe").fill(TEXT)
    go_on(page)
    page.get_by_label("Xảy ra ở xã, phường nào?").select_option(label="Xã Minh Tân")
    go_on(page)
    page.get_by_text("Để lại họ tên, số điện thoại").click()
    page.locator("#contact_phone").fill("0912")

    page.get_by_role("button", name="Gửi tin", exact=True).click()

    page.wait_for_selector(".error-summary")
    expect(page.locator(".error-summary")).to_be_focused()
    text = page.get_by_label("Kể lại điều thấy, nghe")
    expect(text).to_be_visible()
    expect(text).to_have_value(TEXT)
    page.locator(".error-summary a").last.click()
    page.wait_for_url("**#contact_phone")


def test_step_says_what_is_missing_and_going_back_keeps_everything(browser, portal):
    page = open_page(browser, javascript=True)
    page.goto(f"{portal}/gui-tin/")

    go_on(page)
    complaint = page.get_by_text("Xin chọn một loại tin.", exact=True)
    assert page.evaluate("document.activeElement.name") == "category"
    assert 0 <= complaint.bounding_box()["y"] < 640
    page.locator("label.choice", has_text="Ma túy").click()
    expect(complaint).to_have_count(0)
    expect(page.locator("#category.field--error")).to_have_count(0)
    page.get_by_label("Kể lại điều thấy, nghe").fill("ngắn")
    go_on(page)
    expect(page.get_by_text("Xin viết thêm một câu")).to_be_visible()
    page.get_by_label("Kể lại điều thấy, nghe").fill(TEXT)
    go_on(page)
    go_on(page)
    assert page.locator(".field--error").inner_text().count("Xin chọn xã, phường, đặc khu nơi xảy ra.") == 1
    assert page.evaluate("document.activeElement.name") == "unit"
    page.get_by_role("button", name="Quay lại").locator("visible=true").click()

    expect(page.locator("[aria-current=step]")).to_have_text("Chuyện gì")
    assert page.get_by_label("Kể lại điều thấy, nghe").input_value() == TEXT


@pytest.mark.parametrize("javascript", [True, False], ids=["js", "no-js"])
@pytest.mark.parametrize(
    ("category", "numbers"), [("Nguy cơ cháy nổ", {"114", "115"}), ("Xâm hại", {"111", "113"})]
)
def test_matter_in_progress_shows_whom_to_call_before_the_words(
    browser, portal, javascript, category, numbers
):
    page = open_page(browser, javascript=javascript)
    page.goto(f"{portal}/gui-tin/")
    assert page.locator(".stop").locator("visible=true").count() == 0

    page.locator("label.choice", has_text=category).click()

    stop = page.locator(".stop").locator("visible=true")
    assert {link.get_attribute("href") for link in stop.locator("a").all()} == {f"tel:{n}" for n in numbers}
    text = page.get_by_label("Kể lại điều thấy, nghe")
    assert stop.bounding_box()["y"] < text.bounding_box()["y"]


def test_place_of_the_phone_is_sent_only_when_asked(browser, portal):
    page = open_page(browser, javascript=True)
    page.context.grant_permissions(["geolocation"], origin=portal)
    page.context.set_geolocation({"latitude": 11.58231, "longitude": 107.49815})
    page.goto(f"{portal}/gui-tin/")
    page.locator("label.choice", has_text="Môi trường").click()
    page.get_by_label("Kể lại điều thấy, nghe").fill(TEXT)
    go_on(page)
    assert page.locator("input[name=lat]").count() == 0

    page.get_by_role("button", name="Gửi kèm vị trí điện thoại").click()
    page.get_by_role("button", name="Bỏ vị trí điện thoại").wait_for()
    page.get_by_label("Xảy ra ở xã, phường nào?").select_option(label="Xã Minh Tân")
    go_on(page)
    page.get_by_role("button", name="Gửi tin", exact=True).click()

    page.wait_for_selector("#receipt")
    assert Tip.objects.get().coordinates == "11.58231,107.49815"


def test_double_click_and_back_make_one_tip_with_one_receipt(browser, portal):
    page = open_page(browser, javascript=True)

    def send_again() -> str:
        go_on(page)
        page.get_by_label("Xảy ra ở xã, phường nào?").select_option(label="Xã Minh Tân")
        go_on(page)
        page.get_by_role("button", name="Gửi tin", exact=True).dblclick()
        page.wait_for_selector("#receipt")
        return page.locator("#receipt").inner_text()

    page.goto(f"{portal}/gui-tin/")
    page.locator("label.choice", has_text="Ma túy").click()
    page.get_by_label("Kể lại điều thấy, nghe").fill(TEXT)
    first = send_again()
    page.go_back()
    expect(page.get_by_label("Kể lại điều thấy, nghe")).to_have_value(TEXT)

    assert send_again() == first
    assert Tip.objects.count() == 1
    page.goto(f"{portal}/gui-tin/")
    page.locator("label.choice", has_text="Ma túy").click()
    page.get_by_label("Kể lại điều thấy, nghe").fill(TEXT)
    assert send_again() != first


def test_browser_works_for_a_tip_while_tips_flood_in(browser, portal, settings):
    settings.TIP_PROOF_ALWAYS = True
    page = open_page(browser, javascript=True)
    page.goto(f"{portal}/gui-tin/")
    page.locator("label.choice", has_text="Ma túy").click()
    page.get_by_label("Kể lại điều thấy, nghe").fill(TEXT)
    go_on(page)
    page.get_by_label("Xảy ra ở xã, phường nào?").select_option(label="Xã Minh Tân")
    go_on(page)
    page.get_by_role("button", name="Gửi tin", exact=True).click()

    page.get_by_text("Chưa gửi được tin.").wait_for()
    page.get_by_role("button", name="Gửi lại").click()

    page.wait_for_selector("#receipt", timeout=120_000)
    assert Tip.objects.get().text == TEXT
    assert [text for text in page.complaints if "429" not in text] == []


def test_double_click_without_javascript_makes_one_tip(browser, portal):
    page = open_page(browser, javascript=False)
    page.goto(f"{portal}/gui-tin/")
    page.locator("label.choice", has_text="Ma túy").click()
    page.get_by_label("Kể lại điều thấy, nghe").fill(TEXT)
    page.get_by_label("Xảy ra ở xã, phường nào?").select_option(label="Xã Minh Tân")
    page.get_by_role("button", name="Gửi tin", exact=True).dblclick()
    page.wait_for_selector("#receipt")
    first = page.locator("#receipt").inner_text()
    page.reload()

    assert page.locator("#receipt").inner_text() == first
    assert Tip.objects.count() == 1


def test_form_is_usable_with_the_keyboard_alone(browser, portal):
    page = open_page(browser, javascript=True, width=1280)
    page.goto(f"{portal}/gui-tin/")

    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.locator("input[name=category]").first.focus()
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.keyboard.type(TEXT)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    unit = page.get_by_label("Xảy ra ở xã, phường nào?")
    unit.focus()
    # Not by its letters: those count as one word only when they come quickly.
    while unit.evaluate("field => field.selectedOptions[0].label") != "Xã Minh Tân":
        page.keyboard.press("ArrowDown")
    page.get_by_role("button", name="Tiếp", exact=True).locator("visible=true").press("Enter")
    page.get_by_role("button", name="Gửi tin", exact=True).press("Enter")

    page.wait_for_selector("#receipt")
    assert Tip.objects.get().category == "MA_TUY"


@pytest.mark.parametrize("width", [320, 1280])
def test_pages_fit_and_have_no_serious_accessibility_fault(browser, portal, width):
    page = open_page(browser, javascript=True, width=width)
    faults = {}
    for path in PAGES:
        page.goto(portal + path)
        found = [
            (fault["id"], [node["html"][:120] for node in fault["nodes"][:3]])
            for fault in Axe().run(page).response["violations"]
            if fault["impact"] in ("serious", "critical")
        ]
        if overflow(page) > 0:
            found.append(("wider than the screen", [overflow(page)]))
        if found:
            faults[path] = found

    assert faults == {}
    assert_nothing_foreign(page, portal)


def test_everything_to_press_is_large_enough(browser, portal):
    page = open_page(browser, javascript=False)
    small = []
    for path in ("/", "/gui-tin/", "/theo-doi/", "/kiem-tra/"):
        page.goto(portal + path)
        small += page.eval_on_selector_all(
            PRESSED,
            """all => all.filter(item => item.checkVisibility()).map(item => [item.outerHTML.slice(0, 80),
               item.getBoundingClientRect().height]).filter(([, height]) => height < 43.5)""",
        )
    assert small == []
