"""Joining tips of one matter and taking a wrongly joined one out again: every receipt keeps working."""

import pytest
from django.core.exceptions import ValidationError

from groups.enums import Role
from portal.audit.models import AuditEntry
from portal.errors import NotAllowedError, StaleVersionError, WrongStateError
from tests.factories import make_user
from tips.enums import Priority, TipStatus
from tips.models import Case, Tip, TipAlarm
from tips.services import closing, follow, handling, merging, routing
from tips.services.intake import TipDraft, submit_tip
from tips.timeline import steps_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def chief(area):
    return make_user(Role.CHIEF, area.commune_a, username="chief", restricted_circle=True)


@pytest.fixture
def sent(area):
    """Three tips as their senders know them: with their receipts."""
    return [submit_tip(TipDraft("GAY_ROI", f"Hát loa kéo quá to {n}", area.commune_a)) for n in "abc"]


def join(tip, actor, into) -> Tip:
    now = Tip.objects.get(pk=tip.pk)
    return merging.merge(now, actor=actor, version=now.version, into=Tip.objects.get(pk=into.pk))


def part(tip, actor) -> Tip:
    now = Tip.objects.get(pk=tip.pk)
    return merging.unmerge(now, actor=actor, version=now.version)


def seen(submission) -> follow.SenderView:
    """What the sender of a tip reads with the receipt."""
    return follow.sender_view(follow.find(submission.receipt))


def test_merge_joins_two_tips_in_one_case(taken, chief):
    main, second, third = taken(), taken(), taken()
    merged = merging.merge(second, actor=chief, version=second.version, into=main)
    third = merging.merge(third, actor=chief, version=third.version, into=main)
    main.refresh_from_db()
    assert merged.status == third.status == TipStatus.DUPLICATE
    assert merged.case == third.case == main.case == Case.objects.get()
    assert main.status == "accepted"


def test_sender_of_a_duplicate_sees_how_far_the_matter_is(taken, chief):
    main, second = taken(), taken()
    merged = merging.merge(second, actor=chief, version=second.version, into=main)
    assert follow.status_text(merged) == "Đang xem"
    handling.start_verifying(main, actor=chief, version=main.version)
    assert follow.status_text(merged) == "Đang xác minh"


def merge_problem(tip, actor, into):
    with pytest.raises(ValidationError) as caught:
        merging.merge(tip, actor=actor, version=tip.version, into=into)
    return caught.value.message_dict["into"][0]


def test_merge_with_what_one_cannot_see_is_not_found(taken, submit, chief, area):
    elsewhere = submit(unit=area.commune_b)
    assert merge_problem(taken(), chief, elsewhere) == "Không có tin với mã này."
    assert not Case.objects.exists()


def test_merge_with_itself_or_a_duplicate_is_refused(taken, chief):
    main, second, third = taken(), taken(), taken()
    assert "chính nó" in merge_problem(main, chief, main)
    merging.merge(second, actor=chief, version=second.version, into=main)
    second.refresh_from_db()
    assert "tin chính" in merge_problem(third, chief, second)


def test_merge_brings_along_what_was_joined_before(submit, chief, area):
    first, second, third = (
        submit_tip(TipDraft("GAY_ROI", f"Hát loa kéo quá to {n}", area.commune_a)) for n in "abc"
    )
    merging.merge(third.tip, actor=chief, version=1, into=second.tip)
    merging.merge(second.tip, actor=chief, version=1, into=first.tip)
    main = handling.accept(first.tip, actor=chief, version=1)
    closing.close(main, actor=chief, version=2, outcome="guided", public_reason="Đã nhắc chủ quán")
    assert {tip.case_id for tip in Tip.objects.all()} == {Tip.objects.get(pk=main.pk).case_id}
    for submission in (first, second, third):
        view = follow.sender_view(follow.find(submission.receipt))
        assert (view.status_text, view.messages[-1].text) == ("Đã có kết quả", "Đã nhắc chủ quán")


def test_merge_never_mixes_conduct_complaints(submit, supervisor):
    complaint, other = submit(category="CAN_BO"), submit()
    assert "không ghép" in merge_problem(other, supervisor, complaint)


@pytest.mark.parametrize("status", ["new", "verifying", "answered"])
def test_unmerged_tip_is_again_what_it_was(sent, chief, status):
    tip, main = sent[0].tip, sent[1].tip
    Tip.objects.filter(pk=tip.pk).update(status=status, assignee=chief)
    before = Tip.objects.get(pk=tip.pk)
    join(tip, chief, main)
    after = part(tip, chief)
    assert (after.status, after.case, after.closed_at) == (status, None, None)
    assert (after.assignee, after.deadline) == (chief, before.deadline)
    assert Tip.objects.get(pk=main.pk).status == "new"


