"""Workers and copies of tips while something dies: files wait, a message is one tip, a copy is put back."""

import os
import re
import shutil
from html import unescape
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import imageio_ffmpeg
import psycopg
import pytest

from portal.keys import new_keys
from tests.faults.installation import Installation
from tests.faults.senders import FILES, Sender, counted, start_web
from tests.faults.servers import Postgres
from tests.faults.visitors import Visitor, has_receipt
from tests.groups import webhooks
from tests.hung import HungProgram
from tests.tips import canary, clamd, media
from tests.waiting import wait_for

pytestmark = [pytest.mark.process, pytest.mark.services, pytest.mark.timeout(600, func_only=True)]

RECEIPT = re.compile(r'id="receipt">(.*?)</samp>', re.DOTALL)
TAG = re.compile(r"<[^>]+>")
WAITING = "SELECT 1 FROM pg_stat_activity WHERE datname = 'portal' AND wait_event_type = 'Lock'"


def receipt_of(page: Any) -> str:
    return "".join(TAG.sub("", RECEIPT.search(page.text)[1]).split())


def officer_of(installation: Installation) -> Visitor:
    """A chief of commune A, logged in."""
    officer = Visitor(installation.web_port)
    officer.log_in(installation.ask("chief"))
    return officer


def states(postgres: Postgres) -> list[tuple[str, int]]:
    """State and tries of every file."""
    return postgres.execute("SELECT state, attempts FROM tips_evidence ORDER BY id", "portal")


def test_row_26_scanner_that_hangs_holds_up_nobody(installation: Installation, postgres: Postgres):
    """It takes the file and says nothing: the form answers, the words are read, the file is tried again."""
    with clamd.running() as scanner:
        scanner.hangs = True
        installation.env["CLAMAV_ADDRESS"] = scanner.address
        installation.ask("campaign", groups=1)
        start_web(installation)
        for name in ("worker", "beat"):
            installation.start(name)
        sender = Sender(installation.web_port)
        page = sender.press(sender.open(), files=FILES)
        assert has_receipt(page) and sender.seconds < 3
        ((code,),) = postgres.execute("SELECT public_id FROM tips_tip", "portal")
        officer = officer_of(installation)
        shown = unescape(officer.get(f"/can-bo/tin-bao/{code}/").text)
        assert "Đang quét mã độc" in shown and canary.TEXT in shown

        wait_for(lambda: scanner.given_up >= 2, 60, what="the second try")
        assert scanner.scanned == [] and states(postgres)[0][0] == "scanning"
        scanner.hangs = False
        wait_for(lambda: states(postgres)[0][0] == "ready", 40, what="the scan")
        assert len(scanner.scanned) == 1
        followed = sender._timed("POST", "/theo-doi/", data={"receipt": receipt_of(page)})
        assert followed.status_code == 200 and "Đang quét" not in followed.text


def test_row_26_ffmpeg_that_hangs_holds_up_nobody(
    installation: Installation, postgres: Postgres, tmp_path: Path
):
    """It is ended at its limit; the photo behind it is ready, at last both sides are told, nothing stays."""
    program = HungProgram(tmp_path)
    installation.env["PATH"] = f"{program.folder}{os.pathsep}{installation.env['PATH']}"
    installation.ask("campaign", groups=1)
    start_web(installation)
    sender = Sender(installation.web_port)
    film = {"files": ("film.mp4", media.film(tmp_path), "video/mp4")}
    page = sender.press(sender.open(), files=film)
    assert has_receipt(page) and sender.seconds < 15
    in_request = len(program.started())
    assert in_request == 2 and states(postgres) == [("cleaning", 0)]

    for name in ("worker", "beat"):
        installation.start(name)
    wait_for(lambda: len(program.started()) > in_request, 40, what="the worker's ffmpeg")
    assert program.running() and has_receipt(sender.press(sender.open(), files=FILES))
    wait_for(lambda: states(postgres)[1][0] == "ready", 40, what="the photo")
    wait_for(lambda: states(postgres)[0][0] == "failed", 80, what="the end of the tries")
    wait_for(lambda: not program.running(), 20, what="the end of every ffmpeg")
    code = postgres.execute("SELECT public_id FROM tips_tip ORDER BY id", "portal")[0][0]
    assert "Chưa xử lý được" in unescape(officer_of(installation).get(f"/can-bo/tin-bao/{code}/").text)
    assert "Máy chủ chưa xử lý được tệp này." in unescape(follow(sender, receipt_of(page)))

    program.recover(imageio_ffmpeg.get_ffmpeg_exe())
    assert has_receipt(sender.press(sender.open(), files=film))
    wait_for(lambda: states(postgres)[2][0] == "ready", 40, what="a film once ffmpeg works again")


