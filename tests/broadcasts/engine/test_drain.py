"""The drain against Zalo in memory: every class of error, the pace, the breaker, what overtakes it."""

import threading
import time
from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from django.db import OperationalError
from django.utils import timezone

from broadcasts.engine import outcomes, sql, store
from broadcasts.engine.drain import Report
from broadcasts.enums import BroadcastState, DeliveryState
from broadcasts.models import Attempt, Broadcast, Delivery, Mailbox, Picture, PictureUpload
from broadcasts.services import approval, sending
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
from tests.factories import GroupFactory, OfficialAccountFactory


def states(broadcast: Broadcast) -> list[str]:
    return sorted(broadcast.deliveries.values_list("state", flat=True))


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


def claim_as(owner: str) -> list[outcomes.Call]:
    """Up to three rows of the only mailbox, claimed by a holder of its lease."""
    mailbox = Mailbox.objects.get()
    Mailbox.objects.update(lease_owner=owner)
    calls, held = store.claim(
        owner, [(mailbox.pk, mailbox.account_id, 3)], {mailbox.pk: {}}, now=timezone.now()
    )
    assert held == {mailbox.pk}
    return calls


def test_claim_on_a_mailbox_taken_over_gets_nothing(sending_broadcast):
    mailbox = Mailbox.objects.get()
    until = timezone.now() + timedelta(seconds=30)
    Mailbox.objects.update(lease_owner="heir", lease_until=until)

    claimed = store.claim("me", [(mailbox.pk, mailbox.account_id, 3)], {mailbox.pk: {}}, now=timezone.now())

    assert claimed == ([], set())
    assert states(sending_broadcast) == ["queued"] * 3
    assert (Mailbox.objects.get().lease_owner, Mailbox.objects.get().lease_until) == ("heir", until)


def test_rows_claimed_before_the_database_went_away_are_sent_all_the_same(
    sending_broadcast, run_drain, zalo, monkeypatch
):
    """Claimed, committed, and then the text of the post could not be fetched."""
    real, failures = store.frozen, [OperationalError("gone")]

    def fail_once(broadcast_ids):
        if failures:
            raise failures.pop()
        return real(broadcast_ids)

    monkeypatch.setattr(store, "frozen", fail_once)
    run_drain()

    assert states(sending_broadcast) == ["sent"] * 3
    assert len(zalo.sent) == 3


def test_echo_before_the_outcome_is_written_wins(sending_broadcast):
    """The row was settled while its outcome was on its way to the database."""
    (call, *_others) = claim_as("me")
    Delivery.objects.filter(pk=call.delivery_id).update(state="sent", message_id="echo")
    written = store.settle("me", [outcomes.failed(call, OutcomeUnknown(), started=1.0, finished=2.0)])

    row = Delivery.objects.get(pk=call.delivery_id)
    assert written == 0
    assert (row.state, row.message_id) == ("sent", "echo")


def test_outcome_lands_on_a_row_the_sweep_gave_up(sending_broadcast):
    (call, *_others) = claim_as("me")
    Delivery.objects.filter(pk=call.delivery_id).update(state="unknown", unknown_at=timezone.now())
    store.settle("me", [outcomes.sent(call, "m1", started=1.0, finished=2.0)])

    row = Delivery.objects.get(pk=call.delivery_id)
    assert (row.state, row.message_id, row.unknown_at) == ("sent", "m1", None)


def test_claim_of_somebody_else_is_not_written(sending_broadcast):
    (call, *_others) = claim_as("other")
    assert store.settle("me", [outcomes.sent(call, "m1", started=1.0, finished=2.0)]) == 0
    assert Delivery.objects.get(pk=call.delivery_id).state == DeliveryState.SENDING


def test_lost_claim_makes_no_call(sending_broadcast, run_drain, zalo):
    sending_broadcast.deliveries.update(state=DeliveryState.SKIPPED)

    assert run_drain().calls == 0
    assert zalo.sent == []


def test_row_given_back_is_as_if_never_claimed(sending_broadcast):
    calls = claim_as("me")

    store.give_back("me", calls)

    assert set(sending_broadcast.deliveries.values_list("state", "attempts", "claim")) == {("queued", 0, "")}


