"""Posting by hand in a real browser: group after group under one thumb, without network, without script."""

from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils import timezone
from playwright.sync_api import expect

from broadcasts.enums import DeliveryState
from broadcasts.models import Delivery
from broadcasts.services import posting
from groups.enums import Role
from portal.audit.models import AuditEntry
from tests.e2e.visits import log_in, log_out, wait_for_copy, wait_for_page, wait_until, worker_is_ready
from tests.factories import (
    DeliveryFactory,
    GroupFactory,
    PostingFactory,
    StewardshipFactory,
    UserFactory,
)
from tests.portal.desk_world import World, make_world
from tests.tips import media

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def world() -> World:
    world = make_world()
    for name in ("officer", "chief", "relay"):
        world.users[name].username = name
        world.users[name].save()
    return world


@pytest.fixture
def rows(world) -> list[Delivery]:
    """Three groups of the village that wait for the post, in the order of their names."""
    first = world.to_post
    groups = [GroupFactory(unit=world.area.village_a, name=f"Nhóm xóm {number}") for number in (2, 3)]
    for group in groups:
        StewardshipFactory(group=group, user=world.users["officer"])
    due = timezone.now() + timedelta(hours=2, minutes=5)
    others = [
        DeliveryFactory(broadcast=world.sending, group=group, state=DeliveryState.TO_POST, due_at=due)
        for group in groups
    ]
    Delivery.objects.filter(pk=first.pk).update(due_at=due)
    Delivery.objects.update(created_at=timezone.now() - timedelta(hours=3))
    return [first, *others]


@pytest.fixture
def visit(browser, live_server):
    """``visit("relay", "/can-bo/")``: a phone of their own, logged in through the form."""

    def open_page(name: str, path: str, *, javascript=True, width=390, worker=True):
        context = browser.new_context(
            viewport={"width": width, "height": 844},
            java_script_enabled=javascript,
            locale="vi-VN",
            # Requests of a worker pass by the routes of a page.
            service_workers="allow" if worker else "block",
        )
        page = context.new_page()
        page.complaints = []
        page.on("pageerror", lambda error: page.complaints.append(str(error)))
        log_in(page, live_server.url, name, path)
        return page

    return open_page


def run_path(world: World) -> str:
    return f"/can-bo/dang-bai/lan-luot/{world.sending.code}/"


def posted_by(world: World, name: str) -> int:
    return Delivery.objects.filter(state=DeliveryState.POSTED, settled_by=world.users[name]).count()


def answered(page, row):
    """Until the portal has answered the confirmation of ``row``; to be entered before it is sent."""
    return page.expect_response(f"**/dang-bai/{row.pk}/da-dang/")


# The script that has the outbox may still be on its way.
EMPTY_OUTBOX = "window.outbox?.all().then((items) => items.length === 0)"


def test_two_confirmations_without_network_are_sent_once_with_their_times(world, rows, visit):
    page = visit("relay", "/can-bo/dang-bai/")
    worker_is_ready(page)
    page.context.set_offline(True)
    # The run was never opened: the worker fetched it beforehand.
    page.get_by_role("link", name="Đăng lần lượt").first.click()
    page.wait_for_selector("text=Nhóm 1 trên 3")
    page.get_by_role("button", name="Đã đăng").click()
    page.wait_for_selector("text=Chờ mạng: 1 xác nhận")
    page.get_by_role("button", name="Đã đăng").click()
    page.wait_for_selector("text=Chờ mạng: 2 xác nhận")
    assert posted_by(world, "relay") == 0
    # Closing and opening the page loses nothing.
    page.reload()
    page.wait_for_selector("text=Chờ mạng: 2 xác nhận")
    expect(page.locator("[data-step]:visible")).to_have_count(1)
    ages = page.evaluate(
        """outbox.all().then((items) => Promise.all(items.map(async (item, number) => {
        const made = item.made - (10 + number * 5) * 60000;
        await outbox.put({ ...item, made });
        return (Date.now() - made) / 1000; })))"""
    )
    pressed = sorted(timezone.now().timestamp() - age for age in ages)
    page.context.set_offline(False)
    wait_until(page, EMPTY_OUTBOX)

    done = list(Delivery.objects.filter(state=DeliveryState.POSTED).select_related("task"))
    assert [row.settled_by for row in done] == [world.users["relay"]] * 2
    settled = sorted(row.settled_at.timestamp() for row in done)
    assert settled == pytest.approx(pressed, abs=60)
    assert all(row.task.received_at > row.settled_at for row in done)
    assert AuditEntry.objects.filter(action="broadcasts.delivery.posted").count() == 2
    assert page.complaints == []


