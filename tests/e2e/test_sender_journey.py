"""The whole way of a sender at 320 px, with and without JavaScript: mistakes, answers, rating, reopening."""

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from playwright.sync_api import Error, expect

from groups.enums import Role
from tests.e2e.test_public_pages import RECEIPT, assert_nothing_foreign, go_on, open_page, overflow
from tests.factories import make_area, make_user
from tests.tips import media
from tips.models import Contact, DataRequest, Message, Rating, Tip
from tips.services import closing, handling, timing

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

TEXT = "Quán karaoke đầu thôn hát loa kéo đến một giờ sáng cả tuần nay."
MORE = "Quán ở cạnh cây xăng, chủ tên là Tư."
AGAIN = "Tối qua quán lại hát đến hai giờ sáng."


@pytest.fixture
def area(live_server, settings):
    settings.PUBLIC_URL = live_server.url
    return make_area()


@pytest.fixture
def officer(area):
    return make_user(Role.CHIEF, area.commune_a)


def act(service, officer, **values) -> Tip:
    tip = Tip.objects.select_related("handler").get()
    return service(tip, actor=officer, version=tip.version, **values)


@pytest.mark.parametrize("javascript", [True, False], ids=["js", "no-js"])
def test_mistake_question_answer_rating_and_reopening_on_the_smallest_phone(
    browser, live_server, area, officer, javascript
):
    page = open_page(browser, javascript=javascript)

    def looks_right() -> None:
        assert overflow(page) <= 0, page.url
        assert page.complaints == []

    # A wrong number in the contact: everything typed is still there.
    page.goto(f"{live_server.url}/gui-tin/?unit={area.commune_a.code}")
    page.locator("label.choice", has_text="Ma túy").click()
    page.get_by_label("Kể lại điều thấy, nghe").fill(TEXT)
    looks_right()
    go_on(page, javascript)
    page.get_by_label("Chỗ cụ thể").fill("Đầu thôn Đông Phú")
    looks_right()
    go_on(page, javascript)
    page.get_by_text("Để lại họ tên, số điện thoại").click()
    page.locator("#contact_name").fill("Trần Thị Hoa")
    page.locator("#contact_phone").fill("0912")
    page.get_by_role("button", name="Gửi tin", exact=True).click()
    page.wait_for_selector(".error-summary")
    assert page.get_by_label("Kể lại điều thấy, nghe").input_value() == TEXT
    assert page.get_by_label("Chỗ cụ thể").input_value() == "Đầu thôn Đông Phú"
    assert page.locator("#contact_name").input_value() == "Trần Thị Hoa"
    looks_right()
    page.locator("#contact_phone").fill("0912 345 678")
    page.get_by_role("button", name="Gửi lại").click()
    page.wait_for_selector("#receipt")
    looks_right()
    receipt = RECEIPT.search(re.sub(r"\s", "", page.locator("#receipt").inner_text()))[0]
    assert Tip.objects.get().text == TEXT and Contact.objects.count() == 1

    def follow() -> None:
        page.goto(f"{live_server.url}/theo-doi/")
        page.get_by_label("Mã theo dõi").fill(receipt)
        page.get_by_role("button", name="Xem tin").click()
        page.get_by_role("heading", name="Giữ kín mã").wait_for()
        looks_right()

    # A receipt nobody has: told so, and the box is there for the right one.
    page.goto(f"{live_server.url}/theo-doi/")
    page.get_by_label("Mã theo dõi").fill("7777-7777-7777-7777")
    page.get_by_role("button", name="Xem tin").click()
    page.get_by_text("Không tìm thấy tin với mã này").first.wait_for()
    looks_right()

    # Taken, asked: the question is there, the answer goes back.
    act(handling.accept, officer)
    act(timing.ask_sender, officer, text="Quán nào, ở đâu ạ?")
    follow()
    expect(page.locator(".thread")).to_contain_text("Quán nào, ở đâu ạ?")
    page.get_by_label("Nội dung gửi thêm").fill(MORE)
    page.get_by_role("button", name="Gửi thêm").click()
    expect(page.locator(".alert--success")).to_contain_text("Đã nhận nội dung gửi thêm.")
    looks_right()
    assert Tip.objects.get().status == "verifying"

    # Answered with a picture, ended with a reason: both can be read.
    photo = SimpleUploadedFile("anh.jpg", media.picture("JPEG"), "image/jpeg")
    act(handling.reply, officer, text="Đã nhắc nhở chủ quán.", files=[photo])
    act(
        closing.close,
        officer,
        outcome="handled",
        public_reason="Đã xử phạt quán hát quá giờ.",
        note="Biên bản 12",
    )
    follow()
    expect(page.locator(".thread")).to_contain_text("Đã nhắc nhở chủ quán.")
    expect(page.locator("body")).to_contain_text("Đã xử phạt quán hát quá giờ.")
    with page.expect_download() as download:
        page.get_by_role("button", name="Tải").first.click()
    assert download.value.path().read_bytes().startswith(b"\xff\xd8")

    # Two stars and a word; then the matter begins again.
    page.get_by_label("Ý kiến").fill("Phạt xong vẫn hát.")
    page.get_by_label("2 –").check()
    page.get_by_role("button", name="Gửi đánh giá").click()
    expect(page.locator(".alert--success")).to_contain_text("Cảm ơn Quý công dân đã cho ý kiến.")
    looks_right()
    rating = Rating.objects.get()
    assert (rating.stars, rating.words) == (2, "Phạt xong vẫn hát.")
    page.get_by_label("Nội dung gửi thêm").fill(AGAIN)
    page.get_by_role("button", name="Gửi và mở lại tin").click()
    expect(page.locator(".alert--success")).to_contain_text("Đã mở lại tin và nhận nội dung gửi thêm.")
    looks_right()
    assert Tip.objects.get().status == "reopened"
    expect(page.locator(".thread")).to_contain_text(AGAIN)

    # What is kept about the sender is theirs to ask about.
    page.get_by_text("Yêu cầu xem, sửa, xóa dữ liệu").click()
    page.locator("input[name=kind][value=delete]").check()
    page.get_by_role("button", name="Gửi yêu cầu").click()
    expect(page.locator(".alert--success")).to_contain_text("Đã ghi yêu cầu về dữ liệu cá nhân.")
    looks_right()
    assert DataRequest.objects.get().kind == "delete"
    assert receipt not in page.url and "Hoa" not in page.locator("body").inner_text()
    assert_nothing_foreign(page, live_server.url)