@pytest.fixture
def picture(area, officer, tmp_path) -> Picture:
    picture = Picture(unit=area.commune_a, sha256="0", width=1, height=1, uploaded_by=officer)
    picture.file.save("a.jpg", ContentFile(b"\xff\xd8\xff jpeg"))
    return picture


@pytest.fixture
def picture_broadcast(approved, gmf_groups, picture) -> Broadcast:
    broadcast = approved(picture=picture)
    sending.start_due(broadcast.due_at)
    sending.expand(broadcast.pk)
    return broadcast


def test_picture_is_uploaded_once_for_an_account(picture_broadcast, run_drain, zalo):
    run_drain()

    assert len(zalo.uploads) == 1
    assert {posted.attachment_id for posted in zalo.sent} == set(zalo.uploads)
    assert len(zalo.sent) == 3


def test_picture_uploaded_before_is_not_uploaded_again(picture_broadcast, picture, account, run_drain, zalo):
    zalo.uploads["known"] = b""
    PictureUpload.objects.create(
        picture=picture, account=account, attachment_id="known", uploaded_at=timezone.now()
    )

    run_drain()

    assert {posted.attachment_id for posted in zalo.sent} == {"known"}


def test_picture_whose_upload_fails_leaves_rows_waiting(picture_broadcast, run_drain, zalo):
    zalo.fail_next(Temporary(-1, "busy"), times=1)

    run_drain()

    assert states(picture_broadcast) == ["waiting"] * 3
    assert zalo.sent == []


def test_expired_attachment_is_uploaded_anew(
    picture_broadcast, picture, account, run_drain, zalo, gmf_groups
):
    zalo.uploads["old"] = b""
    PictureUpload.objects.create(
        picture=picture, account=account, attachment_id="old", uploaded_at=timezone.now()
    )
    zalo.fail_next(classify(-100, "expired"), times=3)
    run_drain()
    run_drain()

    assert states(picture_broadcast) == ["sent"] * 3
    assert "old" not in {posted.attachment_id for posted in zalo.sent}


def test_picture_with_a_rate_of_one_takes_two_minutes(approved, area, picture, run_drain, zalo):
    account = OfficialAccountFactory(unit=area.commune_a, rate_per_minute=1)
    GroupFactory(gmf=True, unit=area.village_a, official_account=account)
    broadcast = approved(picture=picture)
    sending.start_due(broadcast.due_at)
    sending.expand(broadcast.pk)

    run_drain()
    assert (len(zalo.uploads), len(zalo.sent)) == (1, 0)

    Mailbox.objects.update(window={})
    run_drain()
    assert (len(zalo.uploads), len(zalo.sent)) == (1, 1)
    assert states(broadcast) == ["sent"]


def test_account_wide_wait_rests_the_whole_mailbox(sending_broadcast, account, run_drain, zalo):
    zalo.fail_next(Temporary(429, "slow down", scope=Scope.ACCOUNT, wait_seconds=120))

    run_drain(concurrency=1)

    assert states(sending_broadcast) == ["queued", "queued", "waiting"]
    assert (Mailbox.objects.get(account=account).open_until - timezone.now()).total_seconds() > 100


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


def test_rows_of_a_dead_holder_are_looked_for_by_its_heir(sending_broadcast, account, run_drain, zalo):
    """Its lease has run out, so its calls are over: no need to wait for the sweep."""
    (call, *_others) = claim_as("dead")
    Mailbox.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    Delivery.objects.exclude(pk=call.delivery_id).update(state="queued", claim="")

    report = run_drain()

    row = Delivery.objects.get(pk=call.delivery_id)
    assert (row.state, row.crashes, row.reads) == ("unknown", 1, 1)
    assert (report.calls, report.reads) == (2, 1)


def test_drain_whose_outcomes_find_no_database_ends_all_the_same(sending_broadcast, run_drain, monkeypatch):
    """Patched: a database that takes nothing for a minute would be slow to wait for."""

    def fail(*args):
        raise OperationalError("gone")

    monkeypatch.setattr(store, "settle", fail)
    monkeypatch.setattr("broadcasts.engine.drain.GIVE_UP_SECONDS", 0)

    with pytest.raises(OperationalError):
        run_drain(seconds=1)

    assert states(sending_broadcast) == ["sending"] * 3
