"""An area whose people may write: groups in a village and in another commune."""

import pytest

from tests.factories import GroupFactory, UnitFactory, make_area
from tests.tips.public.forms import send


@pytest.fixture
def area():
    made = make_area()
    GroupFactory(unit=made.village_a)
    GroupFactory(unit=made.commune_b)
    return made


@pytest.fixture
def large_area(area):
    for number in range(31):
        GroupFactory(unit=UnitFactory(name=f"Xã đông {number}", parent=area.district))
    return area


@pytest.fixture
def receipt(client, area):
    return send(client, area)
