"""What becomes of stored events: effects once, in any order, and failures people can see."""

from datetime import timedelta

import pytest
from django.dispatch import receiver
from django.utils import timezone

from broadcasts.enums import DeliveryState
from broadcasts.models import Delivery
from groups.enums import AccountState, GroupState
from groups.models import Group, GroupSize, OfficialAccount, ZaloEvent
from groups.services import inbox, signers
from groups.signals import zalo_event
from portal.audit.models import AuditEntry
from tests.factories import BroadcastFactory, DeliveryFactory, GroupFactory, OfficialAccountFactory
from tests.groups.webhooks import echo, event, moved, now_ms, post, private

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _fresh_keys():
    signers.forget()


@pytest.fixture
def group() -> Group:
    return GroupFactory(gmf=True, members_count=30, households_count=25)


@pytest.fixture
def heard():
    """News in the order they were told; ``heard.fail`` makes the telling fail."""

    class Heard(list):
        fail: type[Exception] | None = None

    found = Heard()

    @receiver(zalo_event)
    def listen(news, **kwargs):
        found.append(news)
        if found.fail:
            raise found.fail("Nhà ông Bảy")

    yield found
    zalo_event.disconnect(listen)


def deliver(*bodies) -> int:
    """Post the events and work on them."""
    for body in bodies:
        assert post(body).status_code == 200
    return inbox.process_due()


def sizes(group: Group) -> tuple[int, int]:
    group.refresh_from_db()
    return group.members_count, group.households_count


def test_private_message_is_told_once_and_its_words_are_gone(heard):
    account = OfficialAccountFactory()
    body = private(account, "Có người lạ")

    assert deliver(body, body) == 1
    assert deliver(body) == 0

    assert [(news.name, news.account, news.body["message"]["text"]) for news in heard] == [
        ("user_send_text", account, "Có người lạ")
    ]
    done = ZaloEvent.objects.get()
    assert done.body is None and done.processed_at and done.due_at is None
    assert "lạ" not in repr(heard[0])


@pytest.mark.parametrize("kind", ["user_send_image", "user_send_file", "user_send_location", "user_withdraw"])
def test_other_private_messages_and_a_withdrawal_are_told_too(heard, kind):
    account = OfficialAccountFactory()
    assert deliver(event(account, kind, sender={"id": "3000000000000000003"})) == 1
    assert [news.name for news in heard] == [kind]


def test_echo_settles_an_unknown_delivery_and_another_copy_changes_nothing(group):
    row = DeliveryFactory(
        group=group, state=DeliveryState.UNKNOWN, broadcast=BroadcastFactory(code="TB-2611-0042")
    )
    text = "Cảnh giác lừa đảo\nTB-2611-0042 · Kiểm tra: http://testserver/kiem-tra/"

    deliver(echo(group, text, message={"text": text, "msg_id": "m1"}))
    deliver(echo(group, text, message={"text": text, "msg_id": "m2"}))

    row.refresh_from_db()
    assert (row.state, row.message_id) == (DeliveryState.SENT, "m1")


def test_echo_before_the_answer_to_the_call_wins(group):
    row = DeliveryFactory(
        group=group,
        state=DeliveryState.SENDING,
        claim="mine",
        broadcast=BroadcastFactory(code="TB-2611-0043"),
    )
    deliver(echo(group, "Tin\nTB-2611-0043"))
    late = Delivery.objects.filter(pk=row.pk, claim="mine").update(state=DeliveryState.UNKNOWN)
    row.refresh_from_db()
    assert (late, row.state) == (0, DeliveryState.SENT)


def test_echo_of_another_account_settles_nothing(group):
    row = DeliveryFactory(
        group=group, state=DeliveryState.UNKNOWN, broadcast=BroadcastFactory(code="TB-2611-0044")
    )
    stranger = OfficialAccountFactory()
    body = echo(group, "Tin\nTB-2611-0044") | {"oa_id": stranger.oa_id, "app_id": stranger.app_id}
    deliver(body)
    row.refresh_from_db()
    assert row.state == DeliveryState.UNKNOWN


def test_joining_and_leaving_move_the_size_of_today(group):
    deliver(moved(group, "user_join_group", "a", "b"), moved(group, "user_out_group", "c"))
    assert sizes(group) == (31, 25)
    today = GroupSize.objects.get(group=group)
    assert (today.day, today.members, today.households) == (timezone.localdate(), 31, 25)


