"""Workers that die, or are told to end, in the middle of a campaign: judged by what members see."""

import signal
import sys

import psycopg
import pytest

from tests.faults.installation import SUPERVISED_WORKER, Installation
from tests.faults.servers import Postgres
from tests.waiting import wait_for

pytestmark = [pytest.mark.process, pytest.mark.timeout(600, func_only=True)]
UNREADABLE = {"kind": "error", "code": -501, "path": "/group/conversation"}


@pytest.mark.services
def test_row_01_worker_killed_before_the_call_delivers_once(installation: Installation, postgres: Postgres):
    """kill -9 before the HTTP call: delivered once, by another worker.

    The lock holds the worker where it looks up the picture: its rows are claimed and committed, nothing has
    gone out yet.
    """
    code = installation.ask("campaign", groups=5, picture=True)
    installation.ask("tick")
    with psycopg.connect(postgres.url("portal")) as lock:
        lock.execute("LOCK TABLE broadcasts_pictureupload IN ACCESS EXCLUSIVE MODE")
        worker = installation.start("worker")
        wait_for(lambda: installation.ask("states") == {"sending": 5}, what="the claim")
        installation.kill(worker)
    assert installation.times_seen() == {}

    installation.start("worker")
    installation.wait_until_sent(5)
    assert installation.times_seen(code) == {1: 5}


@pytest.mark.services
def test_row_02_worker_killed_before_the_reply_leaves_a_question(installation: Installation):
    """kill -9 after the request was written: ``unknown``, not sent again, an officer sees the choice.

    Groups that nobody can read leave the answer to the officer.
    """
    code = installation.ask("campaign", groups=4)
    installation.zalo.world.delay_ms = 5000
    installation.zalo.control(
        "POST", "faults", {"kind": "error", "code": -501, "path": "/group/conversation"}
    )
    worker = installation.start("worker")
    installation.ask("tick")
    wait_for(lambda: installation.times_seen(code) == {1: 4}, what="the posts")
    installation.kill(worker)

    installation.zalo.world.delay_ms = 0
    installation.start("worker")

    def is_for_an_officer() -> bool:
        installation.ask("tick")
        return installation.ask("questions") == 4

    wait_for(is_for_an_officer, 60)
    assert installation.ask("states") == {"unknown": 4}
    assert installation.times_seen(code) == {1: 4}


@pytest.mark.services
def test_row_03_worker_killed_before_writing_is_reconciled(installation: Installation, postgres: Postgres):
    """kill -9 after the reply, before the database knows: ``unknown``, then ``sent`` by reading the group."""
    code = installation.ask("campaign", groups=10)
    installation.zalo.world.delay_ms = 700
    worker = installation.start("worker")
    installation.ask("tick")
    wait_for(lambda: installation.ask("states").get("sending"), what="the claim")
    with psycopg.connect(postgres.url("portal")) as lock:
        # The outcomes that arrive now cannot be written.
        lock.execute("LOCK TABLE broadcasts_delivery IN EXCLUSIVE MODE")
        wait_for(lambda: installation.zalo.world.stats.in_flight == 0, what="the replies")
        installation.kill(worker)
    seen_at_kill = sum(installation.seen(code).values())
    assert installation.ask("states").get("sent", 0) < seen_at_kill

    installation.zalo.world.delay_ms = 0
    installation.start("worker")
    installation.wait_until_sent(10)
    assert installation.times_seen(code) == {1: 10}


@pytest.mark.services
def test_row_05_rolling_restart_in_mid_campaign_finishes(installation: Installation):
    """SIGTERM every few seconds, as a deployment does it: no duplicate, no gap, done after the restarts."""
    code = installation.ask("campaign", groups=60, accounts=3)
    installation.zalo.world.delay_ms = 500
    worker = installation.start("worker")
    for sent in (10, 25, 40):
        installation.ask("tick")
        wait_for(lambda: installation.zalo.world.stats.messages >= sent, 40, what=f"{sent} posts")  # noqa: B023
        following = installation.start("worker")
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(30) == 0
        worker = following
    installation.wait_until_sent(60)
    assert installation.times_seen(code) == {1: 60}
    # In an orderly end no call is left in doubt.
    assert installation.ask("attempts") == {"sent": 60}


@pytest.mark.services
def test_ten_workers_and_two_beats_send_each_post_once(installation: Installation):
    """Ten workers, two beats, doubled hints: the same final state as with one of each."""
    code = installation.ask("campaign", groups=60, accounts=6)
    installation.zalo.world.delay_ms = 300
    workers = [installation.start("worker") for _number in range(10)]
    for number in range(2):
        installation.start("beat", VAR_DIR=str(installation.folder(f"beat{number}")))
    wait_for(lambda: installation.ask("broadcast_state", code=code) == "done", 100)
    assert installation.times_seen(code) == {1: 60}
    assert installation.ask("states") == {"sent": 60}
    assert [worker.poll() for worker in workers] == [None] * 10


def test_small_installation_survives_a_killed_worker(small_installation: Installation):
    """SQLite and the embedded broker: a worker killed in mid campaign loses and doubles nothing."""
    code = small_installation.ask("campaign", groups=30)
    small_installation.zalo.world.delay_ms = 800
    worker = small_installation.start("worker")
    small_installation.ask("tick")
    wait_for(lambda: small_installation.zalo.world.stats.messages >= 10, 40)
    small_installation.kill(worker)
    assert small_installation.zalo.world.stats.messages < 30

    small_installation.zalo.world.delay_ms = 0
    small_installation.start("worker")
    small_installation.wait_until_sent(30)
    assert small_installation.times_seen(code) == {1: 30}


@pytest.mark.services
@pytest.mark.timeout(600, func_only=True)
def test_row_04_row_that_kills_its_worker_is_given_up(installation: Installation):
    """A row whose sending ends the process, as the OOM killer would: three tries, then a dead letter."""
    code = installation.ask("campaign", groups=12)
    deadly = installation.ask("group_ids")[5]
    installation.start("beat")
    installation.run("supervisor", [sys.executable, "-u", "-c", SUPERVISED_WORKER], DEADLY_GROUP=deadly)
    wait_for(lambda: installation.ask("states") == {"sent": 11, "refused": 1}, 150, what="the dead letter")
    assert installation.ask("crashes") == {deadly: 3}
    assert installation.times_seen(code) == {1: 11}