def test_confirmation_of_a_person_and_a_row_with_high_numbers_gets_through(world, visit):
    person = UserFactory(pk=12_345, username="moi")
    PostingFactory(user=person, unit=world.area.village_a, role=Role.RELAY)
    row = DeliveryFactory(
        pk=123_456, broadcast=world.sending, group=GroupFactory(unit=world.area.village_a), state="to_post"
    )
    page = visit("moi", f"/can-bo/dang-bai/{row.pk}/")
    page.get_by_role("button", name="Đã đăng").click()
    page.wait_for_selector("text=Xong: bài đã đăng")
    wait_until(page, EMPTY_OUTBOX)
    row.refresh_from_db()
    assert (row.state, row.settled_by) == (DeliveryState.POSTED, person)


def test_somebody_else_was_faster_is_told_and_waits_to_be_read(world, rows, visit):
    page = visit("relay", run_path(world))
    page.context.set_offline(True)
    page.get_by_role("button", name="Đã đăng").click()
    page.wait_for_selector("text=Chờ mạng: 1 xác nhận")
    first = next(row for row in rows if row.group.name in page.locator("[data-outbox-rows]").inner_text())
    posting.confirm_posted(Delivery.objects.get(pk=first.pk), actor=world.users["chief"])
    page.context.set_offline(False)

    page.wait_for_selector("text=1 xác nhận không ghi nhận được")
    assert world.users["chief"].display_name in page.locator("[data-outbox-rows]").inner_text()
    assert posted_by(world, "chief") == 1
    page.get_by_role("button", name="Đã hiểu").click()
    wait_until(page, EMPTY_OUTBOX)


def test_session_that_ended_keeps_the_confirmation_until_the_next_log_in(world, rows, visit, live_server):
    page = visit("relay", run_path(world))
    page.context.clear_cookies()
    page.get_by_role("button", name="Đã đăng").click()
    page.wait_for_selector("text=Phiên làm việc đã hết")
    assert posted_by(world, "relay") == 0
    page.get_by_role("link", name="Đăng nhập lại").click()
    page.wait_for_url("**/tai-khoan/dang-nhap/**")
    log_in(page, live_server.url, "relay", run_path(world))
    wait_until(page, EMPTY_OUTBOX)
    assert posted_by(world, "relay") == 1


def test_confirmation_of_one_person_is_never_sent_as_another(world, rows, visit, live_server):
    page = visit("relay", run_path(world))
    page.context.set_offline(True)
    page.get_by_role("button", name="Đã đăng").click()
    page.wait_for_selector("text=Chờ mạng: 1 xác nhận")
    page.context.clear_cookies()
    page.context.set_offline(False)
    log_in(page, live_server.url, "officer", "/can-bo/dang-bai/")
    page.wait_for_selector("text=Có xác nhận của tài khoản khác")
    assert Delivery.objects.filter(state=DeliveryState.POSTED).count() == 0


def test_confirmation_that_the_portal_cannot_take_now_stands_in_no_other_s_way(world, rows, visit):
    page = visit("relay", run_path(world), worker=False)
    page.route(f"**/dang-bai/{rows[0].pk}/da-dang/", lambda route: route.fulfill(status=500, body="x"))
    # The portal's gate, and a log-in page of the network, say nothing about the confirmation.
    page.route(f"**/dang-bai/{rows[1].pk}/da-dang/", lambda route: route.fulfill(status=403, body="<html>"))
    with answered(page, rows[2]):
        for _group in rows:
            # The button of the step before is off until it is out of sight.
            page.get_by_role("button", name="Đã đăng", disabled=False).click()
    assert posted_by(world, "relay") == 1
    page.wait_for_selector("text=Chờ mạng: 2 xác nhận")
    page.unroute_all()
    page.get_by_role("button", name="Gửi ngay").click()
    wait_until(page, EMPTY_OUTBOX)
    assert posted_by(world, "relay") == 3


def test_slow_screenshot_holds_up_no_confirmation_after_it(world, rows, visit):
    page = visit("relay", run_path(world), worker=False)
    held = []
    page.route(f"**/dang-bai/{rows[0].pk}/da-dang/", lambda route: held.append(route))
    proof = {"name": "anh.png", "mimeType": "image/png", "buffer": media.picture("PNG")}
    page.locator(f"#posted-{rows[0].pk}_proof").set_input_files(proof)
    with answered(page, rows[1]), answered(page, rows[2]):
        for _group in rows:
            # The button of the step before is off until it is out of sight.
            page.get_by_role("button", name="Đã đăng", disabled=False).click()
    assert posted_by(world, "relay") == 2
    wait_for_page(page, lambda: held, what="sending of the screenshot")
    held[0].continue_()
    wait_until(page, EMPTY_OUTBOX)
    assert Delivery.objects.exclude(proof=None).get().pk == rows[0].pk


