"""Notes of the desk: a colleague is asked to look by choosing a name. What an ended tip no longer shows."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from groups.enums import Role
from tests.factories import make_user
from tests.portal.desk_world import World, html, make_tip
from tips.models import Mention, Message, Tip

pytestmark = pytest.mark.django_db


def page_of(world: World, by: str, tip: Tip) -> str:
    return html(world.client(by).get(reverse("desk:tip", args=[tip.public_id])))


def note(world: World, **data):
    url = reverse("desk:tip_act", args=[world.tip.public_id, "note"])
    return world.client("chief").post(url, {"version": world.tip.version, **data}, follow=True)


def test_colleague_is_chosen_by_name_and_finds_the_note(world):
    officer = world.users["officer"]
    form = page_of(world, "chief", world.tip).partition('id="note_form"')[2].partition("</form>")[0]
    assert f'value="{officer.pk}">{officer.display_name}' in form
    assert world.users["chief"].display_name not in form
    note(world, text="Qua quán xem tối nay", colleague=officer.pk)
    assert Mention.objects.get().user == officer
    assert Message.objects.get().text == "Qua quán xem tối nay\nNhờ Đại úy Lê Văn Huy xem."
    assert "nhắc anh/chị trong một ghi chú" in html(world.client("officer").get(reverse("desk:today")))


def test_colleague_both_chosen_and_written_is_asked_once(world):
    officer = world.users["officer"]
    note(world, text=f"Nhờ @{officer.username} qua quán", colleague=officer.pk)
    assert Mention.objects.get().user == officer


@pytest.mark.parametrize("chosen", ["officer2", "chief"])
def test_who_may_not_open_the_tip_and_oneself_are_no_choice(world, chosen):
    response = note(world, text="Qua quán xem", colleague=world.users[chosen].pk)
    assert response.status_code == 400 and not Message.objects.filter(tip=world.tip).exists()


def test_ended_tip_has_no_date_to_be_done_by(world):
    supervisor = make_user(Role.SUPERVISOR, world.area.district)
    tip = make_tip(world.area)
    deadline = timezone.now() - timedelta(days=3)
    Tip.objects.filter(pk=tip.pk).update(deadline=deadline)
    queue = reverse("desk:tips") + "?loc=tat-ca"
    admin = reverse("admin:tips_tip_change", args=[tip.pk])
    world.clients["admin"] = type(world.client("chief"))()
    world.clients["admin"].force_login(supervisor)
    for status, is_shown in (("accepted", True), ("closed", False)):
        closed_at = None if is_shown else timezone.now()
        Tip.objects.filter(pk=tip.pk).update(status=status, closed_at=closed_at)
        facts = page_of(world, "officer", tip).partition("Thông tin tin báo")[2].partition("</dl>")[0]
        assert ("Hạn xử lý" in facts) is is_shown
        assert ("duty--late" in html(world.client("officer").get(queue))) is is_shown
        shown = html(world.client("admin").get(admin)).partition("Thông tin tin báo")[2]
        assert ("Hạn xử lý" in shown.partition("</dl>")[0]) is is_shown
