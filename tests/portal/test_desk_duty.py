"""The duty page: who is on duty, what rings, on every page of the desk."""

import re

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from groups.enums import Role
from tests.factories import make_user
from tests.portal import desk_world
from tests.portal.desk_world import html, make_tip
from tips.models import DutyShift
from tips.services import alarms, duty, handling, ringing

pytestmark = pytest.mark.django_db

URGENT = "Có hai người cầm dao đuổi chém nhau ở chợ Minh Tân"


@pytest.fixture
def urgent(world):
    world.restricted.alarms.all().delete()
    type(world.restricted).objects.filter(pk=world.restricted.pk).update(priority=2)
    tip = make_tip(world.area, text=URGENT)
    ringing.ring(timezone.now())
    return tip


def strip_of(page: str) -> str:
    """The strip about urgent tips; empty when it is hidden."""
    found = re.search(r'<div class="[^"]*urgent"[^>]*>.*?</div></div>', page, re.DOTALL)
    return "" if found is None or " hidden>" in found[0].split(">")[0] + ">" else found[0]


def test_strip_stands_on_every_page_of_who_is_called_and_says_nothing_of_the_tip(world, urgent):
    for name in ("today", "tips", "groups", "broadcasts", "library", "report", "duty"):
        strip = strip_of(html(world.client("officer").get(reverse(f"desk:{name}"))))
        assert "1 tin khẩn đang chờ" in strip, name
        assert urgent.public_id not in strip and "dao" not in strip and "chợ" not in strip
        assert not strip_of(html(world.client("chief").get(reverse(f"desk:{name}")))), name


def test_strip_goes_when_somebody_takes_the_tip(world, urgent, django_capture_on_commit_callbacks):
    client = world.client("officer")
    assert strip_of(html(client.get(reverse("desk:groups"))))
    with django_capture_on_commit_callbacks(execute=True):
        handling.accept(urgent, actor=world.users["chief"], version=1)
    assert not strip_of(html(client.get(reverse("desk:groups"))))


def test_village_heads_and_administrators_have_no_strip(world, urgent):
    assert 'id="tin-khan"' not in html(world.client("relay").get(reverse("desk:today")))
    assert 'id="tin-khan"' not in html(world.client("administrator").get(reverse("desk:alarms")))


def test_open_page_asks_for_a_number_only(world, urgent, django_assert_max_num_queries):
    client = world.client("officer")
    client.get(reverse("desk:groups"))
    with django_assert_max_num_queries(4):
        answer = client.get(reverse("desk:duty_ringing"))
    assert answer.json() == {"waiting": 1}
    assert answer["Cache-Control"].startswith("max-age=0")
    assert world.client("chief").get(reverse("desk:duty_ringing")).json() == {"waiting": 0}


def test_asking_keeps_no_session_alive(world, settings, time_machine):
    settings.SESSION_IDLE_MINUTES = 30
    client = world.client("officer")
    client.get(reverse("desk:groups"))
    start = timezone.now()
    for minutes in (10, 20, 29):
        time_machine.move_to(start + timezone.timedelta(minutes=minutes))
        assert client.get(reverse("desk:duty_ringing")).status_code == 200
    time_machine.move_to(start + timezone.timedelta(minutes=31))
    assert client.get(reverse("desk:duty_ringing")).status_code == 302


def test_called_person_finds_the_tip_on_the_duty_page(world, urgent):
    page = html(world.client("officer").get(reverse("desk:duty")))
    assert reverse("desk:tip", args=[urgent.public_id]) in page
    assert "dao" not in page.split("Đang gọi anh/chị")[1].split("Trực hôm nay,")[0]


def test_chief_outside_the_circle_learns_whom_to_call(world):
    boss = make_user(Role.CHIEF, world.area.commune_a)
    named = world.users["chief"]
    named.phone = "0263 388 1234"
    named.save()
    ringing.ring(timezone.now() + timezone.timedelta(minutes=6))
    client = Client()
    client.force_login(boss)
    page = html(client.get(reverse("desk:duty")))
    assert "Tin khẩn chỉ nhóm được giao mở được" in page and named.display_name in page
    for word in (world.restricted.public_id, desk_world.RESTRICTED_SECRET, "Xâm hại"):
        assert word not in page


def test_chief_picks_who_is_on_duty_today_with_one_press(world):
    officer = world.users["officer"]
    today = duty.duty_day(timezone.now())
    url = reverse("desk:duty_put")
    answer = world.client("chief").post(url, {"user": officer.pk, "day": today.isoformat()}, follow=True)
    assert "Đã xếp" in html(answer) and "Bỏ trực hôm nay" in html(answer)
    assert duty.on_duty(world.area.commune_a, timezone.now()) == [officer]
    world.client("chief").post(url, {"user": officer.pk, "day": today.isoformat(), "off": "1"})
    assert duty.on_duty(world.area.commune_a, timezone.now()) == []


def test_weekly_roster_is_made_and_shown(world):
    officer = world.users["officer"]
    for weekday in range(7):
        world.client("chief").post(reverse("desk:duty_put"), {"user": officer.pk, "weekday": weekday})
    assert DutyShift.objects.count() == 7
    assert "Theo lịch hằng tuần" in html(world.client("officer").get(reverse("desk:duty")))


@pytest.mark.parametrize(
    "data", [{}, {"user": "x", "weekday": "1"}, {"weekday": "9"}, {"day": "2026-13-45"}, {"day": "hôm nay"}]
)
def test_nonsense_changes_no_roster(world, data):
    values = {"user": world.users["officer"].pk, **data} if "user" not in data and data else data
    assert world.client("chief").post(reverse("desk:duty_put"), values).status_code == 302
    assert not DutyShift.objects.exists()


def test_people_of_other_units_cannot_be_put_on(world):
    stranger = world.users["officer2"]
    world.client("chief").post(reverse("desk:duty_put"), {"user": stranger.pk, "weekday": "1"})
    assert not DutyShift.objects.exists()


def test_officers_see_the_roster_without_buttons(world):
    page = html(world.client("officer").get(reverse("desk:duty")))
    assert "Trực hôm nay" in page and reverse("desk:duty_put") not in page


def test_browser_without_an_address_is_refused_in_words(world):
    answer = world.client("officer").post(reverse("desk:device_add"), {"endpoint": "x"}, follow=True)
    assert "chưa được hỗ trợ" in html(answer)


def test_number_on_a_page_is_not_old(world, urgent, django_capture_on_commit_callbacks):
    officer = world.users["officer"]
    assert alarms.shown(officer) == 1
    with django_capture_on_commit_callbacks(execute=True):
        handling.accept(urgent, actor=officer, version=1)
    assert alarms.shown(officer) == 0
