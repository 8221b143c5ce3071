"""``seed_demo``: the sizes the demo promises, its accounts, and nothing twice."""

import json
from collections import Counter

import pytest
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command

from groups.enums import GroupKind, Role
from groups.models import Group, GroupSize, JoinLink, Member, OfficialAccount, Posting, Stewardship, Unit
from groups.permissions import holds

pytestmark = pytest.mark.django_db
ROLES = {
    "officer": (Role.OFFICER, "D6801"),
    "beat": (Role.BEAT_OFFICER, "D6801"),
    "chief": (Role.CHIEF, "D6801"),
    "officer2": (Role.OFFICER, "D6802"),
    "chief2": (Role.CHIEF, "D6802"),
    "officer3": (Role.OFFICER, "D2401"),
    "supervisor": (Role.SUPERVISOR, "D68"),
    "admin": (Role.ADMINISTRATOR, "68"),
    "auditor": (Role.AUDITOR, "68"),
    "relay": (Role.RELAY, "D680104"),
}


@pytest.fixture
def seeded(settings, tmp_path):
    settings.DEBUG = True
    settings.VAR_DIR = tmp_path
    call_command("seed_demo", verbosity=0)
    return tmp_path


def test_seed_demo_builds_a_district_of_the_promised_size(seeded):
    top = Unit.objects.get(code="D68")
    units, groups = Unit.objects.under(top), Group.objects.under(top)
    assert (units.communes().count(), units.villages().count(), groups.count()) == (9, 77, 86)
    assert Counter(groups.values_list("channel", flat=True)) == {"gmf": 60, "assisted": 26}
    assert set(groups.values_list("kind", flat=True)) == set(GroupKind.values)
    assert Member.objects.filter(group__in=groups).count() == 2475
    assert sum(groups.values_list("members_count", flat=True)) == 2475
    assert units.villages().filter(groups=None).count() == 0


def test_seed_demo_accounts_serve_where_they_should(seeded):
    users = get_user_model().objects.in_bulk(list(ROLES), field_name="username")
    for name, (role, code) in ROLES.items():
        assert holds(users[name], Unit.objects.get(code=code), role), name
        assert users[name].check_password("demo-1234")
    staff = {name for name, user in users.items() if user.is_staff}
    assert staff == {"supervisor", "admin", "auditor"}
    circle = Posting.objects.filter(restricted_circle=True, user__username__in=ROLES)
    assert set(circle.values_list("user__username", flat=True)) == {"chief", "chief2", "supervisor"}


def test_seed_demo_relay_has_a_group_to_post_to(seeded):
    relay = get_user_model().objects.get(username="relay")
    assert [group.channel for group in Group.objects.visible_to(relay)] == ["assisted"]


def test_seed_demo_groups_have_stewards_links_and_history(seeded):
    assert Stewardship.objects.filter(ends_on=None).count() == 86
    assert JoinLink.objects.filter(is_open=True).count() == 86
    assert GroupSize.objects.count() == 86 * 6
    group = Group.objects.first()
    assert group.sizes.first().members == group.members_count


def test_seed_demo_accounts_of_zalo_match_the_simulators_file(seeded):
    rows = json.loads((seeded / "zalo-simulator-seed.json").read_text())
    accounts = {row["oa_id"] for row in rows["accounts"]}
    assert accounts == set(
        OfficialAccount.objects.filter(unit__path__startswith="68/").values_list("oa_id", flat=True)
    )
    assert len(rows["groups"]) == 60
    assert {len(row["group_id"]) for row in rows["groups"]} == {20}
    account = OfficialAccount.objects.first()
    assert account.access_token == f"demo-at-{account.oa_id}"


def test_seed_demo_twice_adds_and_changes_nothing(seeded, django_assert_max_num_queries):
    Unit.objects.filter(code="D6801").update(name="Đổi tên")
    before = [model.objects.count() for model in (Unit, Group, Member, GroupSize, Posting, JoinLink)]
    with django_assert_max_num_queries(60):
        call_command("seed_demo", verbosity=0)
    assert [model.objects.count() for model in (Unit, Group, Member, GroupSize, Posting, JoinLink)] == before
    assert Unit.objects.get(code="D6801").name == "Đổi tên"


def test_seed_demo_and_the_national_list_live_side_by_side(seeded):
    call_command("import_units", verbosity=0)
    assert Unit.objects.communes().exclude(code__startswith="D").count() == 3321
    assert Unit.objects.get(code="D68").parent.full_name == "Tỉnh Lâm Đồng"


def test_seed_demo_in_production_is_refused(settings):
    settings.DEBUG = False
    with pytest.raises(CommandError):
        call_command("seed_demo")
    assert not Unit.objects.exists()
