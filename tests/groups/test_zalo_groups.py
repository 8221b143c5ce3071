"""«Nhóm trên Zalo»: who asks to join is read from Zalo, let in or turned away, and named nowhere else."""

import pytest
from django.test import Client
from django.urls import reverse

from groups.enums import Role
from groups.services import zalo_groups
from groups.zalo.errors import classify
from groups.zalo.fake import world
from groups.zalo.records import Member
from portal.audit.models import AuditEntry
from portal.errors import NotAllowedError, PortalError, WrongStateError
from tests.factories import GroupFactory, OfficialAccountFactory, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def group(area, settings):
    """A group with two people who ask to join."""
    settings.ZALO_CLIENT = "groups.zalo.fake.FakeZalo"
    world.reset()
    account = OfficialAccountFactory(unit=area.commune_a)
    group = GroupFactory(gmf=True, unit=area.village_a, official_account=account, name="An ninh thôn")
    world.add_group(group.zalo_group_id, "An ninh thôn", members=31)
    world.pending[group.zalo_group_id] = [Member("u1", "Trần Thị Hoa", False), Member("u2", "", False)]
    return group


@pytest.fixture
def client(area):
    client = Client()
    client.force_login(make_user(Role.ADMINISTRATOR, area.province))
    return client


def page_of(group) -> str:
    return reverse("admin:groups_group_zalo", args=[group.pk])


def names_inside(group) -> list[str]:
    return [member.user_id for member in world.members.get(group.zalo_group_id, [])]


def test_page_shows_the_group_and_who_asks_to_join(group, client):
    page = client.get(page_of(group)).content.decode()
    assert "Trần Thị Hoa" in page and "Chưa có tên" in page and "31 / 100" in page


@pytest.mark.parametrize(
    ("answer", "inside", "action"),
    [("accept", ["u1"], "groups.group.joined"), ("reject", [], "groups.group.join_refused")],
)
def test_people_are_let_in_or_turned_away(group, client, answer, inside, action):
    response = client.post(page_of(group), {"answer": answer, "member": ["u1"]}, follow=True)
    assert names_inside(group) == inside
    assert [member.user_id for member in world.pending[group.zalo_group_id]] == ["u2"]
    entry = AuditEntry.objects.get(action=action)
    assert entry.data == {"members": 1} and "Hoa" not in entry.target_label
    assert "1 người" in response.content.decode()


def test_answer_for_nobody_asks_to_choose(group, client):
    response = client.post(page_of(group), {"answer": "accept"}, follow=True)
    assert "chọn ít nhất một người" in response.content.decode()


def test_answer_for_somebody_who_no_longer_asks_is_zalos_complaint(group, chief):
    with pytest.raises(PortalError, match="-201"):
        zalo_groups.answer_pending(group, ["u9"], is_welcome=True, by=chief)
    assert not AuditEntry.objects.filter(action="groups.group.joined").exists()


def test_page_says_why_zalo_cannot_be_read(group, client):
    world.fail_next(classify(-403), times=1)
    page = client.get(page_of(group))
    assert page.status_code == 200
    assert "OA không còn ở trong nhóm này" in page.content.decode()


def test_only_groups_of_an_account_have_the_page(area, client):
    assisted = GroupFactory(unit=area.village_a)
    assert client.get(page_of(assisted)).status_code == 404
    with pytest.raises(WrongStateError):
        zalo_groups.look(assisted, by=make_user(Role.CHIEF, area.commune_a))


@pytest.mark.parametrize(
    ("role", "unit", "status"),
    [
        (Role.SUPERVISOR, "district", 200),
        (Role.AUDITOR, "province", 403),
        (Role.SUPERVISOR, "other_province", 404),
        (Role.ADMINISTRATOR, "other_province", 404),
    ],
)
def test_names_are_for_those_who_keep_the_directory(group, area, role, unit, status):
    client = Client()
    client.force_login(make_user(role, getattr(area, unit)))
    response = client.get(page_of(group))
    assert response.status_code == status
    assert ("Trần Thị Hoa" in response.content.decode()) == (status == 200)
    assert client.post(page_of(group), {"answer": "accept", "member": ["u1"]}).status_code in (302, status)
    assert (names_inside(group) == ["u1"]) == (status == 200)


@pytest.mark.parametrize("role", [Role.OFFICER, Role.AUDITOR, Role.RELAY])
def test_answer_by_others_is_refused(group, area, role):
    with pytest.raises(NotAllowedError):
        zalo_groups.answer_pending(group, ["u1"], is_welcome=True, by=make_user(role, area.commune_a))


def test_page_of_a_group_leads_there(group, client):
    page = client.get(reverse("admin:groups_group_change", args=[group.pk])).content.decode()
    assert page_of(group) in page
