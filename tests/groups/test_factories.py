"""The shared factories make rows that the database accepts."""

import pytest

from groups import permissions
from groups.enums import Channel, Role
from groups.models import Group, Unit
from tests import factories

pytestmark = pytest.mark.django_db


def test_make_area_builds_two_provinces_with_paths():
    area = factories.make_area()
    assert area.village_a.path == "68/D68/D6801/D680101/"
    assert set(Unit.objects.under(area.district).communes()) == {area.commune_a, area.commune_b}
    assert not Unit.objects.under(area.province).filter(pk=area.commune_c.pk).exists()


def test_make_user_gets_the_role_at_the_unit():
    area = factories.make_area()
    user = factories.make_user(Role.CHIEF, area.commune_a)
    assert permissions.holds(user, area.village_a, Role.CHIEF)
    assert not permissions.holds(user, area.commune_b, Role.CHIEF)
    assert user.check_password(factories.PASSWORD)


def test_group_factory_gmf_has_account_and_zalo_id():
    group = factories.GroupFactory(gmf=True)
    assert group.channel == Channel.GMF
    assert group.official_account.unit == group.unit
    assert len(group.zalo_group_id) == 20
    assert list(Group.objects.active()) == [group]


@pytest.mark.parametrize(
    "factory_class",
    [
        factories.DeliveryFactory,
        factories.TipFactory,
        factories.NoticeFactory,
        factories.PostFactory,
        factories.StewardshipFactory,
        factories.MemberFactory,
        factories.JoinLinkFactory,
        factories.ProgrammeFactory,
    ],
)
def test_factory_with_defaults_saves_a_valid_row(factory_class):
    row = factory_class()
    row.refresh_from_db()
    assert str(row)
