"""More time asked for and decided on, and the clock that stands while the sender is asked."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from portal.errors import NotAllowedError, WrongStateError
from tests.clients import browser_of
from tips.models import DeadlineRule, Extension, Tip
from tips.services import closing, follow, handling, routing, timing
from tips.services.offers import abilities

pytestmark = pytest.mark.django_db

WHY = "Chờ kết quả giám định"


@pytest.fixture
def tip(submit, officer):
    # P2: a term in hours, which moves by exactly the time it stood.
    tip = submit(category="MA_TUY", text="Có người mua bán ma túy ở lò gạch bỏ hoang cuối thôn.")
    return handling.accept(tip, actor=officer, version=tip.version)


def in_days(days):
    return timezone.now() + timedelta(days=days)


def ask(tip, actor, days=7):
    return timing.ask_for_time(tip, actor=actor, version=tip.version, deadline=in_days(days), reason=WHY)


def test_officer_asks_and_chief_approves(tip, officer, chief):
    asked = ask(tip, officer)
    assert asked.deadline == tip.deadline
    assert {"approve_time", "refuse_time"} <= abilities(chief, asked)
    granted = timing.approve_time(asked, actor=chief, version=asked.version)
    row = Extension.objects.get()
    assert (row.state, row.asked_by, row.decided_by, row.reason) == ("approved", officer, chief, WHY)
    assert granted.deadline == row.new_deadline > row.old_deadline == tip.deadline


def test_refused_request_leaves_the_deadline_and_says_why(tip, officer, chief):
    asked = ask(tip, officer)
    with pytest.raises(ValidationError):
        timing.refuse_time(asked, actor=chief, version=asked.version, reason=" ")
    refused = timing.refuse_time(asked, actor=chief, version=asked.version, reason="Đủ người làm ngay")
    assert refused.deadline == tip.deadline
    assert Extension.objects.get().answer == "Đủ người làm ngay"
    assert ask(refused, officer).version == refused.version + 1


def test_second_request_waits_for_the_first(tip, officer):
    asked = ask(tip, officer)
    with pytest.raises(WrongStateError):
        ask(asked, officer, days=9)
    assert Extension.objects.count() == 1


def test_nobody_approves_their_own_request_and_no_officer_any(tip, officer, chief):
    asked = ask(tip, chief)
    for actor in (chief, officer):
        with pytest.raises(NotAllowedError):
            timing.approve_time(asked, actor=actor, version=asked.version)
    assert Extension.objects.get().state == "asked"


def test_request_whose_day_has_passed_is_not_granted(tip, officer, chief):
    asked = ask(tip, officer)
    Extension.objects.update(new_deadline=in_days(-1))
    with pytest.raises(WrongStateError):
        timing.approve_time(asked, actor=chief, version=asked.version)


def test_direct_extension_records_its_approver_and_grants_what_was_asked(tip, officer, chief):
    asked = ask(tip, officer)
    timing.extend(asked, actor=chief, version=asked.version, deadline=in_days(9), reason="Xác minh thêm")
    row = Extension.objects.get()
    assert (row.state, row.asked_by, row.decided_by) == ("approved", officer, chief)
    tip = Tip.objects.get()
    timing.extend(tip, actor=chief, version=tip.version, deadline=in_days(20), reason="Xác minh thêm")
    assert Extension.objects.last().decided_by == chief


def test_one_extension_is_two_months_at_most(tip, chief):
    with pytest.raises(ValidationError, match="dài nhất"):
        timing.extend(tip, actor=chief, version=tip.version, deadline=in_days(80), reason=WHY)


def question(tip, actor):
    return timing.ask_sender(tip, actor=actor, version=tip.version, text="Xe màu gì, biển số bao nhiêu?")


def test_question_stops_the_clock_and_the_answer_starts_it_to_the_minute(tip, officer):
    asked = question(tip, officer)
    assert (asked.status, asked.deadline, asked.paused_deadline) == ("answered", None, tip.deadline)
    stood = timedelta(hours=30)
    Tip.objects.update(paused_at=timezone.now() - stood)
    before = timezone.now()
    follow.add_message(Tip.objects.get(), text="Xe Wave đỏ, biển số cuối 46")
    answered = Tip.objects.get()
    assert (answered.status, answered.paused_at) == ("verifying", None)
    assert before - tip.received_at >= timedelta()
    moved = answered.deadline - tip.deadline
    assert stood - timedelta(minutes=1) < moved <= stood + (timezone.now() - before)


def test_paused_tip_is_not_overdue(tip, officer):
    question(tip, officer)
    assert not Tip.objects.overdue(in_days(30)).exists()


def test_late_tip_cannot_be_paused(tip, officer):
    Tip.objects.update(deadline=in_days(-1))
    late = Tip.objects.select_related("handler").get()
    with pytest.raises(WrongStateError):
        question(late, officer)


def test_closing_a_paused_tip_counts_it_by_its_moved_deadline(tip, officer):
    asked = question(tip, officer)
    closed = closing.close(
        asked,
        actor=officer,
        version=asked.version,
        outcome="insufficient",
        public_reason="Chưa đủ thông tin để xác minh, xin gửi thêm khi biết.",
    )
    assert closed.paused_at is None
    assert closed.deadline >= tip.deadline


def test_clock_runs_again_by_hand_and_when_the_sender_stays_silent(tip, officer):
    resumed = timing.resume(question(tip, officer), actor=officer, version=tip.version + 1)
    assert (resumed.status, resumed.paused_at) == ("verifying", None)
    question(resumed, officer)
    assert timing.resume_unanswered(in_days(10)) == 0
    assert timing.resume_unanswered(in_days(20)) == 1
    assert timing.resume_unanswered(in_days(20)) == 0
    assert Tip.objects.get().deadline is not None


@pytest.mark.parametrize(
    "trouble", [{"status": "accepted"}, {"paused_deadline": None}], ids=["wrong state", "broken row"]
)
def test_tip_whose_clock_cannot_run_again_holds_up_no_other(tip, officer, submit, monkeypatch, trouble):
    monkeypatch.setattr(timing, "SWEPT_AT_ONCE", 1)
    first = question(tip, officer)
    Tip.objects.filter(pk=first.pk).update(paused_at=in_days(-2), **trouble)
    waiting = []
    for _number in range(2):
        other = submit(category="MA_TUY", text="Có người mua bán ma túy gần cổng trường cấp hai.")
        waiting.append(question(handling.accept(other, actor=officer, version=other.version), officer))
    assert [timing.resume_unanswered(in_days(20)) for _run in range(3)] == [1, 1, 0]
    assert list(Tip.objects.exclude(paused_at=None)) == [first]


def test_who_was_asked_under_a_shorter_term_waits_for_nobody(tip, officer, submit):
    """The unit shortened the term between two questions."""
    first = question(tip, officer)
    Tip.objects.filter(pk=first.pk).update(paused_at=in_days(-6))
    other = submit(category="MA_TUY", text="Có người mua bán ma túy gần cổng trường cấp hai.")
    other = question(handling.accept(other, actor=officer, version=other.version), officer)
    today = timezone.localdate()
    DeadlineRule.objects.create(
        kind="sender_answer", amount=2, unit="days", valid_from=today, source="Quy chế mới"
    )
    assert timing.resume_unanswered(in_days(4)) == 1
    assert [Tip.objects.get(pk=one.pk).paused_at is None for one in (first, other)] == [False, True]


def page(user, tip) -> str:
    return browser_of(user).get(reverse("desk:tip", args=[tip.public_id])).content.decode()


def test_who_asked_sees_that_it_waits_and_takes_it_back(tip, officer, chief):
    asked = ask(tip, officer)
    assert "Đang chờ chỉ huy duyệt tới" in page(officer, tip) and "Rút đề nghị" in page(officer, tip)
    assert "Rút đề nghị" not in page(chief, tip) and "Duyệt gia hạn" in page(chief, tip)
    with pytest.raises(WrongStateError):
        timing.drop_time(asked, actor=chief, version=asked.version)
    client = Client()
    client.force_login(officer)
    client.post(reverse("desk:tip_act", args=[tip.public_id, "drop_time"]), {"version": asked.version})
    row = Extension.objects.get()
    assert (row.state, row.decided_by) == ("dropped", officer)
    assert "Đang chờ chỉ huy duyệt" not in page(officer, tip)
    assert ask(Tip.objects.get(), officer).version == asked.version + 2


def test_request_is_dropped_when_the_tip_ends(tip, officer, chief):
    asked = ask(tip, officer)
    closing.close(
        asked,
        actor=chief,
        version=asked.version,
        outcome="insufficient",
        public_reason="Chưa đủ thông tin để xác minh, xin gửi thêm khi biết.",
    )
    assert Extension.objects.get().state == "dropped"


def test_request_that_would_shorten_the_time_is_not_granted(tip, officer, chief):
    asked = ask(tip, officer, days=2)
    Tip.objects.filter(pk=tip.pk).update(deadline=in_days(5))
    asked.refresh_from_db()
    with pytest.raises(WrongStateError, match="sớm hơn hạn hiện tại"):
        timing.approve_time(asked, actor=chief, version=asked.version)
    assert Extension.objects.get().state == "asked"


def test_request_is_dropped_when_its_tip_goes_elsewhere(tip, officer, chief, area):
    asked = ask(tip, officer)
    values = {"unit": area.commune_b, "reason": "Xảy ra ở xã bên"}
    moved = routing.transfer(asked, actor=chief, version=asked.version, **values)
    assert (Extension.objects.get().state, timing.waiting_request(moved)) == ("dropped", None)
