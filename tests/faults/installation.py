"""An installation of its own: database, broker, Zalo, and the processes of the Procfile."""

import itertools
import json
import os
import shlex
import signal
import subprocess
import sys
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any

from groups.zalo.simulator.server import SimulatorThread
from tests.faults.servers import die_with, free_port
from tests.waiting import wait_for

ROOT = Path(__file__).resolve().parents[2]
KEPT = {"PATH", "HOME", "LANG", "TMPDIR"}

# The portal's supervisor with one line of the Procfile, and without the demo data.
SUPERVISED_WORKER = """
from portal import supervisor
supervisor.prepare = lambda: None
children = supervisor.read_procfile(supervisor.BASE_DIR / "Procfile")
workers = [child for child in children if child.name == "worker"]
supervisor.Supervisor(workers, uses_embedded_broker=False).run()
"""


class Installation:
    """Starts, asks, breaks and ends. ``database_url`` and ``broker_url`` None mean the embedded ones."""

    def __init__(self, var: Path, zalo: SimulatorThread, *, database_url: str = "", broker_url: str = ""):
        self.var, self.zalo = var, zalo
        self.processes: list[subprocess.Popen] = []
        self.web_port = free_port()
        self._console: subprocess.Popen | None = None
        self._serial = itertools.count(1)
        self.env = {
            **{key: value for key, value in os.environ.items() if key in KEPT},
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}",
            "DJANGO_SETTINGS_MODULE": "tests.faults.settings",
            "PYTHONPATH": str(ROOT),
            "ENV_FILE": "",
            "DEBUG": "1",
            "THROTTLES": "off",
            "VAR_DIR": str(var),
            "WEB_PORT": str(self.web_port),
            "WEB_WORKERS": "1",
            "DATABASE_URL": database_url or f"sqlite:///{var / 'portal.sqlite3'}",
            "ZALO_API_URL": zalo.url,
            "ZALO_OAUTH_URL": zalo.url,
            "SEND_CONCURRENCY": "5",
        }
        if broker_url:
            self.env["CELERY_BROKER_URL"] = broker_url

    # --- Processes ---------------------------------------------------------------------------------------

    def start(self, name: str, **environment: str) -> subprocess.Popen:
        """Start a line of the Procfile in a process group of its own."""
        lines = (line.partition(":") for line in (ROOT / "Procfile").read_text().splitlines())
        command = next(command for found, _colon, command in lines if found == name)
        return self.run(f"{name}{next(self._serial)}", shlex.split(command), **environment)

    def run(self, log_name: str, command: list[str], **environment: str) -> subprocess.Popen:
        """Start any command in this installation; what it prints lands in ``var/<log_name>.log``."""
        with (self.var / f"{log_name}.log").open("w") as log:
            process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=self.env | environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=die_with(signal.SIGKILL),
            )
        self.processes.append(process)
        return process

    def folder(self, name: str) -> Path:
        """A folder of its own for one process, as on another machine."""
        path = self.var / name
        path.mkdir()
        return path

    def kill(self, process: subprocess.Popen) -> None:
        """``kill -9`` of the whole group: nothing gets a chance to tidy up."""
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(120)

    def manage(self, *command: str) -> str:
        """Run a management command; returns what it printed."""
        done = subprocess.run(
            [sys.executable, "manage.py", *command],
            cwd=ROOT,
            env=self.env,
            capture_output=True,
            text=True,
            timeout=400,
        )
        assert done.returncode == 0, done.stderr[-2000:]
        return done.stdout

    def ask(self, name: str, **arguments: Any) -> Any:
        """Call a function of ``tests.faults.inside`` within the installation; returns its answer."""
        if self._console is None:
            self._console = subprocess.Popen(
                [sys.executable, "-m", "tests.faults.console"],
                cwd=ROOT,
                env=self.env,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=(self.var / "console.log").open("w"),
                text=True,
                start_new_session=True,
                preexec_fn=die_with(signal.SIGKILL),
            )
            self.processes.append(self._console)
        self._console.stdin.write(json.dumps({"name": name, "arguments": arguments}) + "\n")
        self._console.stdin.flush()
        line = self._console.stdout.readline()
        assert line, (self.var / "console.log").read_text()[-2000:]
        reply = json.loads(line)
        assert "answer" in reply, reply["error"]
        return reply["answer"]

    def wait_until_sent(self, groups: int, seconds: float = 60) -> None:
        """Let a beat's work be done until every one of ``groups`` rows is sent."""

        def is_sent() -> bool:
            self.ask("tick")
            return self.ask("states") == {"sent": groups}

        wait_for(is_sent, seconds, what=f"sending to {groups} groups")

    def close(self) -> None:
        """End what still runs."""
        for process in self.processes:
            if process.poll() is None:
                self.kill(process)

    def logs(self) -> str:
        """The end of what every process printed, for a failing test."""
        texts = [(path.name, path.read_text(errors="replace")[-1500:]) for path in self.var.glob("*.log")]
        return "\n".join(f"--- {name}\n{text}" for name, text in sorted(texts) if text.strip())

    # --- What members saw --------------------------------------------------------------------------------

    def seen(self, code: str = "") -> Counter:
        """Messages of our accounts by group (those that carry ``code``), as its members read them."""
        return Counter(
            {
                group_id: sum(message.is_ours and code in message.text for message in group.messages)
                for group_id, group in list(self.zalo.world.groups.items())
            }
        )

    def times_seen(self, code: str = "") -> dict[int, int]:
        """How many groups saw it how often: ``{1: 40}`` is what everybody wants."""
        return dict(Counter(count for count in self.seen(code).values() if count))