@pytest.mark.parametrize("javascript", [True, False], ids=["js", "no-js"])
def test_answer_lost_on_its_way_costs_no_words(browser, live_server, area, javascript):
    """The tip arrived, its receipt did not: Back, and the same button again, gives one.

    Without a script the browser asks for a fresh form, which nothing ties to the first: a second tip.
    """
    page = open_page(browser, javascript=javascript)
    lost = []

    def lose_once(route) -> None:
        if route.request.method == "POST" and not lost:
            lost.append(route.fetch().status)
            route.abort("connectionreset")
        else:
            route.continue_()

    page.route("**/gui-tin/", lose_once)
    page.goto(f"{live_server.url}/gui-tin/?unit={area.commune_a.code}")
    page.locator("label.choice", has_text="Ma túy").click()
    page.get_by_label("Kể lại điều thấy, nghe").fill(TEXT)
    go_on(page, javascript)
    go_on(page, javascript)
    button = page.get_by_role("button", name="Gửi tin", exact=True)
    button.click(no_wait_after=True)
    with pytest.raises(Error, match="CONNECTION_RESET"):
        page.wait_for_url("chrome-error://**")
    assert lost == [200] and Tip.objects.count() == 1

    # The browser's own page about it is no event that anybody is told of.
    page.wait_for_timeout(1000)
    page.go_back()
    expect(page.get_by_label("Kể lại điều thấy, nghe")).to_have_value(TEXT)
    if javascript and not button.is_visible():
        go_on(page)
        go_on(page)
    button.click()
    page.wait_for_selector("#receipt")
    assert Tip.objects.count() == (1 if javascript else 2) and not Message.objects.exists()
