"""PostgreSQL cut off, stopped and started under running workers."""

import signal
import time

import pytest

from tests.faults.installation import Installation
from tests.faults.servers import Postgres
from tests.waiting import wait_for

pytestmark = [pytest.mark.process, pytest.mark.services, pytest.mark.timeout(600, func_only=True)]

CUT = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'portal'"


def test_row_12_cut_connections_lose_no_row(installation: Installation, postgres: Postgres):
    """Every connection ended by the server, again and again: workers stay, each post once."""
    code = installation.ask("campaign", groups=40, accounts=4)
    installation.zalo.world.delay_ms = 500
    workers = [installation.start("worker") for _number in range(2)]
    installation.ask("tick")
    wait_for(lambda: installation.zalo.world.stats.messages >= 5, 40, what="the first posts")
    for _time in range(5):
        postgres.execute(CUT)
        time.sleep(0.7)
    installation.wait_until_sent(40)
    assert installation.times_seen(code) == {1: 40}
    assert [worker.poll() for worker in workers] == [None, None]


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGQUIT], ids=["in order", "at once"])
def test_restarted_postgres_ends_in_the_same_state(
    installation: Installation, postgres: Postgres, ending: signal.Signals
):
    """PostgreSQL stopped for seconds in mid campaign, in order or by a crash: each post once."""
    code = installation.ask("campaign", groups=40, accounts=4)
    installation.zalo.world.delay_ms = 500
    installation.start("beat")
    worker = installation.start("worker")
    wait_for(lambda: installation.zalo.world.stats.messages >= 10, 40, what="the first posts")
    postgres.stop(ending)
    time.sleep(2)
    postgres.start()
    installation.zalo.world.delay_ms = 0
    wait_for(lambda: installation.ask("broadcast_state", code=code) == "done", 60, what="the end")
    assert installation.times_seen(code) == {1: 40}
    assert worker.poll() is None
