"""Who has not posted: seen, reminded, relieved and counted by the chief."""

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from broadcasts.enums import POSTABLE, DeliveryState
from broadcasts.models import Delivery, PostingTask
from groups.enums import Role
from portal.desk import badges, posting
from portal.desk.views import unposted
from tests.factories import PostingFactory, make_user
from tests.portal.desk_world import World, html

pytestmark = pytest.mark.django_db


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
    monkeypatch.setattr(badges, "MOST_COUNTED", 1)
    cache.clear()
    assert '<span class="count">0+</span>' in entry("chief")
    Delivery.objects.filter(state__in=POSTABLE).update(state=DeliveryState.POSTED)
    cache.clear()
    assert "count" not in entry("chief")


def test_menu_says_at_once_what_became_of_ones_own_act_and_soon_of_others(world, time_machine):
    def today() -> str:
        page = html(world.client("officer").get(reverse("desk:groups")))
        return page.split('class="desk-nav"')[1].split("</a>")[0]

    before = posting.queue(world.users["officer"]).count()
    assert f'<span class="count">{before}</span>' in today()
    world.client("officer").post(reverse("desk:posting_posted", args=[world.to_post.pk]))
    assert f'<span class="count">{before}</span>' not in today()
    Delivery.objects.filter(state__in=POSTABLE).update(state=DeliveryState.POSTED)
    time_machine.move_to(timezone.now() + timedelta(seconds=badges.KEPT_SECONDS + 1))
    assert "count" not in today()


def test_act_under_one_posting_counts_at_once_in_the_menu_of_another(world):
    officer, client = world.users["officer"], world.client("officer")
    PostingFactory(user=officer, unit=world.area.commune_b, role=Role.OFFICER)
    elsewhere = Client()
    elsewhere.force_login(officer)
    there = officer.postings.get(unit=world.area.commune_b)
    elsewhere.post(reverse("desk:switch"), {"posting": there.pk})

    def today() -> str:
        page = html(elsewhere.get(reverse("desk:groups")))
        return page.split('class="desk-nav"')[1].split("</a>")[0]

    before = f'<span class="count">{posting.queue(officer).count()}</span>'
    assert before in today()
    client.post(reverse("desk:posting_posted", args=[world.to_post.pk]))
    assert before not in today()


def test_list_of_people_that_was_cut_says_so(world, monkeypatch):
    address = reverse("desk:posting_unposted")
    assert "người đầu" not in html(world.client("chief").get(address))
    monkeypatch.setattr(unposted, "MOST_PEOPLE", 1)
    assert "Chỉ hiện 1 người đầu" in html(world.client("chief").get(address))
