"""Groups founded at Zalo from the portal, and people invited: once, whatever becomes of the answer."""

import re

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from groups.enums import GroupKind, Role
from groups.models import Group
from groups.services import zalo_founding
from groups.zalo.errors import OutcomeUnknown
from groups.zalo.fake import world
from groups.zalo.simulator.server import SimulatorThread
from groups.zalo.simulator.state import World
from portal.audit.models import AuditEntry
from portal.errors import NotAllowedError, PortalError
from tests.factories import GroupFactory, OfficialAccountFactory, make_user

pytestmark = pytest.mark.django_db
HEAD, NEIGHBOUR = "3000000000000000001", "3000000000000000002"


@pytest.fixture
def account(area, settings):
    """An account with a free slot and two followers."""
    settings.ZALO_CLIENT = "groups.zalo.fake.FakeZalo"
    world.reset()
    world.add_person(HEAD, "Lê Văn Huy")
    world.add_person(NEIGHBOUR, "Trần Thị Hoa")
    world.add_asset("suat1")
    return OfficialAccountFactory(unit=area.commune_a)


@pytest.fixture
def by(area):
    return make_user(Role.CHIEF, area.commune_a)


@pytest.fixture
def client(area):
    client = Client()
    client.force_login(make_user(Role.SUPERVISOR, area.district))
    return client


def found(account, area, by, **changes) -> Group:
    values = {
        "unit": area.village_a,
        "kind": GroupKind.POLICE_PEOPLE,
        "name": "An ninh thôn",
        "asset_id": "suat1",
    }
    return zalo_founding.found(account, **values | {"member_ids": [HEAD]} | changes, by=by)


def lost(*, delivered: bool) -> None:
    world.fail_next(OutcomeUnknown(None, "lost"), delivered=delivered)


def hidden(response, name: str) -> str:
    return re.search(rf'name="{name}" value="([^"]+)"', response.content.decode())[1]


def test_founded_group_is_in_the_directory_with_its_size_and_link(account, area, by):
    group = found(account, area, by)
    (at_zalo,) = world.groups.values()
    assert (group.zalo_group_id, group.join_url) == (at_zalo.group_id, at_zalo.join_url)
    assert list(group.sizes.values_list("members", "source")) == [(at_zalo.members, "zalo")]
    entry = AuditEntry.objects.get(action="groups.group.founded")
    assert entry.data == {"members": 1, "slot": "suat1"}


def test_lost_answer_of_a_founded_group_is_found_by_its_slot(account, area, by):
    world.add_group("khac", "An ninh thôn")
    lost(delivered=True)
    group = found(account, area, by)
    assert world.groups[group.zalo_group_id].asset_id == "suat1"
    assert len(world.groups) == 2


def test_lost_answer_of_a_group_that_is_not_there_is_told_and_not_repeated(account, area, by):
    lost(delivered=False)
    with pytest.raises(PortalError, match="tốn hai suất"):
        found(account, area, by)
    assert not world.groups and not Group.objects.exists()
    assert AuditEntry.objects.filter(action="groups.group.founding_lost").exists()


def test_what_the_directory_refuses_spends_no_slot(account, area, by):
    GroupFactory(unit=area.village_a, name="An ninh thôn")
    for changes in ({}, {"name": "Nhóm " + "dài " * 9}, {"unit": area.commune_a, "kind": "không có"}):
        with pytest.raises(ValidationError):
            found(account, area, by, **changes)
    with pytest.raises(PortalError):
        found(account, area, by, name="Tổ 1", member_ids=["<b>"])
    assert not world.groups


def test_zalos_refusal_is_said_in_words(account, area, by):
    with pytest.raises(PortalError, match="-238"):
        found(account, area, by, asset_id="suat9")
    assert not Group.objects.exists()


@pytest.mark.parametrize("role", [Role.OFFICER, Role.AUDITOR, Role.RELAY])
def test_founding_and_inviting_are_for_those_who_keep_the_directory(account, area, role):
    somebody = make_user(role, area.commune_a)
    group = GroupFactory(gmf=True, unit=area.village_a, official_account=account)
    for act in (
        lambda: found(account, area, somebody),
        lambda: zalo_founding.means(account, size="gmf100", by=somebody),
        lambda: zalo_founding.invite(group, [HEAD], by=somebody),
        lambda: zalo_founding.followers(group, by=somebody),
    ):
        with pytest.raises(NotAllowedError):
            act()


