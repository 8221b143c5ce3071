"""``.ci/run`` on machines that lack this or that; each system command is a stand-in that notes its call."""

import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
# The few real programmes the script needs besides bash itself.
REAL = ("bash", "dirname", "id", "seq", "sleep", "mktemp", "sort", "tail", "ls", "cat", "cp")
NOTE = '#!/bin/bash\necho "$(basename "$0") $*" >>"$CALLS"\n'
LISTEN = f"""{sys.executable} -c 'import socket, sys, time
server = socket.create_server(("127.0.0.1", int(sys.argv[1])))
time.sleep(20)' {{port}} >/dev/null 2>&1 &
echo $! >>"$CALLS.pids"
"""
# What each package of apt brings along.
BRINGS = {
    "make": ["make"],
    "git": ["git"],
    "chromium": ["chromium"],
    "redis-server": ["redis-server"],
    "postgresql": ["pg_lsclusters", "pg_ctlcluster", "su"],
    "python3": ["python3"],
    "python3-venv": [],
}
pytestmark = pytest.mark.process


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Machine:
    """A machine on which only ``installed`` programmes exist; others appear with their apt package."""

    def __init__(self, folder: Path):
        self.bin, self.store, self.calls = folder / "bin", folder / "store", folder / "calls"
        self.postgres, self.redis = free_port(), free_port()
        self.bin.mkdir()
        self.store.mkdir()
        for name in REAL:
            (self.bin / name).symlink_to(shutil.which(name))
        self._stand_in(
            "make", 'echo "make with $TEST_DATABASE_URL $TEST_REDIS_URL $REQUIRE_SERVICES" >>"$CALLS"'
        )
        for name in ("git", "chromium", "python3"):
            self._stand_in(name)
        self._stand_in("redis-server", LISTEN.format(port=self.redis))
        self._stand_in("pg_lsclusters", f"echo '15 main {self.postgres} down postgres /data /log'")
        self._stand_in("pg_ctlcluster", LISTEN.format(port=self.postgres))
        self._stand_in("su", "cat >/dev/null")
        packages = " ".join(f"[{name}]='{' '.join(brought)}'" for name, brought in BRINGS.items())
        self._stand_in(
            "apt-get",
            f"declare -A brings=({packages})\n"
            '[ "$1" = install ] || exit 0\n'
            'for package in "$@"; do for program in ${brings[$package]:-}; do\n'
            f'cp "{self.store}/$program" "{self.bin}/"\n'
            "done; done",
        )
        self._stand_in("sudo", 'while [[ $1 == -* ]]; do shift; done; exec "$@"')
        self.install("apt-get", "sudo")

    def _stand_in(self, name: str, then: str = "") -> None:
        path = self.store / name
        path.write_text(NOTE.replace('$(basename "$0")', name) + then + "\n")
        path.chmod(0o755)

    def install(self, *names: str) -> None:
        for name in names:
            shutil.copy(self.store / name, self.bin)

    def run(self, **environment: str) -> list[str]:
        """The commands the script gave, in order."""
        values = {
            "PATH": str(self.bin),
            "CALLS": str(self.calls),
            "CI_POSTGRES_PORT": str(self.postgres),
            "CI_REDIS_PORT": str(self.redis),
            **environment,
        }
        command = [shutil.which("bash"), str(ROOT / ".ci" / "run")]
        result = subprocess.run(command, env=values, capture_output=True, text=True, check=False, timeout=500)
        assert result.returncode == 0, result.stdout + result.stderr
        return self.calls.read_text().splitlines()

    def stop(self) -> None:
        pids = Path(f"{self.calls}.pids")
        for pid in pids.read_text().split() if pids.exists() else ():
            os.kill(int(pid), 9)


@pytest.fixture
def machine(tmp_path: Path):
    made = Machine(tmp_path)
    yield made
    made.stop()


def names(calls: list[str]) -> list[str]:
    return [call.split()[0] for call in calls]


def test_bare_machine_gets_everything_from_apt(machine: Machine):
    calls = [call for call in machine.run() if not call.startswith(("python3", "sudo"))]
    assert calls[0].startswith("apt-get update")
    assert calls[1].split()[:2] == ["apt-get", "install"]
    assert {"-y", "python3", "python3-venv", "make", "git", "chromium", "redis-server", "postgresql"} <= set(
        calls[1].split()
    )
    assert names(calls)[2:4] == ["redis-server", "pg_lsclusters"]
    assert "pg_ctlcluster 15 main start" in calls
    assert calls[-1] == (
        f"make with postgres://portal_ci:portal_ci@127.0.0.1:{machine.postgres}/postgres"
        f" redis://127.0.0.1:{machine.redis}/15 1"
    )


def test_installed_but_stopped_services_are_started_without_apt(machine: Machine):
    machine.install(
        "make", "git", "chromium", "python3", "redis-server", "pg_lsclusters", "pg_ctlcluster", "su"
    )
    calls = machine.run()
    assert "apt-get" not in names(calls)
    assert {"redis-server", "pg_ctlcluster"} <= set(names(calls))
    assert f"redis-server --daemonize yes --bind 127.0.0.1 --port {machine.redis}" in "\n".join(calls)


def test_services_that_answer_are_left_alone(machine: Machine):
    machine.install("make", "git", "chromium", "python3")
    with (
        socket.create_server(("127.0.0.1", machine.postgres)),
        socket.create_server(("127.0.0.1", machine.redis)),
    ):
        calls = machine.run()
    assert [name for name in names(calls) if name not in {"python3", "sudo"}] == ["make", "make"]
    # No way in as the system's own postgres account: the tests try it without a password.
    assert f"postgres://postgres@127.0.0.1:{machine.postgres}/postgres" in calls[-1]


def test_given_database_is_used_as_it_is(machine: Machine):
    machine.install("make", "git", "chromium", "python3", "redis-server")
    calls = machine.run(TEST_DATABASE_URL="postgres://u:p@db/x")
    assert "postgres://u:p@db/x" in calls[-1]
    assert not any(call.startswith(("pg_", "su ", "apt-get")) for call in calls)
