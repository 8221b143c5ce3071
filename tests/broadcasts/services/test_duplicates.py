"""The same words twice into one group within a day need a yes."""

import threading
from datetime import timedelta

import pytest
from django.db import connection, connections, transaction
from django.utils import timezone

from broadcasts.models import Broadcast
from broadcasts.services import approval, sending
from broadcasts.services.duplicates import DuplicateError
from groups.enums import Role
from portal.audit.models import AuditEntry
from portal.errors import NotAllowedError, WrongStateError
from tests.factories import GroupFactory, make_user


def test_same_text_to_the_same_groups_needs_a_yes_to_submit_and_to_approve(
    sending_broadcast, write, officer, chief
):
    draft = write()
    with pytest.raises(DuplicateError, match=f"{sending_broadcast.code} cùng nội dung .* 3 nhóm"):
        approval.submit_broadcast(draft, actor=officer)
    assert Broadcast.objects.get(pk=draft.pk).state == "draft"

    approval.submit_broadcast(draft, actor=officer, confirm_duplicate=True)
    with pytest.raises(DuplicateError):
        approval.approve_broadcast(draft, actor=chief)
    approval.approve_broadcast(draft, actor=chief, confirm_duplicate=True)
    assert draft.state == "approved"


def test_approved_post_that_waits_for_its_hour_counts_too(approved, write, officer, gmf_groups):
    first = approved(send_at=timezone.now() + timedelta(hours=5))
    with pytest.raises(DuplicateError, match=first.code):
        approval.submit_broadcast(write(), actor=officer)


@pytest.mark.parametrize(
    "other",
    [
        {"title": "Một tiêu đề khác"},
        {"body": "Một nội dung khác."},
        {"audience": {"units": ["D680102"]}},
    ],
)
def test_other_words_or_other_groups_need_no_yes(sending_broadcast, write, officer, area, other):
    GroupFactory(gmf=True, unit=area.village_a2)
    assert approval.submit_broadcast(write(**other), actor=officer).state == "submitted"


def test_one_shared_group_is_enough(sending_broadcast, write, officer, area, gmf_groups):
    GroupFactory(gmf=True, unit=area.village_a2)
    draft = write(audience={"units": ["D680102"], "groups": [gmf_groups[0].pk]})
    with pytest.raises(DuplicateError, match="1 nhóm"):
        approval.submit_broadcast(draft, actor=officer)


def test_post_of_the_district_reaches_the_groups_of_the_commune_as_well(sending_broadcast, write, area):
    supervisor = make_user(Role.SUPERVISOR, area.district)
    draft = write(author=supervisor, audience={"units": ["D68"]})
    with pytest.raises(DuplicateError):
        approval.submit_broadcast(draft, actor=supervisor)


@pytest.mark.parametrize(
    "change",
    [{"started_at": timezone.now() - timedelta(hours=25)}, {"state": "withdrawn"}, {"state": "cancelled"}],
)
def test_yesterdays_and_withdrawn_posts_do_not_count(sending_broadcast, write, officer, change):
    Broadcast.objects.filter(pk=sending_broadcast.pk).update(**change)
    assert approval.submit_broadcast(write(), actor=officer).state == "submitted"


def test_firing_of_a_recurring_post_is_no_duplicate_of_its_parent(approved, gmf_groups):
    parent = approved(recurrence="FREQ=DAILY", send_at=timezone.now() + timedelta(minutes=1))
    sending.start_due(parent.due_at)
    child = Broadcast.objects.get(parent=parent)
    sending.expand(child.pk)
    assert child.deliveries.count() == 3


def test_draft_is_discarded_by_its_author_only_and_once(write, officer, chief, gmf_groups):
    draft = write()
    with pytest.raises(NotAllowedError):
        approval.discard_broadcast(draft, actor=chief)
    approval.discard_broadcast(draft, actor=officer)
    assert (draft.state, draft.reason) == ("cancelled", "Người soạn bỏ bản nháp.")
    with pytest.raises(WrongStateError):
        approval.discard_broadcast(draft, actor=officer)
    assert AuditEntry.objects.filter(action="broadcasts.broadcast.discarded").count() == 1


def test_submitted_post_is_not_discarded(write, officer, gmf_groups):
    draft = approval.submit_broadcast(write(), actor=officer)
    with pytest.raises(WrongStateError):
        approval.discard_broadcast(draft, actor=officer)


def test_post_of_a_later_day_is_compared_with_that_day(sending_broadcast, write, officer):
    later = write(send_at=timezone.now() + timedelta(days=3))
    assert approval.submit_broadcast(later, actor=officer).state == "submitted"


@pytest.mark.services
@pytest.mark.django_db(transaction=True)
def test_of_two_approvals_at_once_the_second_is_asked(write, officer, chief, gmf_groups):
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one writer: nothing to race for")
    first, second = write(), write()
    for draft in (first, second):
        approval.submit_broadcast(draft, actor=officer)
    told = []

    def approve_second() -> None:
        try:
            approval.approve_broadcast(Broadcast.objects.get(pk=second.pk), actor=chief)
        except DuplicateError as error:
            told.append(error)
        finally:
            connections.close_all()

    colleague = threading.Thread(target=approve_second)
    with transaction.atomic():
        approval.approve_broadcast(first, actor=chief)
        colleague.start()
        colleague.join(1)
    colleague.join(120)

    assert len(told) == 1
    assert Broadcast.objects.get(pk=second.pk).state == "submitted"
