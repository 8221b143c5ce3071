"""Figures of the programme: each formula on a small world counted by hand; the page; the API."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from broadcasts.enums import DeliveryState, PostKind
from groups.enums import Role
from portal.desk import reports
from portal.desk.reports import Period
from portal.desk.views.reports import change
from tests.clients import api_client_of
from tests.factories import (
    BroadcastFactory,
    DeliveryFactory,
    GroupFactory,
    TipFactory,
    UnitFactory,
    make_user,
)
from tips.enums import Category, EventKind, Outcome, TipStatus
from tips.models import Extension, TipEvent

pytestmark = pytest.mark.django_db

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
OCTOBER = Period(date(2025, 10, 1), date(2025, 10, 31))
API = "/api/v1/reports/programme/"


def at(day: int, hour: int = 12, month: int = 10) -> datetime:
    return datetime(2025, month, day, hour, tzinfo=ZONE)


def figures(user, unit, period=OCTOBER):
    return reports.figures(user, unit, period)


def test_period_before_has_the_same_length():
    assert OCTOBER.previous == Period(date(2025, 8, 31), date(2025, 9, 30))
    assert OCTOBER.bounds == (at(1, 0), datetime(2025, 11, 1, tzinfo=ZONE))


def test_network_counts_groups_villages_households_members_on_the_last_day(area, officer):
    UnitFactory.reset_sequence(500)
    group = GroupFactory(unit=area.village_a, created_at=at(1))
    other = GroupFactory(unit=area.village_a, created_at=at(2))
    GroupFactory(unit=area.village_a2, created_at=at(1, month=11))
    GroupFactory(unit=area.village_b, created_at=at(1))
    group.sizes.create(day=date(2025, 10, 5), members=20, households=18)
    group.sizes.create(day=date(2025, 10, 30), members=31, households=28)
    group.sizes.create(day=date(2025, 11, 30), members=99, households=99)
    other.sizes.create(day=date(2025, 9, 1), members=10, households=10)
    found = figures(officer, area.commune_a)
    assert found["groups"] == 2
    assert found["villages"] == {"total": 2, "covered": 1, "rate": 50.0}
    assert found["members"] == 41
    assert found["households"] == {"total": 240, "represented": 38, "rate": 15.8}


def test_present_period_takes_the_numbers_of_groups_never_counted_on_a_day(area, officer):
    GroupFactory(unit=area.village_a, created_at=at(1), members_count=30)
    today = Period(date(2025, 10, 1), timezone.localdate())
    assert figures(officer, area.commune_a, today)["members"] == 30
    assert figures(officer, area.commune_a)["members"] == 0


def test_posts_and_deliveries_count_each_group_once_and_no_correction(area, officer):
    groups = [GroupFactory(gmf=True, unit=area.village_a) for _number in range(4)]
    post = BroadcastFactory(unit=area.commune_a, started_at=at(3), state="done")
    states = (DeliveryState.SENT, DeliveryState.SENT, DeliveryState.UNKNOWN, DeliveryState.REFUSED)
    for group, state in zip(groups, states, strict=True):
        DeliveryFactory(broadcast=post, group=group, state=state, attempts=3)
    correction = BroadcastFactory(unit=area.commune_a, started_at=at(4), kind=PostKind.CORRECTION)
    DeliveryFactory(broadcast=correction, group=groups[0], state=DeliveryState.SENT)
    november = BroadcastFactory(unit=area.commune_a, started_at=datetime(2025, 11, 1, tzinfo=ZONE))
    DeliveryFactory(broadcast=november, group=groups[0], state=DeliveryState.SENT)
    # A post of the district that reached a group of ours is a post our members read.
    district = BroadcastFactory(unit=area.district, started_at=at(31, 23))
    DeliveryFactory(broadcast=district, group=groups[1], state=DeliveryState.POSTED)
    DeliveryFactory(broadcast=district, group=GroupFactory(gmf=True, unit=area.village_b), state="sent")
    found = figures(officer, area.commune_a)
    assert found["posts"] == 2
    assert found["deliveries"] == {"sent": 2, "posted": 1, "unknown": 1, "refused": 1}


def test_tips_received_leave_out_spam_and_count_a_matter_once(area, officer):
    common = {"unit": area.commune_a, "received_at": at(10)}
    TipFactory(**common, is_valuable=True, valued_by=officer, channel="zalo", priority=0)
    TipFactory(**common, category=Category.MA_TUY)
    TipFactory(**common, status=TipStatus.SPAM)
    TipFactory(**common, status=TipStatus.DUPLICATE)
    TipFactory(unit=area.commune_a, received_at=at(30, month=9))
    TipFactory(unit=area.commune_b, received_at=at(10))
    tips = figures(officer, area.commune_a)["tips"]
    assert (tips["received"], tips["valuable"], tips["duplicates"]) == (2, 1, 1)
    assert tips["by_channel"] == {"web": 1, "zalo": 1}
    assert tips["by_category"] == {"MA_TUY": 1, "GAY_ROI": 1}
    assert tips["by_priority"] == {"P0": 1, "P3": 1}


def test_restricted_tips_are_counted_for_their_circle_only(area, officer):
    TipFactory(unit=area.commune_a, received_at=at(10), category=Category.TRE_EM)
    chief = make_user(Role.CHIEF, area.commune_a, restricted_circle=True)
    assert figures(officer, area.commune_a)["tips"]["received"] == 0
    assert figures(officer, area.commune_a)["tips"]["by_category"] == {}
    assert figures(chief, area.commune_a)["tips"]["received"] == 1


def extend(tip, chief, old, new) -> None:
    """More time that a chief gave on the fifth."""
    given = {"state": "approved", "decided_by": chief, "decided_at": at(5), "reason": "Chờ kết quả"}
    Extension.objects.create(tip=tip, asked_by=chief, old_deadline=old, new_deadline=new, **given)


def test_punctuality_has_three_parts_and_leaves_out_what_is_not_due(area, officer):
    common = {"unit": area.commune_a, "received_at": at(1)}
    ended = {"status": TipStatus.CLOSED, "outcome": Outcome.HANDLED}
    TipFactory(**common, **ended, closed_at=at(5), deadline=at(6))
    longer = TipFactory(**common, **ended, closed_at=at(9), deadline=at(12))
    extend(longer, officer, at(6), at(12))
    # Given longer, too, but done by the deadline it had before, or in a round that began after.
    for reopened_at in (None, at(7)):
        quick = TipFactory(**common, **ended, closed_at=at(9), deadline=at(12))
        extend(quick, officer, at(6) if reopened_at else at(10), at(12))
        if reopened_at:
            TipEvent.objects.create(tip=quick, kind=EventKind.REOPENED, at=reopened_at)
    TipFactory(**common, **ended, closed_at=at(8), deadline=at(6))
    TipFactory(**common, deadline=at(7), status=TipStatus.VERIFYING)
    # Due in November, ended as spam or joined to another: none belongs to October's sum.
    TipFactory(**common, status=TipStatus.DUPLICATE, closed_at=at(5), deadline=at(6))
    TipFactory(**common, deadline=at(2, month=11))
    TipFactory(**common, status=TipStatus.SPAM, closed_at=at(5), deadline=at(6), outcome=Outcome.SPAM)
    tips = figures(officer, area.commune_a)["tips"]
    assert (tips["on_time"], tips["extended"], tips["late"]) == (3, 1, 2)


@pytest.mark.parametrize(
    ("minutes", "median"),
    [([], None), ([30], 30), ([10, 30], 20), ([10, 30, 600], 30), ([10, 20, 40, 600], 30)],
)
def test_median_of_the_first_answer(area, officer, minutes, median):
    for wait in minutes:
        TipFactory(
            unit=area.commune_a,
            received_at=at(10),
            first_answer_at=at(10) + timedelta(minutes=wait),
        )
    TipFactory(unit=area.commune_a, received_at=at(10))
    assert figures(officer, area.commune_a)["tips"]["median_first_answer_minutes"] == median


def test_outcomes_belong_to_the_period_in_which_the_tip_ended(area, officer):
    TipFactory(
        unit=area.commune_a, received_at=at(1), closed_at=at(20), outcome=Outcome.GUIDED, status="closed"
    )
    TipFactory(
        unit=area.commune_a, received_at=at(1), closed_at=at(2, month=11), outcome="handled", status="closed"
    )
    assert figures(officer, area.commune_a)["outcomes"] == {"guided": 1}


@pytest.mark.parametrize(
    ("now", "before", "words"),
    [
        (4, 4, "bằng kỳ trước"),
        (2, 6, "giảm 4 (66,7 %)"),
        (1500, 500, "tăng 1.000 (200,0 %)"),
        (5, 0, "tăng 5, kỳ trước không có"),
    ],
)
def test_comparison_is_said_in_numbers_and_percent(now, before, words):
    assert change(now, before) == words


def test_api_answers_with_the_fixed_keys_and_the_period_before(area, officer):
    response = api_client_of(officer).get(
        API, {"unit": area.commune_a.code, "from": "2025-10-01", "to": "2025-10-31"}
    )
    assert response.status_code == 200
    body = response.json()
    keys = {"groups", "villages", "households", "members", "posts", "deliveries", "tips", "outcomes"}
    assert set(body) == keys | {"previous"}
    assert set(body["previous"]) == keys
    assert set(body["deliveries"]) == {"sent", "posted", "unknown", "refused"}
    assert {"received", "valuable", "on_time", "extended", "late", "median_first_answer_minutes"} < set(
        body["tips"]
    )


def test_api_without_parameters_is_the_callers_unit_and_the_month_so_far(area, officer):
    GroupFactory(unit=area.village_a)
    GroupFactory(unit=area.village_b)
    assert api_client_of(officer).get(API).json()["groups"] == 1


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"from": "31/02/2025"}, "from"),
        ({"from": "2025-10-31", "to": "2025-10-01"}, "to"),
        ({"from": "1900-01-01"}, "from"),
    ],
)
def test_api_names_the_bad_field(officer, query, field):
    response = api_client_of(officer).get(API, query)
    assert response.status_code == 400
    assert field in response.json()


def test_api_is_closed_to_relays_auditors_and_strangers(area, officer):
    assert Client().get(API).status_code == 401
    for role in (Role.RELAY, Role.AUDITOR, Role.ADMINISTRATOR):
        assert api_client_of(make_user(role, area.commune_a)).get(API).status_code == 403
    assert api_client_of(officer).get(API, {"unit": area.commune_b.code}).status_code == 404
    assert api_client_of(officer).get(API, {"unit": "KHONGCO"}).status_code == 404


def test_page_shows_the_figures_and_refuses_a_backwards_period(area, officer):
    client = Client()
    client.force_login(officer)
    TipFactory(unit=area.commune_a, received_at=at(10))
    url = reverse("desk:report")
    page = client.get(url, {"tu": "01/10/2025", "den": "31/10/2025"}).content.decode()
    assert "Gây rối, đánh nhau, ồn ào" in page
    assert "01/10/2025 – 31/10/2025" in page
    assert client.get(url, {"tu": "31/10/2025", "den": "01/10/2025"}).status_code == 400
    assert client.get(url, {"tu": "hôm qua"}).status_code == 400
