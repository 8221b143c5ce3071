"""Putting posts into groups by hand: the village head, the steward, the chief of what is overdue."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from broadcasts.enums import DeliveryState
from broadcasts.models import Broadcast
from portal.desk import posting
from tests.factories import DeliveryFactory, GroupFactory
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
    assert "Đã ghi nhận" in html(response)
    response = post(world, "posted", row=second)
    assert response.redirect_chain[-1][0] == reverse("desk:posting")
    assert "Đã đăng hết bài" in html(response)
    world.to_post.refresh_from_db()
    assert (world.to_post.state, world.to_post.settled_by) == (DeliveryState.POSTED, world.users["relay"])


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
