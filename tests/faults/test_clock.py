"""Machines whose clocks are wrong, and clocks that jump in mid campaign."""

import time
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from tests.faults.installation import Installation
from tests.faults.senders import Sender, counted, start_web
from tests.faults.servers import Postgres, free_port
from tests.faults.visitors import has_receipt
from tests.waiting import wait_for

pytestmark = [pytest.mark.process, pytest.mark.services, pytest.mark.timeout(600, func_only=True)]


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


def test_row_27_wrong_clock_of_a_web_machine_delays_no_call_and_opens_no_throttle(
    installation: Installation, postgres: Postgres
):
    """One machine right, one two hours off: urgent is urgent now, one network has one allowance."""
    # Not across midnight, when a network gets its counters of the next day.
    away = 7200 if timezone.localtime(datetime.now(UTC)).hour < 12 else -7200
    installation.ask("campaign", groups=1)
    senders = {}
    for seconds in (0, away):
        clock, port = installation.var / f"clock{seconds}", free_port()
        clock.write_text(str(seconds))
        start_web(installation, port=port, CLOCK_FILE=str(clock), THROTTLES="on")
        senders[seconds] = Sender(port)
    right, wrong = senders[0], senders[away]

    started = datetime.now(UTC).replace(second=0, microsecond=0)
    urgent = {"text": "Họ cầm dao đuổi chém nhau ngoài chợ, có người bị thương."}
    assert has_receipt(wrong.press(wrong.open() | urgent))
    ((received, deadline),) = postgres.execute("SELECT received_at, deadline FROM tips_tip", "portal")
    due = postgres.execute("SELECT min(due_at), max(due_at) FROM tips_tipalarm", "portal")[0]
    assert started <= received <= started + timedelta(minutes=2)
    assert deadline == received + timedelta(minutes=5)
    assert due == (received, received + timedelta(minutes=10))

    form = right.open()
    assert has_receipt(wrong.press(form)) and has_receipt(right.press(form))
    assert counted(postgres)[0] == 2
    last = "SELECT received_at, deadline FROM tips_tip ORDER BY id DESC LIMIT 1"
    ((received, deadline),) = postgres.execute(last, "portal")
    assert received.second == 0 and received < deadline

    answers = [(right, wrong)[number % 2].press(right.open()) for number in range(20)]
    assert [answer.status_code for answer in answers] == [200] * 17 + [429] * 3
    assert all(0 < int(answer.headers["Retry-After"]) <= 3600 for answer in answers[17:])
