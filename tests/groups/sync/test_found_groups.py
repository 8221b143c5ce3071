"""Groups that nobody entered: they wait to be taken into the directory."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from groups.enums import GroupKind, Role
from groups.models import FoundGroup, Group
from groups.services import sync
from groups.zalo.fake import world
from portal.audit.models import AuditEntry
from portal.errors import NotAllowedError, WrongStateError
from tests.clients import browser_of
from tests.factories import GroupFactory, make_user
from tests.groups.sync.directory import run

pytestmark = pytest.mark.django_db


def test_group_unknown_to_the_directory_waits_to_be_taken(account, group):
    world.add_group("f" * 20, "Tổ dân phố 9", members=44)
    run(account)
    found = FoundGroup.objects.get()
    assert (found.account, found.name, found.members) == (account, "Tổ dân phố 9", 44)
    assert Group.objects.count() == 1
    del world.groups["f" * 20]
    run(account)
    assert not FoundGroup.objects.exists()


def take(found, unit, user, **changes):
    values = {"kind": GroupKind.HOUSEHOLD, "name": "Tổ 9", **changes}
    return sync.take_group(found, unit=unit, by=user, **values)


def test_found_group_is_taken_into_a_unit_with_its_size(found, area, supervisor, account):
    group = take(found, area.village_a, supervisor)
    group.refresh_from_db()
    assert (group.name, group.zalo_name, group.members_count) == ("Tổ 9", "Tổ dân phố 9", 44)
    assert (group.official_account, group.zalo_group_id) == (account, "f" * 20)
    assert not FoundGroup.objects.exists()
    assert AuditEntry.objects.get(action="groups.group.created").actor == supervisor
    run(account)
    assert not FoundGroup.objects.exists()


def test_found_group_is_taken_once(found, area, supervisor):
    take(found, area.village_a, supervisor)
    with pytest.raises(WrongStateError):
        take(found, area.village_a, supervisor)


def test_found_group_that_could_not_be_taken_still_waits(found, area):
    with pytest.raises(NotAllowedError):
        take(found, area.village_a, make_user(Role.OFFICER, area.commune_a))
    assert FoundGroup.objects.exists()


def page_of(found) -> str:
    return reverse("admin:groups_foundgroup_change", args=[found.pk])


def test_found_group_is_taken_in_the_admin(found, area, supervisor):
    client = browser_of(supervisor)
    assert "Đưa vào danh bạ" in client.get(page_of(found)).content.decode()
    data = {"unit": area.village_a.pk, "kind": "household", "name": "Tổ 9"}
    response = client.post(page_of(found), data)
    made = Group.objects.get()
    assert response.url == reverse("admin:groups_group_change", args=[made.pk])


def test_found_group_for_a_unit_of_another_account_is_an_error_of_the_form(found, area, supervisor):
    data = {"unit": area.village_b.pk, "kind": "household", "name": "Tổ 9"}
    response = browser_of(supervisor).post(page_of(found), data)
    assert response.context["adminform"].form.errors.keys() == {"unit"}
    assert FoundGroup.objects.exists()


def test_found_group_under_a_taken_name_is_an_error_of_the_form(found, area, supervisor):
    GroupFactory(unit=area.village_a, name="Tổ 9")
    data = {"unit": area.village_a.pk, "kind": "household", "name": "Tổ 9"}
    response = browser_of(supervisor).post(page_of(found), data)
    assert response.context["adminform"].form.errors.keys() == {"name"}


def test_found_group_of_another_district_does_not_exist(found, area):
    client = browser_of(make_user(Role.SUPERVISOR, area.other_province))
    assert client.get(page_of(found)).status_code == 404


def test_auditor_sees_found_groups_and_takes_none(found, area):
    client = browser_of(make_user(Role.AUDITOR, area.province))
    page = client.get(page_of(found))
    assert page.status_code == 200 and "Đưa vào danh bạ" not in page.content.decode()
    data = {"unit": area.village_a.pk, "kind": "household", "name": "Tổ 9"}
    assert client.post(page_of(found), data).status_code == 403


def test_list_of_found_groups_takes_as_many_queries_for_three_rows_as_for_one(found, account, supervisor):
    client, address = browser_of(supervisor), reverse("admin:groups_foundgroup_changelist")
    client.get(address)
    with CaptureQueriesContext(connection) as few:
        client.get(address)
    for number in range(2):
        FoundGroup.objects.create(account=account, zalo_group_id=f"{number}", name=f"Tổ {number}")
    with CaptureQueriesContext(connection) as many:
        client.get(address)
    assert len(many) == len(few) <= 14
