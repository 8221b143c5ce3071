"""Tips while something dies: nothing half visible, nothing twice, no word where it does not belong."""

import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from html import unescape
from pathlib import Path
from typing import Any

import psycopg
import pytest

from portal.keys import new_keys
from tests.faults.installation import Installation
from tests.faults.senders import FILES, TIP, Sender, counted, is_up, start_web
from tests.faults.servers import Postgres, Redis, free_port
from tests.faults.visitors import HIDDEN, Visitor, has_receipt
from tests.tips import canary
from tests.waiting import wait_for

pytestmark = [pytest.mark.process, pytest.mark.services, pytest.mark.timeout(600, func_only=True)]

WAITING = "SELECT 1 FROM pg_stat_activity WHERE datname = 'portal' AND wait_event_type = 'Lock'"


@contextmanager
def held(postgres: Postgres) -> Iterator[None]:
    """Nobody can write a tip meanwhile: who tries waits, with the files already stored."""
    with psycopg.connect(postgres.url("portal")) as connection:
        connection.execute("LOCK TABLE tips_tip IN EXCLUSIVE MODE")
        yield


def pressing(sender: Sender, form: dict[str, str]) -> tuple[threading.Thread, list[Any]]:
    """Press the button in the background; the answer lands in the list, if one comes."""
    answers: list[Any] = []

    def press() -> None:
        try:
            answers.append(sender.press(form, files=FILES))
        except OSError:
            answers.append(None)

    thread = threading.Thread(target=press)
    thread.start()
    return thread, answers


def test_web_killed_in_the_middle_of_a_tip_leaves_nothing_and_the_second_try_makes_one(
    installation: Installation, postgres: Postgres
):
    """kill -9 between file and row: no half tip; the same form again is one tip with one file."""
    installation.ask("campaign", groups=1)
    web = start_web(installation)
    sender = Sender(installation.web_port)
    form = sender.open()
    with held(postgres):
        thread, answers = pressing(sender, form)
        wait_for(lambda: postgres.execute(WAITING), 20, what="the tip at the lock")
        installation.kill(web)
        thread.join(120)
    assert answers == [None] and counted(postgres) == (0, 0, 0)

    start_web(installation)
    assert has_receipt(sender.press(form, files=FILES))
    again = sender.press(form, files=FILES)
    assert has_receipt(again) and counted(postgres) == (1, 1, 1)
    canaries = canary.Canaries()
    media = [path for path in (installation.var / "media").rglob("*") if path.is_file()]
    assert media and [path for path in media if canaries.in_bytes(path.read_bytes())] == []
    assert list((installation.var / "tmp").iterdir()) == []


def test_row_11_postgres_restarted_in_the_middle_of_a_tip_keeps_the_words(
    installation: Installation, postgres: Postgres
):
    """The database goes between two inserts: all words come back, the second try is the only tip."""
    installation.ask("campaign", groups=1)
    start_web(installation)
    sender = Sender(installation.web_port)
    form = sender.open()
    holder = psycopg.connect(postgres.url("portal"))
    holder.execute("LOCK TABLE tips_tip IN EXCLUSIVE MODE")
    thread, answers = pressing(sender, form)
    wait_for(lambda: postgres.execute(WAITING), 20, what="the tip at the lock")
    postgres.stop()
    thread.join(120)
    (page,) = answers
    assert page.status_code == 503 and canary.TEXT in page.text and "Gửi lại" in page.text
    assert "Traceback" not in page.text

    without = sender.press(form)
    assert without.status_code == 503 and canary.TEXT in without.text and sender.seconds < 5
    postgres.start()
    wait_for(lambda: has_receipt(sender.press(form, files=FILES)), 20, what="the second try")
    assert counted(postgres) == (1, 1, 1)


