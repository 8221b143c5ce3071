"""The desk in a real browser: a post from the form into the groups, a tip answered, every page looked at."""

import re
import threading
from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.db import connections
from django.utils import timezone
from playwright.sync_api import expect

from broadcasts.engine.database import DatabaseThread
from broadcasts.engine.drain import drain
from broadcasts.enums import BroadcastState, DeliveryState
from broadcasts.models import Broadcast
from broadcasts.services import sending
from groups.zalo import fake
from tests.e2e.visits import log_in, wait_for_copy
from tests.factories import GroupFactory, OfficialAccountFactory, PostFactory
from tests.portal.desk_world import TIP_SECRET, World, make_world
from tips.enums import TipStatus
from tips.services import follow

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

TITLE = "Cảnh báo cuộc gọi giả danh công an"
BODY = "Công an không làm việc qua điện thoại, không yêu cầu chuyển tiền."
PHONE, DESK = 390, 1280


@pytest.fixture
def world(live_server, settings) -> World:
    settings.PUBLIC_URL = live_server.url
    settings.ZALO_CLIENT = "groups.zalo.fake.FakeZalo"
    fake.world.reset()
    world = make_world()
    account = OfficialAccountFactory(unit=world.area.commune_a, rate_per_minute=1000)
    for _number in range(2):
        GroupFactory(gmf=True, unit=world.area.village_a2, official_account=account)
    PostFactory(unit=world.area.commune_a)
    for name in ("officer", "chief", "relay", "supervisor"):
        world.users[name].username = name
        world.users[name].save()
    return world


@pytest.fixture
def visit(browser, live_server):
    """``visit("officer", "/can-bo/")``: a page of a browser of their own, logged in through the form."""

    def open_page(name: str, path: str, *, javascript: bool = True, width: int = PHONE):
        context = browser.new_context(
            viewport={"width": width, "height": 844}, java_script_enabled=javascript, locale="vi-VN"
        )
        page = context.new_page()
        page.complaints, page.foreign = [], []
        page.on("console", lambda message: page.complaints.append(message.text))
        page.on("pageerror", lambda error: page.complaints.append(str(error)))
        page.on("request", lambda request: page.foreign.append(request.url))
        log_in(page, live_server.url, name, path)
        return page

    return open_page


def overflow(page) -> int:
    return page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")


def start_and_expand() -> None:
    """What beat and worker do first: start what is due, write the rows."""
    sending.start_due(timezone.now() + timedelta(seconds=1))
    for pk in Broadcast.objects.filter(state=BroadcastState.EXPANDING).values_list("pk", flat=True):
        sending.expand(pk)


def run_engine() -> None:
    """Send what waits; in a thread, because Playwright's loop runs in this one."""
    ours = connections["default"]
    database = DatabaseThread(ours if ours.vendor == "sqlite" else None)
    ours.inc_thread_sharing()
    try:
        worker = threading.Thread(target=drain, kwargs={"database": database})
        worker.start()
        worker.join()
    finally:
        ours.dec_thread_sharing()


