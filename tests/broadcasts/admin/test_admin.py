"""The admin of sending: scoped by unit, acts through the services, edits nothing but the library."""

import pytest
from django.urls import reverse
from django.utils import timezone

from broadcasts.enums import BroadcastState, NoticeState
from broadcasts.models import Alarm, Broadcast, Delivery, Mailbox, Notice, Post
from groups.enums import Role
from portal.audit.models import AuditEntry
from tests.factories import (
    BroadcastFactory,
    DeliveryFactory,
    GroupFactory,
    NoticeFactory,
    OfficialAccountFactory,
    PostFactory,
    make_user,
)


@pytest.fixture
def staff(client, supervisor):
    client.force_login(supervisor)
    return client


def run_action(client, model: str, name: str, *rows, **answers):
    url = reverse(f"admin:broadcasts_{model}_changelist")
    data = {"action": name, "_selected_action": [row.pk for row in rows], **answers}
    return client.post(url, data, follow=True)


def test_broadcasts_of_other_areas_do_not_exist(staff, area):
    mine = BroadcastFactory(unit=area.commune_a, title="Của huyện mình")
    other = BroadcastFactory(unit=area.commune_c, title="Của tỉnh khác")

    page = staff.get(reverse("admin:broadcasts_broadcast_changelist")).content.decode()

    assert mine.title in page
    assert other.title not in page
    assert staff.get(reverse("admin:broadcasts_broadcast_change", args=[other.pk])).status_code == 404


def test_supervisor_approves_several_and_hears_of_the_rest(staff, supervisor, area):
    rows = [BroadcastFactory(unit=area.commune_a, state="submitted") for _number in range(2)]
    own = BroadcastFactory(unit=area.commune_a, state="submitted", author=supervisor)

    page = run_action(staff, "broadcast", "approve", *rows, own)

    states = {pk: Broadcast.objects.get(pk=pk).state for pk in (*(row.pk for row in rows), own.pk)}
    assert states == {rows[0].pk: "approved", rows[1].pk: "approved", own.pk: "submitted"}
    assert "Đã xong 2 mục." in page.content.decode()
    assert "không có quyền" in page.content.decode()


def test_broadcast_page_shows_progress_and_no_form(staff, area):
    broadcast = BroadcastFactory(unit=area.commune_a, state="sending")
    DeliveryFactory(
        broadcast=broadcast, group=GroupFactory(unit=area.village_a), account=None, state="posted"
    )
    DeliveryFactory(
        broadcast=broadcast, group=GroupFactory(unit=area.village_a), account=None, state="to_post"
    )
    url = reverse("admin:broadcasts_broadcast_change", args=[broadcast.pk])

    page = staff.get(url).content.decode()

    assert "1/2 nhóm xong." in page
    assert 'name="_save"' not in page
    assert staff.post(url, {"title": "x"}).status_code == 403


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.ADMINISTRATOR])
def test_actions_are_offered_to_those_who_decide_only(client, area, role):
    client.force_login(make_user(role, area.district))
    broadcast = BroadcastFactory(unit=area.commune_a, state="submitted")

    run_action(client, "broadcast", "approve", broadcast)

    broadcast.refresh_from_db()
    assert broadcast.state == BroadcastState.SUBMITTED


def test_unknown_delivery_is_settled_from_the_list(staff, area):
    broadcast = BroadcastFactory(unit=area.commune_a, state="sending")
    seen, again = (
        DeliveryFactory(
            broadcast=broadcast, group=GroupFactory(unit=area.village_a), account=None, state="unknown"
        )
        for _number in range(2)
    )

    run_action(staff, "delivery", "mark_seen", seen)
    asked = run_action(staff, "delivery", "send_again", again).content.decode()
    assert "Tôi đã mở từng nhóm" in asked
    assert Delivery.objects.get(pk=again.pk).state == "unknown"
    run_action(staff, "delivery", "send_again", again, answered=1, looked="on")

    assert Delivery.objects.get(pk=seen.pk).state == "sent"
    assert Delivery.objects.get(pk=again.pk).state == "waiting"
    assert staff.get(reverse("admin:broadcasts_delivery_change", args=[seen.pk])).status_code == 200


def test_notice_is_ended_in_the_way_chosen(staff, area):
    notice = NoticeFactory(unit=area.commune_a)

    run_action(staff, "notice", "end_found", notice)

    notice = Notice.objects.get()
    assert (notice.state, notice.ended_as) == (NoticeState.ENDED, "found")


def test_library_text_is_kept_by_the_movement_team(staff, area, supervisor):
    data = {"unit": area.district.pk, "kind": "education", "title": "Phòng cháy mùa khô", "body": "Tắt bếp."}
    added = staff.post(reverse("admin:broadcasts_post_add"), data | {"is_public": "on"})
    post = Post.objects.get()
    changed = staff.post(
        reverse("admin:broadcasts_post_change", args=[post.pk]), data | {"body": "Tắt điện."}
    )

    post.refresh_from_db()
    assert (added.status_code, changed.status_code) == (302, 302)
    assert (post.author, post.body, post.version) == (supervisor, "Tắt điện.", 2)
    assert AuditEntry.objects.filter(action="broadcasts.post.changed").count() == 2


