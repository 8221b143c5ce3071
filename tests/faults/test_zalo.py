"""Zalo slow, wrong, limited or silent: the rows say what is known, and members read each post once."""

import time

import pytest

from groups.zalo.simulator.faults import TOKEN_PATH
from tests.faults.installation import Installation
from tests.faults.test_broker import start_web
from tests.waiting import wait_for

pytestmark = [pytest.mark.process, pytest.mark.services, pytest.mark.timeout(600, func_only=True)]

READING = "/group/conversation"
SENDING = "/group/message"


def switch_on(installation: Installation, kind: str, **settings: object) -> None:
    installation.zalo.control("POST", "faults", {"kind": kind, **settings})


def test_row_18_used_up_limit_rests_one_account_only(installation: Installation):
    """Too many calls: exactly that account rests, as long as Zalo asks; the others go on."""
    code = installation.ask("campaign", groups=20, accounts=2)
    tired, other = installation.ask("accounts")
    switch_on(installation, "rate_limit", oa_id=tired["oa_id"])
    installation.start("worker")
    installation.ask("tick")
    wait_for(lambda: installation.ask("sent_by", oa_id=other["oa_id"]) == 10, 40, what="the other account")

    wait_for(lambda: installation.ask("resting_seconds", oa_id=tired["oa_id"]) > 0, 20, what="the rest")
    assert installation.ask("resting_seconds", oa_id=other["oa_id"]) == 0
    calls = installation.zalo.world.stats.accounts[tired["oa_id"]].calls
    installation.ask("tick")
    time.sleep(3)
    assert installation.zalo.world.stats.accounts[tired["oa_id"]].calls == calls

    installation.zalo.control("DELETE", "faults")
    installation.ask("let_rest_end")
    installation.wait_until_sent(20)
    assert installation.times_seen(code) == {1: 20}


def test_row_19_server_errors_are_doubted_then_settled(installation: Installation):
    """HTTP 500 three times, with and without the post in the group: each once all the same."""
    code = installation.ask("campaign", groups=8)
    for kind in ("gateway_before", "gateway_after"):
        switch_on(installation, kind, path=SENDING, times=3, status=500)
    installation.start("worker")
    installation.ask("tick")
    wait_for(lambda: installation.ask("states").get("unknown") == 6, 40, what="the doubts")
    installation.wait_until_sent(8)
    assert installation.times_seen(code) == {1: 8}


def test_row_20_slow_account_takes_no_sender_from_the_others(installation: Installation):
    """An answer that takes a minute: time-out, ``unknown``, and the other account does not wait for it."""
    code = installation.ask("campaign", groups=14, accounts=2)
    slow, other = installation.ask("accounts")
    switch_on(installation, "slow", oa_id=slow["oa_id"], path=SENDING, times=4, delay_ms=60_000)
    installation.start("worker")
    installation.ask("tick")
    wait_for(lambda: installation.ask("sent_by", oa_id=other["oa_id"]) == 7, 30, what="the other account")
    installation.wait_until_sent(14)
    assert installation.times_seen(code) == {1: 14}


def test_row_21_unreadable_answers_are_doubted(installation: Installation):
    """200 with HTML, half an answer, none, ten megabytes: ``unknown``, no crash, no token in a log."""
    code = installation.ask("campaign", groups=8)
    groups = installation.ask("group_ids")
    for kind, group_id in zip(("html", "truncated", "empty", "huge"), groups, strict=False):
        switch_on(installation, kind, path=SENDING, group_id=group_id)
    worker = installation.start("worker")
    installation.ask("tick")
    wait_for(lambda: installation.ask("states").get("unknown") == 4, 40, what="the doubts")
    installation.wait_until_sent(8)
    assert installation.times_seen(code) == {1: 8}
    assert worker.poll() is None
    assert "demo-at-" not in installation.logs()


def test_row_22_doubled_echoes_settle_once(installation: Installation):
    """The answer is lost and nobody can read the group: Zalo's echo, sent twice, settles each row once."""
    code = installation.ask("campaign", groups=6)
    (account,) = installation.ask("accounts")
    installation.zalo.control("POST", "oas", [account])
    start_web(installation)
    installation.zalo.world.webhook_url = f"http://127.0.0.1:{installation.web_port}/zalo/webhook/"
    switch_on(installation, "error", code=-501, path=READING)
    switch_on(installation, "reset_after", path=SENDING)
    switch_on(installation, "webhook_duplicate")
    installation.start("worker")
    installation.start("beat")
    wait_for(lambda: installation.ask("states") == {"sent": 6}, 60, what="the echoes")
    assert installation.times_seen(code) == {1: 6}
    assert installation.zalo.world.stats.webhooks["200"] >= 12


def test_row_23_token_that_runs_out_is_renewed_once(installation: Installation):
    """The token runs out in mid campaign, four workers: one renewal, no failed row, each post once."""
    code = installation.ask("campaign", groups=40)
    (account,) = installation.ask("accounts")
    installation.zalo.world.delay_ms = 300
    for _number in range(4):
        installation.start("worker")
    installation.ask("tick")
    wait_for(lambda: installation.zalo.world.stats.messages >= 10, 40, what="the first posts")
    installation.zalo.control("POST", "tokens/expire", {"oa_id": account["oa_id"]})
    installation.wait_until_sent(40)
    assert installation.times_seen(code) == {1: 40}
    assert renewals(installation) == 1
    assert installation.ask("attempts") == {"sent": 40}


def test_row_24_lost_renewal_waits_for_an_administrator(installation: Installation):
    """The answer to the renewal is lost: the account stops, an alarm names it, nobody storms the door."""
    code = installation.ask("campaign", groups=6)
    (account,) = installation.ask("accounts")
    installation.zalo.control("POST", "tokens/expire", {"oa_id": account["oa_id"]})
    switch_on(installation, "reset_after", path=TOKEN_PATH, times=1)
    installation.start("worker")
    installation.start("beat")
    wait_for(lambda: installation.ask("states") == {"blocked": 6}, 60, what="the stop")
    wait_for(lambda: "needs_grant" in installation.ask("alarms"), 20, what="the alarm")
    asked = renewals(installation)
    time.sleep(3)
    assert renewals(installation) == asked <= 3
    assert installation.times_seen() == {}

    installation.zalo.control("DELETE", "faults")
    names = ("oa_id", "app_id", "app_secret", "oa_secret")
    options = [part for name in names for part in (f"--{name.replace('_', '-')}", account[name])]
    for name, kind in (("--access-token", "at"), ("--refresh-token", "rt")):
        options += [name, f"demo-{kind}-{account['oa_id']}-9"]
    installation.manage("connect_oa", "--unit", "D6801", *options)
    wait_for(lambda: installation.ask("states") == {"sent": 6}, 60, what="the posts")
    assert installation.times_seen(code) == {1: 6}


def renewals(installation: Installation) -> int:
    """Calls to the token endpoint."""
    calls = installation.zalo.world.stats.calls
    return sum(count for (path, _end), count in calls.items() if path == TOKEN_PATH)