def test_worker_killed_over_a_private_message_makes_one_tip_in_the_end(
    installation: Installation, postgres: Postgres
):
    """kill -9 while the tip is being written: the message comes back by itself and is one tip."""
    installation.ask("campaign", groups=1)
    start_web(installation)
    account = SimpleNamespace(**installation.ask("accounts")[0])
    raw = webhooks.raw(webhooks.private(account, f"Đêm qua có đám đua xe {canary.ZALO_TEXT}"))
    headers = {
        "Content-Type": "application/json",
        "X-ZEvent-Signature": webhooks.signature(raw, account.oa_secret),
    }
    zalo = Visitor(installation.web_port)
    with psycopg.connect(postgres.url("portal")) as lock:
        lock.execute("LOCK TABLE tips_tip IN EXCLUSIVE MODE")
        worker = installation.start("worker")
        for _again in range(2):
            assert zalo._timed("POST", webhooks.URL, data=raw, headers=headers).status_code == 200
        wait_for(lambda: postgres.execute(WAITING), 30, what="the tip at the lock")
        installation.kill(worker)
    assert counted(postgres) == (0, 0, 0)

    for name in ("worker", "beat"):
        installation.start(name)
    wait_for(lambda: counted(postgres)[0], 60, what="the second try")
    assert zalo._timed("POST", webhooks.URL, data=raw, headers=headers).status_code == 200
    done = "SELECT count(*) FROM groups_zaloevent WHERE processed_at IS NOT NULL AND body IS NULL"
    wait_for(lambda: postgres.execute(done, "portal") == [(1,)], 20, what="the end of the event")
    assert counted(postgres) == (1, 0, 0)
    assert postgres.execute("SELECT channel FROM tips_tip", "portal") == [("zalo",)]
    assert postgres.execute("SELECT count(*) FROM tips_zalothread", "portal") == [(1,)]


def test_row_29_tips_of_a_backup_open_with_their_keys_and_receipts(
    installation: Installation, postgres: Postgres
):
    """Database and files are lost after the copy: with the keys everything opens, without them nothing."""
    keys, others = new_keys(), new_keys()
    names = ("FIELD_KEYS", "IDENTITY_PUBLIC_KEY", "IDENTITY_PRIVATE_KEY")
    installation.env |= {name: keys[name] for name in names}
    installation.ask("campaign", groups=1)
    web = start_web(installation)
    sender, copy = Sender(installation.web_port), str(installation.var / "copy")
    kept = receipt_of(sender.press(sender.open(), files=FILES))
    installation.manage("backup", copy)
    lost = receipt_of(sender.press(sender.open()))
    assert len({kept, lost}) == 2
    installation.kill(web)
    shutil.rmtree(installation.var / "media")
    postgres.execute("TRUNCATE tips_tip CASCADE", "portal")

    installation.manage("restore", copy, "--force")
    assert counted(postgres) == (1, 1, 1)
    web = start_web(installation)
    assert canary.TEXT not in follow(sender, kept) and "Không tìm thấy" not in follow(sender, kept)
    assert "Không tìm thấy tin với mã này" in follow(sender, lost)
    officer = officer_of(installation)
    ((code, file),) = postgres.execute(
        "SELECT t.public_id, e.public_id FROM tips_tip t JOIN tips_evidence e ON e.tip_id = t.id", "portal"
    )
    assert canary.TEXT in officer.get(f"/can-bo/tin-bao/{code}/").text
    picture = officer.get(f"/can-bo/tin-bao/{code}/tep/{file}/")
    assert picture.content.startswith(b"\xff\xd8") and picture.headers["Content-Type"] == "image/jpeg"
    installation.kill(web)

    installation.env |= {name: others[name] for name in names}
    start_web(installation)
    picture = officer.get(f"/can-bo/tin-bao/{code}/tep/{file}/")
    assert b"\xff\xd8" not in picture.content


def follow(sender: Sender, receipt: str) -> str:
    return sender._timed("POST", "/theo-doi/", data={"receipt": receipt}).text