@pytest.mark.parametrize("javascript", [True, False], ids=["js", "no-js"])
def test_post_goes_from_an_officers_phone_through_the_chief_into_the_groups(world, visit, javascript):
    officer = visit("officer", "/can-bo/", javascript=javascript)
    officer.get_by_role("link", name="Soạn bài").click()
    officer.get_by_label("Tiêu đề").fill(TITLE)
    officer.get_by_label("Nội dung", exact=True).fill(BODY)
    if javascript:
        officer.locator("label.choice", has_text="Chọn thôn, đơn vị").click()
        officer.get_by_text("Thôn Đông Phú", exact=False).first.click()
        expect(officer.locator(".reach__figures dd").first).to_have_text("3")
        officer.locator("label.choice", has_text="Mọi nhóm của").click()
        expect(officer.locator(".reach__figures dd").first).to_have_text("4")
    officer.get_by_role("button", name="Lưu và xem trước").click()
    # The form has a preview as well; only the page after it can be submitted.
    expect(officer.get_by_role("button", name="Trình duyệt")).to_be_visible()
    expect(officer.locator(".phone__post")).to_contain_text(BODY)
    assert overflow(officer) <= 0
    officer.get_by_role("button", name="Trình duyệt").click()
    officer.wait_for_selector(".badge--submitted")
    broadcast = Broadcast.objects.get(title=TITLE)

    chief = visit("chief", "/can-bo/", javascript=javascript)
    chief.get_by_role("link", name=TITLE).click()
    chief.get_by_role("button", name="Duyệt và gửi ngay").click()
    chief.wait_for_selector(".badge--approved")

    start_and_expand()
    chief.goto(chief.url)
    expect(chief.locator("#luot-gui .badge--queued")).to_have_count(3)
    run_engine()
    assert broadcast.deliveries.filter(state=DeliveryState.SENT).count() == 3
    if not javascript:
        chief.get_by_role("link", name="Tải lại").click()
    # With a script the page fetches the news itself.
    chief.wait_for_selector("#luot-gui .badge--sent")
    assert overflow(chief) <= 0
    assert officer.complaints + chief.complaints == []
    assert [message.text for message in fake.world.sent if broadcast.code in message.text]


def test_officer_moves_through_the_queue_by_keys_and_can_switch_them_off(world, visit):
    page = visit("officer", "/can-bo/tin-bao/")
    page.set_viewport_size({"width": 1280, "height": 900})
    page.get_by_text("Phím tắt:").wait_for()
    page.keyboard.press("j")
    page.keyboard.press("x")
    expect(page.locator('input[name="tip"]:checked')).to_have_count(1)
    page.get_by_role("button", name="Tắt phím tắt").click()
    page.keyboard.press("a")
    assert page.url.endswith("/can-bo/tin-bao/")
    page.get_by_role("button", name="Bật phím tắt").click()
    page.locator("a.duty").first.focus()
    page.keyboard.press("a")
    page.get_by_role("heading", name="Đã tiếp nhận các tin đã chọn").wait_for()
    assert page.complaints == []
    world.tip.refresh_from_db()
    assert world.tip.status == TipStatus.ACCEPTED


def test_officer_takes_a_tip_and_answers_it_with_a_prepared_text(world, visit):
    page = visit("officer", "/can-bo/")
    page.get_by_role("link", name=TIP_SECRET).click()
    page.get_by_role("button", name="Tiếp nhận tin này").click()
    page.wait_for_selector(".badge--accepted")
    # Before its script is there, the page has the server put the answer in.
    page.wait_for_load_state()
    page.get_by_label("Mẫu trả lời").first.select_option(label="Thiếu thông tin")
    page.get_by_role("button", name="Chèn").first.click()
    expect(page.get_by_label("Trả lời người báo").last).to_have_value(re.compile("cần thêm: thời gian"))
    page.get_by_role("button", name="Gửi trả lời").click()
    page.wait_for_selector(".bubble--ours")
    assert overflow(page) <= 0
    assert page.complaints == []
    world.tip.refresh_from_db()
    [answer] = follow.sender_view(world.tip).messages
    assert "cần thêm: thời gian" in answer.text


def test_answer_that_is_interim_ticks_the_box_without_a_new_page(world, visit):
    page = visit("officer", f"/can-bo/tin-bao/{world.tip.public_id}/")
    page.get_by_role("button", name="Tiếp nhận tin này").click()
    page.wait_for_selector(".badge--accepted")
    page.wait_for_load_state()
    box, choices = page.get_by_label("Đây là báo tạm"), page.get_by_label("Mẫu trả lời").first
    for label, ticked in (("Thiếu thông tin", False), ("Đang xác minh", True)):
        choices.select_option(label=label)
        page.get_by_role("button", name="Chèn").first.click()
        expect(box).to_be_checked(checked=ticked)
    expect(page.get_by_label("Trả lời người báo").last).to_have_value(
        re.compile("cần thêm.*xác minh", re.DOTALL)
    )
    assert page.complaints == []


