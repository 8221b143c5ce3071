"""Dead letters: what lies there, what a chief does with it, and what a second click does."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from broadcasts.engine.store import MAX_READS
from broadcasts.models import Broadcast, Delivery
from broadcasts.services import finishing, retrying
from broadcasts.services.dead_letters import Reason, dead_letters, reason_of
from groups.enums import GroupState, Role
from groups.zalo.errors import classify
from portal.audit.models import AuditEntry
from portal.errors import NotAllowedError, WrongStateError
from tests.factories import GroupFactory, make_user


@pytest.fixture
def rows(sending_broadcast) -> list[Delivery]:
    return list(sending_broadcast.deliveries.order_by("pk"))


def put(row: Delivery, **fields) -> Delivery:
    Delivery.objects.filter(pk=row.pk).update(**fields)
    row.refresh_from_db()
    return row


@pytest.fixture
def refused(sending_broadcast, rows, run_drain, zalo) -> Delivery:
    """One row refused by Zalo, the two others sent, the broadcast done."""
    zalo.fail_next(classify(-248, "bad word"), group_id=rows[0].group.zalo_group_id)
    run_drain()
    rows[0].refresh_from_db()
    sending_broadcast.refresh_from_db()
    assert (rows[0].state, sending_broadcast.state) == ("refused", "done")
    return rows[0]


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"state": "refused"}, Reason.REFUSED),
        ({"state": "blocked"}, Reason.BLOCKED),
        ({"state": "unknown", "reads": MAX_READS}, Reason.UNKNOWN),
        ({"state": "unknown", "crashes": 3}, Reason.POISON),
        ({"state": "refused", "crashes": 3}, Reason.POISON),
        ({"state": "overdue", "account": None}, Reason.OVERDUE),
        ({"state": "unknown"}, None),
        ({"state": "waiting"}, None),
        ({"state": "sent"}, None),
        ({"state": "refused", "created_at": timezone.now() - timedelta(days=31)}, None),
    ],
)
def test_dead_letter_and_its_reason(rows, fields, reason):
    row, now = put(rows[0], **fields), timezone.now()

    found = list(dead_letters(now))

    assert [(letter.pk, reason_of(letter)) for letter in found] == ([(row.pk, reason)] if reason else [])
    assert list(dead_letters(now, reason=reason or "refused")) == found


def test_row_of_a_withdrawn_post_needs_nobody(rows):
    put(rows[0], state="refused")
    Broadcast.objects.update(state="withdrawn")

    assert not dead_letters(timezone.now()).exists()


def test_retry_sends_the_refused_row_again(refused, chief, run_drain, zalo):
    retrying.retry(refused, actor=chief)

    broadcast = Broadcast.objects.get(pk=refused.broadcast_id)
    assert (refused.state, refused.attempts, refused.settled_at) == ("waiting", 0, None)
    assert (broadcast.state, broadcast.finished_at) == ("sending", None)
    run_drain()
    refused.refresh_from_db()
    assert (refused.state, len(zalo.sent)) == ("sent", 3)
    assert Broadcast.objects.get(pk=broadcast.pk).state == "done"


def test_second_click_retries_nothing_and_leaves_one_entry(refused, chief):
    retrying.retry(refused, actor=chief)
    with pytest.raises(WrongStateError):
        retrying.retry(refused, actor=chief)

    assert AuditEntry.objects.filter(action="broadcasts.delivery.retried").count() == 1


def test_retry_goes_out_by_the_account_the_group_has_today(refused, chief, area):
    other = GroupFactory(gmf=True, unit=area.village_a).official_account
    refused.group.official_account = other
    refused.group.save()

    retrying.retry(refused, actor=chief)

    assert refused.account == other


def test_retry_of_a_group_switched_to_posting_by_hand_is_work_for_its_steward(refused, chief):
    refused.group.channel = "assisted"
    refused.group.save()

    retrying.retry(refused, actor=chief)

    assert (refused.state, refused.account) == ("to_post", None)


def test_retry_past_the_posts_use_says_so(refused, chief):
    Broadcast.objects.update(expires_at=timezone.now() - timedelta(minutes=1))

    with pytest.raises(WrongStateError, match="Bài đã hết giá trị lúc"):
        retrying.retry(refused, actor=chief)

    refused.refresh_from_db()
    assert (refused.state, Broadcast.objects.get().state) == ("refused", "done")


def test_retry_into_a_group_that_is_gone_says_so(refused, chief):
    refused.group.state = GroupState.VANISHED
    refused.group.save()

    with pytest.raises(WrongStateError, match="Nhóm không còn hoạt động"):
        retrying.retry(refused, actor=chief)


def test_blocked_row_goes_on_by_itself(rows, chief):
    with pytest.raises(WrongStateError, match="tự gửi"):
        retrying.retry(put(rows[0], state="blocked"), actor=chief)


def test_unknown_row_is_sent_again_after_a_look(rows, chief):
    assert retrying.retry(put(rows[0], state="unknown", reads=MAX_READS), actor=chief).state == "waiting"


def test_officer_retries_and_discards_nothing(refused, officer):
    with pytest.raises(NotAllowedError):
        retrying.retry(refused, actor=officer)
    with pytest.raises(NotAllowedError):
        retrying.discard(refused, actor=officer, reason="Nhóm giải tán")
    with pytest.raises(NotAllowedError):
        retrying.retry_failed(refused.broadcast, actor=officer)


def test_retry_failed_moves_all_refused_rows_of_one_post_and_no_other(
    sending_broadcast, rows, chief, run_drain, zalo
):
    put(rows[0], state="refused", last_error="Từ khóa bị cấm")
    put(rows[1], state="refused")
    put(rows[2], state="sent")
    finishing.finish(now=timezone.now())

    assert retrying.retry_failed(sending_broadcast, actor=chief) == 2
    with pytest.raises(WrongStateError):
        retrying.retry_failed(sending_broadcast, actor=chief)

    assert sorted(Delivery.objects.values_list("state", flat=True)) == ["sent", "waiting", "waiting"]
    entry = AuditEntry.objects.get(action="broadcasts.broadcast.retried")
    assert entry.data == {"code": sending_broadcast.code, "rows": 2}
    run_drain()
    assert len(zalo.sent) == 2


def test_chief_of_another_commune_retries_the_rows_of_their_groups_only(sending_broadcast, rows, area):
    there = GroupFactory(gmf=True, unit=area.village_b)
    put(rows[0], state="refused", group=there)
    put(rows[1], state="refused")

    assert retrying.retry_failed(sending_broadcast, actor=make_user(Role.CHIEF, area.commune_b)) == 1
    assert [Delivery.objects.get(pk=row.pk).state for row in rows[:2]] == ["waiting", "refused"]


@pytest.mark.parametrize("state", ["refused", "blocked", "unknown", "overdue"])
def test_discard_ends_the_row_with_its_reason_and_then_its_post(sending_broadcast, rows, chief, state):
    row = put(rows[0], state=state)
    Delivery.objects.exclude(pk=row.pk).update(state="sent")

    retrying.discard(row, actor=chief, reason="  Nhóm giải tán ")

    sending_broadcast.refresh_from_db()
    assert (row.state, row.reason, row.settled_by) == ("skipped", "Nhóm giải tán", chief)
    assert sending_broadcast.state == "done"
    with pytest.raises(WrongStateError):
        retrying.discard(row, actor=chief, reason="Nhóm giải tán")


def test_discard_without_reason_is_refused(refused, chief):
    with pytest.raises(ValidationError):
        retrying.discard(refused, actor=chief, reason=" ")


def test_for_each_counts_what_worked_and_names_what_did_not(rows, chief):
    put(rows[0], state="refused")
    put(rows[1], state="blocked")

    result = retrying.for_each(rows[:2], retrying.retry, actor=chief)

    assert result.done == 1
    assert result.problems == [f"{rows[1].group.name}: Lượt này tự gửi khi tài khoản và nhóm hoạt động lại."]


def test_unknown_row_of_an_account_that_does_not_work_needs_a_person_after_a_while(rows, account):
    now = timezone.now()
    put(rows[0], state="unknown", unknown_at=now - timedelta(minutes=11))
    put(rows[1], state="unknown", unknown_at=now - timedelta(minutes=9))
    assert not dead_letters(now).exists()
    type(account).objects.update(state="needs_grant")

    assert list(dead_letters(now)) == list(dead_letters(now, reason=Reason.UNKNOWN)) == [rows[0]]


def test_words_that_cannot_be_read_keep_nobody_else_waiting(refused, chief):
    result = retrying.for_each([refused], retrying.discard, actor=chief, reason="\u200b")

    assert (result.done, len(result.problems)) == (0, 1)
