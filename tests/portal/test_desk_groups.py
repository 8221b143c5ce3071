"""Groups through the pages: counting, handing over, the join link."""

import pytest
from django.urls import reverse
from django.utils import timezone

from broadcasts.enums import DeliveryState
from groups.enums import Role
from groups.models import Group
from tests.factories import DeliveryFactory, GroupFactory, make_user
from tests.portal.desk_world import World, html

pytestmark = pytest.mark.django_db


def post(world: World, name: str, *, by: str = "chief", **data):
    return world.client(by).post(reverse(f"desk:{name}", args=[world.group.pk]), data, follow=True)


def test_chief_records_a_count_that_the_page_then_draws(world):
    page = html(post(world, "group_count", members="31", households="28", date="20/11/2026"))
    assert "Đã ghi số thành viên" in page
    assert "<rect" in page
    world.group.refresh_from_db()
    assert (world.group.members_count, world.group.households_count) == (31, 28)


@pytest.mark.parametrize(
    "data",
    [
        {"members": "31", "households": "40", "date": "20/11/2026"},
        {"members": "-1", "households": "0", "date": "20/11/2026"},
        {"members": "31", "households": "28", "date": "01/01/2099"},
        {"members": "31", "households": "28", "date": "20-thang-11"},
    ],
)
def test_impossible_count_is_refused(world, data):
    response = post(world, "group_count", **data)
    assert response.status_code == 400
    assert not world.group.sizes.exists()


def test_counting_is_the_chiefs_and_the_stewards(world):
    count = {"by": "officer", "members": "31", "households": "28", "date": "20/11/2026"}
    assert post(world, "group_count", **count).status_code == 200
    assert world.group.sizes.get().members == 31

    world.group.stewardships.update(ends_on=timezone.localdate())
    assert post(world, "group_count", **count | {"members": "32"}).status_code == 403
    assert world.group.sizes.get().members == 31


def test_chief_hands_the_group_over(world):
    beat = make_user(Role.BEAT_OFFICER, world.area.commune_a, full_name="Phạm Minh Tuấn")
    page = html(post(world, "group_hand_over", steward=beat.pk))
    assert "Đã bàn giao cho Đại úy Phạm Minh Tuấn" in page
    assert world.group.stewardships.get(ends_on=None).user == beat


def test_group_is_not_handed_to_somebody_of_another_commune(world):
    response = post(world, "group_hand_over", steward=world.users["officer2"].pk)
    assert response.status_code == 400


def test_join_link_and_letter_stand_on_the_page(world):
    link = world.group.join_links.get()
    page = html(world.client("officer").get(reverse("desk:group", args=[world.group.pk])))
    assert reverse("groups:join", args=[link.code]) in page
    assert reverse("groups:letter", args=[link.code]) in page


def test_chief_opens_a_link_where_there_is_none(world):
    world.group.join_links.all().delete()
    post(world, "group_link")
    assert world.group.join_links.filter(is_open=True).count() == 1


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, {"quiet", "loud", "assisted"}),
        ({"q": "im lang"}, {"quiet"}),
        ({"im-lang": "1"}, {"quiet"}),
        ({"loai": "school"}, {"loud"}),
        ({"cach": "assisted"}, {"quiet", "assisted"}),
        ({"loai": "khong-co", "cach": "x"}, {"quiet", "loud", "assisted"}),
    ],
)
def test_list_filters(world, query, found):
    village = world.area.village_a
    groups = {
        "quiet": GroupFactory(unit=village, name="Nhóm im lặng"),
        "loud": GroupFactory(gmf=True, unit=village, name="Nhóm nhà trường", kind="school"),
        "assisted": GroupFactory(unit=village, name="Nhóm mới lập"),
    }
    Group.objects.exclude(pk=groups["assisted"].pk).update(created_at="2026-01-01T00:00:00Z")
    DeliveryFactory(broadcast=world.sending, group=groups["loud"], state=DeliveryState.SENT)
    page = html(world.client("officer").get(reverse("desk:groups"), query))
    assert {name for name, group in groups.items() if f">{group.name}<" in page} == found


def test_long_list_has_a_next_page(world):
    for number in range(45):
        GroupFactory(unit=world.area.village_a, name=f"An ninh tổ {number:02d}")
    client, url = world.client("officer"), reverse("desk:groups")
    first, second = html(client.get(url)), html(client.get(url, {"trang": "2"}))
    assert "?trang=2" in first
    assert "An ninh tổ 00" in first
    assert "An ninh tổ 44" in second
    assert "An ninh tổ 00" not in second