def test_logging_out_on_any_page_sends_what_is_kept_and_asks_about_the_rest(world, rows, visit, live_server):
    page = visit("officer", run_path(world), worker=False)
    page.route("**/da-dang/", lambda route: route.abort())
    page.get_by_role("button", name="Đã đăng").first.click()
    page.wait_for_selector("text=Chờ mạng: 1 xác nhận")
    page.goto(f"{live_server.url}/can-bo/nhom/")
    asked = []
    page.once("dialog", lambda dialog: (asked.append(dialog.message), dialog.dismiss()))
    page.locator(".user-menu summary").click()
    page.get_by_role("button", name="Đăng xuất").click()
    wait_for_page(page, lambda: asked, what="question")
    assert page.url.endswith("/can-bo/nhom/")

    page.unroute_all()
    page.get_by_role("button", name="Đăng xuất").click()
    page.wait_for_url(lambda url: "/can-bo/" not in url)
    assert "Còn 1 xác nhận" in asked[0]
    assert posted_by(world, "officer") == 1


def test_run_goes_from_group_to_group_with_later_reason_and_summary(world, rows, visit):
    page = visit("relay", run_path(world))
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Chép nội dung").click()
    wait_for_copy(page, world.sending.code)
    expect(page.get_by_text("Nhóm 1 trên 3")).to_be_visible()
    page.get_by_role("button", name="Để sau").click()
    expect(page.get_by_text("Nhóm 2 trên 3")).to_be_visible()
    page.get_by_role("button", name="Đã đăng").click()
    expect(page.get_by_text("Nhóm 3 trên 3")).to_be_visible()
    page.locator("summary:visible", has_text="Không đăng được").click()
    page.locator("[data-step]:visible").get_by_label("Lý do không đăng được").fill("Nhóm đã giải tán")
    page.get_by_role("button", name="Ghi nhận không đăng được").click()
    # Back at the one that was put off.
    page.wait_for_selector("text=Đã xác nhận 2, để sau 1.")
    page.get_by_role("button", name="Làm nốt các nhóm để sau").click()
    page.get_by_role("button", name="Đã đăng").click()
    page.wait_for_selector("text=Đã xác nhận 3, để sau 0.")
    wait_until(page, EMPTY_OUTBOX)
    states = sorted(Delivery.objects.filter(account=None).values_list("state", flat=True))
    assert states == ["posted", "posted", "skipped"]
    page.reload()
    expect(page.get_by_text("Đã đăng 2, không đăng được 1.")).to_be_visible()
    page.get_by_role("button", name="Hoàn tác").first.click()
    page.wait_for_selector("text=Đã hoàn tác")
    assert page.complaints == []


@pytest.mark.parametrize("is_online", [True, False])
def test_last_press_of_a_run_is_taken_back_at_once(world, rows, visit, is_online):
    page = visit("relay", run_path(world))
    page.context.set_offline(not is_online)
    page.get_by_role("button", name="Đã đăng").click()
    page.wait_for_selector(f"text=Đã đăng: {rows[0].group.name}")
    if is_online:
        wait_until(page, EMPTY_OUTBOX)
        assert posted_by(world, "relay") == 1
    page.get_by_role("button", name="Hoàn tác").first.click()
    page.wait_for_selector("text=Nhóm 1 trên 3")
    wait_until(page, EMPTY_OUTBOX)
    assert posted_by(world, "relay") == 0
    assert page.complaints == []


def test_press_can_be_taken_back_while_the_phone_looks_for_something_to_send(world, rows, visit):
    """Only a picture on its way stands in the way of that; looking for one takes no press to a dead page."""
    page = visit("relay", run_path(world))
    wait_until(page, EMPTY_OUTBOX)
    taken = page.evaluate(
        """(async () => {
        const taken = [];
        for (let time = 0; time < 20; time += 1) {
          const [back] = await Promise.all([outbox.alone(() => "taken back"), outbox.send("none")]);
          const [, later] = await Promise.all([outbox.send("none"), outbox.alone(() => "taken back")]);
          taken.push(back, later);
        }
        return taken; })()"""
    )
    assert taken == ["taken back"] * 40