def test_group_is_founded_in_the_admin_after_a_second_look(account, area, client):
    url = reverse("admin:groups_officialaccount_found", args=[account.pk])
    first = client.get(url)
    assert "Trần Thị Hoa" in first.content.decode() and "suat1" in first.content.decode()
    values = {"seen": hidden(first, "seen"), "unit": area.village_a.pk, "kind": GroupKind.POLICE_PEOPLE}
    values |= {"name": "An ninh thôn", "slot": "suat1", "people": [HEAD]}
    second = client.post(url, values)
    assert "Lê Văn Huy" in second.content.decode() and not world.groups
    last = client.post(url, {"draft": hidden(second, "draft")})
    assert last["Location"] == reverse("admin:groups_group_change", args=[Group.objects.get().pk])
    assert len(world.groups) == 1


def test_form_without_people_or_slot_says_so(account, area, client):
    url = reverse("admin:groups_officialaccount_found", args=[account.pk])
    values = {"seen": hidden(client.get(url), "seen"), "unit": area.village_a.pk, "name": "Tổ 1", "slot": "x"}
    page = client.post(url, values).content.decode()
    assert "draft" not in page and "errornote" in page


def test_draft_of_another_account_founds_nothing(account, area, client):
    url = reverse("admin:groups_officialaccount_found", args=[account.pk])
    for draft in ("x", hidden(client.get(url), "seen")):
        assert "làm lại từ đầu" in client.post(url, {"draft": draft}, follow=True).content.decode()
    assert not world.groups


def test_people_are_invited_in_the_admin_after_a_second_look(account, area, client):
    group = GroupFactory(gmf=True, unit=area.village_a, official_account=account)
    world.add_group(group.zalo_group_id, group.name)
    url = reverse("admin:groups_group_invite", args=[group.pk])
    second = client.post(
        url, {"seen": hidden(client.get(url), "seen"), "people": [NEIGHBOUR], "others": HEAD}
    )
    assert "Trần Thị Hoa" in second.content.decode()
    assert not world.members.get(group.zalo_group_id)
    last = client.post(url, {"draft": hidden(second, "draft")}, follow=True).content.decode()
    assert "Đã mời 2 người" in last
    assert {member.user_id for member in world.members[group.zalo_group_id]} == {HEAD, NEIGHBOUR}
    assert AuditEntry.objects.get(action="groups.group.invited").data == {"members": 2}


def test_lost_answer_of_an_invitation_asks_to_look_first(account, area, by):
    group = GroupFactory(gmf=True, unit=area.village_a, official_account=account)
    world.add_group(group.zalo_group_id, group.name)
    lost(delivered=True)
    with pytest.raises(PortalError, match="mời hai lần"):
        zalo_founding.invite(group, [HEAD], by=by)
    assert AuditEntry.objects.get(action="groups.group.invited").data["is_known"] is False


@pytest.mark.parametrize(
    ("role", "unit", "status"),
    [(Role.AUDITOR, "province", 403), (Role.SUPERVISOR, "other_province", 404)],
)
def test_pages_are_not_for_everybody(account, area, role, unit, status):
    client = Client()
    client.force_login(make_user(role, getattr(area, unit)))
    group = GroupFactory(gmf=True, unit=area.village_a, official_account=account)
    for url in (
        reverse("admin:groups_officialaccount_found", args=[account.pk]),
        reverse("admin:groups_group_invite", args=[group.pk]),
    ):
        response = client.get(url)
        assert response.status_code == status and "Trần Thị Hoa" not in response.content.decode()


def test_group_is_founded_and_filled_at_the_simulator(account, area, by, settings):
    settings.ZALO_CLIENT = "groups.zalo.client.ZaloClient"
    with SimulatorThread(World(seed=1)) as zalo:
        settings.ZALO_API_URL = settings.ZALO_OAUTH_URL = zalo.url
        about = {name: getattr(account, name) for name in ("oa_id", "access_token", "refresh_token")}
        zalo.control("POST", "oas", {**about, "rate_per_minute": 1000})
        zalo.control("POST", "assets", {"oa_id": account.oa_id, "asset_id": "suat1"})
        for user_id in (HEAD, NEIGHBOUR):
            zalo.control("POST", "people", {"oa_id": account.oa_id, "user_id": user_id, "name": "Bà H."})
        seen = zalo_founding.means(account, size="gmf100", by=by)
        assert [slot.asset_id for slot in seen.slots] == ["suat1"]
        assert {person.user_id for person in seen.people} == {HEAD, NEIGHBOUR}
        zalo.control("POST", "faults", {"kind": "reset_after", "path": "creategroupwithoa", "times": 1})
        group = found(account, area, by)
        zalo_founding.invite(group, [NEIGHBOUR], by=by)
        assert zalo.world.groups[group.zalo_group_id].has(NEIGHBOUR)
