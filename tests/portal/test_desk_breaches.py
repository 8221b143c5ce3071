"""A breach of personal data whose 72 hours run stands on the first page of those who keep the register."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from tests.portal.desk_world import html
from tips.models import Breach
from tips.services import breaches

SECRET = "Gửi nhầm danh sách có tên và số điện thoại"


def enter(world, hours):
    known_at = timezone.now() - timedelta(hours=hours, minutes=-1)
    texts = {"what": SECRET, "data": "Tên", "measures": "Đã thu hồi thư"}
    actor, unit = world.users["administrator"], world.area.commune_a
    return breaches.enter(actor=actor, unit=unit, known_at=known_at, people=12, **texts)


def first_page(world, name):
    with CaptureQueriesContext(connection) as queries:
        page = html(world.client(name).get(reverse("desk:today"), follow=True))
    return page, [query["sql"] for query in queries if Breach._meta.db_table in query["sql"]]


@pytest.mark.parametrize("name", ["supervisor", "administrator"])
@pytest.mark.parametrize(("hours", "left"), [(2, "Còn 70 giờ"), (60, "Còn 12 giờ"), (73, "Quá hạn 59 phút")])
def test_first_page_of_a_keeper_shows_the_time_left(world, name, hours, left):
    row = enter(world, hours)
    page, _queries = first_page(world, name)
    assert left in page and f'href="{reverse("desk:breach", args=[row.code])}"' in page
    assert world.area.commune_a.police_name in page and SECRET not in page


def test_clock_goes_when_the_authority_was_told(world):
    row = enter(world, 5)
    breaches.notify(row, actor=world.users["supervisor"], notified_at=timezone.now(), reference="CV 12")
    for name in ("supervisor", "administrator"):
        assert row.code not in first_page(world, name)[0]


@pytest.mark.parametrize("name", ["officer", "chief", "relay", "auditor"])
def test_others_neither_see_nor_pay_for_it(world, name):
    row = enter(world, 73)
    page, queries = first_page(world, name)
    assert row.code not in page and queries == []


@pytest.mark.parametrize("name", ["supervisor", "administrator"])
def test_more_breaches_cost_a_keeper_no_more_queries(world, name):
    enter(world, 1)
    assert len(first_page(world, name)[1]) == 1
    for hours in (2, 3):
        enter(world, hours)
    page, queries = first_page(world, name)
    assert len(queries) == 1 and page.count("Còn") >= 3