def test_single_page_shows_what_was_sent_when_the_network_is_back(world, rows, visit):
    page = visit("relay", f"/can-bo/dang-bai/{rows[0].pk}/")
    page.context.set_offline(True)
    page.get_by_role("button", name="Đã đăng").click()
    page.wait_for_selector("text=Chờ mạng: 1 xác nhận")
    page.context.set_offline(False)
    page.wait_for_selector(".alert--success >> text=Đã đăng")
    assert posted_by(world, "relay") == 1
    expect(page.get_by_role("button", name="Đã đăng")).to_have_count(0)


def test_run_works_without_a_script(world, rows, visit):
    page = visit("relay", run_path(world), javascript=False)
    for number, _group in enumerate(rows, start=1):
        page.get_by_role("button", name="Đã đăng").first.click()
        expect(page.locator(".progress__text b")).to_have_text(f"{number} trên 3")
        expect(page.get_by_text("Xong: bài đã đăng")).to_be_visible()
        assert page.url.endswith(run_path(world))
    expect(page.get_by_text("Đã đăng 3, không đăng được 0.")).to_be_visible()
    assert posted_by(world, "relay") == 3


def test_logging_out_leaves_nothing_on_the_phone_and_warns_before_it_loses_a_confirmation(world, rows, visit):
    page = visit("relay", "/can-bo/dang-bai/")
    worker_is_ready(page)
    kept = page.evaluate(
        """caches.keys().then((names) => Promise.all(names.map((name) => caches.open(name)
        .then((cache) => cache.keys()))).then((all) => all.flat().map((one) => new URL(one.url).pathname)))"""
    )
    ours = ("/static/", "/can-bo/dang-bai/", "/can-bo/sw.js")
    assert [path for path in kept if not path.startswith(ours)] == []
    log_out(page)


def test_page_on_its_way_while_somebody_logs_out_is_kept_no_more(world, rows, visit):
    page = visit("relay", "/can-bo/dang-bai/")
    worker_is_ready(page)
    (worker,) = page.context.service_workers
    worker.evaluate(
        """() => { const fetchIt = fetchAndKeep; self.ended = 0;
        fetchAndKeep = async (...how) => { await fetchIt(...how); self.ended += 1; }; }"""
    )
    held = []
    page.context.route(f"**{run_path(world)}", lambda route: held.append((route, route.fetch())))
    page.reload()
    wait_for_page(page, lambda: held, what="the worker's look at the run")
    log_out(page)
    ((route, response),) = held
    route.fulfill(response=response)
    # The list and the run.
    wait_for_page(page, lambda: worker.evaluate("self.ended") == 2, what="the end of the worker's work")
    assert page.evaluate("caches.keys()") == []


def test_page_of_another_kind_is_not_kept_and_the_phone_says_so(world, rows, visit, live_server):
    page = visit("officer", "/can-bo/dang-bai/")
    worker_is_ready(page)
    page.goto(f"{live_server.url}/can-bo/tin-bao/{world.tip.public_id}/")
    page.context.set_offline(True)
    page.reload()
    expect(page.get_by_role("heading", name="Không có mạng")).to_be_visible()
    page.get_by_role("link", name="Bài cần đăng").click()
    expect(page.get_by_role("heading", name="Bài cần đăng vào nhóm")).to_be_visible()


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_pages_are_accessible_and_fit_the_screen(world, rows, visit, live_server, width):
    paths = {
        "relay": [
            "/can-bo/",
            "/can-bo/dang-bai/?xem=nhom",
            run_path(world),
            f"/can-bo/dang-bai/{rows[1].pk}/",
        ],
        "chief": ["/can-bo/dang-bai/chua-dang/", f"/can-bo/dang-bai/chua-dang/?bai={world.sending.code}"],
    }
    faults = {}
    for name, addresses in paths.items():
        page = visit(name, "/can-bo/", width=width)
        for path in addresses:
            page.goto(live_server.url + path)
            found = [
                (fault["id"], [node["html"][:120] for node in fault["nodes"][:3]])
                for fault in Axe().run(page).response["violations"]
                if fault["impact"] in ("serious", "critical")
            ]
            wide = page.evaluate(
                "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            )
            small = page.evaluate(
                """Array.from(document.querySelectorAll(".desk-main :is(a, button, summary, select)"))
                .filter((one) => one.offsetParent && !one.closest("p, .back") && one.offsetHeight < 44)
                .map((one) => one.outerHTML.slice(0, 120))"""
            )
            if found or wide > 0 or (small and width < 500):
                faults[f"{name} {path}"] = (found, wide, small)
        assert page.complaints == []
    assert faults == {}