def test_row_14_database_without_free_connections_says_so_at_once(
    installation: Installation, postgres: Postgres
):
    """No connection is left: a page with the words within seconds, and a time to come back by the API."""
    installation.ask("campaign", groups=1)
    start_web(installation, CONN_MAX_AGE="0")
    sender = Sender(installation.web_port)
    form = sender.open()
    others = []
    try:
        with suppress(psycopg.OperationalError):
            while True:
                others.append(psycopg.connect(postgres.url("postgres")))
        page = sender.press(form, files=FILES)
        assert (page.status_code, page.headers.get("Retry-After")) == (503, "30")
        assert canary.TEXT in page.text and sender.seconds < 3
        answer = sender._timed("POST", "/api/v1/tips/", json=TIP)
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "30")
    finally:
        for other in others:
            other.close()
    wait_for(lambda: has_receipt(sender.press(form, files=FILES)), 20, what="the second try")
    assert counted(postgres) == (1, 1, 1)


def test_row_07_without_redis_the_form_works_and_a_flood_is_still_slowed(
    installation: Installation, postgres: Postgres, redis: Redis
):
    """Throttles count in the process while the cache is away: never open, never closed to the first."""
    installation.ask("campaign", groups=1)
    start_web(installation, THROTTLES="on")
    redis.stop()
    sender = Sender(installation.web_port)
    statuses = [sender.press(sender.open()).status_code for _number in range(22)]
    assert statuses == [200] * 20 + [429] * 2
    assert counted(postgres)[0] == 20


def test_row_25_file_system_that_takes_no_more_costs_no_words(installation: Installation, postgres: Postgres):
    """Every larger write fails: the words come back with a way on, and go through without the files."""
    installation.ask("campaign", groups=1)
    command = "ulimit -f 1; exec gunicorn --config portal/gunicorn.py --log-file /dev/null portal.wsgi"
    installation.run("full", ["bash", "-c", command])
    wait_for(lambda: is_up(Visitor(installation.web_port)), 60, what="the start of the web")
    sender = Sender(installation.web_port)
    form = sender.open()
    noise = {"files": ("a.jpg", canary.photo(side=600), "image/jpeg")}
    page = sender.press(form, files=noise)
    assert page.status_code in (200, 503) and canary.TEXT in page.text and not has_receipt(page)
    assert counted(postgres) == (0, 0, 0)
    assert [path for path in (installation.var / "media").rglob("*") if path.is_file()] == []
    assert has_receipt(sender.press(form)) and counted(postgres) == (1, 0, 1)


def test_row_30_keys_are_rotated_while_tips_come_in(installation: Installation, postgres: Postgres):
    """Old and new key side by side, then the new one alone: every tip is readable, none was refused."""
    old, new = (new_keys()["FIELD_KEYS"] for _number in range(2))
    installation.env["FIELD_KEYS"] = old
    installation.ask("campaign", groups=1)
    web = start_web(installation)
    sender = Sender(installation.web_port)
    assert has_receipt(sender.press(sender.open(), files=FILES))
    installation.kill(web)

    installation.env["FIELD_KEYS"] = f"{new},{old}"
    web = start_web(installation)
    sent: list[bool] = []
    coming = threading.Thread(
        target=lambda: sent.extend(has_receipt(sender.press(sender.open())) for _ in range(8))
    )
    coming.start()
    installation.manage("rotate_keys")
    coming.join(120)
    assert sent == [True] * 8
    installation.kill(web)

    installation.env["FIELD_KEYS"] = new
    texts = installation.manage(
        "shell", "-c", "from tips.models import Tip; print([t.text for t in Tip.objects.all()])"
    )
    assert texts.count(canary.TEXT) == 9


