"""Every stuck state is moved on, and nothing else is touched."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from broadcasts.enums import FINAL, BroadcastState, DeliveryState
from broadcasts.models import Broadcast, Delivery, Mailbox, Notice
from broadcasts.services import finishing, sweep
from groups.enums import AccountState
from groups.models import Group
from tests.factories import BroadcastFactory, DeliveryFactory, NoticeFactory, OfficialAccountFactory

LONG_AGO = timedelta(days=2)


@pytest.fixture
def row(sending_broadcast):
    """``row(state=..., ...)``: the first of three rows, put into a state."""

    def make(**fields) -> Delivery:
        first = sending_broadcast.deliveries.order_by("pk").first()
        Delivery.objects.filter(pk=first.pk).update(**fields)
        first.refresh_from_db()
        return first

    return make


def test_claim_of_a_dead_drain_becomes_unknown(row):
    now = timezone.now()
    stale = row(state="sending", claim="dead", claimed_at=now - timedelta(minutes=2))

    sweep.sweep(now)

    stale.refresh_from_db()
    assert (stale.state, stale.unknown_at, stale.reads) == ("unknown", now, 0)
    assert stale.next_attempt_at == now


@pytest.mark.parametrize("age", [0, 30, 80])
def test_fresh_claim_is_left_alone(row, age):
    now = timezone.now()
    fresh = row(state="sending", claim="busy", claimed_at=now - timedelta(seconds=age))

    sweep.sweep(now)

    fresh.refresh_from_db()
    assert fresh.state == "sending"


def test_old_claim_of_a_drain_that_still_holds_its_lease_is_left_alone(row, account):
    now = timezone.now()
    held = row(state="sending", claim="alive", claimed_at=now - timedelta(minutes=5))
    Mailbox.objects.filter(account=account).update(
        lease_owner="alive", lease_until=now + timedelta(seconds=30)
    )

    sweep.sweep(now)

    held.refresh_from_db()
    assert held.state == "sending"


def test_blocked_rows_come_back_when_the_account_works(row):
    blocked = row(state="blocked")

    sweep.sweep(timezone.now())

    blocked.refresh_from_db()
    assert blocked.state == "queued"


def test_blocked_row_of_a_disabled_group_stays_until_the_group_works(row):
    blocked = row(state="blocked")
    Group.objects.filter(pk=blocked.group_id).update(state="disabled")
    sweep.sweep(timezone.now())
    blocked.refresh_from_db()
    assert blocked.state == "blocked"

    Group.objects.filter(pk=blocked.group_id).update(state="active")
    sweep.sweep(timezone.now())
    blocked.refresh_from_db()
    assert blocked.state == "queued"


def test_waiting_rows_of_a_stopped_account_are_blocked_with_its_reason(sending_broadcast, account):
    account.state, account.last_error = AccountState.NEEDS_GRANT, "Cần cấp quyền lại"
    account.save(update_fields=["state", "last_error"])

    sweep.sweep(timezone.now())

    rows = sending_broadcast.deliveries.values_list("state", "last_error")
    assert set(rows) == {("blocked", "Cần cấp quyền lại")}


def test_stopped_account_is_tried_with_one_row(sending_broadcast, account, run_drain, zalo):
    sending_broadcast.deliveries.update(state="blocked")
    account.state, account.last_error_at = AccountState.STOPPED, timezone.now() - timedelta(minutes=5)
    account.save(update_fields=["state", "last_error_at"])

    sweep.sweep(timezone.now())
    assert sorted(sending_broadcast.deliveries.values_list("state", flat=True)) == [
        "blocked",
        "blocked",
        "queued",
    ]
    run_drain()
    sweep.sweep(timezone.now())
    run_drain()

    assert set(sending_broadcast.deliveries.values_list("state", flat=True)) == {"sent"}


@pytest.mark.parametrize(("reads", "state"), [(0, AccountState.ACTIVE), (4, AccountState.STOPPED)])
def test_stopped_account_is_tried_for_groups_to_look_into(sending_broadcast, account, reads, state):
    """Not for rows an officer is asked about: no look would be made."""
    now = timezone.now()
    sending_broadcast.deliveries.update(state="unknown", unknown_at=now, next_attempt_at=now, reads=reads)
    account.state, account.last_error_at = AccountState.STOPPED, now - timedelta(minutes=5)
    account.save(update_fields=["state", "last_error_at"])

    sweep.sweep(now)

    account.refresh_from_db()
    assert account.state == state
    assert set(sending_broadcast.deliveries.values_list("state", flat=True)) == {"unknown"}


@pytest.mark.parametrize("state", [AccountState.STOPPED, AccountState.NEEDS_GRANT])
def test_account_is_not_tried_too_soon_nor_without_a_grant(sending_broadcast, account, state):
    sending_broadcast.deliveries.update(state="blocked")
    account.state = state
    recent = state == AccountState.STOPPED
    account.last_error_at = timezone.now() - timedelta(seconds=10 if recent else 900)
    account.save(update_fields=["state", "last_error_at"])

    sweep.sweep(timezone.now())

    assert set(sending_broadcast.deliveries.values_list("state", flat=True)) == {"blocked"}


def test_what_is_left_at_expiry_is_refused_with_the_reason(sending_broadcast):
    now = timezone.now()
    states = ("queued", "waiting", "unknown")
    for delivery, state in zip(sending_broadcast.deliveries.order_by("pk"), states, strict=True):
        Delivery.objects.filter(pk=delivery.pk).update(state=state)
    Broadcast.objects.update(expires_at=now)

    sweep.sweep(now)

    rows = list(sending_broadcast.deliveries.order_by("pk"))
    assert [delivery.state for delivery in rows] == ["refused", "refused", "unknown"]
    assert "hết giá trị" in rows[0].last_error


def test_assisted_row_past_its_hour_is_overdue(row):
    now = timezone.now()
    late = row(state="to_post", due_at=now - timedelta(seconds=1))

    sweep.sweep(now)

    late.refresh_from_db()
    assert late.state == "overdue"


def test_assisted_row_within_its_hour_is_left_alone(row):
    now = timezone.now()
    early = row(state="to_post", due_at=now + timedelta(seconds=1))

    sweep.sweep(now)

    early.refresh_from_db()
    assert early.state == "to_post"


def test_broadcast_stuck_in_expanding_is_expanded_again(
    sending_broadcast, django_capture_on_commit_callbacks
):
    now = timezone.now()
    Broadcast.objects.update(state="expanding", started_at=now - timedelta(minutes=5))

    with django_capture_on_commit_callbacks() as hints:
        sweep.expand_stuck(now)

    assert [hint.args[:2] for hint in hints] == [(hints[0].args[0], (sending_broadcast.pk,))]


@pytest.mark.parametrize("state", [s for s in DeliveryState.values if s not in FINAL])
def test_broadcast_with_an_open_row_is_not_done(row, sending_broadcast, state):
    sending_broadcast.deliveries.update(state="sent")
    row(state=state)

    finishing.finish(now=timezone.now())

    sending_broadcast.refresh_from_db()
    assert sending_broadcast.state == BroadcastState.SENDING


def test_broadcast_with_final_rows_only_is_done(sending_broadcast):
    for delivery, state in zip(sending_broadcast.deliveries.all(), FINAL, strict=False):
        Delivery.objects.filter(pk=delivery.pk).update(state=state)

    finishing.finish(now=timezone.now())

    sending_broadcast.refresh_from_db()
    assert sending_broadcast.state == BroadcastState.DONE


@pytest.mark.parametrize("state", FINAL)
def test_final_row_is_never_moved(state, area):
    broadcast = BroadcastFactory(
        unit=area.commune_a, state="sending", expires_at=timezone.now() - LONG_AGO, started_at=timezone.now()
    )
    long_ago = timezone.now() - LONG_AGO
    delivery = DeliveryFactory(
        broadcast=broadcast, state=state, claim="dead", claimed_at=long_ago, due_at=long_ago
    )

    sweep.sweep(timezone.now())

    delivery.refresh_from_db()
    assert delivery.state == state


def test_sweep_wakes_the_drain_when_rows_are_due(sending_broadcast, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks() as hints:
        sweep.sweep(timezone.now())

    assert [hint.args[0].name for hint in hints] == ["broadcasts.drain"]


def test_sweep_twice_changes_nothing_more(sending_broadcast, row):
    now = timezone.now()
    row(state="sending", claim="dead", claimed_at=now - timedelta(minutes=2))
    sweep.sweep(now)
    before = list(Delivery.objects.order_by("pk").values())

    sweep.sweep(now)

    assert list(Delivery.objects.order_by("pk").values()) == before


def test_notice_past_its_review_day_ends(area):
    yesterday = timezone.localdate() - timedelta(days=1)
    old = NoticeFactory(unit=area.commune_a, review_by=yesterday)
    current = NoticeFactory(unit=area.commune_a, review_by=timezone.localdate())

    sweep.sweep(timezone.now())

    assert (Notice.objects.get(pk=old.pk).state, Notice.objects.get(pk=old.pk).ended_as) == (
        "ended",
        "expired",
    )
    assert Notice.objects.get(pk=current.pk).state == "active"


def test_blocked_rows_of_a_group_now_posted_by_hand_go_to_its_steward(row, account):
    account.state = AccountState.NEEDS_GRANT
    account.save(update_fields=["state"])
    blocked = row(state="blocked", last_error="OA không được gửi")
    Group.objects.filter(pk=blocked.group_id).update(channel="assisted")

    sweep.sweep(timezone.now())

    blocked.refresh_from_db()
    assert (blocked.state, blocked.account, blocked.last_error) == ("to_post", None, "")
    assert timedelta(hours=23) < blocked.due_at - timezone.now() <= timedelta(hours=24)
    others = blocked.broadcast.deliveries.exclude(pk=blocked.pk)
    assert set(others.values_list("state", flat=True)) == {"blocked"}


def test_waiting_rows_follow_their_group_to_another_account(row, area):
    waiting = row(state="waiting")
    other = OfficialAccountFactory(unit=area.commune_a)
    Group.objects.filter(pk=waiting.group_id).update(official_account=other)

    sweep.sweep(timezone.now())

    waiting.refresh_from_db()
    assert (waiting.state, waiting.account) == ("waiting", other)
    assert Mailbox.objects.filter(account=other).exists()
    assert waiting.broadcast.deliveries.exclude(account=other).count() == 2


@pytest.mark.parametrize("state", ["sending", "unknown", "sent"])
def test_row_that_may_be_out_stays_with_its_account(row, area, account, state):
    out = row(state=state, claimed_at=timezone.now())
    Group.objects.filter(pk=out.group_id).update(official_account=OfficialAccountFactory(unit=area.commune_a))

    sweep.follow_groups(timezone.now())

    out.refresh_from_db()
    assert out.account == account


def test_what_the_machine_has_not_sent_in_its_useful_time_is_refused(sending_broadcast, account):
    now = timezone.now()
    states = ("queued", "blocked", "unknown")
    for delivery, state in zip(sending_broadcast.deliveries.order_by("pk"), states, strict=True):
        Delivery.objects.filter(pk=delivery.pk).update(state=state)
    Broadcast.objects.update(useful_until=now)

    sweep.expire(now)

    rows = list(sending_broadcast.deliveries.order_by("pk"))
    assert [delivery.state for delivery in rows] == ["refused", "refused", "unknown"]
    assert "giờ hữu ích" in rows[0].last_error


def test_row_a_person_posts_waits_beyond_the_useful_time(row):
    now = timezone.now()
    waiting = row(state="to_post", account=None, due_at=now + timedelta(hours=1))
    Broadcast.objects.update(useful_until=now)

    sweep.expire(now)

    waiting.refresh_from_db()
    assert waiting.state == "to_post"


def test_row_that_came_back_to_a_withdrawn_post_is_skipped_with_the_reason(row, sending_broadcast):
    waiting = row(state="waiting")
    now = timezone.now()
    Broadcast.objects.update(state="withdrawn", finished_at=now)

    sweep.skip_withdrawn(now)

    waiting.refresh_from_db()
    assert (waiting.state, waiting.reason) == ("skipped", "Bài đã được thu hồi.")


def test_overdue_rows_are_chosen_and_moved_by_one_condition(row):
    """A steward who confirms at this moment must win: the UPDATE itself asks for the state."""
    with CaptureQueriesContext(connection) as queries:
        sweep.mark_overdue(timezone.now())

    (update,) = [query["sql"] for query in queries if query["sql"].startswith("UPDATE")]
    condition = update.split("WHERE", 1)[1]
    assert "\"lane\" = 'to_post'" in condition
    assert '"id" IN (' not in condition


def test_trial_row_is_moved_only_while_it_is_blocked(sending_broadcast, account):
    sending_broadcast.deliveries.update(state="blocked")
    account.state, account.last_error_at = AccountState.STOPPED, timezone.now() - timedelta(minutes=5)
    account.save(update_fields=["state", "last_error_at"])

    with CaptureQueriesContext(connection) as queries:
        sweep.try_stopped_accounts(timezone.now())

    table = Delivery._meta.db_table
    (update,) = [query["sql"] for query in queries if query["sql"].startswith(f'UPDATE "{table}"')]
    assert "'blocked'" in update.split("WHERE", 1)[1]
