"""Which communes a sender is offered, and how they are found."""

import pytest

from groups.enums import Role
from tests.factories import GroupFactory, UnitFactory, make_user
from tips.places import SELECT_LIMIT, communes_to_choose, find_commune, search_communes, villages_of

pytestmark = pytest.mark.django_db


def names(text):
    return [hit.unit.full_name for hit in search_communes(text)]


def test_communes_with_groups_or_people_are_offered(area):
    GroupFactory(unit=area.village_a)
    make_user(Role.CHIEF, area.commune_c)

    assert set(communes_to_choose()) == {area.commune_a, area.commune_c}


def test_without_any_group_every_commune_is_offered(area):
    assert len(communes_to_choose()) == 3


def test_training_units_and_ended_ones_are_never_offered(area, today="2026-01-01"):
    GroupFactory(unit=area.commune_a)
    GroupFactory(unit=UnitFactory(is_practice=True))
    GroupFactory(unit=UnitFactory(valid_to=today))

    assert communes_to_choose() == [area.commune_a]


@pytest.mark.parametrize(("count", "offered"), [(SELECT_LIMIT, SELECT_LIMIT), (SELECT_LIMIT + 1, 0)])
def test_too_many_communes_for_a_select_are_left_to_the_search(count, offered):
    for _number in range(count):
        GroupFactory(unit=UnitFactory())

    assert len(communes_to_choose()) == offered


@pytest.mark.parametrize(
    "text", ["Minh Tân", "minh tan", "xã minh tân", "X. Minh Tân", "MINH TÂN lâm đồng", "minh tan song dong"]
)
def test_search_knows_the_spellings_people_use(area, text):
    assert names(text) == ["Xã Minh Tân"]


def test_search_by_province_alone_finds_nothing(area):
    assert names("Lâm Đồng") == []


def test_search_puts_the_very_name_first(area):
    for name in ("Tân Minh Đức", "An Minh Tân", "Minh Tân Phú"):
        UnitFactory(name=name, parent=area.district)

    assert names("minh tan")[0] == "Xã Minh Tân"


def test_search_leaves_out_names_that_need_their_province(area):
    province = UnitFactory(province=True, name="Hồ Chí Minh")
    UnitFactory(name="Tân Phú", parent=province)

    assert names("minh tan") == ["Xã Minh Tân"]
    assert names("tan phu ho chi minh") == ["Xã Tân Phú"]


def test_search_with_nothing_finds_nothing(area):
    assert names("") == names("  ,") == []


def test_villages_are_those_of_the_commune_in_force(area):
    UnitFactory(village=True, parent=area.commune_a, valid_to="2026-01-01")

    assert set(villages_of(area.commune_a)) == {area.village_a, area.village_a2}


@pytest.mark.parametrize("code", ["", "NOPE", "D680101", "68"])
def test_only_a_commune_is_a_commune(area, code):
    assert find_commune(code) is None