def test_row_15_two_officers_at_once_one_wins(installation: Installation, postgres: Postgres):
    """Both answer at one moment on two machines: one answer; the other sees the conflict, words kept."""
    installation.ask("campaign", groups=1)
    ports = (installation.web_port, free_port())
    for port in ports:
        start_web(installation, port=port)
    sender = Sender(installation.web_port)
    sender.press(sender.open())
    ((code,),) = postgres.execute("SELECT public_id FROM tips_tip", "portal")
    officers = [Visitor(port) for port in ports]
    for officer in officers:
        officer.log_in(installation.ask("chief"))
    page = f"/can-bo/tin-bao/{code}/"
    first = dict(HIDDEN.findall(officers[0].get(page).text))
    assert officers[0]._timed("POST", f"{page}accept/", data=first).status_code == 200
    hidden = [dict(HIDDEN.findall(officer.get(page).text)) for officer in officers]
    ((version,),) = postgres.execute("SELECT version FROM tips_tip", "portal")
    answers: dict[int, Any] = {}

    def act(number: int) -> None:
        form = hidden[number] | {"version": str(version), "text": f"Câu trả lời thứ {number} của công an xã."}
        answers[number] = officers[number]._timed("POST", f"{page}reply/", data=form, allow_redirects=False)

    threads = [threading.Thread(target=act, args=(number,)) for number in range(2)]
    with psycopg.connect(postgres.url("portal")) as connection:
        # Both have looked at the tip and stand before its change.
        connection.execute("SELECT 1 FROM tips_tip FOR UPDATE")
        for thread in threads:
            thread.start()
        wait_for(lambda: len(postgres.execute(WAITING)) == 2, 20, what="both at the lock")
    for thread in threads:
        thread.join(120)
    assert sorted(answer.status_code for answer in answers.values()) == [302, 409]
    (loser,) = (number for number, answer in answers.items() if answer.status_code == 409)
    shown = unescape(answers[loser].text)
    assert f"Câu trả lời thứ {loser} của công an xã." in shown and "thay đổi" in shown
    assert postgres.execute("SELECT version FROM tips_tip", "portal") == [(version + 1,)]
    assert postgres.execute("SELECT count(*) FROM tips_message WHERE kind = 'public'", "portal") == [(1,)]


def test_planted_words_reach_no_log_broker_mail_dump_or_backup(
    installation: Installation, postgres: Postgres, redis: Redis
):
    """Real processes as production prints them, also while they fail with the words in their hands."""
    canaries, fail = canary.Canaries(), installation.var / "fail"
    installation.env |= {"DJANGO_SETTINGS_MODULE": "tests.faults.production", "FAIL_FILE": str(fail)}
    installation.ask("campaign", groups=1)
    for name in ("worker", "beat"):
        installation.start(name)
    start_web(installation)
    sender = Sender(installation.web_port)
    urgent = {"text": f"Họ cầm dao đuổi chém nhau, {canary.TEXT}"}
    assert has_receipt(sender.press(sender.open() | urgent, files=FILES))
    fail.touch()
    assert sender.press(sender.open(), files=FILES).status_code == 500
    place = {"lat": canary.LATITUDE, "lng": canary.LONGITUDE}
    assert sender._timed("POST", "/api/v1/tips/", json={**TIP, **place}).status_code == 500
    fail.unlink()
    assert sender._timed("POST", "/api/v1/tips/", json={**TIP, **place}).status_code == 201
    held_by_redis = "".join(redis_values(redis))
    installation.manage("backup", str(installation.var / "copy"))
    dumped = subprocess.run(["pg_dump", postgres.url("portal")], check=True, capture_output=True).stdout
    assert b"tips_tip" in dumped and counted(postgres) == (2, 1, 2)

    found = {
        name: words for name, data in written(installation.var).items() if (words := canaries.in_bytes(data))
    }
    assert found == {}
    assert (canaries.in_bytes(dumped), canaries.in_text(held_by_redis)) == (set(), set())
    log = b"".join(path.read_bytes() for path in installation.var.glob("web*.log"))
    assert b"RuntimeError" in log and b'"status": 500' in log


def redis_values(redis: Redis) -> Iterator[str]:
    """Every key with its value, of the broker and of the cache beside it."""
    for number in (0, 1):
        client = redis.client
        client.select(number)
        for key in client.scan_iter():
            yield repr((key, client.dump(key)))
            if client.type(key) == b"list":
                yield repr(client.lrange(key, 0, -1))
            if client.type(key) == b"string":
                yield repr(client.get(key))


def written(folder: Path) -> dict[str, bytes]:
    """Every file of the installation: logs, mail, media, copies, what waits to be encrypted."""
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
