"""The larger demo worlds add up, at a scale small enough for a test."""

import pytest
from django.db.models import Sum

from groups.models import Group, Member, OfficialAccount, Programme, Unit
from portal.site.demo import scale
from tests.factories import ProgrammeFactory, UnitFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def district():
    """What ``seed_demo`` has made before: the province and the demo district with its programme."""
    province = UnitFactory(province=True, code="68")
    unit = UnitFactory(district=True, code="D68", parent=province)
    return ProgrammeFactory(unit=unit).unit


def test_make_province_adds_up_and_goes_on_where_it_stopped(district, monkeypatch):
    monkeypatch.setattr(scale, "PROVINCE_DISTRICTS", 2)
    monkeypatch.setattr(scale, "PROVINCE_GROUPS", 86 + 2 * 81 + 5)
    monkeypatch.setattr(scale, "PROVINCE_MEMBERS", 2475 + 5_001)
    scale.make_province()
    scale.make_province()
    assert Unit.objects.communes().count() == 18
    assert Group.objects.count() == 167
    assert Group.objects.aggregate(Sum("members_count"))["members_count__sum"] == 5_001
    assert Member.objects.count() == 5_001
    assert set(Group.objects.values_list("programme", flat=True)) == {Programme.objects.get().pk}


def test_make_country_fills_the_communes_of_the_national_list(district, monkeypatch):
    monkeypatch.setattr(scale, "import_units", lambda: None)
    monkeypatch.setattr(scale, "COMMUNES_AT_ONCE", 2)
    monkeypatch.setattr(scale, "COUNTRY_ACCOUNTS", 5)
    monkeypatch.setattr(scale, "COUNTRY_GROUPS", 10)
    monkeypatch.setattr(scale, "COUNTRY_MEMBERS", 300)
    for code in ("00001", "00002", "00003"):
        UnitFactory(code=code, parent=UnitFactory(province=True))
    assert list(scale.make_country()) == [2, 3]
    assert list(scale.make_country()) == [2, 3]
    assert (Group.objects.count(), Member.objects.count(), OfficialAccount.objects.count()) == (10, 300, 5)
    assert Group.objects.filter(unit__code="00001").count() == 1
    assert "3 xã, phường; 10 nhóm" in scale.totals()
