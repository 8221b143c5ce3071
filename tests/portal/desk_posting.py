"""What somebody does who puts posts into groups by hand."""

from django.urls import reverse

from broadcasts.enums import DeliveryState
from tests.factories import DeliveryFactory, GroupFactory
from tests.portal.desk_world import World


def post(world: World, name: str, *, by: str = "relay", row=None, **data):
    row = row or world.to_post
    return world.client(by).post(reverse(f"desk:posting_{name}", args=[row.pk]), data, follow=True)


def another_row(world: World):
    group = GroupFactory(unit=world.area.village_a, name="Nhóm thứ hai")
    return DeliveryFactory(broadcast=world.sending, group=group, state=DeliveryState.TO_POST)
