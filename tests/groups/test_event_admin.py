"""Zalo's events in the admin: the own area's, without words; administrators may have one tried again."""

import pytest
from django.urls import reverse

from groups.enums import Role
from groups.models import ZaloEvent
from groups.services import inbox
from portal.audit.models import AuditEntry
from tests.clients import browser_of
from tests.factories import OfficialAccountFactory, make_user

pytestmark = pytest.mark.django_db
LIST = "admin:groups_zaloevent_changelist"


def make_event(unit, *, number: int = 0, **fields) -> ZaloEvent:
    account = OfficialAccountFactory(unit=unit)
    common = {"key": f"{account.pk:032x}{number:032x}", "name": "user_send_text", "oa_id": account.oa_id}
    return ZaloEvent.objects.create(account=account, **(common | fields))


@pytest.mark.parametrize("role", [Role.SUPERVISOR, Role.ADMINISTRATOR])
def test_events_of_the_own_area_only_and_never_their_words(area, role):
    body = '{"message":{"text":"Nhà ông Bảy"}}'
    inside = make_event(area.commune_a, body=body, error="RuntimeError", attempts=3)
    outside = make_event(area.commune_c, body=body)
    client = browser_of(make_user(role, area.district))

    page = client.get(reverse(LIST))
    one = client.get(reverse("admin:groups_zaloevent_change", args=[inside.pk]))

    assert list(page.context["cl"].queryset) == [inside]
    assert "Không xử lý được" in page.content.decode()
    assert "Cổng gặp lỗi khi xử lý" in page.content.decode() and "Cổng gặp lỗi" in one.content.decode()
    assert "RuntimeError" not in page.content.decode() + one.content.decode()
    assert "Bảy" not in page.content.decode() + one.content.decode()
    assert client.get(reverse("admin:groups_zaloevent_change", args=[outside.pk])).status_code == 404
    assert client.post(reverse("admin:groups_zaloevent_change", args=[inside.pk]), {}).status_code == 403
    assert client.post(reverse("admin:groups_zaloevent_delete", args=[inside.pk])).status_code == 403
    assert client.get(reverse("admin:groups_zaloevent_add")).status_code == 403


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.CHIEF, Role.OFFICER, Role.RELAY])
def test_other_roles_see_no_events(area, role):
    client = browser_of(make_user(role, area.district, is_staff=True))
    assert client.get(reverse(LIST)).status_code == 403


@pytest.mark.parametrize(
    ("fields", "shown"),
    [
        ({}, "stuck"),
        ({"due_at": "2026-11-01T00:00Z"}, "waiting"),
        ({"processed_at": "2026-11-01T00:00Z"}, "done"),
    ],
)
def test_filter_tells_stuck_waiting_and_done_apart(area, fields, shown):
    make_event(area.commune_a, **fields)
    client = browser_of(make_user(Role.SUPERVISOR, area.district))
    counts = {
        name: client.get(reverse(LIST), {"progress": name}).context["cl"].result_count
        for name in ("stuck", "waiting", "done")
    }
    assert counts == {"stuck": 0, "waiting": 0, "done": 0} | {shown: 1}


def test_event_that_took_its_worker_with_it_says_so(area):
    make_event(area.commune_a, error=inbox.WORKER_LOST, attempts=3)
    page = browser_of(make_user(Role.SUPERVISOR, area.district)).get(reverse(LIST)).content.decode()
    assert "Tiến trình dừng giữa chừng" in page and inbox.WORKER_LOST not in page


@pytest.mark.parametrize("role", [Role.SUPERVISOR, Role.ADMINISTRATOR])
def test_administrator_has_a_stuck_event_tried_again(area, role):
    event = make_event(area.commune_a, attempts=3, error="RuntimeError")
    done = make_event(area.commune_a, processed_at="2026-11-01T00:00Z")
    client = browser_of(make_user(role, area.district))
    client.post(reverse(LIST), {"action": "try_again", "_selected_action": [event.pk, done.pk]})

    event.refresh_from_db()
    may = role == Role.ADMINISTRATOR
    assert (event.attempts, event.due_at is not None) == ((0, True) if may else (3, False))
    assert AuditEntry.objects.filter(action="groups.event.retried").count() == may


@pytest.mark.parametrize("rows", [1, 3])
def test_list_takes_the_same_queries_for_one_row_and_three(area, rows, django_assert_max_num_queries):
    for number in range(rows):
        make_event(area.commune_a, number=number)
    client = browser_of(make_user(Role.SUPERVISOR, area.district))
    with django_assert_max_num_queries(11):
        assert client.get(reverse(LIST)).status_code == 200


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("user_send_text", "Tin nhắn riêng tới OA"),
        ("oa_send_group_image", "Bài của OA đã vào nhóm"),
        ("user_send_group_text", "Thành viên nhắn trong nhóm"),
        ("permission_revoked", "OA thu hồi quyền"),
        ("something_new", "something_new"),
    ],
)
def test_events_are_told_in_words_and_strange_ones_by_their_name(area, name, label):
    make_event(area.commune_a, name=name)

    page = browser_of(make_user(Role.SUPERVISOR, area.district)).get(reverse(LIST)).content.decode()
    assert f">{label}</td>" in page
