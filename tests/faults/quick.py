"""Waits a tenth as long, and a clock that can be wrong: an application of ``tests.faults.settings``.

Nothing here changes what the portal does, only how long it waits before it does it, what time it believes it
is (``CLOCK_FILE`` names a file with the seconds its clock is ahead), and whether sending to one group brings
the process down (``DEADLY_GROUP``).
"""

import os
import signal
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from django.apps import AppConfig

SPEED = 10
WAITS = (
    *("DRAIN_SECONDS", "RENEW_SECONDS", "LEASE_SECONDS", "LEASE_MARGIN_SECONDS", "BREAKER_SECONDS"),
    *("FIRST_READ_SECONDS", "READ_AT_SECONDS", "APART", "WAITS_SECONDS"),
    *("STALE_CLAIM", "STUCK_EXPANDING", "TRIAL_AFTER"),
    *("CLAIM_SECONDS", "WAIT_SECONDS", "RETRY_AFTER_SECONDS", "SECOND_TRY_SECONDS"),
    *("CLAIM", "PAUSE", "PAUSES", "SCAN_SECONDS", "CLEAN_SECONDS"),
)
OURS = ("broadcasts.", "groups.", "portal.", "tips.")


class QuickConfig(AppConfig):
    """The last application: every module with a wait in it can be imported by now."""

    name = "tests.faults.quick"
    label = "quick"

    def ready(self) -> None:
        from broadcasts import tasks  # noqa: F401 (with everything that sends)
        from broadcasts.engine import drain
        from broadcasts.services import sweep  # noqa: F401
        from groups.zalo import http
        from tips.services import evidence_work, zalo_answers, zalo_files  # noqa: F401

        for name in WAITS:
            _scale(name)
        drain.drain.__kwdefaults__["seconds"] = drain.DRAIN_SECONDS
        # Only halved: on a busy machine an answer of the simulator may take its time.
        http.timeouts.__defaults__ = (http.CONNECT_SECONDS / 2, http.TOTAL_SECONDS / 2)
        if path := os.environ.get("CLOCK_FILE"):
            _set_clock(Path(path))
        if group_id := os.environ.get("DEADLY_GROUP"):
            _die_over(group_id)


def _scale(name: str) -> None:
    """Divide the constant in every module that has it, also those that imported it from another."""
    modules = [m for key, m in sys.modules.items() if key.startswith(OURS) and hasattr(m, name)]
    if not modules:
        raise RuntimeError(f"{name} is gone: tests/faults/quick.py must follow")
    for module in modules:
        setattr(module, name, _tenth(getattr(module, name)))


def _tenth(wait: Any) -> Any:
    if isinstance(wait, tuple):
        return tuple(_tenth(item) for item in wait)
    if isinstance(wait, timedelta) or wait % SPEED:
        return wait / SPEED
    return wait // SPEED


def _set_clock(file: Path) -> None:
    """Let this process believe in a time that is off by what the file says, read anew at every look."""
    real = time.time

    def wrong() -> float:
        return real() + float(file.read_text() or 0)

    from django.utils import timezone

    time.time = wrong
    timezone.now = lambda: datetime.fromtimestamp(wrong(), UTC)


def _die_over(group_id: str) -> None:
    """End this process, as the OOM killer does, the moment it would send to the group."""
    from groups.zalo.client import ZaloClient

    send = ZaloClient.send_group_text

    async def deadly(self: ZaloClient, to: str, content: str) -> Any:
        if to == group_id:
            os.kill(os.getpid(), signal.SIGKILL)
        return await send(self, to, content)

    ZaloClient.send_group_text = deadly
