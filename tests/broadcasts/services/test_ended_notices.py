"""Posts about a notice that ended meanwhile: cancelled wherever they stand."""

from collections.abc import Callable

import pytest

from broadcasts.enums import BroadcastState
from broadcasts.models import Broadcast, Notice
from broadcasts.services import sending
from broadcasts.services.notices import NoticeFields, create_notice
from portal.audit.models import AuditEntry
from tests.broadcasts.services.mondays import MONDAY


@pytest.fixture
def missing_post(approved, officer, area, gmf_groups) -> Callable[..., Broadcast]:
    """An approved post about a missing person."""

    def make(**fields) -> Broadcast:
        values = NoticeFields(features="Tóc bạc", phone="113")
        notice = create_notice(officer, kind="missing", unit=area.commune_a, fields=values)
        return approved(kind="missing", notice=notice, **fields)

    return make


def end(notice: Notice) -> None:
    Notice.objects.filter(pk=notice.pk).update(state="ended", ended_as="found")


def test_start_of_a_post_about_an_ended_notice_cancels_it(missing_post):
    broadcast = missing_post()
    end(broadcast.notice)

    assert sending.start_due(broadcast.due_at) == 0

    broadcast.refresh_from_db()
    assert broadcast.state == BroadcastState.CANCELLED
    assert broadcast.reason
    assert AuditEntry.objects.filter(action="broadcasts.broadcast.cancelled").count() == 1


def test_firing_of_a_parent_about_an_ended_notice_cancels_it(missing_post):
    parent = missing_post(send_at=MONDAY, recurrence="FREQ=DAILY")
    end(parent.notice)

    assert sending.start_due(MONDAY) == 0

    parent.refresh_from_db()
    assert (parent.state, parent.occurrences.count()) == (BroadcastState.CANCELLED, 0)


def test_expansion_of_a_post_about_an_ended_notice_cancels_it(missing_post):
    broadcast = missing_post()
    sending.start_due(broadcast.due_at)
    end(broadcast.notice)

    assert sending.expand(broadcast.pk) == 0

    broadcast.refresh_from_db()
    assert (broadcast.state, broadcast.deliveries.count()) == (BroadcastState.CANCELLED, 0)
