"""The queue of tips: its order, filters, search, and several tips at once."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from groups.enums import Role
from tests.factories import TipFactory
from tests.portal import desk_world
from tests.portal.desk_world import World, html, make_tip
from tips.enums import TipStatus
from tips.models import Tip
from tips.services import follow, handling

pytestmark = pytest.mark.django_db


def several(world: World, *tips: Tip, by: str = "chief", **data):
    """Post an act on several tips as the list showed them before."""
    ticked = [f"{tip.public_id}:{tip.version}" for tip in tips]
    return world.client(by).post(reverse("desk:tips_bulk"), {"tip": ticked, **data}, follow=True)


def test_several_tips_are_accepted_and_who_was_faster_is_named(world):
    first, second = make_tip(world.area), make_tip(world.area)
    handling.accept(second, actor=world.users["officer"], version=1)
    page = html(several(world, first, second, act="accept"))
    assert "Làm được một phần" in page
    left = page.partition("còn nguyên như cũ")[2].partition("</section>")[0]
    assert second.public_id in left and first.public_id not in left
    assert f"{world.users['officer'].display_name}: Tiếp nhận lúc" in left
    assert Tip.objects.get(pk=first.pk).assignee == world.users["chief"]
    assert Tip.objects.get(pk=second.pk).assignee == world.users["officer"]


def test_tip_in_danger_is_left_out_when_several_are_accepted(world):
    calm, danger = make_tip(world.area), make_tip(world.area, text="Có người cầm dao đuổi chém nhau, kêu cứu")
    listed = html(world.client("chief").get(reverse("desk:tips")))
    assert f'value="{danger.public_id}:1" data-alone' in listed
    assert f'value="{calm.public_id}:1">' in listed
    left = html(several(world, calm, danger, act="accept")).partition("còn nguyên như cũ")[2]
    assert danger.public_id in left.partition("</section>")[0] and "xin mở tin" in left.lower()
    assert Tip.objects.get(pk=danger.pk).status == TipStatus.NEW
    assert Tip.objects.get(pk=calm.pk).status == TipStatus.ACCEPTED


def boxes(world, by, **query):
    """The boxes of the queue: which tips have one, and whether "all" ticks it."""
    page = html(world.client(by).get(reverse("desk:tips"), query))
    return {code: not alone for code, alone in re.findall(r'value="(\w+):\d+"( data-alone)?>', page)}


def test_all_means_those_that_nobody_has_taken(world):
    Tip.objects.all().delete()
    fields = {"unit": world.area.commune_a, "assignee": world.users["officer"]}
    new, again = TipFactory(unit=world.area.commune_a), TipFactory(status=TipStatus.REOPENED, **fields)
    taken, danger = TipFactory(status=TipStatus.ACCEPTED, **fields), TipFactory(priority=0, **fields)
    ended = TipFactory(status=TipStatus.CLOSED, **fields)
    one_of_all = {new.public_id: True, again.public_id: True}
    assert boxes(world, "officer", loc="tat-ca") == one_of_all
    given = one_of_all | {taken.public_id: False, danger.public_id: False}
    assert boxes(world, "chief", loc="tat-ca") == given
    assert ended.public_id not in given


def test_ticked_tips_that_do_not_wait_are_counted_as_skipped(world):
    new, taken = make_tip(world.area), make_tip(world.area)
    taken = handling.accept(taken, actor=world.users["officer"], version=1)
    page = html(several(world, new, taken, act="accept"))
    assert "Đã tiếp nhận các tin đã chọn" in page and "còn nguyên như cũ" not in page
    skipped = page.partition('id="bo-qua"')[2]
    assert taken.public_id in skipped and new.public_id not in skipped
    assert world.users["officer"].display_name in skipped
    assert "Không tin nào chờ tiếp nhận" in html(several(world, taken, act="accept"))


def test_chief_gives_several_tips_to_one_officer_on_the_version_that_was_shown(world):
    first, second = make_tip(world.area), make_tip(world.area)
    follow.add_message(second, text="Chuyện ở gần chợ, chỗ cây đa")
    officer = world.users["officer"]
    page = html(several(world, first, second, act="assign", assignee=officer.pk))
    assert f"Đã giao {officer.display_name}" in page and "Người gửi bổ sung" in page
    assert Tip.objects.get(pk=first.pk).assignee == officer
    assert Tip.objects.get(pk=second.pk).assignee is None


def test_tips_of_others_cannot_be_ticked_and_nothing_is_done_without_a_person(world):
    assert "Xin chọn ít nhất một tin" in html(several(world, world.tip, by="officer2", act="accept"))
    for assignee in ("", world.users["officer2"].pk):
        page = html(several(world, world.tip, act="assign", assignee=assignee))
        assert "Xin chọn cán bộ được giao" in page
    refused = html(several(world, world.tip, by="officer", act="assign", assignee=world.users["chief"].pk))
    assert "không có quyền" in refused
    assert Tip.objects.get(pk=world.tip.pk).version == 1


def test_list_offers_ticks_and_only_chiefs_a_person_to_give_to(world):
    page = html(world.client("chief").get(reverse("desk:tips")))
    assert f'value="{world.tip.public_id}:1"' in page and 'name="assignee"' in page
    assert 'name="assignee"' not in html(world.client("officer").get(reverse("desk:tips")))


def test_queue_puts_danger_first_then_the_nearest_deadline(world):
    now = timezone.now()
    Tip.objects.all().delete()
    later = TipFactory(unit=world.area.commune_a, deadline=now + timedelta(days=2))
    late = TipFactory(unit=world.area.commune_a, deadline=now - timedelta(minutes=12))
    danger = TipFactory(unit=world.area.commune_a, deadline=now + timedelta(hours=5), priority=0)
    page = html(world.client("officer").get(reverse("desk:tips")))
    places = [page.index(tip.public_id) for tip in (danger, late, later)]
    assert places == sorted(places)
    assert "Quá hạn 12 phút" in page
    assert "Còn 4 giờ 59 phút" in page


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"loc": "moi"}, {"new", "late"}),
        ({"loc": "qua-han"}, {"late"}),
        ({"loc": "cua-toi"}, {"mine"}),
        ({"loc": "khan"}, {"urgent"}),
        ({"loc": "tat-ca"}, {"new", "late", "mine", "urgent", "closed"}),
        ({"loai": "GIAO_THONG"}, {"urgent"}),
        ({"thon": "D680102"}, {"late"}),
        ({"loc": "khong-co"}, {"new", "late", "mine", "urgent"}),
        ({"loai": "KHONG_CO", "trang": "99999"}, {"new", "late", "mine", "urgent"}),
    ],
)
def test_queue_filters(world, query, found):
    Tip.objects.all().delete()
    past, accepted = timezone.now() - timedelta(hours=1), TipStatus.ACCEPTED
    make = {
        "new": {},
        "late": {"deadline": past, "village": world.area.village_a2},
        "mine": {"assignee": world.users["officer"], "status": accepted},
        "urgent": {"priority": 1, "status": accepted, "category": "GIAO_THONG"},
        "closed": {"status": TipStatus.CLOSED},
    }
    tips = {name: TipFactory(unit=world.area.commune_a, **fields) for name, fields in make.items()}
    page = html(world.client("officer").get(reverse("desk:tips"), query))
    assert {name for name, tip in tips.items() if tip.public_id in page} == found


@pytest.mark.parametrize("words", ["thằn lằn", "than lan TIM", "múa"])
def test_search_finds_whole_words_with_or_without_marks(world, words):
    page = html(world.client("officer").get(reverse("desk:tips"), {"q": words}))
    assert world.tip.public_id in page


def test_search_finds_a_tip_by_its_number(world):
    page = html(world.client("officer").get(reverse("desk:tips"), {"q": world.tip.public_id.lower()}))
    assert desk_world.TIP_SECRET in page


def test_officer_with_two_postings_sees_the_unit_they_chose(world):
    user = world.users["officer"]
    other = make_tip(world.area, unit=world.area.commune_b, text="Xe tải đỗ chắn cổng trường phường Bến Đá")
    second = user.postings.create(unit=world.area.commune_b, role=Role.OFFICER)
    client = world.client("officer")
    assert other.public_id not in html(client.get(reverse("desk:tips")))
    client.post(reverse("desk:switch"), {"posting": second.pk})
    page = html(client.get(reverse("desk:tips")))
    assert other.public_id in page
    assert world.tip.public_id not in page
    # A link keeps working, whichever unit is chosen.
    assert client.get(reverse("desk:tip", args=[world.tip.public_id])).status_code == 200


def test_nobody_switches_to_a_posting_of_others(world):
    posting = world.users["chief"].postings.get()
    response = world.client("officer").post(reverse("desk:switch"), {"posting": posting.pk})
    assert response.status_code == 403
