"""After beat was away for an hour, and beside a second beat: each period's work is done once."""

from datetime import timedelta

from django.utils import timezone

from broadcasts import tasks
from broadcasts.models import Broadcast, Delivery
from broadcasts.services import sending, sweep
from portal.audit.models import AuditEntry

HOUR = timedelta(hours=1)


def test_post_that_came_due_while_beat_was_dead_starts_once_and_is_marked_late(
    approved, gmf_groups, run_drain, zalo
):
    broadcast = approved(send_at=timezone.now() + timedelta(minutes=1))
    after = broadcast.due_at + HOUR

    # Sixty lost minutes come back as one tick; even if all of them came, the post starts once.
    started = [sending.start_due(after) for _tick in range(60)]
    sending.expand(broadcast.pk)
    sending.expand(broadcast.pk)

    broadcast.refresh_from_db()
    assert (sum(started), broadcast.state, broadcast.is_late) == (1, "sending", True)
    assert AuditEntry.objects.filter(action="broadcasts.broadcast.started").count() == 1
    assert Delivery.objects.count() == 3


def test_recurring_post_fires_once_for_all_days_it_missed(approved, gmf_groups):
    parent = approved(recurrence="FREQ=DAILY", send_at=timezone.now() + timedelta(minutes=1))
    after = parent.due_at + timedelta(days=3, hours=1)

    # Two beats at the same moment.
    sending.start_due(after)
    sending.start_due(after)

    (child,) = Broadcast.objects.filter(parent=parent)
    parent.refresh_from_db()
    assert (child.due_at, child.is_late) == (after - HOUR, True)
    assert parent.due_at == after - HOUR + timedelta(days=1)


def test_sixty_sweeps_repair_what_one_sweep_repairs(sending_broadcast, run_drain, zalo):
    now = timezone.now()
    stale = sending_broadcast.deliveries.order_by("pk").first()
    Delivery.objects.filter(pk=stale.pk).update(state="sending", claim="dead", claimed_at=now - HOUR)

    for _tick in range(60):
        sweep.sweep(now)

    stale.refresh_from_db()
    assert (stale.state, stale.crashes, stale.reads) == ("unknown", 1, 0)
    run_drain()
    assert len(zalo.sent) == 2


def test_tick_that_arrives_twice_leaves_the_same_rows(sending_broadcast):
    before = list(Delivery.objects.order_by("pk").values_list("pk", "state"))
    for _beat in range(2):
        tasks.start_due_broadcasts()
        tasks.sweep()
    assert list(Delivery.objects.order_by("pk").values_list("pk", "state")) == before
    assert Broadcast.objects.get().state == "sending"
