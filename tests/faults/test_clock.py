"""Machines whose clocks are wrong, and clocks that jump in mid campaign."""

import time

import pytest

from tests.faults.installation import Installation
from tests.faults.servers import wait_for

pytestmark = [pytest.mark.process, pytest.mark.services, pytest.mark.timeout(150, func_only=True)]


def test_row_27_wrong_clocks_double_nothing(installation: Installation):
    """One machine right, one two hours ahead, one behind; the first one's clock is set wrong, then right."""
    code = installation.ask("campaign", groups=30, accounts=3)
    installation.zalo.world.delay_ms = 500
    clocks = [installation.var / f"clock{number}" for number in range(3)]
    for clock, seconds in zip(clocks, (0, 7200, -7200), strict=True):
        clock.write_text(str(seconds))
        installation.start("worker", CLOCK_FILE=str(clock))
    installation.ask("tick")
    wait_for(lambda: installation.zalo.world.stats.messages >= 5, 40, what="the first posts")
    for seconds in (7200, -7200, 0):
        clocks[0].write_text(str(seconds))
        time.sleep(2)
        installation.ask("tick")
    installation.wait_until_sent(30, 90)
    assert installation.times_seen(code) == {1: 30}
