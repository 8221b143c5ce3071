"""Putting posts into groups by hand: the village head, the steward, the chief of what is overdue."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from rest_framework.test import APIClient

from broadcasts.enums import POSTABLE, DeliveryState
from broadcasts.models import Broadcast, Delivery, PostingTask
from groups.enums import Role
from portal.desk import frame, posting
from portal.desk.views import unposted
from tests.factories import BroadcastFactory, DeliveryFactory, GroupFactory, StewardshipFactory, make_user
from tests.portal.desk_world import World, html, make_world
from tests.tips import media

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return make_world()


def post(world: World, name: str, *, by: str = "relay", row=None, **data):
    row = row or world.to_post
    return world.client(by).post(reverse(f"desk:posting_{name}", args=[row.pk]), data, follow=True)


def another_row(world: World):
    group = GroupFactory(unit=world.area.village_a, name="Nhóm thứ hai")
    return DeliveryFactory(broadcast=world.sending, group=group, state=DeliveryState.TO_POST)


def test_page_has_the_text_the_group_and_no_names_of_others(world):
    page = html(world.client("relay").get(reverse("desk:posting_one", args=[world.to_post.pk])))
    assert world.sending.body in page
    assert f"{world.sending.code} · Kiểm tra:" in page
    assert world.group.join_url in page
    assert "data-copy" in page


def test_confirming_goes_on_to_the_next_group_and_then_to_the_empty_list(world):
    second = another_row(world)
    response = post(world, "posted")
    assert response.redirect_chain[-1][0] == reverse("desk:posting_one", args=[second.pk])
    done = f"Xong: bài đã đăng vào {world.group.name}."
    assert f"{done} Bài tiếp theo: {world.sending.title}." in html(response)
    response = post(world, "posted", row=second)
    assert response.redirect_chain[-1][0] == reverse("desk:posting")
    assert "Đã đăng hết bài" in html(response)
    world.to_post.refresh_from_db()
    assert (world.to_post.state, world.to_post.settled_by) == (DeliveryState.POSTED, world.users["relay"])


def test_confirming_within_a_run_offers_to_take_the_last_one_back(world):
    another_row(world)
    run = reverse("desk:posting_run", args=[world.sending.code])
    undo = reverse("desk:posting_undo", args=[world.to_post.pk])
    assert f'action="{undo}" data-last' not in html(world.client("relay").get(run))
    page = html(post(world, "posted", next=run))
    assert f'action="{undo}" data-last' in page
    post(world, "undo", next=run)
    world.to_post.refresh_from_db()
    assert world.to_post.state == DeliveryState.TO_POST


def test_single_group_is_posted_from_its_own_page_not_in_a_run(world):
    run, listed = reverse("desk:posting_run", args=[world.sending.code]), reverse("desk:posting")
    assert run not in html(world.client("relay").get(listed))
    another_row(world)
    assert run in html(world.client("relay").get(listed))


def test_screenshot_is_kept_as_proof(world):
    post(world, "posted", proof=SimpleUploadedFile("anh.png", media.picture("PNG")))
    world.to_post.refresh_from_db()
    assert world.to_post.proof is not None


def test_screenshot_that_is_no_picture_is_refused_and_nothing_is_settled(world):
    response = post(world, "posted", proof=SimpleUploadedFile("anh.png", b"MZ"))
    assert response.status_code == 400
    assert "không phải ảnh" in html(response)
    world.to_post.refresh_from_db()
    assert world.to_post.state == DeliveryState.TO_POST


def test_skipping_needs_a_reason(world):
    assert post(world, "skip", reason=" ").status_code == 400
    post(world, "skip", reason="Nhóm đã giải tán")
    world.to_post.refresh_from_db()
    assert (world.to_post.state, world.to_post.reason) == (DeliveryState.SKIPPED, "Nhóm đã giải tán")


def test_second_confirmation_is_a_conflict_that_leads_back_to_the_row(world):
    post(world, "posted", by="officer")
    response = post(world, "posted")
    assert response.status_code == 409
    assert reverse("desk:posting_one", args=[world.to_post.pk]) in html(response)
    page = html(world.client("relay").get(reverse("desk:posting_one", args=[world.to_post.pk])))
    assert "Đã đăng" in page
    assert 'name="proof"' not in page


def test_group_of_another_village_is_not_found(world):
    group = GroupFactory(unit=world.area.village_a2)
    row = DeliveryFactory(broadcast=world.sending, group=group, state=DeliveryState.TO_POST)
    assert world.client("relay").get(reverse("desk:posting_one", args=[row.pk])).status_code == 404
    assert post(world, "posted", row=row).status_code == 404


def test_overdue_row_reaches_the_chief(world):
    url = reverse("desk:posting")
    assert world.group.name not in html(world.client("chief").get(url))
    type(world.to_post).objects.update(state=DeliveryState.OVERDUE)
    assert world.group.name in html(world.client("chief").get(url))
    assert world.group.name in html(world.client("relay").get(url))


def test_row_that_the_engine_sends_is_nobodys_to_post(world):
    url = reverse("desk:posting_one", args=[world.unknown.pk])
    assert world.client("chief").get(url).status_code == 404


def test_paused_post_is_not_in_the_chiefs_queue(world):
    DeliveryFactory(
        broadcast=world.sending, group=GroupFactory(unit=world.area.village_a), state=DeliveryState.OVERDUE
    )
    assert posting.queue(world.users["chief"]).exists()
    Broadcast.objects.filter(pk=world.sending.pk).update(state="paused")

    assert not posting.queue(world.users["chief"]).exists()


# --- One after the other ---------------------------------------------------------------------------------


def test_run_of_a_post_shows_the_text_once_and_a_step_for_each_group(world):
    second = another_row(world)
    page = html(world.client("relay").get(reverse("desk:posting_run", args=[world.sending.code])))
    assert page.count(world.sending.body) == 1
    assert page.count("data-step=") == 2
    assert second.group.join_url in page


def test_run_leads_back_to_itself_and_ends_with_a_summary_that_can_be_taken_back(world):
    run = reverse("desk:posting_run", args=[world.sending.code])
    second = another_row(world)
    response = post(world, "posted", next=run)
    assert response.redirect_chain[-1][0] == run
    page = html(post(world, "skip", row=second, reason="Nhóm giải tán", next=run))
    assert "Đã đăng 1, không đăng được 1." in page
    assert page.count("Hoàn tác") == 2
    response = post(world, "undo", next=run)
    assert response.redirect_chain[-1][0] == run
    world.to_post.refresh_from_db()
    assert (world.to_post.state, world.to_post.settled_by) == (DeliveryState.TO_POST, None)


def test_run_of_a_group_shows_every_post_that_waits_there(world):
    other = BroadcastFactory(
        unit=world.area.commune_a, state="sending", title="Bài thứ hai", urgency="urgent"
    )
    DeliveryFactory(broadcast=other, group=world.group, state=DeliveryState.TO_POST, priority=0)
    another_row(world)
    page = html(world.client("relay").get(reverse("desk:posting_group", args=[world.group.pk])))
    assert page.count("data-step=") == 2
    assert page.index("Bài thứ hai") < page.index(world.sending.title)


def test_form_leads_to_no_page_outside_posting(world):
    response = post(world, "posted", next="https://example.com/can-bo/dang-bai/")
    assert response.redirect_chain[-1][0] == reverse("desk:posting")


# --- A script confirms -----------------------------------------------------------------------------------


def tell(world: World, name: str, *, by: str = "relay", **data):
    url = reverse(f"desk:posting_{name}", args=[world.to_post.pk])
    return world.client(by).post(url, data, headers={"Accept": "application/json"})


def test_script_confirms_what_was_done_a_while_ago_and_may_repeat_itself(world):
    type(world.to_post).objects.update(created_at=timezone.now() - timedelta(hours=2))
    user = str(world.users["relay"].pk)
    answers = [tell(world, "posted", key="k1", age="600", user=user) for _again in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    world.to_post.refresh_from_db()
    minutes = (timezone.now() - world.to_post.settled_at).total_seconds() / 60
    assert 9.9 < minutes < 11
    page = html(world.client("relay").get(reverse("desk:posting_one", args=[world.to_post.pk])))
    assert "xác nhận lúc không có mạng" in page


def test_script_learns_who_was_faster_and_what_is_wrong(world):
    broken = tell(world, "posted", proof=SimpleUploadedFile("anh.png", b"MZ"))
    assert (broken.status_code, "không phải ảnh" in broken.json()["message"]) == (400, True)
    assert tell(world, "skip", reason=" ").status_code == 400
    post(world, "posted", by="officer")
    late = tell(world, "posted")
    assert late.status_code == 409
    assert world.users["officer"].display_name in late.json()["message"]


def test_script_of_nobody_or_of_somebody_else_is_asked_to_log_in(world):
    assert tell(world, "posted", by="anonymous").status_code == 401
    assert tell(world, "posted", user=str(world.users["officer"].pk)).status_code == 401
    card = reverse("desk:posting_card")
    assert world.client("anonymous").get(card, headers={"Accept": "application/json"}).status_code == 401
    answer = world.client("relay").get(card, headers={"Accept": "application/json"}).json()
    assert answer["user"] == str(world.users["relay"].pk)
    world.to_post.refresh_from_db()
    assert world.to_post.state == DeliveryState.TO_POST


def test_confirmation_passes_the_check_of_forms_with_the_token_of_the_card(world):
    client = Client(enforce_csrf_checks=True)
    client.force_login(world.users["relay"])
    url, accept = reverse("desk:posting_posted", args=[world.to_post.pk]), "application/json"
    assert client.post(url, headers={"Accept": accept}).status_code == 403
    token = client.get(reverse("desk:posting_card"), headers={"Accept": accept}).json()["token"]
    assert client.post(url, headers={"Accept": accept, "X-CSRFToken": token}).status_code == 200


# --- What a phone may keep -------------------------------------------------------------------------------


def test_phone_may_keep_what_waits_and_nothing_else(world):
    kept = {
        "posting": [],
        "posting_run": [world.sending.code],
        "posting_one": [world.to_post.pk],
    }
    for name, args in kept.items():
        response = world.client("officer").get(reverse(f"desk:{name}", args=args))
        assert response.headers.get("X-Offline-Copy") == "1", name
    others = {"today": [], "tips": [], "tip": [world.tip.public_id], "groups": [], "broadcasts": []}
    for name, args in others.items():
        response = world.client("officer").get(reverse(f"desk:{name}", args=args))
        assert "X-Offline-Copy" not in response.headers, name
    assert "X-Offline-Copy" not in world.client("chief").get(reverse("desk:posting_unposted")).headers
    post(world, "posted")
    response = world.client("relay").get(reverse("desk:posting_one", args=[world.to_post.pk]))
    assert "X-Offline-Copy" not in response.headers


def test_service_worker_is_ours_alone(world):
    response = world.client("anonymous").get(reverse("desk:posting_worker"))
    assert response["Content-Type"].startswith("text/javascript")
    assert response["Service-Worker-Allowed"] == "/can-bo/"
    assert response["Content-Security-Policy"] == "default-src 'none'; script-src 'self'; connect-src 'self'"
    assert "http" not in html(response).replace("https://", "http")
    assert reverse("desk:posting_card") in html(response)


# --- Who has not posted ----------------------------------------------------------------------------------


def lead(world: World, name: str, *, by: str = "chief", **data):
    return world.client(by).post(reverse(f"desk:posting_{name}"), data, follow=True)


def test_chief_sees_group_steward_and_number_to_call(world):
    officer = world.users["officer"]
    officer.phone = "0912345678"
    officer.save()
    page = html(world.client("chief").get(reverse("desk:posting_unposted") + f"?bai={world.sending.code}"))
    assert world.group.name in page
    assert officer.display_name in page
    assert 'href="tel:0912345678"' in page
    assert "0912 345 678" in page
    page = html(world.client("chief").get(reverse("desk:posting_unposted") + "?loc=qua-han"))
    assert world.group.name not in page


def test_reminder_stands_on_the_stewards_list_and_is_not_repeated_within_the_hour(world):
    row = f"{world.to_post.pk}-"
    assert "Đã nhắc 1 nhóm" in html(lead(world, "remind", row=row))
    assert "Chưa nhắc nhóm nào" in html(lead(world, "remind", row=row))
    assert "Chỉ huy nhắc lúc" in html(world.client("officer").get(reverse("desk:posting")))


def test_handed_over_row_moves_to_the_other_persons_list(world):
    other = make_user(Role.BEAT_OFFICER, world.area.commune_a)
    page = html(lead(world, "hand_over", row=f"{world.to_post.pk}-", assignee=other.pk))
    assert "Đã giao 1 nhóm" in page
    assert world.group.name not in html(world.client("officer").get(reverse("desk:posting")))
    world.users["other"] = other
    assert world.group.name in html(world.client("other").get(reverse("desk:posting")))
    # A second chief acts on what the page showed before.
    page = html(lead(world, "hand_over", row=f"{world.to_post.pk}-", assignee=world.users["relay"].pk))
    assert "Chưa giao được" in page


def test_hand_over_needs_rows_and_a_person_of_the_area(world):
    stranger = world.users["officer2"]
    for data in ({}, {"row": f"{world.to_post.pk}-"}, {"row": "x-y", "assignee": stranger.pk}):
        assert "Xin chọn ít nhất một nhóm" in html(lead(world, "hand_over", **data))
    page = html(lead(world, "hand_over", row=f"{world.to_post.pk}-", assignee=stranger.pk))
    assert "Xin chọn ít nhất một nhóm" in page
    assert not PostingTask.objects.exists()


def test_overdue_row_reaches_the_supervisor_when_the_chief_did_nothing(world, settings):
    settings.ESCALATE_HOURS_ROUTINE = 24
    url = reverse("desk:posting")
    overdue = dict(state=DeliveryState.OVERDUE)
    type(world.to_post).objects.update(due_at=timezone.now() - timedelta(hours=23), **overdue)
    assert world.group.name not in html(world.client("supervisor").get(url))
    assert world.group.name in html(world.client("chief").get(reverse("desk:today")))
    type(world.to_post).objects.update(due_at=timezone.now() - timedelta(hours=25))
    assert world.group.name in html(world.client("supervisor").get(url))
    assert world.sending.title in html(world.client("supervisor").get(reverse("desk:today")))


# --- The village head ------------------------------------------------------------------------------------


def test_menu_of_a_village_head_has_this_page_only(world):
    for name in ("today", "posting"):
        page = html(world.client("relay").get(reverse(f"desk:{name}")))
        menu = page[page.index('class="desk-nav"') : page.index("</nav>", page.index('class="desk-nav"'))]
        assert menu.count("<a ") == 1
        assert "Bài cần đăng" in menu


@pytest.mark.parametrize("path", ["/admin/", "/admin/broadcasts/delivery/", "/admin/tips/tip/"])
def test_admin_is_closed_to_a_village_head(world, path):
    response = world.client("relay").get(path, follow=True)
    assert response.status_code == 403


def test_api_shows_a_village_head_nothing_but_their_own_groups_and_rows(world):
    client = APIClient()
    client.force_authenticate(world.users["relay"])
    for path in (
        "tips/",
        f"tips/{world.tip.public_id}/",
        "reports/programme/",
        f"broadcasts/{world.sending.pk}/",
    ):
        assert client.get(f"/api/v1/{path}").status_code in (403, 404), path
    assert client.get("/api/v1/broadcasts/").json()["results"] == []
    assert [row["id"] for row in client.get("/api/v1/groups/").json()["results"]] == [world.group.pk]
    body = {"title": "x", "body": "y", "kind": "education", "audience": {"groups": [world.group.pk]}}
    assert client.post("/api/v1/broadcasts/", body, format="json").status_code == 403
    assert client.post(f"/api/v1/deliveries/{world.unknown.pk}/seen/").status_code in (403, 404)
    assert client.post(f"/api/v1/groups/{world.group.pk}/sizes/", {}).status_code == 403


# --- The size of the group -------------------------------------------------------------------------------


def test_steward_writes_down_the_size_of_the_group_and_a_village_head_does_not(world):
    page = html(world.client("officer").get(reverse("desk:posting_one", args=[world.to_post.pk])))
    assert "Ghi số thành viên nhóm" in page
    post(world, "size", by="officer", members=41, households=33)
    world.group.refresh_from_db()
    assert (world.group.members_count, world.group.households_count) == (41, 33)
    page = html(world.client("relay").get(reverse("desk:posting_one", args=[world.to_post.pk])))
    assert "Ghi số thành viên nhóm" not in page
    assert post(world, "size", members=1, households=1).status_code == 403
    assert "không thể nhiều hơn" in html(post(world, "size", by="officer", members=1, households=2))


# --- A whole commune -------------------------------------------------------------------------------------


def test_thirty_groups_fit_one_run_and_pages_of_the_list(world):
    for _number in range(31):
        another_group = GroupFactory(unit=world.area.village_a)
        DeliveryFactory(broadcast=world.sending, group=another_group, state=DeliveryState.TO_POST)
    client = world.client("relay")
    page = html(client.get(reverse("desk:posting")))
    assert page.count('class="duty ') + page.count('class="duty"') == 30
    assert "?trang=2" in page
    run = html(client.get(reverse("desk:posting_run", args=[world.sending.code])))
    assert run.count("data-step=") == 32


def test_chief_finds_who_has_not_posted_from_every_page_and_nobody_else_is_led_there(world):
    address = reverse("desk:posting_unposted")
    menus = {name: html(world.client(name).get(reverse("desk:groups"))) for name in ("chief", "officer")}
    assert f'href="{address}"' in menus["chief"]
    assert address not in menus["officer"]


def test_menu_says_how_many_groups_wait_for_somebody_else(world, monkeypatch):
    def entry(name: str) -> str:
        page = html(world.client(name).get(reverse("desk:groups")))
        start = page.index(f'href="{reverse("desk:posting_unposted")}"')
        return page[start : page.index("</a>", start)]

    waiting = posting.unposted(world.users["chief"], world.area.commune_a).count()
    assert waiting and f'<span class="count">{waiting}</span>' in entry("chief")
    monkeypatch.setattr(frame, "MOST_COUNTED", 1)
    assert '<span class="count">0+</span>' in entry("chief")
    Delivery.objects.filter(state__in=POSTABLE).update(state=DeliveryState.POSTED)
    assert "count" not in entry("chief")


def test_badge_and_list_of_one_person_agree_whichever_way_a_row_came(world):
    """Steward, village head, asked by the chief, chief above: each row once."""
    mine = another_row(world)
    StewardshipFactory(group=mine.group, user=world.users["chief"])
    PostingTask.objects.create(delivery=mine, assignee=world.users["chief"])
    Delivery.objects.filter(pk=mine.pk).update(state=DeliveryState.OVERDUE)
    for name in ("chief", "relay", "officer"):
        rows = posting.queue(world.users[name])
        assert len(set(rows)) == len(rows) == posting.some_of_queue(world.users[name], 100).count()
    assert mine in posting.queue(world.users["chief"])
    assert posting.some_of_queue(world.users["relay"], 1).count() == 1


def test_script_gets_json_for_a_row_that_is_not_its_person_s(world):
    url = reverse("desk:posting_posted", args=[world.to_post.pk])
    answer = world.client("officer3").post(url, {"key": "k"}, headers={"accept": "application/json"})
    assert (answer.status_code, bool(answer.json()["message"])) == (404, True)


def test_list_of_people_that_was_cut_says_so(world, monkeypatch):
    address = reverse("desk:posting_unposted")
    assert "người đầu" not in html(world.client("chief").get(address))
    monkeypatch.setattr(unposted, "MOST_PEOPLE", 1)
    assert "Chỉ hiện 1 người đầu" in html(world.client("chief").get(address))