def test_leaving_before_joining_ends_at_the_same_size(group):
    deliver(moved(group, "user_out_group", "a"), moved(group, "user_join_group", "a"))
    assert sizes(group) == (30, 25)


def test_size_never_falls_below_zero_and_households_stay_within_it(group):
    Group.objects.filter(pk=group.pk).update(members_count=1, households_count=1)
    deliver(moved(group, "user_leave_group", "a", "b", "c"))
    assert sizes(group) == (0, 0)


def test_same_move_twice_counts_once_and_same_person_twice_is_one(group):
    body = moved(group, "user_join_group", "a", "a")
    deliver(body, body)
    assert sizes(group)[0] == 31


def test_account_itself_is_no_member_and_a_list_left_out_is_one_person(group):
    deliver(moved(group, "user_join_group", group.official_account.oa_id))
    assert sizes(group)[0] == 30
    deliver(moved(group, "user_join_group", users=None))
    assert sizes(group)[0] == 31


def test_move_in_a_group_of_another_account_or_an_unknown_one_moves_nothing(group):
    stranger = OfficialAccountFactory()
    foreign = moved(group, "user_join_group") | {"oa_id": stranger.oa_id, "app_id": stranger.app_id}
    assert deliver(foreign, moved(group, "user_join_group", group_id="khongco")) == 2
    assert sizes(group)[0] == 30 and not GroupSize.objects.exists()


@pytest.mark.parametrize("name", ["delete_group", "disperse_group"])
def test_deleted_group_is_flagged_and_comes_back_when_it_was_made_again(group, name):
    deliver(moved(group, name))
    group.refresh_from_db()
    assert group.state == GroupState.VANISHED
    deliver(moved(group, "create_group"))
    group.refresh_from_db()
    assert group.state == GroupState.ACTIVE
    entries = AuditEntry.objects.filter(action="groups.group.changed").order_by("pk")
    assert [entry.data for entry in entries] == [
        {"state": ["active", "vanished"]},
        {"state": ["vanished", "active"]},
    ]


def test_changed_group_takes_state_and_link_but_no_foreign_link(group):
    info = {"status": "disabled", "group_link": "https://zalo.me/g/moi123"}
    deliver(moved(group, "update_group_info", group_info=info))
    group.refresh_from_db()
    assert (group.state, group.join_url) == (GroupState.DISABLED, "https://zalo.me/g/moi123")
    info = {"status": "enabled", "group_link": "https://evil.example/g/x"}
    deliver(moved(group, "update_group_info", "u", group_info=info))
    group.refresh_from_db()
    assert (group.state, group.join_url) == (GroupState.ACTIVE, "https://zalo.me/g/moi123")


@pytest.mark.parametrize(
    ("first", "late", "state"),
    [
        ("delete_group", "update_group_info", GroupState.VANISHED),
        ("delete_group", "create_group", GroupState.VANISHED),
        ("create_group", "delete_group", GroupState.ACTIVE),
    ],
)
def test_older_event_that_comes_late_changes_no_state(group, first, late, state):
    deliver(moved(group, first))
    deliver(moved(group, late, timestamp=now_ms(hours_ago=1)))
    group.refresh_from_db()
    assert group.state == state


def test_size_counted_by_hand_today_stays(group):
    numbers = {"members": 30, "households": 30}
    GroupSize.objects.create(
        group=group, day=timezone.localdate(), source=GroupSize.Source.COUNTED, **numbers
    )
    Group.objects.filter(pk=group.pk).update(members_count=30, households_count=30)
    deliver(moved(group, "user_out_group"))
    row = group.sizes.get()
    assert (row.source, row.members, row.households) == (GroupSize.Source.COUNTED, 30, 30)
    assert sizes(group) == (30, 30)


def test_what_happened_before_the_last_sync_is_in_it_already(group):
    OfficialAccount.objects.update(synced_at=timezone.now() - timedelta(minutes=10))
    deliver(
        moved(group, "user_join_group", timestamp=now_ms(hours_ago=0.5)),
        moved(group, "delete_group", timestamp=now_ms(hours_ago=0.5)),
    )
    group.refresh_from_db()
    assert (group.members_count, group.state) == (30, GroupState.ACTIVE)
    deliver(moved(group, "user_join_group"))
    assert sizes(group)[0] == 31


def test_closed_group_stays_closed(group):
    Group.objects.filter(pk=group.pk).update(state=GroupState.CLOSED)
    deliver(moved(group, "delete_group"), moved(group, "create_group"))
    group.refresh_from_db()
    assert group.state == GroupState.CLOSED


