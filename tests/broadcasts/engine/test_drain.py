"""The drain against Zalo in memory: what it sends, in which order, at which pace, and when it ends."""

import threading
import time
from datetime import timedelta

from django.utils import timezone

from broadcasts.engine import sql
from broadcasts.engine.drain import Report
from broadcasts.enums import BroadcastState
from broadcasts.models import Attempt, Broadcast, Mailbox
from broadcasts.services import approval, sending
from portal.audit.models import AuditEntry
from tests.broadcasts.drains import states
from tests.factories import GroupFactory, OfficialAccountFactory


def test_drain_without_work_makes_no_call(db, run_drain, zalo):
    assert run_drain() == Report(0, 0, None)


def test_drain_writes_row_attempt_and_account(sending_broadcast, account, run_drain):
    run_drain()

    row = sending_broadcast.deliveries.first()
    attempt = Attempt.objects.get(delivery=row)
    account.refresh_from_db()
    assert (row.state, row.attempts, row.last_error) == ("sent", 1, "")
    assert row.settled_at == attempt.finished_at >= attempt.started_at
    assert (attempt.number, attempt.outcome) == (1, "sent")
    assert account.last_good_at is not None


def test_drain_again_sends_nothing_twice(sending_broadcast, run_drain, zalo):
    run_drain()
    run_drain()

    assert len(zalo.sent) == 3


def test_rows_beyond_the_rate_stay_queued_for_a_successor(approved, area, run_drain, zalo):
    account = OfficialAccountFactory(unit=area.commune_a, rate_per_minute=10)
    for _number in range(12):
        GroupFactory(gmf=True, unit=area.village_a, official_account=account)
    broadcast = approved()
    sending.start_due(broadcast.due_at)
    sending.expand(broadcast.pk)

    report = run_drain()

    assert report.calls == 10
    assert 50 < report.again_in <= 61
    assert states(broadcast) == ["queued"] * 2 + ["sent"] * 10
    window = Mailbox.objects.get(account=account).window
    assert sum(window.values()) == 10
    assert run_drain().calls == 0


def test_urgent_rows_of_a_mailbox_go_first(approved, area, run_drain, zalo):
    account = OfficialAccountFactory(unit=area.commune_a, rate_per_minute=3)
    for _number in range(3):
        GroupFactory(gmf=True, unit=area.village_a, official_account=account)
    for fields in ({"title": "Thường"}, {"title": "Lũ quét", "urgency": "urgent"}):
        broadcast = approved(**fields)
        sending.start_due(broadcast.due_at)
        sending.expand(broadcast.pk)

    run_drain(concurrency=1)

    assert [posted.text.splitlines()[0] for posted in zalo.sent] == ["Lũ quét"] * 3


def test_paused_broadcast_is_not_claimed(sending_broadcast, chief, run_drain, zalo):
    approval.pause_broadcast(sending_broadcast, actor=chief)
    assert run_drain().calls == 0

    approval.resume_broadcast(sending_broadcast, actor=chief)
    assert run_drain().calls == 3


def test_expired_broadcast_is_not_claimed(sending_broadcast, run_drain):
    Broadcast.objects.filter(pk=sending_broadcast.pk).update(expires_at=timezone.now())

    assert run_drain().calls == 0


def test_broadcast_past_its_usefulness_is_not_claimed(sending_broadcast, run_drain):
    Broadcast.objects.update(useful_until=timezone.now())
    account_id = Mailbox.objects.get().account_id

    assert sql.first_rows([(account_id, 3)], now=timezone.now()) == []
    assert run_drain().calls == 0


def test_mailbox_leased_elsewhere_is_left_alone(sending_broadcast, account, run_drain, zalo):
    until = timezone.now() + timedelta(seconds=30)
    Mailbox.objects.filter(account=account).update(lease_owner="other", lease_until=until)

    assert run_drain() == Report(0, 0, None)
    assert zalo.sent == []
    assert Mailbox.objects.get(account=account).lease_owner == "other"


def test_calls_of_a_dead_drain_count_against_the_rate(approved, area, run_drain):
    account = OfficialAccountFactory(unit=area.commune_a, rate_per_minute=10)
    GroupFactory(gmf=True, unit=area.village_a, official_account=account)
    broadcast = approved()
    sending.start_due(broadcast.due_at)
    sending.expand(broadcast.pk)
    Mailbox.objects.filter(account=account).update(
        lease_owner="dead", lease_until=timezone.now() - timedelta(seconds=1), window={"claimed": 10}
    )

    assert run_drain().calls == 0
    assert states(broadcast) == ["queued"]


def test_rate_holds_over_minutes_of_drains(approved, area, run_drain, zalo):
    """A drain every few seconds for five minutes of a clock of our own."""
    account = OfficialAccountFactory(unit=area.commune_a, rate_per_minute=10)
    for _number in range(60):
        GroupFactory(gmf=True, unit=area.village_a, official_account=account)
    broadcast = approved()
    sending.start_due(broadcast.due_at)
    sending.expand(broadcast.pk)
    start, moments = timezone.now().timestamp(), []
    for second in range(0, 301, 6):
        ahead = start + second - time.time()
        moments += [second] * run_drain(clock=lambda ahead=ahead: time.time() + ahead).calls

    busiest = max(sum(at - 60 < moment <= at for moment in moments) for at in moments)
    assert busiest <= 10
    assert len(moments) >= 0.85 * 10 * 5


def test_drain_takes_more_mailboxes_than_it_holds_at_once(approved, area, run_drain, zalo, monkeypatch):
    """Patched: a country's number of accounts would be slow to make."""
    monkeypatch.setattr("broadcasts.engine.leases.MAX_BOXES", 2)
    for _number in range(7):
        GroupFactory(gmf=True, unit=area.village_a, official_account__unit=area.commune_a)
    broadcast = approved()
    sending.start_due(broadcast.due_at)
    sending.expand(broadcast.pk)

    assert run_drain().calls == 7
    assert states(broadcast) == ["sent"] * 7


def test_drain_of_a_worker_that_ends_claims_nothing_more(sending_broadcast, run_drain, monkeypatch):
    """Patched: the event is shared by the whole process."""
    monkeypatch.setattr("broadcasts.engine.drain.ending", threading.Event())
    from broadcasts.engine import drain
    from broadcasts.tasks import _end_drains

    _end_drains()

    assert drain.ending.is_set()
    assert run_drain().calls == 0
    assert states(sending_broadcast) == ["queued"] * 3


def test_broadcast_is_done_when_its_last_row_is_written(sending_broadcast, run_drain):
    run_drain()
    run_drain()

    sending_broadcast.refresh_from_db()
    assert sending_broadcast.state == BroadcastState.DONE
    assert AuditEntry.objects.filter(action="broadcasts.broadcast.done").count() == 1
