"""The country of most tests, and a simulator to stand in for Zalo."""

from collections.abc import Iterator

import pytest

from groups.zalo.simulator.server import SimulatorThread
from groups.zalo.simulator.state import World


@pytest.fixture(scope="module")
def running() -> Iterator[SimulatorThread]:
    with SimulatorThread(World(seed=1)) as simulator:
        yield simulator
