"""One command runs the whole portal: it comes up, heals itself, and leaves nothing behind."""

import contextlib
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from portal import supervisor
from portal.supervisor import Child, StartError
from tests.waiting import wait_for

ROOT = Path(__file__).resolve().parents[2]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def fetch(port: int, path: str) -> int | None:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=3) as response:
            return response.status
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return None


def processes_of(folder: Path) -> dict[int, str]:
    """Command lines of the living processes that work in ``folder``."""
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                environment = (entry / "environ").read_bytes()
                command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode().strip()
            except (FileNotFoundError, PermissionError, ProcessLookupError):
                continue
            # The broker overwrites its environment with its title, which names its socket.
            is_ours = f"VAR_DIR={folder}".encode() in environment or f"{folder}/" in command
            if is_ours and command:
                found[int(entry.name)] = command
    return found


def environment_of(folder: Path) -> dict[str, str]:
    """A development machine of its own that keeps everything in ``folder``."""
    keep = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG"}}
    return {**keep, "ENV_FILE": "", "DEBUG": "1", "VAR_DIR": str(folder)}


class Portal:
    """The supervisor as a process of its own, with its own folder and ports."""

    def __init__(self, folder: Path, **environment: str):
        self.folder, self.port, self.output = folder, free_port(), folder / "output"
        self.environment = {
            **environment_of(folder),
            "WEB_PORT": str(self.port),
            "ZALO_API_URL": f"http://127.0.0.1:{free_port()}",
            **environment,
        }
        self.process = subprocess.Popen(
            [sys.executable, "-m", "portal.supervisor"],
            cwd=ROOT,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=self.output.open("w"),
            stderr=subprocess.STDOUT,
        )

    def text(self) -> str:
        return self.output.read_text()

    def pids(self, part: str) -> list[int]:
        return [pid for pid, command in processes_of(self.folder).items() if part in command]

    def wait_until_up(self, *, seconds: float = 120) -> None:
        def is_up() -> bool:
            assert self.process.poll() is None, self.text()
            return "Cổng đã chạy" in self.text()

        wait_for(is_up, seconds)

    def end(self) -> None:
        """Stop what is left, whatever the test did."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
        for pid in processes_of(self.folder):
            os.kill(pid, signal.SIGKILL)


@pytest.fixture(scope="session")
def prepared(tmp_path_factory) -> Path:
    """What a first start leaves behind: the database with its demonstration."""
    folder = tmp_path_factory.mktemp("prepared")
    subprocess.run([sys.executable, "manage.py", "prepare"], cwd=ROOT, env=environment_of(folder), check=True)
    return folder


@pytest.fixture
def portal(tmp_path_factory, prepared) -> Iterator[Callable[..., Portal]]:
    """Starts a portal on a prepared database; ``is_new`` on an empty folder, as on a fresh machine."""
    started = []

    def start(*, is_new: bool = False, **environment: str) -> Portal:
        # The embedded broker's socket needs a short path.
        folder = tmp_path_factory.mktemp("p")
        if not is_new:
            shutil.copytree(prepared, folder, dirs_exist_ok=True)
        started.append(Portal(folder, **environment))
        return started[-1]

    yield start
    for one in started:
        one.end()


@pytest.mark.process
@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_portal_comes_up_heals_and_stops(portal, ending: signal.Signals):
    one = portal()
    one.wait_until_up()
    assert {
        name: bool(one.pids(name)) for name in ("gunicorn", "worker", "beat", "zalo_simulator", "valkey")
    } == {
        "gunicorn": True,
        "worker": True,
        "beat": True,
        "zalo_simulator": True,
        "valkey": True,
    }
    assert fetch(one.port, "/readyz") == 200
    assert f"http://127.0.0.1:{one.port}/can-bo/" in one.text()
    assert "officer, beat, chief" in one.text()

    victims = one.pids("worker --pool") + one.pids("valkey")
    for pid in victims:
        os.kill(pid, signal.SIGKILL)
    wait_for(lambda: set(one.pids("worker --pool")) - set(victims))
    wait_for(lambda: set(one.pids("valkey")) - set(victims))
    wait_for(lambda: fetch(one.port, "/readyz") == 200)

    one.process.send_signal(ending)
    assert one.process.wait(100) == 0, one.text()
    wait_for(lambda: not processes_of(one.folder))
    assert one.text().rstrip().endswith("Đã dừng.")


# What only preparing writes; work goes on in the other tables.
PREPARED = (
    "django_migrations",
    "accounts_user",
    "groups_unit",
    "groups_group",
    "groups_member",
    "broadcasts_broadcast",
    "tips_tip",
)


def prepared_rows(folder: Path) -> dict[str, tuple[int, int]]:
    """How many rows preparing made in each table, and the last key it gave."""
    with contextlib.closing(sqlite3.connect(folder / "portal.sqlite3")) as database:
        ask = "SELECT count(*), max(id) FROM {}".format
        return {table: database.execute(ask(table)).fetchone() for table in PREPARED}


@pytest.mark.process
def test_portal_second_start_prepares_nothing_again(portal):
    first = portal(is_new=True)
    first.wait_until_up(seconds=240)
    first.process.terminate()
    assert first.process.wait(100) == 0
    assert "Đang cập nhật cơ sở dữ liệu" in first.text()
    before = prepared_rows(first.folder)
    assert all(rows for rows, _last in before.values())
    second = Portal(first.folder)
    try:
        second.wait_until_up()
        assert "Đang cập nhật cơ sở dữ liệu" not in second.text()
        assert prepared_rows(first.folder) == before
    finally:
        second.end()


@pytest.mark.process
def test_portal_killed_without_warning_takes_its_children_along(portal):
    one = portal()
    one.wait_until_up()
    one.process.kill()
    one.process.wait()
    wait_for(lambda: not (one.pids("gunicorn") or one.pids("celery") or one.pids("simulator")), seconds=30)


@pytest.mark.process
def test_portal_on_a_busy_port_says_which(portal):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        one = portal(WEB_PORT=str(port))
        assert (one.process.wait(100), f"cổng {port} đang bận" in one.text()) == (1, True)


@pytest.mark.process
def test_portal_with_unusable_database_fails(portal):
    one = portal(DATABASE_URL="postgres://nobody@127.0.0.1:1/none")
    assert (one.process.wait(100), "không chuẩn bị được cơ sở dữ liệu" in one.text()) == (1, True)
    wait_for(lambda: not processes_of(one.folder))


@pytest.mark.process
def test_make_interrupted_alone_stops_everything(tmp_path_factory, prepared):
    """``kill -INT`` of ``make`` never reaches the recipe: make only waits for it."""
    folder = tmp_path_factory.mktemp("m")
    shutil.copytree(prepared, folder, dirs_exist_ok=True)
    (folder / "Makefile").write_text(f"run:\n\t@cd {ROOT} && exec {sys.executable} -m portal.supervisor\n")
    environment = {
        **os.environ,
        "ENV_FILE": "",
        "DEBUG": "1",
        "VAR_DIR": str(folder),
        "WEB_PORT": str(free_port()),
    }
    environment["ZALO_API_URL"] = f"http://127.0.0.1:{free_port()}"
    for name in ("DATABASE_URL", "CELERY_BROKER_URL", "DJANGO_SETTINGS_MODULE"):
        environment.pop(name, None)
    output = folder / "output"
    # What a shell starts in the background, a whole test run too, ignores the signal; so would make.
    command = ["env", "--default-signal=INT", "make", "-f", str(folder / "Makefile"), "run"]
    make = subprocess.Popen(command, env=environment, stdout=output.open("w"), cwd=folder)
    try:
        wait_for(lambda: "Cổng đã chạy" in output.read_text(), seconds=120)
        make.send_signal(signal.SIGINT)
        make.wait(100)
        wait_for(lambda: not processes_of(folder))
    finally:
        make.kill()
        for pid in processes_of(folder):
            os.kill(pid, signal.SIGKILL)


# --- Parts -----------------------------------------------------------------------------------------------


def test_procfile_without_debug_has_no_simulator(monkeypatch, tmp_path: Path):
    (tmp_path / "Procfile").write_text("web: a b: c\nsimulator: d\n\n")
    monkeypatch.setenv("DEBUG", "0")
    assert [(child.name, child.command) for child in supervisor.read_procfile(tmp_path / "Procfile")] == [
        ("web", "a b: c")
    ]


def test_simulator_tells_this_portal_what_happens(tmp_path, monkeypatch):
    (tmp_path / "Procfile").write_text("simulator: python manage.py zalo_simulator\n")
    monkeypatch.setenv("DEBUG", "1")
    monkeypatch.setenv("WEB_PORT", "8123")
    (simulator,) = supervisor.read_procfile(tmp_path / "Procfile")
    expected = "python manage.py zalo_simulator --webhook-url http://127.0.0.1:8123/zalo/webhook/"
    assert simulator.command == expected


@pytest.mark.parametrize(
    ("address", "used"), [("http://127.0.0.1:9123", True), ("https://openapi.zalo.me", False), ("", True)]
)
def test_simulator_runs_where_the_portal_talks_to_it(monkeypatch, address: str, used: bool):
    monkeypatch.setenv("DEBUG", "1")
    monkeypatch.setenv("ZALO_API_URL", address)
    assert supervisor.uses_simulator() is used


def ended(command: str) -> Child:
    child = Child("web", command)
    child.start()
    child.process.wait(60)
    return child


def test_child_that_cannot_start_is_given_up():
    child = ended("sh -c 'exit 3'")
    for _ in range(supervisor.MOST_FAILED_STARTS - 1):
        child.plan_restart()
        child.start()
        child.process.wait(60)
    with pytest.raises(StartError, match=re.escape("web không khởi động được (mã 3)")):
        child.plan_restart()


def test_child_killed_from_outside_is_always_revived():
    child = Child("web", "sleep 60")
    for _ in range(supervisor.MOST_FAILED_STARTS + 2):
        child.start()
        child.process.kill()
        child.process.wait(60)
        child.plan_restart()
    assert child.restart_at - time.monotonic() <= supervisor.LONGEST_PAUSE_SECONDS


def test_child_that_was_healthy_once_is_always_revived(monkeypatch):
    monkeypatch.setattr(supervisor, "HEALTHY_SECONDS", 0.0)
    child = ended("sh -c 'exit 3'")
    for _ in range(supervisor.MOST_FAILED_STARTS + 2):
        child.plan_restart()
        child.start()
        child.process.wait(60)
    assert child.restarts == 1


def test_child_that_ignores_the_signal_is_killed_with_its_family(tmp_path):
    child = Child("web", f"sh -c \"trap '' TERM; touch {tmp_path}/deaf; sleep 61 & wait; sleep 61\"")
    child.start()
    wait_for((tmp_path / "deaf").exists)
    started = time.monotonic()
    child.terminate()
    child.wait(seconds=0.5)
    assert (child.process.returncode, time.monotonic() - started < 5) == (-signal.SIGKILL, True)


def test_output_of_a_child_carries_its_name(capfd):
    seen = []
    ended("printf 'một\\nhai\\n'")

    def shown() -> str:
        seen.append(capfd.readouterr().out)
        return "".join(seen)

    wait_for(lambda: "web       | một" in shown() and "web       | hai" in shown())
