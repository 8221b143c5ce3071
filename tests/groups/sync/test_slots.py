"""Slots that end and groups that Zalo will dissolve: warned about in time."""

from datetime import date, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from groups.enums import GroupState
from groups.models import Group
from groups.services import sync
from tests.clients import browser_of
from tests.factories import GroupFactory

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("days", "renews", "level"),
    [(31, False, ""), (30, False, "soon"), (8, False, "soon"), (7, False, "late"), (-1, False, "late")]
    + [(5, True, ""), (-1, True, "late")],
)
def test_slot_that_ends_is_warned_about_thirty_and_seven_days_before(group, days, renews, level):
    Group.objects.update(asset_valid_through=timezone.localdate() + timedelta(days=days), asset_renews=renews)
    group.refresh_from_db()
    assert sync.slot_warning(group)[0] == level
    assert (group in sync.expiring_groups(timezone.now())) == bool(level)


def test_group_that_zalo_will_dissolve_is_warned_about(group):
    Group.objects.update(dissolves_on=date(2026, 12, 30), state=GroupState.DISABLED)
    group.refresh_from_db()
    assert list(sync.expiring_groups(timezone.now())) == [group]
    assert "30/12/2026" in sync.slot_warning(group)[1]
    Group.objects.update(state=GroupState.CLOSED)
    assert not sync.expiring_groups(timezone.now()).exists()


def test_slots_and_names_to_look_at_are_found_in_the_list_of_groups(account, group, supervisor):
    client, address = browser_of(supervisor), reverse("admin:groups_group_changelist")
    Group.objects.update(asset_valid_through=timezone.localdate(), zalo_name="Tên khác")
    GroupFactory(gmf=True, unit=group.unit, official_account=account, name="Yên ổn", zalo_name="Yên ổn")
    for needs in ("slot", "renamed"):
        assert list(client.get(address, {"needs": needs}).context["cl"].queryset) == [group]
    page = client.get(reverse("admin:groups_group_change", args=[group.pk])).content.decode()
    assert "Tên khác" in page and "còn 0 ngày" in page
