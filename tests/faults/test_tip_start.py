"""Processes whose keys are missing or wrong, and a disk that fills up under a film."""

import socket
from email import message_from_bytes, policy
from email.message import EmailMessage
from html import unescape

import pytest

from portal.keys import new_keys
from tests.faults.installation import Installation
from tests.faults.senders import FILES, Sender, counted, is_up, start_web
from tests.faults.servers import Postgres, Redis, wait_for
from tests.faults.visitors import Visitor, has_receipt
from tests.tips import canary

pytestmark = [pytest.mark.process, pytest.mark.services, pytest.mark.timeout(600, func_only=True)]

PRODUCTION = {"DEBUG": "0", "DJANGO_SETTINGS_MODULE": "portal.settings", "PUBLIC_URL": "https://conganxa.vn"}
DISK = "Ổ đĩa sắp đầy, chưa nhận được ảnh, video"


def start_for_real(installation: Installation, **environment: str) -> tuple[int | None, str]:
    """Start the web process as in production; how it ended by itself, and what it printed."""
    process = installation.start("web", **PRODUCTION, **environment)
    wait_for(lambda: process.poll() is not None or listens(installation.web_port), 60, what="start or end")
    code = process.poll()
    installation.kill(process)
    return code, max(installation.var.glob("web*.log"), key=lambda path: path.stat().st_mtime).read_text()


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_web_with_its_keys_starts(installation: Installation):
    code, said = start_for_real(installation, **new_keys())
    assert code is None, said


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("FIELD_KEYS", ""),
        ("FIELD_KEYS", "not a key"),
        ("IDENTITY_PUBLIC_KEY", ""),
        ("IDENTITY_PUBLIC_KEY", "AAAA"),
        ("SECRET_KEY", ""),
    ],
)
def test_row_30_web_without_its_keys_does_not_start_and_says_which(
    installation: Installation, name: str, value: str
):
    """Refused before the first visitor, in words that name the setting and no key."""
    keys = new_keys()
    code, said = start_for_real(installation, **{**keys, name: value})
    assert code not in (0, None), said
    assert name in said
    assert not [key for key in keys.values() if len(key) > 8 and key in said]


@pytest.mark.parametrize("process", ["worker", "beat"])
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("FIELD_KEYS", ","),
        ("FIELD_KEYS", "not a key"),
        ("IDENTITY_PUBLIC_KEY", "AAAA"),
        ("IDENTITY_PRIVATE_KEY", new_keys()["IDENTITY_PRIVATE_KEY"]),
    ],
    ids=["no key", "no base64", "identity", "other pair"],
)
def test_row_30_worker_and_beat_without_their_keys_do_not_start(
    installation: Installation, redis: Redis, process: str, name: str, value: str
):
    """They refuse with the words of the web process, before they take or announce any work."""
    keys = {**new_keys(), name: value}
    started = installation.start(process, **PRODUCTION, **keys)
    wait_for(lambda: started.poll() is not None, 60, what="the refusal")
    (log,) = installation.var.glob(f"{process}*.log")
    said = log.read_text()
    assert started.returncode == 1 and name in said and "Traceback" not in said, said
    assert not [key for key in keys.values() if len(key) > 8 and key in said]
    assert redis.client.keys() == []


def test_row_25_full_disk_under_a_film_keeps_the_upload_where_it_was(
    installation: Installation, postgres: Postgres
):
    """Pieces that find no room are refused and leave nothing; the words go through without the film."""
    installation.ask("campaign", groups=1)
    command = "ulimit -f 40; exec gunicorn --config portal/gunicorn.py --log-file /dev/null portal.wsgi"
    installation.run(
        "full", ["bash", "-c", command], DJANGO_SETTINGS_MODULE="tests.faults.production", WEB_WORKERS="1"
    )
    wait_for(lambda: is_up(Visitor(installation.web_port)), 60, what="the start of the web")
    sender = Sender(installation.web_port)
    form, film = sender.open(), canary.photo(side=900)
    head = {"Upload-Token": form["form_token"]}
    length = {"Upload-Length": str(len(film)), "Upload-Kind": "image"}
    place = sender._timed("POST", "/gui-tin/tep/", headers=head | length).headers["Location"]
    piece = {"Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
    for _again in range(2):
        answer = sender._timed("PATCH", place, data=film[: 200 * 1024], headers=head | piece)
        assert answer.status_code in (500, 503, 507) and canary.METADATA not in answer.text
        state = sender._timed("HEAD", place, headers=head)
        assert (state.status_code, state.headers["Upload-Offset"]) == (200, "0")
    stored = [path for folder in ("media", "tmp") for path in (installation.var / folder).rglob("*")]
    assert [path for path in stored if path.is_file()] == []
    assert has_receipt(sender.press(form)) and counted(postgres) == (1, 0, 1)

    # Room again: the same upload goes on.
    small = {"Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
    answer = sender._timed("PATCH", place, data=film[: 20 * 1024], headers=head | small)
    assert (answer.status_code, answer.headers["Upload-Offset"]) == (204, str(20 * 1024))


def test_row_25_full_disk_refuses_files_takes_words_and_alarms_the_staff(
    installation: Installation, postgres: Postgres
):
    """The alarm is on the administrator's page and in their mail, and says nothing of a tip."""
    installation.ask("campaign", groups=1)
    username = installation.ask("administrator", email="quantri@example.vn")
    # More than any disk has free.
    installation.env["MIN_FREE_DISK_MB"] = str(10**9)
    start_web(installation)
    for name in ("worker", "beat"):
        installation.start(name)
    sender = Sender(installation.web_port)
    form = sender.open()
    refused = sender.press(form, files=FILES)
    assert not has_receipt(refused) and "chưa nhận được tệp" in unescape(refused.text)
    assert canary.TEXT in refused.text and counted(postgres) == (0, 0, 0)
    assert has_receipt(sender.press(form)) and counted(postgres) == (1, 0, 1)

    wait_for(lambda: "disk" in installation.ask("alarms"), 60, what="the alarm")
    letters = wait_for(lambda: disk_letters(installation), 30, what="the mail")
    assert [letter["To"] for letter in letters] == ["quantri@example.vn"]
    assert canary.TEXT not in letters[0].get_content()
    administrator = Visitor(installation.web_port)
    administrator.log_in(username)
    assert DISK in unescape(administrator.get("/can-bo/canh-bao/").text)


def disk_letters(installation: Installation) -> list[EmailMessage]:
    """Mails that say so; one that is being written says nothing yet."""
    paths = (installation.var / "mail").glob("*")
    letters = [message_from_bytes(path.read_bytes(), policy=policy.default) for path in paths]
    return [letter for letter in letters if DISK in f"{letter['Subject']} {letter.get_content()}"]


def test_row_07_and_11_together_lose_no_words(installation: Installation, postgres: Postgres, redis):
    """Database and broker away at once: the words come back, and are one tip once both are there."""
    installation.ask("campaign", groups=1)
    start_web(installation)
    sender = Sender(installation.web_port)
    form = sender.open()
    redis.stop()
    postgres.stop()
    page = sender.press(form, files=FILES)
    assert page.status_code == 503 and canary.TEXT in page.text and sender.seconds < 5
    postgres.start()
    wait_for(lambda: has_receipt(sender.press(form, files=FILES)), 20, what="the second try")
    redis.start()
    assert has_receipt(sender.press(form, files=FILES)) and counted(postgres) == (1, 1, 1)