def test_every_receipt_works_before_between_and_after(sent, chief):
    first, second, _third = sent
    follow.add_message(second.tip, text="Nhà số 5, gần cây đa")
    join(second.tip, chief, first.tip)
    follow.add_message(follow.find(second.receipt), text="Hôm nay họ lại hát")
    main = Tip.objects.get(pk=first.tip.pk)
    main = handling.accept(main, actor=chief, version=main.version)
    handling.start_verifying(main, actor=chief, version=main.version)
    assert (seen(first).status_text, seen(second).status_text) == ("Đang xác minh", "Đang xác minh")
    assert [step.state for step in steps_of(follow.find(second.receipt))] == [
        "done",
        "done",
        "current",
        "todo",
    ]
    part(second.tip, chief)
    assert (seen(first).status_text, seen(second).status_text) == ("Đang xác minh", "Đã nhận")
    own = [item.text[:22] for item in seen(second).messages]
    assert own == [
        "Nhà số 5, gần cây đa",
        "Tin này cùng sự việc v",
        "Hôm nay họ lại hát",
        "Tin này được xem xét r",
    ]
    assert seen(second).can_write and not seen(first).messages


def test_main_tip_is_as_urgent_as_what_is_joined_with_it(sent, chief):
    main, twin = sent[0].tip, sent[1].tip
    urgent = Tip.objects.select_related("handler").get(pk=twin.pk)
    routing.reclassify(urgent, actor=chief, version=1, priority="P0")
    before = Tip.objects.get(pk=main.pk)
    join(twin, chief, main)
    after = Tip.objects.get(pk=main.pk)
    assert (after.priority, after.version) == (Priority.P0, 2)
    assert after.deadline < before.deadline
    ringing = TipAlarm.objects.filter(stopped_at=None).values_list("tip", flat=True)
    assert set(ringing) == {main.pk}
    join(sent[2].tip, chief, main)
    assert Tip.objects.get(pk=main.pk).version == 2


def test_sender_of_what_is_joined_with_an_ended_tip_reads_how_it_ended(sent, chief):
    first, second, _third = sent
    main = handling.accept(Tip.objects.get(pk=first.tip.pk), actor=chief, version=1)
    closing.close(main, actor=chief, version=2, outcome="guided", public_reason="Đã nhắc chủ quán")
    join(second.tip, chief, first.tip)
    assert [item.text for item in seen(second).messages][-1] == "Đã nhắc chủ quán"
    assert seen(second).status_text == "Đã có kết quả"


def test_unmerged_tip_no_longer_hears_of_the_matter(sent, chief):
    first, second, third = sent
    for twin in (second, third):
        join(twin.tip, chief, first.tip)
    part(second.tip, chief)
    main = Tip.objects.get(pk=first.tip.pk)
    main = handling.accept(main, actor=chief, version=main.version)
    closing.close(
        main, actor=chief, version=main.version, outcome="guided", public_reason="Đã hướng dẫn chủ quán"
    )
    assert seen(third).messages[-1].text == "Đã hướng dẫn chủ quán"
    assert seen(second).messages[-1].text.startswith("Tin này được xem xét riêng")
    assert (seen(third).status_text, seen(second).status_text) == ("Đã có kết quả", "Đã nhận")


def test_what_came_along_leaves_with_it(sent, chief):
    first, second, third = sent
    join(third.tip, chief, second.tip)
    join(second.tip, chief, first.tip)
    part(second.tip, chief)
    main, again, twin = (Tip.objects.get(pk=submission.tip.pk) for submission in sent)
    assert (again.status, twin.status) == ("new", "duplicate")
    assert again.case == twin.case != main.case
    handling.accept(again, actor=chief, version=again.version)
    assert (seen(third).status_text, seen(first).status_text) == ("Đang xem", "Đã nhận")


def test_what_was_decided_otherwise_since_stays_where_it_is(sent, chief):
    first, second, third = sent
    join(third.tip, chief, second.tip)
    join(second.tip, chief, first.tip)
    part(third.tip, chief)
    join(third.tip, chief, first.tip)
    part(second.tip, chief)
    main, again, twin = (Tip.objects.get(pk=submission.tip.pk) for submission in sent)
    assert twin.case == main.case != again.case


def test_unmerge_is_for_who_leads_and_for_duplicates_only(sent, chief, area):
    tip, main = sent[0].tip, sent[1].tip
    with pytest.raises(WrongStateError):
        part(tip, chief)
    join(tip, chief, main)
    for stranger in (make_user(Role.OFFICER, area.commune_a), make_user(Role.CHIEF, area.commune_b)):
        with pytest.raises(NotAllowedError):
            part(tip, stranger)
    with pytest.raises(StaleVersionError):
        merging.unmerge(Tip.objects.get(pk=tip.pk), actor=chief, version=1)
    assert Tip.objects.get(pk=tip.pk).status == TipStatus.DUPLICATE


def test_unmerge_leaves_a_step_and_an_audit_entry(sent, chief):
    join(sent[0].tip, chief, sent[1].tip)
    tip = part(sent[0].tip, chief)
    assert [event.kind for event in tip.events.all()] == ["received", "merged", "unmerged"]
    entry = AuditEntry.objects.get(action="tips.tip.unmerged")
    assert (entry.actor, entry.target_label) == (chief, tip.public_id)
