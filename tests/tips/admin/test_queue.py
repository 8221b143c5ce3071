"""The queue of tips in the admin: its words, filters and cost, and acts on several at once."""

import re
from datetime import timedelta
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from groups.enums import Role
from tests.factories import make_user
from tests.tips.admin.pages import QUEUE, page_of
from tips.models import Tip
from tips.services import handling

pytestmark = pytest.mark.django_db


def test_queue_shows_open_tips_with_words_for_their_deadline(submit, desk, area):
    late, done = submit(village=area.village_a), submit()
    Tip.objects.filter(pk=late.pk).update(deadline=timezone.now() - timedelta(days=2, minutes=1))
    Tip.objects.filter(pk=done.pk).update(status="closed")
    body = desk.get(QUEUE).content.decode()
    assert late.public_id in body and done.public_id not in body
    assert "Quá hạn 2 ngày" in body and "Thôn Trung Hòa, Xã Minh Tân" in body and "badge--p3" in body
    assert late.text not in body
    everything = desk.get(QUEUE, {"status": "all"}).content.decode()
    assert late.public_id in everything and done.public_id in everything


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"priority": "P1"}, "urgent"),
        ({"deadline": "late"}, "late"),
        ({"deadline": "day"}, "urgent"),
        ({"holder": "me"}, "mine"),
        ({"valuable": "yes"}, "mine"),
        ({"status": "verifying"}, "mine"),
        ({"category": "VU_KHI_PHAO"}, "urgent"),
        ({"area": "D6802"}, "late"),
        ({"q": "cho cu"}, "mine"),
        ({"q": "CHỢ CŨ"}, "mine"),
    ],
)
def test_filters_and_search_find_one(submit, desk, supervisor, area, query, found):
    tips = {
        "urgent": submit(category="VU_KHI_PHAO"),
        "late": submit(unit=area.commune_b),
        "mine": submit(text="duong cho cu toi nao cung danh bai"),
    }
    Tip.objects.filter(pk=tips["late"].pk).update(deadline=timezone.now() - timedelta(hours=1))
    Tip.objects.filter(pk=tips["mine"].pk).update(
        assignee=supervisor, is_valuable=True, valued_by=supervisor, status="verifying"
    )
    body = desk.get(QUEUE, query).content.decode()
    assert [name for name, tip in tips.items() if tip.public_id in body] == [found]


@pytest.mark.parametrize(
    ("query", "found"),
    [({}, ["danger"]), ({"status": "all"}, ["danger", "ended"]), ({"status": "new"}, ["danger"])],
)
def test_tips_in_danger_are_found_among_open_ones_and_among_all(submit, desk, query, found):
    words = "Có người cầm dao đuổi chém nhau ở đầu ngõ, kêu cứu."
    tips = {"calm": submit(), "danger": submit(text=words), "ended": submit(text=f"{words} Lần hai.")}
    Tip.objects.filter(pk=tips["ended"].pk).update(status="closed")
    body = desk.get(QUEUE, {**query, "priority": "P0"}).content.decode()
    assert [name for name, tip in tips.items() if tip.public_id in body] == found


@pytest.mark.parametrize("name", ["priority", "deadline", "holder", "valuable", "status"])
def test_filter_nobody_offers_is_no_fault_of_the_page(submit, desk, name):
    assert desk.get(QUEUE, {name: "bịa"}, follow=True).status_code == 200


def test_way_back_from_a_row_keeps_filters_and_search(submit, desk):
    tip = submit(text="duong cho cu toi nao cung danh bai")
    listed = desk.get(QUEUE, {"area": "D6801", "q": "cho cu"}).content.decode()
    row = re.search(rf'href="({page_of(tip)}[^"]*)"', listed)[1]
    page = desk.get(unescape(row)).content.decode()
    back = unescape(re.search(r'class="breadcrumbs">.*href="([^"]*)">Tin báo<', page)[1])
    assert urlsplit(back).path == QUEUE
    assert parse_qs(urlsplit(back).query) == {"area": ["D6801"], "q": ["cho cu"]}


