"""An account at Zalo in memory, a group known to both sides, and one that only Zalo knows."""

import pytest

from groups.models import FoundGroup
from groups.zalo.fake import world
from tests.factories import GroupFactory, OfficialAccountFactory
from tests.groups.sync.directory import FAST, run


@pytest.fixture
def account(area, settings):
    settings.ZALO_CLIENT = "groups.zalo.fake.FakeZalo"
    world.reset()
    return OfficialAccountFactory(unit=area.commune_a, rate_per_minute=FAST)


@pytest.fixture
def group(account, area):
    """A group known to both sides under one name."""
    group = GroupFactory(gmf=True, unit=area.village_a, official_account=account, name="An ninh thôn")
    world.add_group(group.zalo_group_id, "An ninh thôn", members=31)
    return group


@pytest.fixture
def found(account):
    world.add_group("f" * 20, "Tổ dân phố 9", members=44)
    run(account)
    return FoundGroup.objects.get()
