"""Settling what nobody knows: the group is read, and believed."""

import asyncio
from datetime import timedelta

import pytest
from django.utils import timezone

from broadcasts.engine import reading
from broadcasts.engine.reading import Finding, View
from broadcasts.models import Broadcast, Delivery
from broadcasts.services import approval
from groups.zalo.errors import OutcomeUnknown, classify
from groups.zalo.fake import FakeZalo
from groups.zalo.records import ConversationItem


@pytest.fixture
def unknown(sending_broadcast, gmf_groups, run_drain, zalo):
    """``unknown(delivered=...)``: one row whose answer got lost, due for reading now."""

    def make(*, delivered: bool) -> Delivery:
        group = gmf_groups[0]
        zalo.fail_next(OutcomeUnknown(None, "timeout"), group_id=group.zalo_group_id, delivered=delivered)
        run_drain()
        row = sending_broadcast.deliveries.get(state="unknown")
        later(row)
        return row

    return make


def later(row: Delivery, *, seconds: int = 0) -> None:
    """Let the time of the next look come, ``seconds`` after the last one."""
    row.refresh_from_db()
    row.next_attempt_at = timezone.now()
    if row.clean_since is not None:
        row.clean_since -= timedelta(seconds=seconds)
    row.save(update_fields=["next_attempt_at", "clean_since"])


def test_message_found_in_the_group_is_sent(unknown, run_drain, zalo):
    row = unknown(delivered=True)

    report = run_drain()

    row.refresh_from_db()
    assert (row.state, row.message_id) == ("sent", zalo.sent[0].message_id)
    assert (report.calls, report.reads) == (0, 1)
    assert len(zalo.sent) == 3


def test_message_read_clean_once_is_not_sent_again(unknown, run_drain, zalo):
    row = unknown(delivered=False)

    run_drain()

    row.refresh_from_db()
    assert (row.state, row.reads) == ("unknown", 1)
    assert row.clean_since is not None
    assert 50 < (row.next_attempt_at - timezone.now()).total_seconds() <= 60
    assert len(zalo.sent) == 2


def test_message_read_clean_twice_a_minute_apart_is_sent_again(unknown, run_drain, zalo, gmf_groups):
    row = unknown(delivered=False)
    run_drain()
    later(row, seconds=61)

    report = run_drain()
    assert report.calls or report.again_in == 0, "nobody is asked to send what was found missing"
    run_drain()

    row.refresh_from_db()
    assert (row.state, row.attempts) == ("sent", 2)
    assert len(zalo.texts_of(gmf_groups[0].zalo_group_id)) == 1


def test_message_tried_too_often_is_refused_in_the_end(unknown, run_drain, zalo):
    row = unknown(delivered=False)
    Delivery.objects.filter(pk=row.pk).update(attempts=8)
    run_drain()
    later(row, seconds=61)

    run_drain()

    row.refresh_from_db()
    assert (row.state, len(zalo.sent)) == ("refused", 2)


def test_message_read_clean_twice_in_quick_succession_stays_unknown(unknown, run_drain):
    row = unknown(delivered=False)
    run_drain()
    later(row, seconds=30)

    run_drain()

    row.refresh_from_db()
    assert (row.state, row.reads) == ("unknown", 2)


def test_message_read_clean_twice_waits_for_an_officer_when_set_so(unknown, run_drain, settings):
    settings.RESEND_AFTER_CLEAN_READS = False
    row = unknown(delivered=False)
    run_drain()
    later(row, seconds=61)

    run_drain()
    later(row)

    assert run_drain().reads == 0
    row.refresh_from_db()
    assert row.state == "unknown"


def test_unreadable_group_is_left_to_an_officer_after_three_looks(unknown, run_drain, zalo):
    row = unknown(delivered=True)
    zalo.fail_next(classify(-501), times=9)
    for _look in range(5):
        run_drain()
        later(row)

    row.refresh_from_db()
    assert row.state == "unknown"
    assert row.reads == 4


def test_found_text_of_a_withdrawn_post_is_sent_and_never_sent_again(unknown, run_drain, zalo, chief):
    row = unknown(delivered=False)
    approval.withdraw_broadcast(Broadcast.objects.get(pk=row.broadcast_id), actor=chief, reason="Sai tên")
    run_drain()
    later(row, seconds=61)
    run_drain()

    row.refresh_from_db()
    assert row.state == "refused"
    assert all(row.broadcast.code != posted.text.splitlines()[-1][:12] for posted in zalo.sent[2:])


def look(row: Delivery) -> Finding:
    (doubt,) = reading.doubts([row.account_id], now=timezone.now(), count=9)
    return asyncio.run(reading.look(FakeZalo(), doubt))


def test_correction_that_names_the_code_is_not_mistaken_for_the_post(unknown, zalo):
    row = unknown(delivered=False)
    text = f"ĐÍNH CHÍNH\n\nBài (mã {row.broadcast.code}) đã thu hồi.\n\nTB-2611-9999 · Kiểm tra: http://x"
    asyncio.run(FakeZalo().send_group_text(row.group.zalo_group_id, text))

    assert look(row).view is View.CLEAN


def test_older_message_with_the_code_is_an_earlier_attempt(unknown, zalo):
    row = unknown(delivered=True)
    Delivery.objects.filter(pk=row.pk).update(claimed_at=timezone.now() + timedelta(minutes=5))

    assert look(row).view is View.CLEAN


def test_lively_group_that_cannot_be_read_back_far_enough_is_unreadable(unknown, zalo):
    row = unknown(delivered=True)
    for number in range(40):
        asyncio.run(FakeZalo().send_group_text(row.group.zalo_group_id, f"tin {number}"))

    assert look(row).view is View.UNREADABLE


def test_finding_about_a_row_somebody_settled_changes_nothing(unknown):
    row = unknown(delivered=True)
    (doubt,) = reading.doubts([row.account_id], now=timezone.now(), count=9)
    Delivery.objects.filter(pk=row.pk).update(state="sent", message_id="echo")

    for view in View:
        reading.settle_findings([Finding(doubt, view, "other")], now=timezone.now())

    row.refresh_from_db()
    assert (row.state, row.message_id) == ("sent", "echo")


def test_picture_of_ours_listed_without_a_caption_leaves_the_look_to_a_person(unknown, zalo, monkeypatch):
    row = unknown(delivered=False)
    items = [ConversationItem("m1", True, "photo", "", timezone.now())]

    async def conversation(*args) -> list[ConversationItem]:
        return [items.pop()] if items else []

    monkeypatch.setattr(FakeZalo, "get_conversation", lambda *args: conversation())

    assert look(row).view is View.UNREADABLE