def test_library_is_found_without_diacritics(staff, area):
    PostFactory(unit=area.district, title="Phòng cháy mùa khô")
    PostFactory(unit=area.district, title="Cảnh báo lừa đảo")

    page = staff.get(reverse("admin:broadcasts_post_changelist"), {"q": "phong chay"}).content.decode()

    assert "Phòng cháy mùa khô" in page
    assert "Cảnh báo lừa đảo" not in page


def test_mailbox_is_paused_and_resumed(staff, area):
    mailbox = Mailbox.objects.create(account=OfficialAccountFactory(unit=area.commune_a))

    run_action(staff, "mailbox", "pause", mailbox)
    mailbox.refresh_from_db()
    paused = mailbox.paused_at
    page = run_action(staff, "mailbox", "pause", mailbox).content.decode()
    run_action(staff, "mailbox", "resume", mailbox)
    mailbox.refresh_from_db()

    assert paused is not None
    assert "Tạm dừng bằng tay" in page
    assert mailbox.paused_at is None
    actions = AuditEntry.objects.filter(target_type="broadcasts.mailbox").values_list("action", flat=True)
    assert set(actions) == {"broadcasts.mailbox.paused", "broadcasts.mailbox.resumed"}


@pytest.mark.parametrize("rows", [1, 3])
@pytest.mark.parametrize(
    ("model", "queries"),
    [("broadcast", 9), ("delivery", 9), ("notice", 9), ("mailbox", 9), ("alarm", 8), ("post", 9)],
)
def test_list_costs_the_same_queries(model, queries, rows, staff, area, django_assert_num_queries):
    for _number in range(rows):
        if model == "delivery":
            DeliveryFactory(broadcast__unit=area.commune_a, group__unit=area.village_a)
        elif model == "mailbox":
            Mailbox.objects.create(account=OfficialAccountFactory(unit=area.commune_a))
        elif model == "alarm":
            moment = timezone.now()
            Alarm.objects.create(
                kind="stopped",
                subject=str(_number),
                unit=area.commune_a,
                opened_at=moment,
                last_seen_at=moment,
            )
        else:
            factory = {"broadcast": BroadcastFactory, "notice": NoticeFactory, "post": PostFactory}[model]
            factory(unit=area.commune_a)
    url = reverse(f"admin:broadcasts_{model}_changelist")

    with django_assert_num_queries(queries):
        assert staff.get(url).status_code == 200


def test_wanted_posts_are_not_approved_in_bulk(staff, area):
    wanted = BroadcastFactory(unit=area.commune_a, kind="wanted", state="submitted")

    run_action(staff, "broadcast", "approve", wanted)

    wanted.refresh_from_db()
    assert wanted.state == "submitted"


@pytest.mark.parametrize(("model", "factory"), [("broadcast", BroadcastFactory), ("post", PostFactory)])
def test_what_a_unit_wrote_is_found_by_its_name_without_diacritics(model, factory, staff, area):
    here = factory(unit=area.commune_a, title="Bài của xã này")
    there = factory(unit=area.commune_b, title="Bài của xã bên")
    words = area.commune_a.search_key

    page = staff.get(reverse(f"admin:broadcasts_{model}_changelist"), {"q": words}).content.decode()

    assert here.title in page
    assert there.title not in page


def test_dead_letters_are_filtered_retried_and_discarded_in_the_admin(staff, area):
    rows = [
        DeliveryFactory(
            broadcast__unit=area.commune_a,
            broadcast__state="sending",
            group__unit=area.village_a,
            state=state,
        )
        for state in ("refused", "refused", "sent")
    ]
    url = reverse("admin:broadcasts_delivery_changelist")
    page = staff.get(url, {"dead": "refused"}).content.decode()
    assert [row.group.name in page for row in rows] == [True, True, False]

    run_action(staff, "delivery", "send_again", rows[0])
    for row in rows[1:]:
        run_action(staff, "delivery", "discard", row, answered=1, reason="Nhóm đã giải tán")

    for row in rows:
        row.refresh_from_db()
    assert [row.state for row in rows] == ["waiting", "skipped", "sent"]
    assert rows[1].reason == "Nhóm đã giải tán"


def test_rows_are_given_up_in_the_admin_only_with_a_reason_and_a_look_into_unknown_groups(staff, area):
    row = DeliveryFactory(
        broadcast__unit=area.commune_a,
        broadcast__state="sending",
        group__unit=area.village_a,
        state="unknown",
    )
    for answers in ({}, {"answered": 1, "reason": "x"}, {"answered": 1, "looked": "on", "reason": " "}):
        page = run_action(staff, "delivery", "discard", row, **answers).content.decode()
        assert row.group.name in page
        assert Delivery.objects.get(pk=row.pk).state == "unknown"

    run_action(staff, "delivery", "discard", row, answered=1, looked="on", reason="Không thấy")
    assert Delivery.objects.get(pk=row.pk).state == "skipped"


def test_alarm_is_acknowledged_in_the_admin(staff, area):
    moment = timezone.now()
    alarm = Alarm.objects.create(kind="stopped", unit=area.commune_a, opened_at=moment, last_seen_at=moment)
    run_action(staff, "alarm", "acknowledge", alarm)
    alarm.refresh_from_db()
    assert alarm.acknowledged_by is not None
