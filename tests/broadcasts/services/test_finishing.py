"""A broadcast is done when no row is open, whoever opens a row again at that moment."""

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection, connections, transaction
from django.utils import timezone

from broadcasts.enums import BroadcastState
from broadcasts.models import Broadcast, Delivery
from broadcasts.services import finishing, posting, retrying, sweep
from portal.audit.models import AuditEntry
from tests.factories import BroadcastFactory, DeliveryFactory, GroupFactory, StewardshipFactory


def reopenings(actor) -> int:
    return AuditEntry.objects.filter(action="broadcasts.broadcast.reopened", actor=actor).count()


def beside(function: Callable[[], object]) -> threading.Thread:
    """``function`` in another thread, on a connection of its own."""

    def run() -> None:
        try:
            function()
        finally:
            connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(1)
    return thread


def test_done_broadcast_with_an_open_row_is_sent_on(area):
    broadcast = BroadcastFactory(unit=area.commune_a, state="done", finished_at=timezone.now())
    whole = BroadcastFactory(unit=area.commune_a, state="done", finished_at=timezone.now())
    DeliveryFactory(broadcast=broadcast, group=GroupFactory(unit=area.village_a), state="overdue")
    DeliveryFactory(broadcast=whole, group=GroupFactory(unit=area.village_a), state="posted")

    sweep.sweep(timezone.now())

    broadcast.refresh_from_db()
    whole.refresh_from_db()
    assert (broadcast.state, broadcast.finished_at) == (BroadcastState.SENDING, None)
    assert whole.state == BroadcastState.DONE
    assert reopenings(None) == 1


def test_retry_of_a_row_of_a_done_broadcast_leaves_a_trace(sending_broadcast, chief):
    sending_broadcast.deliveries.update(state="refused")
    finishing.finish(now=timezone.now())

    retrying.retry(sending_broadcast.deliveries.first(), actor=chief)
    finishing.finish(now=timezone.now())

    assert Broadcast.objects.get().state == BroadcastState.SENDING
    assert reopenings(chief) == 1


@pytest.mark.services
@pytest.mark.django_db(transaction=True)
class TestAtOnce:
    """The end of a broadcast and a row that gets open again, in two transactions."""

    @pytest.fixture(autouse=True)
    def _needs_postgresql(self) -> None:
        if connection.vendor != "postgresql":
            pytest.skip("SQLite has one writer: nothing to race for")

    def test_undo(self, area, officer):
        broadcast = BroadcastFactory(unit=area.commune_a, author=officer, state="sending")
        group = GroupFactory(unit=area.village_a)
        StewardshipFactory(group=group, user=officer)
        due = timezone.now() + timedelta(hours=1)
        row = DeliveryFactory(broadcast=broadcast, group=group, state="to_post", due_at=due)
        posting.confirm_posted(row, actor=officer)

        with transaction.atomic():
            posting.undo(Delivery.objects.get(pk=row.pk), actor=officer)
            end = beside(lambda: finishing.finish(now=timezone.now()))
        end.join(120)

        assert Broadcast.objects.get().state == BroadcastState.SENDING
        assert list(Delivery.objects.to_post_by(officer)) == [row]

    def test_retry(self, area, chief):
        broadcast = BroadcastFactory(unit=area.commune_a, state="sending", text="x")
        group = GroupFactory(gmf=True, unit=area.village_a)
        row = DeliveryFactory(
            broadcast=broadcast, group=group, account=group.official_account, state="refused"
        )

        with transaction.atomic():
            retrying.retry(row, actor=chief)
            end = beside(lambda: finishing.finish(now=timezone.now()))
        end.join(120)

        assert Broadcast.objects.get().state == BroadcastState.SENDING