def test_village_head_copies_confirms_and_is_done(world, visit):
    page = visit("relay", "/can-bo/")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.locator("a.duty", has_text=world.group.name).click()
    # The button says so for two seconds: the page's clock stands until it was read.
    page.clock.install()
    page.clock.pause_at(timezone.now() + timedelta(seconds=5))
    page.get_by_role("button", name="Chép nội dung").click()
    page.wait_for_selector("text=Đã chép")
    page.clock.resume()
    wait_for_copy(page, world.sending.code)
    page.get_by_role("button", name="Đã đăng").click()
    page.wait_for_selector("text=Đã đăng hết bài")
    assert page.complaints == []


def test_double_press_sends_one_form(world, visit):
    page = visit("officer", "/can-bo/bai-dang/soan/")
    page.get_by_label("Tiêu đề").fill(TITLE)
    page.get_by_label("Nội dung", exact=True).fill(BODY)
    page.get_by_role("button", name="Lưu và xem trước").dblclick()
    expect(page.get_by_role("button", name="Trình duyệt")).to_be_visible()
    page.go_back()
    page.get_by_role("button", name="Lưu và xem trước").click()
    expect(page.get_by_role("button", name="Trình duyệt")).to_be_visible()
    assert Broadcast.objects.filter(title=TITLE).count() == 1


def addresses(world: World) -> dict[str, list[str]]:
    """Every page by who looks at it."""
    return {
        "chief": [
            "/can-bo/",
            "/can-bo/bai-dang/",
            "/can-bo/bai-dang/?q=khong-co",
            "/can-bo/bai-dang/soan/",
            "/can-bo/bai-dang/soan/?loai=wanted",
            f"/can-bo/bai-dang/{world.submitted.code}/",
            f"/can-bo/bai-dang/{world.sending.code}/",
            "/can-bo/thu-vien/",
            "/can-bo/tin-bao/",
            "/can-bo/tin-bao/nhap/",
            f"/can-bo/tin-bao/{world.tip.public_id}/",
            "/can-bo/nhom/",
            f"/can-bo/nhom/{world.group.pk}/",
            "/can-bo/bao-cao/",
            "/can-bo/dang-bai/",
        ],
        "supervisor": ["/can-bo/", "/can-bo/bai-dang/soan/", "/can-bo/bao-cao/"],
        "relay": ["/can-bo/", "/can-bo/dang-bai/", f"/can-bo/dang-bai/{world.to_post.pk}/"],
    }


@pytest.mark.parametrize("width", [PHONE, DESK])
def test_pages_are_accessible_fit_the_screen_and_call_nobody(world, visit, live_server, width):
    faults = {}
    for name, paths in addresses(world).items():
        page = visit(name, "/can-bo/", width=width)
        for path in paths:
            page.goto(live_server.url + path)
            found = [
                (fault["id"], [node["html"][:120] for node in fault["nodes"][:3]])
                for fault in Axe().run(page).response["violations"]
                if fault["impact"] in ("serious", "critical")
            ]
            if overflow(page) > 0:
                found.append(("wider than the screen", [overflow(page)]))
            if found:
                faults[f"{name} {path}"] = found
        assert page.complaints == []
        assert [url for url in page.foreign if not url.startswith((live_server.url, "data:"))] == []
    assert faults == {}


def test_choice_of_who_posts_has_the_width_of_a_phone(world, visit):
    page = visit("chief", "/can-bo/dang-bai/chua-dang/")
    boxes = [
        page.locator(name).bounding_box()
        for name in ("#assignee", "button[formaction]", ".lead-bar .btn--primary")
    ]
    choice, *buttons = boxes
    assert choice["width"] > 300
    assert all(button["y"] >= choice["y"] + choice["height"] for button in buttons)