def test_search_by_code_and_by_nothing_searchable(submit, desk):
    first, second = submit(), submit()
    body = desk.get(QUEUE, {"q": first.public_id.lower()}).content.decode()
    assert page_of(first) in body and page_of(second) not in body
    assert page_of(first) not in desk.get(QUEUE, {"q": "%%"}).content.decode()


def test_queue_costs_the_same_with_one_row_and_with_three(submit, desk, area):
    counts = []
    desk.get(QUEUE)  # the first request of a session writes to it
    for number in (1, 2):
        for _ in range(number):
            submit(village=area.village_a)
        with CaptureQueriesContext(connection) as captured:
            assert desk.get(QUEUE).status_code == 200
        counts.append(len(captured))
    assert counts[0] == counts[1]
    assert counts[0] <= 12


def bulk(client, tips, **body):
    return client.post(QUEUE, {"action": "assign_selected", "_selected_action": [t.pk for t in tips], **body})


def test_assign_selected_asks_for_the_person_first(submit, desk, area):
    officer = make_user(Role.OFFICER, area.commune_a, full_name="Lê Văn Nhận")
    tips = [submit(), submit()]
    response = bulk(desk, tips)
    assert "Lê Văn Nhận" in response.content.decode() and not Tip.objects.filter(assignee=officer).exists()
    assert "Xin chọn một cán bộ" in bulk(desk, tips, person="").content.decode()
    versions = {f"version_{tip.pk}": tip.version for tip in tips}
    response = bulk(desk, tips, person=officer.pk, **versions)
    assert response.status_code == 302 and Tip.objects.filter(assignee=officer).count() == 2


def test_assign_selected_leaves_what_changed_meanwhile(submit, desk, supervisor, area):
    officer = make_user(Role.OFFICER, area.commune_a)
    tips = [submit(), submit()]
    versions = {f"version_{tip.pk}": tip.version for tip in tips}
    handling.accept(tips[0], actor=supervisor, version=1)
    bulk(desk, tips, person=officer.pk, **versions)
    assert list(Tip.objects.filter(assignee=officer)) == [tips[1]]


def test_assign_selected_offers_only_who_can_handle_all(submit, desk, supervisor, area):
    make_user(Role.OFFICER, area.commune_a, full_name="Lê Văn A")
    body = bulk(desk, [submit(), submit(unit=area.commune_b)]).content.decode()
    assert "Lê Văn A" not in body and supervisor.display_name in body


def accept_selected(desk, *tips):
    """Choose tips in the list, and say yes on the page that asks."""
    data = {"action": "accept_selected", "_selected_action": [tip.pk for tip in tips]}
    asked = desk.post(QUEUE, data)
    assert not Tip.objects.filter(accepted_at__isnull=False, pk=tips[0].pk).exists()
    versions = re.findall(r'name="(version_\d+)" value="(\d+)"', asked.content.decode())
    return desk.post(QUEUE, {**data, **dict(versions), "confirmed": "1"}, follow=True)


def test_tip_in_danger_is_not_accepted_with_others_from_the_queue(submit, desk):
    calm, danger = submit(), submit(text="Có người cầm dao đuổi chém nhau ở đầu ngõ, kêu cứu.")
    assert danger.priority == 0
    chosen = {"action": "accept_selected", "_selected_action": [calm.pk, danger.pk]}
    asked = desk.post(QUEUE, chosen).content.decode().partition("Không tiếp nhận ở đây")
    assert calm.public_id in asked[0] and danger.public_id in asked[2]
    body = accept_selected(desk, calm, danger).content.decode()
    assert "Đã tiếp nhận 1 tin." in body
    assert f"{danger.public_id}: Tin đang nguy hiểm (P0) không tiếp nhận hàng loạt" in body
    assert Tip.objects.get(pk=danger.pk).status == "new"


def test_several_tips_are_accepted_from_the_queue_and_who_was_faster_is_named(submit, desk, area):
    first, second = submit(), submit()
    officer = make_user(Role.OFFICER, area.commune_a)
    handling.accept(second, actor=officer, version=1)
    body = accept_selected(desk, first, second).content.decode()
    assert "Đã tiếp nhận 1 tin." in body
    assert f"{second.public_id}: {officer.display_name}: Tiếp nhận lúc" in body
    assert Tip.objects.get(pk=second.pk).assignee == officer
