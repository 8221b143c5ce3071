"""``seed_demo``: the sizes the demo promises, its accounts, and nothing twice."""

import json
from collections import Counter

import pytest
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command
from django.db import transaction
from django.db.models import F
from django.test import override_settings

from broadcasts.models import Broadcast, Notice, Post
from groups.enums import GroupKind, Role
from groups.models import (
    Group,
    GroupSize,
    Holiday,
    JoinLink,
    Member,
    OfficialAccount,
    Posting,
    Stewardship,
    Unit,
)
from groups.permissions import holds
from portal.site.demo.posts import POSTS
from portal.site.demo.tips import TIPS
from portal.site.models import Contact, Procedure
from tips.models import Contact as Sender
from tips.models import Tip

pytestmark = pytest.mark.django_db
KEPT = (Unit, Group, Member, GroupSize, Posting, JoinLink, Post, Broadcast, Tip, Contact, Procedure)
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


@pytest.fixture(scope="module")
def seeded(django_db_setup, django_db_blocker, tmp_path_factory):
    """The demo, made once for this module and rolled back at its end; gives the folder of its files."""
    folder = tmp_path_factory.mktemp("demo")
    changes = override_settings(DEBUG=True, VAR_DIR=folder, MEDIA_ROOT=str(folder / "media"))
    with django_db_blocker.unblock(), transaction.atomic(), changes:
        call_command("seed_demo", verbosity=0)
        yield folder
        transaction.set_rollback(True)


@pytest.fixture(autouse=True)
def _debug(settings, tmp_path):
    settings.DEBUG, settings.VAR_DIR = True, tmp_path


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


def test_seed_demo_people_can_be_called_and_written_to(seeded):
    staff = get_user_model().objects.filter(postings__isnull=False).distinct()
    assert not staff.filter(phone="").exists() and not staff.filter(email="").exists()
    assert staff.values("phone").distinct().count() == staff.count()


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
    before = [model.objects.count() for model in KEPT]
    with django_assert_max_num_queries(60):
        call_command("seed_demo", verbosity=0)
    assert [model.objects.count() for model in KEPT] == before
    assert Unit.objects.get(code="D6801").name == "Đổi tên"


def test_seed_demo_and_the_national_list_live_side_by_side(seeded):
    call_command("import_units", verbosity=0)
    assert Unit.objects.communes().exclude(code__startswith="D").count() == 3321
    assert Unit.objects.get(code="D68").parent.full_name == "Tỉnh Lâm Đồng"


def test_seed_demo_has_twelve_posts_with_the_duty_number_filled_in(seeded):
    bodies = list(Post.objects.values_list("body", flat=True))
    assert len(bodies) == len(POSTS) == 12
    assert not any("[SĐT]" in body for body in bodies)
    assert any("02630006801" in body for body in bodies)


def test_seed_demo_has_posts_in_many_states_none_of_them_made_up(seeded):
    states = Counter(Broadcast.objects.values_list("state", flat=True))
    assert states == {"approved": 6, "submitted": 1, "returned": 1, "rejected": 1, "cancelled": 1, "draft": 2}
    assert not Broadcast.objects.filter(approver=F("author")).exists()
    assert set(Notice.objects.values_list("kind", "state")) == {
        ("wanted", "active"),
        ("missing", "active"),
        ("found", "draft"),
    }


def test_seed_demo_has_fifteen_tips_of_the_right_priority(seeded):
    tips = list(Tip.objects.order_by("pk"))
    assert len(tips) == 15
    assert [(tip.category, tip.priority) for tip in tips] == [(plan.category, plan.priority) for plan in TIPS]
    assert [tip.text for tip in tips] == [plan.text for plan in TIPS]
    assert tips[-1].handler.code == "D68"
    assert len({tip.unit_id for tip in tips}) >= 5
    assert Sender.objects.count() == sum(plan.is_named for plan in TIPS)
    assert sum(tip.evidence.count() for tip in tips) == sum(plan.pictures for plan in TIPS)
    assert {"new", "accepted", "verifying", "answered", "closed"} <= {tip.status for tip in tips}


def test_seed_demo_fills_the_public_pages(seeded):
    emergency = Contact.objects.filter(is_emergency=True).values_list("phone", flat=True)
    assert set(emergency) == {"111", "112", "113", "114", "115"}
    assert Contact.objects.exclude(unit=None).count() == 10
    assert Procedure.objects.count() == 12
    assert {holiday.day.year for holiday in Holiday.objects.all()} == {2026, 2027}
    # A public holiday on a weekend would need a day off instead.
    assert all(holiday.day.weekday() < 5 for holiday in Holiday.objects.all())


def test_seed_demo_in_production_is_refused(settings):
    settings.DEBUG = False
    before = Unit.objects.count()
    with pytest.raises(CommandError, match="DEBUG"):
        call_command("seed_demo")
    assert Unit.objects.count() == before
