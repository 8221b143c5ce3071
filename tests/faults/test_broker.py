"""Redis emptied, down, hung, full or fed with rubbish; beats doubled or dead: the rows are the truth."""

import sys
import threading

import pytest

from tests.faults.installation import SUPERVISED_WORKER, Installation
from tests.faults.senders import is_up
from tests.faults.servers import Redis
from tests.faults.visitors import Visitor, has_receipt
from tests.waiting import wait_for

pytestmark = [pytest.mark.process, pytest.mark.services, pytest.mark.timeout(600, func_only=True)]

NOT_GOING_OUT = "Không liên lạc được với máy chủ hàng đợi"


def wait_until_done(installation: Installation, code: str, seconds: float = 60) -> None:
    """Without any help but that of the installation's own beat."""
    wait_for(
        lambda: installation.ask("broadcast_state", code=code) == "done", seconds, what=f"the end of {code}"
    )


def start_web(installation: Installation) -> Visitor:
    installation.start("web")
    visitor = Visitor(installation.web_port)
    wait_for(lambda: is_up(visitor), 40, what="the start of the web")
    return visitor


def test_row_06_flushed_redis_is_refilled(installation: Installation, redis: Redis):
    """FLUSHALL in mid campaign: what was announced is forgotten, the beat announces it again; each once."""
    code = installation.ask("campaign", groups=40, accounts=4)
    installation.zalo.world.delay_ms = 500
    installation.start("beat")
    worker = installation.start("worker")
    wait_for(lambda: installation.zalo.world.stats.messages >= 15, 40, what="half of the posts")
    redis.client.flushall()
    installation.kill(worker)
    redis.client.flushall()
    installation.zalo.world.delay_ms = 0
    installation.start("worker")
    wait_until_done(installation, code)
    assert installation.times_seen(code) == {1: 40}


def test_row_07_redis_down_stops_no_citizen(installation: Installation, redis: Redis):
    """Redis down: tips come in, staff read a banner, sending goes on when Redis is back."""
    installation.ask("campaign", groups=1)
    chief = installation.ask("chief")
    visitor = start_web(installation)
    installation.start("beat")
    installation.start("worker")
    redis.stop()

    assert has_receipt(visitor.send_tip())
    assert visitor.seconds < 3
    visitor.log_in(chief)
    assert NOT_GOING_OUT in visitor.get("/can-bo/").text
    assert visitor.seconds < 3
    code = installation.ask("another_campaign")

    redis.start()
    wait_until_done(installation, code)
    assert installation.times_seen(code) == {1: 1}
    assert installation.ask("tips") == 1


def test_row_08_hung_redis_piles_up_no_thread(installation: Installation, redis: Redis):
    """Redis accepts and never answers: no page takes three seconds, however many people come."""
    installation.ask("campaign", groups=1)
    visitor = start_web(installation)
    redis.hang()
    answers: list[tuple[bool, float]] = []

    def come() -> None:
        one = Visitor(installation.web_port)
        answers.append((has_receipt(one.send_tip()), one.seconds))

    people = [threading.Thread(target=come) for _number in range(4)]
    for person in people:
        person.start()
    for person in people:
        person.join(120)
    assert has_receipt(visitor.send_tip())
    assert visitor.seconds < 3
    redis.wake()
    assert [is_sent for is_sent, _seconds in answers] == [True] * 4
    assert max(seconds for _sent, seconds in answers) < 3
    assert installation.ask("tips") == 5


def test_row_09_full_redis_stops_no_citizen(installation: Installation, redis: Redis):
    """Redis refuses every write: as when it is down."""
    installation.ask("campaign", groups=1)
    chief = installation.ask("chief")
    visitor = start_web(installation)
    installation.start("beat")
    installation.start("worker")
    redis.client.config_set("maxmemory-policy", "noeviction")
    redis.client.config_set("maxmemory", "1mb")

    assert has_receipt(visitor.send_tip())
    assert visitor.seconds < 3
    visitor.log_in(chief)
    assert visitor.get("/can-bo/").status_code == 200
    code = installation.ask("another_campaign")

    redis.client.config_set("maxmemory", "0")
    wait_until_done(installation, code)
    assert installation.times_seen(code) == {1: 1}


def test_row_10_rubbish_in_the_queue_restarts_the_worker(installation: Installation, redis: Redis):
    """A list entry nobody can read ends the worker; the supervisor starts it again, no row is lost."""
    code = installation.ask("campaign", groups=30, accounts=3)
    installation.zalo.world.delay_ms = 500
    installation.run("supervisor", [sys.executable, "-u", "-c", SUPERVISED_WORKER])
    installation.start("beat")
    wait_for(lambda: installation.zalo.world.stats.messages >= 5, 40, what="the first posts")
    for text in ("rubbish", "{", '{"body": 1}'):
        redis.client.rpush("celery", text)
    wait_for(lambda: "chạy lại" in (installation.var / "supervisor.log").read_text(), 30, what="the restart")
    wait_until_done(installation, code)
    assert installation.times_seen(code) == {1: 30}


def test_row_16_two_beats_do_each_period_once(installation: Installation):
    """Two beats on two machines: the daily post goes out once, not once for each of them."""
    code = installation.ask("campaign", groups=10)
    daily = installation.ask("daily_post", hours_ago=1)
    for number in range(2):
        installation.start("beat", VAR_DIR=str(installation.folder(f"beat{number}")))
    for _number in range(2):
        installation.start("worker")
    wait_until_done(installation, code)
    wait_for(lambda: installation.ask("children", code=daily) == ["done"], 40, what="the daily post")
    (child,) = installation.ask("child_codes", code=daily)
    assert installation.times_seen(code) == {1: 10}
    assert installation.times_seen(child) == {1: 10}


def test_row_17_beat_dead_for_days_catches_up_once(installation: Installation):
    """A beat that was dead: staff are told; then the daily post goes out once, not once for each day."""
    code = installation.ask("campaign", groups=3)
    daily = installation.ask("daily_post", hours_ago=73)
    chief = installation.ask("chief")
    installation.ask("silence", seconds=3600)
    visitor = start_web(installation)
    visitor.log_in(chief)
    assert "Nhịp hệ thống đã dừng" in visitor.get("/can-bo/").text

    installation.start("worker")
    installation.start("beat")
    wait_until_done(installation, code)
    wait_for(lambda: installation.ask("children", code=daily) == ["done"], 40, what="the daily post")
    (child,) = installation.ask("child_codes", code=daily)
    assert installation.times_seen(child) == {1: 3}
