"""``manage.py zalo_simulator``: demonstrations only, and it stops when told."""

import os
import re
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

ROOT = Path(__file__).resolve().parents[4]


def test_command_refuses_to_run_with_debug_off(settings):
    settings.DEBUG = False

    with pytest.raises(CommandError):
        call_command("zalo_simulator", port=0)


@pytest.mark.process
def test_command_serves_and_stops_on_sigterm(tmp_path):
    process = subprocess.Popen(
        [
            sys.executable,
            "manage.py",
            "zalo_simulator",
            "--port",
            "0",
            "--state",
            str(tmp_path / "state.json"),
        ],
        cwd=ROOT,
        env={
            **os.environ,
            "DEBUG": "1",
            "PYTHONUNBUFFERED": "1",
            "DJANGO_SETTINGS_MODULE": "portal.settings",
        },
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        url = re.search(r"http://\S+", process.stdout.readline())[0]
        request = urllib.request.Request(f"{url}v2.0/oa/getoa", headers={"access_token": "demo-at-77"})
        with urllib.request.urlopen(request, timeout=60) as response:
            assert '"oa_id": "77"' in response.read().decode()
        process.send_signal(signal.SIGTERM)
        # A connection that stays open must not hold it; a busy machine may.
        assert process.wait(timeout=30) == 0
    finally:
        process.kill()
        process.stdout.close()
    assert '"oa_id": "77"' in (tmp_path / "state.json").read_text()
