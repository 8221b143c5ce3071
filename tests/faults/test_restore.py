"""Last night's backup put back: what was sent since is not sent again."""

import pytest

from tests.faults.installation import Installation
from tests.waiting import wait_for

pytestmark = [pytest.mark.process, pytest.mark.services, pytest.mark.timeout(600, func_only=True)]


def test_row_29_restored_backup_sends_nothing_twice(installation: Installation):
    """Copied before most posts went out: the restored system is paused, reads its groups, then goes on."""
    code = installation.ask("campaign", groups=12)
    installation.ask("tick")
    installation.ask("expand", code=code)
    installation.manage("backup", str(installation.var / "copy"))
    worker = installation.start("worker")
    installation.zalo.world.delay_ms = 300
    wait_for(lambda: installation.zalo.world.stats.messages >= 6, 40, what="the first posts")
    installation.kill(worker)

    told = installation.manage("restore", str(installation.var / "copy"), "--force")
    assert "connect_oa" in told
    installation.zalo.world.delay_ms = 0
    installation.start("worker")
    seen = installation.zalo.world.stats.messages
    installation.ask("tick")
    assert installation.ask("states") == {"unknown": 12}
    assert installation.zalo.world.stats.messages == seen

    installation.ask("resume_mailboxes")
    installation.wait_until_sent(12)
    assert installation.times_seen(code) == {1: 12}