def test_revoked_grant_stops_the_account_once():
    account = OfficialAccountFactory()
    deliver(event(account, "permission_revoked"))
    deliver(event(account, "permission_revoked", again=1))
    account.refresh_from_db()
    assert account.state == AccountState.NEEDS_GRANT and account.last_error
    assert AuditEntry.objects.filter(action="groups.account.needs_grant").count() == 1


def test_revocation_older_than_the_latest_grant_stops_nothing():
    account = OfficialAccountFactory(granted_at=timezone.now())
    deliver(event(account, "permission_revoked", timestamp=now_ms(hours_ago=1)))
    account.refresh_from_db()
    assert account.state == AccountState.ACTIVE


def test_event_that_fails_is_tried_for_hours_and_then_shown(heard):
    heard.fail = RuntimeError
    deliver(private(OfficialAccountFactory(), "Nhà ông Bảy"))
    waited = []
    while due_at := ZaloEvent.objects.get().due_at:
        waited.append(round((due_at - timezone.now()) / timedelta(minutes=1)))
        ZaloEvent.objects.update(due_at=timezone.now())
        inbox.process_due()

    assert waited == [1, 5, 30, 120, 360]
    stuck = ZaloEvent.objects.get()
    assert (len(heard), stuck.attempts, stuck.error) == (6, 6, "RuntimeError")
    assert stuck.is_stuck and stuck.body


def test_failed_event_waits_a_minute_and_leaves_no_half_effect(heard, group):
    heard.fail = RuntimeError
    deliver(moved(group, "user_join_group"))
    assert sizes(group)[0] == 30 and inbox.process_due() == 0
    waiting = ZaloEvent.objects.get()
    assert waiting.due_at > timezone.now() + timedelta(seconds=50)

    heard.fail = None
    ZaloEvent.objects.update(due_at=timezone.now())
    assert inbox.process_due() == 1
    assert sizes(group)[0] == 31


def test_one_bad_event_stops_no_other(heard):
    account = OfficialAccountFactory()

    @receiver(zalo_event)
    def choke(news, **kwargs):
        if news.body["message"]["text"] == "hỏng":
            raise RuntimeError

    assert deliver(private(account, "a"), private(account, "hỏng"), private(account, "b")) == 2
    zalo_event.disconnect(choke)


def test_event_of_a_worker_that_died_is_taken_over_and_at_last_given_up(heard):
    deliver_only = private(OfficialAccountFactory(), "x")
    post(deliver_only)
    died = timezone.now() - inbox.CLAIM
    for _life in range(inbox.MOST_ATTEMPTS):
        inbox._claim(timezone.now(), is_retry=_life > 0)
        ZaloEvent.objects.update(due_at=died)
    assert inbox.process_due() == 0
    assert ZaloEvent.objects.get().error == "WorkerLost" and not heard


def test_claim_that_was_taken_over_writes_nothing(heard):
    post(private(OfficialAccountFactory(), "x"))
    (slow,) = inbox._claim(timezone.now(), is_retry=False)
    ZaloEvent.objects.update(due_at=timezone.now())
    assert inbox.process_due() == 1
    assert inbox._work([slow]) == 0
    assert len(heard) == 1


def test_old_events_are_forgotten_and_fresh_ones_kept(heard):
    account = OfficialAccountFactory()
    deliver(private(account, "a"), private(account, "b"))
    heard.fail = RuntimeError
    deliver(private(account, "c"), private(account, "d"))
    ages = [8, 1, 31, 8]
    for row, days in zip(ZaloEvent.objects.order_by("pk"), ages, strict=True):
        moment = timezone.now() - timedelta(days=days)
        row.processed_at = moment if row.processed_at else None
        row.received_at = moment
        row.save()
    assert inbox.forget_old() == 2
    assert ZaloEvent.objects.count() == 2


def test_private_message_nobody_read_is_deleted_with_an_audit_entry_only(heard):
    account = OfficialAccountFactory()
    heard.fail = RuntimeError
    deliver(private(account, "Nhà ông Bảy"), event(account, "permission_revoked"))
    long_ago = timezone.now() - inbox.KEEP_STUCK - timedelta(days=1)
    ZaloEvent.objects.update(due_at=None, received_at=long_ago)

    assert inbox.forget_old() == 2
    entry = AuditEntry.objects.get(action="groups.event.dropped")
    assert entry.unit_path == account.unit.path and entry.data["name"] == "user_send_text"
    assert "Bảy" not in repr(entry.data)
