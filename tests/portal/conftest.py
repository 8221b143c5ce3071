"""The small office of the desk's tests."""

import pytest

from tests.portal.desk_world import World, make_world


@pytest.fixture
def world(db) -> World:
    return make_world()
