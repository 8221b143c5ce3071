"""What is wrong: each condition that calls for a person, found while it lasts and no longer."""

import pytest
from django.core.cache import cache
from django.utils import timezone

from broadcasts.engine.mailbox import BREAKER_FAILURES
from broadcasts.models import Delivery, Mailbox
from broadcasts.services import conditions, mailbox_status, sweep
from groups.models import OfficialAccount, ZaloEvent
from groups.zalo.errors import OutcomeUnknown
from portal import heartbeat
from tests.broadcasts.alarms.minutes import NOW, at


def kinds(now=NOW) -> list[str]:
    return sorted(str(finding.kind) for finding in conditions.findings(now))


def test_nothing_is_wrong_with_a_quiet_system(sending_broadcast):
    assert kinds() == []


def test_account_that_needs_a_person_is_found_until_a_call_of_it_worked(stopped):
    (found,) = conditions.findings(NOW)
    assert (found.kind, found.unit, found.account) == ("stopped", stopped.unit, stopped)
    assert found.detail == f"{stopped}. Gói dịch vụ OA đã hết hạn"

    # The trial of the sweep does not count as working.
    OfficialAccount.objects.update(state="active")
    assert kinds() == ["stopped"]
    OfficialAccount.objects.update(last_error="")
    assert kinds() == []


def test_account_without_grant_is_a_kind_of_its_own(stopped):
    OfficialAccount.objects.update(state="needs_grant")
    assert kinds() == ["needs_grant"]


@pytest.mark.parametrize(
    ("minutes", "priority", "is_found"), [(6, 1, True), (4, 1, False), (3, 0, True), (1, 0, False)]
)
def test_rows_due_for_long_stand_still_urgent_ones_sooner(sending_broadcast, minutes, priority, is_found):
    Delivery.objects.update(next_attempt_at=at(-minutes), priority=priority)
    assert (kinds() == ["stalled"]) is is_found


def test_mailbox_that_sends_at_its_limit_does_not_stand_still(sending_broadcast):
    Delivery.objects.update(next_attempt_at=at(-20))
    Mailbox.objects.update(window={str(int(NOW.timestamp()) - 30): 95})
    assert kinds() == []


def test_paused_mailbox_with_rows_due_stands_still_and_says_why(sending_broadcast, chief):
    Delivery.objects.update(next_attempt_at=at(-20))
    Mailbox.objects.update(window={str(int(NOW.timestamp()) - 30): 95}, paused_at=NOW, paused_by=chief)
    (found,) = conditions.findings(NOW)
    assert "tạm dừng bằng tay" in found.detail


def test_breaker_is_found_after_ten_minutes_and_not_when_it_closed(sending_broadcast):
    Mailbox.objects.update(failures_in_row=BREAKER_FAILURES)
    mailbox_status.note_breakers(at(-11))
    mailbox_status.note_breakers(at(-5))
    assert kinds() == ["breaker"]

    Mailbox.objects.update(failures_in_row=0)
    mailbox_status.note_breakers(NOW)
    assert kinds() == []


def test_breaker_of_the_engine_is_noted_by_the_sweep(sending_broadcast, run_drain, zalo):
    zalo.fail_next(OutcomeUnknown(None, "timeout"), times=10)
    Mailbox.objects.update(failures_in_row=BREAKER_FAILURES - 1)
    run_drain()
    sweep.sweep(NOW)
    assert Mailbox.objects.get().failing_since == NOW


def test_lost_and_overdue_rows_are_counted_for_the_commune(sending_broadcast, area):
    rows = list(sending_broadcast.deliveries.order_by("pk"))
    Delivery.objects.filter(pk=rows[0].pk).update(state="refused")
    Delivery.objects.filter(pk=rows[1].pk).update(state="overdue")
    found = {finding.kind: finding for finding in conditions.findings(NOW)}
    assert sorted(found) == ["dead", "overdue"]
    assert found["dead"].unit == found["overdue"].unit == area.commune_a
    assert found["overdue"].detail == "1 lượt chờ người đăng."


def test_groups_whose_slot_ends_are_counted_for_the_commune(gmf_groups, area):
    for group in gmf_groups[:2]:
        group.asset_valid_through = timezone.localdate(NOW)
        group.save()
    (found,) = conditions.findings(NOW)
    assert (found.kind, found.unit) == ("expires", area.commune_a)
    assert found.detail == "2 nhóm cần gia hạn suất trên Zalo."


def test_event_of_zalo_that_waits_too_long_is_found(db):
    ZaloEvent.objects.create(key="k", name="x", oa_id="1", received_at=at(-6), due_at=at(-6))
    assert kinds() == ["webhook"]


def test_news_that_nobody_could_work_on_is_found_until_somebody_did(account):
    stuck = ZaloEvent.objects.create(
        key="k", name="user_send_text", oa_id=account.oa_id, account=account, body="{}", received_at=at(-500)
    )
    (found,) = conditions.findings(NOW)
    assert (found.kind, found.unit, found.account) == ("webhook", account.unit, account)
    assert "1 tin từ Zalo không xử lý được" in found.detail
    stuck.due_at = at(-1)
    stuck.save()
    assert kinds() == []


def test_webhook_key_that_does_not_fit_is_found(account):
    account.key_misfit_at = at(-60)
    account.save()
    (found,) = conditions.findings(NOW)
    assert (found.kind, found.account) == ("webhook", account)
    assert "khóa webhook" in found.detail
    assert kinds(at(600)) == []


def test_dead_beat_is_one_finding_and_dead_workers_another(db):
    heartbeat.note(heartbeat.BEAT)
    heartbeat.note(heartbeat.WORKER)
    cache.set(heartbeat.KEY, NOW.timestamp() - 301)
    assert kinds() == ["worker"]
    cache.set(f"{heartbeat.KEY}-beat", NOW.timestamp() - 301)
    assert kinds() == ["beat"]


def test_clock_never_seen_is_late_after_five_minutes_of_looking(db):
    assert kinds() == []
    cache.set(f"{heartbeat.KEY}-beat-missed", NOW.timestamp() - 301)
    assert kinds() == ["beat"]


def test_full_disk_is_found(db, settings):
    settings.MIN_FREE_DISK_MB = 10**9
    assert kinds() == ["disk"]


def test_broker_that_does_not_answer_is_found(db, monkeypatch, settings, tmp_path):
    monkeypatch.undo()
    settings.USES_EMBEDDED_BROKER = True
    settings.EMBEDDED_BROKER_SOCKET = tmp_path / "none"
    assert kinds() == ["broker"]
