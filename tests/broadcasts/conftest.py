"""An area with groups and a broadcast on its way, and the engine run inside the test's own transaction."""

from collections.abc import Callable

import pytest

from broadcasts.engine.drain import Report
from broadcasts.models import Broadcast
from broadcasts.services import approval, editing, sending
from groups.zalo import fake
from tests.broadcasts.drains import drain_here
from tests.factories import GroupFactory, OfficialAccountFactory


@pytest.fixture
def zalo(settings) -> fake.FakeWorld:
    """Zalo in memory; look at ``sent``, script failures with ``fail_next``."""
    settings.ZALO_CLIENT = "groups.zalo.fake.FakeZalo"
    fake.world.reset()
    return fake.world


@pytest.fixture
def account(area):
    return OfficialAccountFactory(unit=area.commune_a, rate_per_minute=1000)


@pytest.fixture
def gmf_groups(area, account) -> list:
    """Three groups the engine posts to."""
    return [GroupFactory(gmf=True, unit=area.village_a, official_account=account) for _number in range(3)]


@pytest.fixture
def assisted_group(area):
    return GroupFactory(unit=area.village_a)


@pytest.fixture
def write(officer) -> Callable[..., Broadcast]:
    """``write(title="...")``: a draft of the officer to commune A."""

    def make(author=None, **fields) -> Broadcast:
        content = {"kind": "education", "title": "Cảnh báo lừa đảo", "body": "Không đọc mã OTP cho ai."}
        content |= {"audience": {"units": ["D6801"]}} | fields
        return editing.create_broadcast(author or officer, content=editing.Content(**content))

    return make


@pytest.fixture
def approved(write, officer, chief) -> Callable[..., Broadcast]:
    """``approved(...)``: submitted by the officer, approved by the chief."""

    def make(**fields) -> Broadcast:
        broadcast = write(**fields)
        approval.submit_broadcast(broadcast, actor=officer)
        return approval.approve_broadcast(broadcast, actor=chief)

    return make


@pytest.fixture
def sending_broadcast(approved, gmf_groups) -> Broadcast:
    """Started and expanded: three queued rows."""
    broadcast = approved()
    sending.start_due(broadcast.due_at)
    sending.expand(broadcast.pk)
    broadcast.refresh_from_db()
    return broadcast


@pytest.fixture
def run_drain(zalo) -> Callable[..., Report]:
    """The engine for a moment, on the test's connection."""

    def run(**options) -> Report:
        return drain_here(**{"seconds": 5} | options)

    return run
