"""A row that kills its sender is tried alone, three times in all, and then lies before a person."""

from datetime import timedelta

import pytest
from django.utils import timezone

from broadcasts.engine import reading, store
from broadcasts.engine.reading import Finding, View
from broadcasts.enums import MAX_CRASHES, SUSPECT_CRASHES
from broadcasts.models import Delivery, Mailbox
from broadcasts.services import settle, sweep


@pytest.fixture
def rows(sending_broadcast) -> list[Delivery]:
    return list(sending_broadcast.deliveries.order_by("pk"))


def die_holding(row: Delivery, now) -> None:
    """The sender that holds the row is gone without a word."""
    Delivery.objects.filter(pk=row.pk).update(
        state="sending", claim="dead", claimed_at=now - timedelta(minutes=2)
    )
    sweep.lose_stale_claims(now)


def read_clean_twice(row: Delivery, now) -> None:
    row.refresh_from_db()
    Delivery.objects.filter(pk=row.pk).update(clean_since=now - timedelta(minutes=2))
    doubt = next(
        doubt
        for doubt in reading.doubts([row.account_id], now=now + timedelta(hours=1), count=10)
        if doubt.delivery_id == row.pk
    )
    reading.settle_findings([Finding(doubt, View.CLEAN)], now=now)


def test_row_whose_sender_died_three_times_is_a_dead_letter(rows, run_drain, zalo):
    now = timezone.now()
    for _time in range(MAX_CRASHES):
        die_holding(rows[0], now)
        read_clean_twice(rows[0], now)

    rows[0].refresh_from_db()
    assert (rows[0].state, rows[0].crashes) == ("refused", 3)
    assert rows[0].last_error == "Tiến trình gửi đã dừng 3 lần ở lượt này, hệ thống không tự gửi nữa."
    run_drain()
    assert len(zalo.sent) == 2


def test_row_whose_sender_died_twice_is_sent_again(rows, run_drain, zalo):
    now = timezone.now()
    for _time in range(MAX_CRASHES - 1):
        die_holding(rows[0], now)
        read_clean_twice(rows[0], now)

    run_drain()
    run_drain()

    assert len(zalo.sent) == 3


def test_suspects_are_claimed_one_by_one_and_after_the_others(rows):
    now = timezone.now()
    Delivery.objects.filter(pk__in=[rows[0].pk, rows[1].pk]).update(crashes=SUSPECT_CRASHES)
    box = Mailbox.objects.get(account=rows[0].account)
    store.lease("me", now=now, count=1)
    budgets, windows = [(box.pk, box.account_id, 10)], {box.pk: {}}

    first, _held = store.claim("me", budgets, windows, now=now)
    beside, _held = store.claim("me", budgets, windows, now=now)
    Delivery.objects.filter(claim="me").update(state="sent", claim="")
    second, _held = store.claim("me", budgets, windows, now=now)

    assert [[call.delivery_id for call in calls] for calls in (first, beside, second)] == [
        [rows[2].pk],
        [],
        [rows[0].pk],
    ]


def test_unforeseen_error_counts_like_a_crash(rows, run_drain, zalo):
    group = rows[0].group.zalo_group_id
    for number in range(1, MAX_CRASHES + 1):
        zalo.fail_next(RuntimeError("boom"), group_id=group)
        run_drain()
        rows[0].refresh_from_db()
        assert (rows[0].state, rows[0].crashes) == ("unknown", number)
        read_clean_twice(rows[0], timezone.now())

    rows[0].refresh_from_db()
    assert rows[0].state == "refused"
    assert "3 lần" in rows[0].last_error


def test_dead_letter_sent_again_by_a_person_stays_alone_and_has_one_more_try(rows, chief):
    Delivery.objects.filter(pk=rows[0].pk).update(state="unknown", crashes=MAX_CRASHES)

    settle.resend(rows[0], actor=chief)

    rows[0].refresh_from_db()
    assert (rows[0].state, rows[0].crashes) == ("waiting", SUSPECT_CRASHES)
