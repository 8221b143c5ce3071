"""The admin holds each user to their units: lists, counts, objects, choices; and asks few queries."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from groups.enums import Role
from groups.models import FoundGroup, Member, UnitChange
from portal.audit.services import record
from tests.clients import browser_of
from tests.factories import (
    GroupFactory,
    JoinLinkFactory,
    MemberFactory,
    OfficialAccountFactory,
    PostingFactory,
    ProgrammeFactory,
    UnitFactory,
    UserFactory,
    make_user,
)

pytestmark = pytest.mark.django_db


def _change(unit):
    change = UnitChange.objects.create(kind="rename", document="NQ 1", effective_on="2026-07-01")
    change.before.add(unit)
    change.after.add(unit)
    return change


# For each section: how to make one object at a unit.
SECTIONS = {
    "unit": lambda unit: UnitFactory(village=True, parent=unit),
    "village": lambda unit: UnitFactory(village=True, parent=unit),
    "commune": lambda unit: unit,
    "group": lambda unit: GroupFactory(gmf=True, unit=unit),
    "member": lambda unit: MemberFactory(group__unit=unit),
    "joinlink": lambda unit: JoinLinkFactory(group__unit=unit),
    "programme": lambda unit: ProgrammeFactory(unit=unit),
    "officialaccount": lambda unit: OfficialAccountFactory(unit=unit),
    "foundgroup": lambda unit: FoundGroup.objects.create(
        account=OfficialAccountFactory(unit=unit), zalo_group_id="f" * 20, name="Tổ dân phố 9"
    ),
    "posting": lambda unit: PostingFactory(unit=unit),
    "unitchange": _change,
}
READERS = (Role.SUPERVISOR, Role.ADMINISTRATOR, Role.AUDITOR)


def url(section: str, page: str, *args) -> str:
    return reverse(f"admin:groups_{section}_{page}", args=args)


@pytest.mark.parametrize("role", READERS)
@pytest.mark.parametrize("section", SECTIONS)
def test_object_of_another_province_does_not_exist(area, section, role):
    inside, outside = SECTIONS[section](area.commune_a), SECTIONS[section](area.commune_c)
    client = browser_of(make_user(role, area.district))
    assert client.get(url(section, "change", inside.pk)).status_code == 200
    for page in ("change", "history", "delete"):
        assert client.get(url(section, page, outside.pk)).status_code == 404
    changes = client.get(url(section, "changelist")).context["cl"]
    shown = set(changes.queryset.values_list("pk", flat=True))
    assert inside.pk in shown and outside.pk not in shown
    assert changes.result_count == len(shown)


@pytest.mark.parametrize("section", SECTIONS)
def test_supervisor_of_another_district_of_the_province_sees_nothing(area, section):
    other = UnitFactory(district=True, code="D69", parent=area.province)
    obj = SECTIONS[section](area.commune_a)
    client = browser_of(make_user(Role.SUPERVISOR, other))
    assert client.get(url(section, "change", obj.pk)).status_code == 404
    assert obj.pk not in client.get(url(section, "changelist")).context["cl"].queryset.values_list(
        "pk", flat=True
    )


@pytest.mark.parametrize("role", [Role.CHIEF, Role.OFFICER, Role.BEAT_OFFICER, Role.RELAY])
def test_admin_is_closed_to_commune_staff_even_with_the_flag(area, role):
    client = browser_of(make_user(role, area.commune_a, is_staff=True))
    assert client.get(url("group", "changelist")).status_code == 403


@pytest.mark.parametrize("section", [s for s in SECTIONS if s not in ("commune",)])
def test_auditor_reads_and_changes_nothing(area, section):
    obj = SECTIONS[section](area.commune_a)
    client = browser_of(make_user(Role.AUDITOR, area.province))
    assert client.get(url(section, "change", obj.pk)).status_code == 200
    assert client.post(url(section, "change", obj.pk), {"name": "x"}).status_code == 403
    assert client.get(url(section, "add")).status_code == 403
    assert client.post(url(section, "delete", obj.pk), {"post": "yes"}).status_code == 403


def test_auditor_of_a_province_who_supervises_a_district_changes_only_there(area):
    user = make_user(Role.AUDITOR, area.other_province)
    PostingFactory(user=user, unit=area.district, role=Role.SUPERVISOR)
    client = browser_of(user)
    here, there = GroupFactory(unit=area.village_a), GroupFactory(unit=area.village_c)
    assert client.get(url("group", "change", here.pk)).context["has_change_permission"]
    assert not client.get(url("group", "change", there.pk)).context["has_change_permission"]
    assert client.post(url("group", "change", there.pk), {"name": "x"}).status_code == 403


def test_bulk_delete_of_rows_that_are_partly_out_of_reach_deletes_nothing(area):
    user = make_user(Role.AUDITOR, area.other_province)
    PostingFactory(user=user, unit=area.district, role=Role.SUPERVISOR)
    here, there = MemberFactory(group__unit=area.village_a), MemberFactory(group__unit=area.village_c)
    client, data = browser_of(user), {"action": "delete_selected", "post": "yes"}
    client.post(url("member", "changelist"), {**data, "_selected_action": [here.pk, there.pk]})
    assert Member.objects.count() == 2
    client.post(url("member", "changelist"), {**data, "_selected_action": [here.pk]})
    assert list(Member.objects.all()) == [there]


def test_autocomplete_offers_units_of_the_area_only(area):
    client = browser_of(make_user(Role.SUPERVISOR, area.district))
    query = {"app_label": "groups", "model_name": "group", "field_name": "unit", "term": "dong phu"}
    UnitFactory(village=True, name="Đông Phú", parent=area.commune_c, code="24X1")
    found = client.get(reverse("admin:autocomplete"), query).json()["results"]
    assert [row["id"] for row in found] == [str(area.village_a2.pk)]


def test_posting_a_unit_outside_the_area_is_an_error_of_the_form(area):
    client = browser_of(make_user(Role.SUPERVISOR, area.district))
    data = {"unit": area.village_c.pk, "kind": "household", "name": "Nhóm", "channel": "assisted"}
    response = client.post(url("group", "add"), data)
    assert response.status_code == 200
    assert "unit" in response.context["adminform"].form.errors


def test_area_filter_cannot_look_outside(area):
    GroupFactory(unit=area.village_c)
    client = browser_of(make_user(Role.SUPERVISOR, area.district))
    response = client.get(url("group", "changelist"), {"area": "24001"})
    assert response.context["cl"].result_count == 0
    names = [name for _code, name in response.context["cl"].filter_specs[0].lookup_choices]
    assert "Xã Thạch Bình" not in names and "Xã Minh Tân" in names


def test_area_box_keeps_every_other_value_of_the_address(area):
    client = browser_of(make_user(Role.SUPERVISOR, area.district))
    query = {"area": area.commune_a.code, "kind__exact": ["household", "association"], "q": "tuần", "p": "1"}
    page = client.get(url("group", "changelist"), query).content.decode()
    box = page.split('class="filter-box"')[1].split("</form>")[0]
    kept = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', box)
    assert sorted(kept) == [("kind__exact", "association"), ("kind__exact", "household"), ("q", "tuần")]


@pytest.mark.parametrize("code", ["24001", "khong-co"])
def test_area_that_the_box_does_not_offer_can_be_left(area, code):
    client = browser_of(make_user(Role.SUPERVISOR, area.district))
    page = client.get(url("group", "changelist"), {"area": code, "q": "tuần"}).content.decode()
    box = page.split('class="filter-box"')[1].split("</form>")[0]
    assert '<a href="?q=tu%E1%BA%A7n">Tất cả</a>' in box
    page = client.get(url("group", "changelist"), {"area": ""}).content.decode()
    assert "Tất cả" not in page.split('class="filter-box"')[1].split("</form>")[0]


def test_search_ignores_diacritics_and_stays_in_the_area(area):
    GroupFactory(unit=area.village_a, name="Tuần tra thôn Đông Phú")
    GroupFactory(unit=area.village_c, name="Tuần tra thôn Đông Phú")
    client = browser_of(make_user(Role.SUPERVISOR, area.district))
    assert client.get(url("group", "changelist"), {"q": "tuan TRA dong"}).context["cl"].result_count == 1


@pytest.mark.parametrize("section", SECTIONS)
def test_list_takes_as_many_queries_for_three_rows_as_for_one(area, section):
    client = browser_of(make_user(Role.ADMINISTRATOR, area.province))
    make = SECTIONS[section]
    if section == "commune":

        def make(unit):
            return GroupFactory(unit=UnitFactory(parent=area.district))

    make(area.commune_a)
    client.get(url(section, "changelist"))
    with CaptureQueriesContext(
        connection,
    ) as few:
        client.get(url(section, "changelist"))
    make(area.commune_b)
    make(area.commune_b)
    with CaptureQueriesContext(connection) as many:
        client.get(url(section, "changelist"))
    assert len(many) == len(few) <= 14


def test_search_for_a_change_of_several_units_finds_it_once(area):
    change = _change(area.commune_a)
    change.before.add(area.commune_b)
    client = browser_of(make_user(Role.SUPERVISOR, area.district))
    changes = client.get(url("unitchange", "changelist"), {"q": "d680"}).context["cl"]
    assert list(changes.result_list) == [change]


def test_search_for_a_member_takes_no_query_for_each_row(area):
    client = browser_of(make_user(Role.SUPERVISOR, area.district))
    for _number in range(3):
        MemberFactory(group__unit=area.village_a, display_name="Trần Thị Hoa")
    with CaptureQueriesContext(connection) as queries:
        response = client.get(url("member", "changelist"), {"q": "hoa"})
    assert response.context["cl"].result_count == 3
    assert len(queries) <= 14


# --- People and audit -------------------------------------------------------------------------------------


def test_users_of_the_area_and_unposted_ones_are_visible(area):
    admin = make_user(Role.ADMINISTRATOR, area.province)
    here, there, new = (
        make_user(Role.OFFICER, area.commune_a),
        make_user(Role.OFFICER, area.commune_c),
        UserFactory(),
    )
    client = browser_of(admin)
    shown = set(client.get(reverse("admin:accounts_user_changelist")).context["cl"].queryset)
    assert {here, new} <= shown and there not in shown
    assert client.get(reverse("admin:accounts_user_change", args=[there.pk])).status_code == 404


def test_user_who_also_serves_outside_the_area_cannot_be_taken_over(area):
    admin = make_user(Role.ADMINISTRATOR, area.district)
    user = make_user(Role.OFFICER, area.commune_a)
    PostingFactory(user=user, unit=area.province, role=Role.ADMINISTRATOR)
    client = browser_of(admin)
    assert client.get(reverse("admin:accounts_user_change", args=[user.pk])).status_code == 200
    password = reverse("admin:auth_user_password_change", args=[user.pk])
    assert client.post(password, {"password1": "x", "password2": "x"}).status_code == 403
    assert client.post(reverse("admin:accounts_user_change", args=[user.pk]), {}).status_code == 403


def test_audit_entries_show_to_the_auditor_of_the_area_only(area):
    chief, stranger = make_user(Role.CHIEF, area.commune_a), make_user(Role.CHIEF, area.commune_c)
    mine = [
        record(chief, "groups.group.changed", unit_path=area.commune_a.path),
        record(chief, "groups.user.changed"),
    ]
    record(stranger, "groups.group.changed", unit_path=area.commune_c.path)
    record(stranger, "groups.user.changed")
    client = browser_of(make_user(Role.AUDITOR, area.province))
    response = client.get(reverse("admin:audit_auditentry_changelist"))
    shown = response.context["cl"].queryset.exclude(action="accounts.user.logged_in")
    assert set(shown) == set(mine)
    assert "Sửa thông tin nhóm" in response.content.decode()
    supervisor = browser_of(make_user(Role.SUPERVISOR, area.province))
    assert supervisor.get(reverse("admin:audit_auditentry_changelist")).status_code == 403


def test_audit_entry_cannot_be_changed_or_deleted_by_an_auditor(area):
    entry = record(None, "groups.group.changed", unit_path=area.commune_a.path)
    client = browser_of(make_user(Role.AUDITOR, area.province))
    assert client.get(reverse("admin:audit_auditentry_delete", args=[entry.pk])).status_code == 403
    data = {"action": "delete_selected", "_selected_action": [entry.pk], "post": "yes"}
    client.post(reverse("admin:audit_auditentry_changelist"), data)
    entry.refresh_from_db()


def test_audit_list_takes_as_many_queries_for_three_rows_as_for_one(area):
    client = browser_of(make_user(Role.AUDITOR, area.province))
    client.get(reverse("admin:audit_auditentry_changelist"))
    counts = []
    for number in (1, 2):
        for _row in range(number):
            record(
                make_user(Role.CHIEF, area.commune_a), "groups.group.changed", unit_path=area.commune_a.path
            )
        with CaptureQueriesContext(connection) as queries:
            client.get(reverse("admin:audit_auditentry_changelist"))
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 14


def test_audit_details_are_in_words(area):
    group = GroupFactory(unit=area.village_a)
    for data in ({"fields": ["name", "state"]}, {"state": ["active", "closed"]}, {"renewed": True}):
        record(None, "groups.group.changed", group, unit_path=area.village_a.path, data=data)
    client = browser_of(make_user(Role.AUDITOR, area.province))
    page = client.get(reverse("admin:audit_auditentry_changelist")).content.decode()
    assert "đã sửa: tên nhóm, trạng thái" in page
    assert "trạng thái: Đang hoạt động → Đã đóng" in page
    assert "thay liên kết cũ: có" in page


def test_search_for_a_village_by_the_name_of_its_commune_finds_it(area):
    client = browser_of(make_user(Role.SUPERVISOR, area.district))
    changes = client.get(url("village", "changelist"), {"q": "minh tan"}).context["cl"]
    assert area.village_a in changes.queryset
