"""Every class of error that Zalo answers a drain with: which rows it stops, and when the breaker opens."""

from django.utils import timezone

from broadcasts.models import Delivery, Mailbox
from broadcasts.services import sending
from groups.enums import AccountState, GroupState
from groups.zalo.errors import (
    ChannelStopped,
    NotSent,
    OutcomeUnknown,
    ReauthorisationNeeded,
    Scope,
    Temporary,
    classify,
)
from portal.audit.models import AuditEntry
from tests.broadcasts.drains import states
from tests.factories import GroupFactory, OfficialAccountFactory


def test_permanent_error_refuses_one_row_only(sending_broadcast, gmf_groups, run_drain, zalo):
    zalo.fail_next(classify(-248, "bad word"), group_id=gmf_groups[0].zalo_group_id)

    run_drain()

    assert states(sending_broadcast) == ["refused", "sent", "sent"]
    refused = sending_broadcast.deliveries.get(state="refused")
    assert refused.last_error_code == -248
    assert "vi phạm tiêu chuẩn" in refused.last_error


def test_temporary_error_waits_and_is_sent_when_its_time_has_come(
    sending_broadcast, gmf_groups, run_drain, zalo
):
    zalo.fail_next(Temporary(-1, "busy"), group_id=gmf_groups[0].zalo_group_id)
    run_drain()
    waiting = sending_broadcast.deliveries.get(state="waiting")
    assert 9 < (waiting.next_attempt_at - timezone.now()).total_seconds() <= 12

    Delivery.objects.filter(pk=waiting.pk).update(next_attempt_at=timezone.now())
    run_drain()

    assert states(sending_broadcast) == ["sent"] * 3
    assert sending_broadcast.deliveries.get(pk=waiting.pk).attempts == 2


def test_used_up_minute_rests_the_mailbox_and_keeps_the_attempts(sending_broadcast, account, run_drain, zalo):
    zalo.fail_next(classify(-32, "limit"), times=3)

    report = run_drain(concurrency=1)

    mailbox = Mailbox.objects.get(account=account)
    assert states(sending_broadcast) == ["queued", "queued", "waiting"]
    assert set(sending_broadcast.deliveries.values_list("attempts", flat=True)) == {0}
    assert mailbox.open_until > timezone.now()
    assert mailbox.lease_owner == ""
    assert report.calls == 1


def test_stopped_account_blocks_its_rows_and_tells_why(sending_broadcast, account, run_drain, zalo):
    zalo.fail_next(ChannelStopped(-224, "package", "Gói đã hết hạn"), times=3)

    run_drain()

    account.refresh_from_db()
    assert states(sending_broadcast) == ["blocked"] * 3
    assert (account.state, account.last_error) == (AccountState.STOPPED, "Gói đã hết hạn")
    assert AuditEntry.objects.filter(action="groups.account.stopped").count() == 1


def test_stopped_account_blocks_rows_not_yet_claimed(approved, area, account, run_drain, zalo):
    for _number in range(8):
        GroupFactory(gmf=True, unit=area.village_a, official_account=account)
    broadcast = approved()
    sending.start_due(broadcast.due_at)
    sending.expand(broadcast.pk)
    zalo.fail_next(ChannelStopped(-224, "package", "Gói đã hết hạn"), times=99)

    report = run_drain(concurrency=1)

    assert report.calls < 8
    assert states(broadcast) == ["blocked"] * 8


def test_other_account_goes_on_when_one_stops(approved, area, gmf_groups, run_drain, zalo):
    other = GroupFactory(
        gmf=True, unit=area.village_a2, official_account=OfficialAccountFactory(unit=area.commune_a)
    )
    broadcast = approved()
    sending.start_due(broadcast.due_at)
    sending.expand(broadcast.pk)
    for group in gmf_groups:
        zalo.fail_next(ChannelStopped(-224, "package"), times=9, group_id=group.zalo_group_id)

    run_drain()

    assert states(broadcast) == ["blocked"] * 3 + ["sent"]
    assert len(zalo.texts_of(other.zalo_group_id)) == 1


def test_lost_grant_is_named_as_such(sending_broadcast, account, run_drain, zalo):
    zalo.fail_next(ReauthorisationNeeded(-14014, "spent"), times=3)

    run_drain()

    account.refresh_from_db()
    assert account.state == AccountState.NEEDS_GRANT
    assert AuditEntry.objects.filter(action="groups.account.needs_grant").count() == 1


def test_disabled_group_blocks_one_row_and_not_the_account(
    sending_broadcast, gmf_groups, account, run_drain, zalo
):
    zalo.fail_next(classify(-237, "disabled"), group_id=gmf_groups[0].zalo_group_id)

    run_drain()

    account.refresh_from_db()
    gmf_groups[0].refresh_from_db()
    assert states(sending_broadcast) == ["blocked", "sent", "sent"]
    assert (account.state, gmf_groups[0].state) == (AccountState.ACTIVE, GroupState.DISABLED)


def test_lost_answer_is_unknown_and_not_sent_again(sending_broadcast, gmf_groups, run_drain, zalo):
    zalo.fail_next(OutcomeUnknown(None, "timeout"), group_id=gmf_groups[0].zalo_group_id, delivered=True)

    run_drain()
    run_drain()

    row = sending_broadcast.deliveries.get(state="unknown")
    assert len(zalo.sent) == 3
    assert 15 < (row.next_attempt_at - timezone.now()).total_seconds() <= 20
    assert row.unknown_at is not None


def test_unforeseen_error_after_the_call_is_unknown(sending_broadcast, gmf_groups, run_drain, zalo):
    zalo.fail_next(ZeroDivisionError("bug"), group_id=gmf_groups[0].zalo_group_id, delivered=True)

    run_drain()

    assert states(sending_broadcast) == ["sent", "sent", "unknown"]


def test_five_failures_in_a_row_open_the_breaker(approved, area, account, run_drain, zalo):
    for _number in range(12):
        GroupFactory(gmf=True, unit=area.village_a, official_account=account)
    broadcast = approved()
    sending.start_due(broadcast.due_at)
    sending.expand(broadcast.pk)
    zalo.fail_next(NotSent(None, "refused"), times=99)

    report = run_drain(concurrency=1)

    mailbox = Mailbox.objects.get(account=account)
    assert report.calls == 5
    assert mailbox.failures_in_row == 5
    assert 50 < (mailbox.open_until - timezone.now()).total_seconds() <= 60
    assert states(broadcast) == ["queued"] * 7 + ["waiting"] * 5


def test_open_breaker_lets_one_probe_through(sending_broadcast, account, run_drain, zalo):
    Mailbox.objects.filter(account=account).update(failures_in_row=5, open_until=timezone.now())
    zalo.fail_next(NotSent(None, "refused"))

    report = run_drain()

    assert report.calls == 1
    assert Mailbox.objects.get(account=account).open_until > timezone.now()


def test_closed_breaker_sends_everything_after_a_good_probe(sending_broadcast, account, run_drain):
    Mailbox.objects.filter(account=account).update(failures_in_row=5, open_until=timezone.now())

    report = run_drain()

    assert report.calls == 3
    assert Mailbox.objects.get(account=account).failures_in_row == 0


def test_account_wide_wait_rests_the_whole_mailbox(sending_broadcast, account, run_drain, zalo):
    zalo.fail_next(Temporary(429, "slow down", scope=Scope.ACCOUNT, wait_seconds=120))

    run_drain(concurrency=1)

    assert states(sending_broadcast) == ["queued", "queued", "waiting"]
    assert (Mailbox.objects.get(account=account).open_until - timezone.now()).total_seconds() > 100
