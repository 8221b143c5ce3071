"""Putting posts into groups by hand: the village head, the steward, one group after the other."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from rest_framework.test import APIClient

from broadcasts.enums import DeliveryState
from broadcasts.models import Broadcast, Delivery, PostingTask
from portal.desk import posting
from tests.factories import BroadcastFactory, DeliveryFactory, GroupFactory, StewardshipFactory
from tests.portal.desk_posting import another_row, post
from tests.portal.desk_world import html
from tests.tips import media

pytestmark = pytest.mark.django_db


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
