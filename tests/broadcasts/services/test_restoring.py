"""What an older database does not know is doubted, not sent."""

from datetime import timedelta

from django.utils import timezone

from broadcasts import codes
from broadcasts.enums import BroadcastState
from broadcasts.models import Broadcast, CodeCounter, Delivery
from broadcasts.services import sending
from broadcasts.services.restoring import doubt_rows, hold_started
from tests.factories import BroadcastFactory


def test_open_rows_of_accounts_are_in_doubt_since_the_copy(sending_broadcast, gmf_groups):
    made_at, now = timezone.now() - timedelta(hours=8), timezone.now()
    rows = list(sending_broadcast.deliveries.order_by("pk"))
    Delivery.objects.filter(pk=rows[0].pk).update(state="sent", message_id="m1")
    Delivery.objects.filter(pk=rows[1].pk).update(state="sending", claim="dead", claimed_at=made_at)

    assert doubt_rows(since=made_at, now=now) == 2

    found = sending_broadcast.deliveries.order_by("pk").values_list("state", "claim", "claimed_at", "reads")
    assert list(found)[1:] == [("unknown", "", made_at, 0)] * 2
    assert found[0][0] == "sent"


def test_rows_of_people_stay_theirs(approved, assisted_group):
    broadcast = approved()
    sending.start_due(broadcast.due_at)
    sending.expand(broadcast.pk)

    doubt_rows(since=timezone.now(), now=timezone.now())

    assert broadcast.deliveries.get(group=assisted_group).state == "to_post"


def test_broadcasts_whose_hour_has_come_wait_for_a_person(area):
    now = timezone.now()
    due = BroadcastFactory(unit=area.commune_a, state="approved", due_at=now)
    expanding = BroadcastFactory(unit=area.commune_a, state="expanding", due_at=now)
    later = BroadcastFactory(unit=area.commune_a, state="approved", due_at=now + timedelta(hours=1))

    assert hold_started(now=now) == 2

    states = dict(Broadcast.objects.values_list("pk", "state"))
    assert (states[due.pk], states[expanding.pk]) == (BroadcastState.PAUSED, BroadcastState.PAUSED)
    assert states[later.pk] == BroadcastState.APPROVED
    due.refresh_from_db()
    assert (due.paused_from, "khôi phục" in due.reason) == (BroadcastState.APPROVED, True)


def test_codes_given_out_after_the_copy_are_not_given_out_again(area):
    now = timezone.now()
    codes.next_code(codes.BROADCAST)
    copied = list(CodeCounter.objects.values_list("prefix", "value"))
    lost = [codes.next_code(kind) for kind in (codes.BROADCAST, codes.NOTICE, codes.NOTICE)]
    CodeCounter.objects.all().delete()
    CodeCounter.objects.bulk_create(CodeCounter(prefix=prefix, value=value) for prefix, value in copied)

    codes.leap(now=now)

    new = [codes.next_code(kind) for kind in (codes.BROADCAST, codes.NOTICE)]
    assert not set(new) & set(lost)
    assert all(codes.CODE.fullmatch(code) and len(code) <= len(codes.LONGEST) for code in new)
