"""Deadlines: the dated table of terms, holidays included."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from groups.enums import Role
from groups.models import Holiday
from portal.calendar import Term, TermUnit, WorkCalendar
from tests.factories import make_user
from tips import deadlines
from tips.deadlines import due_time
from tips.enums import Priority
from tips.models import DeadlineRule, Tip, TipEvent
from tips.services import closing, handling, merging, reading, timing
from tips.terms import BUILT_IN, TermKind, TermRule, rule_for

VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")
FRIDAY = datetime(2026, 11, 13, 16, 40, tzinfo=VIETNAM)
PLAIN = WorkCalendar()
moments = st.datetimes(datetime(2019, 2, 1), datetime(2039, 1, 1), timezones=st.just(VIETNAM))


def a_rule(amount: int, first_day: date, **fields) -> TermRule:
    kind = fields.pop("kind", TermKind.TRANSFER)
    return TermRule(kind, Term(amount, TermUnit.HOURS), "Thông tư mới", first_day, **fields)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("priority", "expected"),
    [
        (Priority.P0, datetime(2026, 11, 13, 16, 45, tzinfo=VIETNAM)),
        (Priority.P1, datetime(2026, 11, 13, 18, 40, tzinfo=VIETNAM)),
        (Priority.P2, datetime(2026, 11, 14, 16, 40, tzinfo=VIETNAM)),
        (Priority.P3, datetime(2026, 11, 18, 23, 59, 59, tzinfo=VIETNAM)),
        (Priority.P4, datetime(2026, 11, 20, 23, 59, 59, tzinfo=VIETNAM)),
    ],
)
def test_deadline_of_each_priority(priority, expected):
    assert deadlines.deadline(priority=priority, since=FRIDAY) == expected


@pytest.mark.django_db
def test_deadline_of_opened_danger_is_a_day():
    assert deadlines.deadline(priority=Priority.P0, since=FRIDAY, is_opened=True) == FRIDAY + timedelta(
        days=1
    )


@pytest.mark.django_db
def test_deadline_skips_holidays_and_counts_makeup_days():
    Holiday.objects.create(day=date(2026, 11, 16), name="Ngày nghỉ")
    Holiday.objects.create(day=date(2026, 11, 14), name="Làm bù", is_working_day=True)
    Holiday.objects.create(day=date(2026, 11, 17), name="Ngày nghỉ")
    due = deadlines.deadline(priority=Priority.P3, since=FRIDAY)
    assert due == datetime(2026, 11, 19, 23, 59, 59, tzinfo=VIETNAM)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (TermKind.TRANSFER, datetime(2026, 11, 14, 16, 40, tzinfo=VIETNAM)),
        (TermKind.TRANSFER_REMOTE, datetime(2026, 11, 15, 16, 40, tzinfo=VIETNAM)),
        (TermKind.RESOLUTION, datetime(2026, 12, 3, 23, 59, 59, tzinfo=VIETNAM)),
        (TermKind.FIRST_LOOK, datetime(2026, 11, 16, 11, 10, tzinfo=VIETNAM)),
        (TermKind.FIRST_ANSWER, datetime(2026, 11, 17, 7, 40, tzinfo=VIETNAM)),
        (TermKind.REQUEST_RECEIPT, datetime(2026, 11, 17, 23, 59, 59, tzinfo=VIETNAM)),
        (TermKind.BREACH, datetime(2026, 11, 16, 16, 40, tzinfo=VIETNAM)),
    ],
)
def test_terms_of_the_built_in_table(kind, expected):
    assert due_time(BUILT_IN, kind, received=FRIDAY, calendar=PLAIN) == expected


def test_every_rule_names_its_source_and_covers_every_kind():
    assert all(rule.source for rule in BUILT_IN)
    assert {rule.kind for rule in BUILT_IN} == set(TermKind)
    for priority in Priority:
        assert rule_for(BUILT_IN, TermKind.HANDLING, date(2026, 11, 21), priority=priority)


@given(moments, st.integers(1, 400), st.integers(-3000, 3000))
def test_a_new_rule_counts_only_for_what_comes_in_from_its_first_day_on(received, amount, days):
    first_day = date(2028, 6, 1)
    rules = (*BUILT_IN, a_rule(amount, first_day))
    due = due_time(rules, TermKind.TRANSFER, received=received, calendar=PLAIN)
    hours = amount if received.date() >= first_day else 24
    assert due == received + timedelta(hours=hours)
    later = received + timedelta(days=abs(days))
    counted_later = due_time(rules, TermKind.TRANSFER, received=received, since=later, calendar=PLAIN)
    assert counted_later == later + timedelta(hours=hours)


@given(moments, moments, st.sampled_from([kind for kind in TermKind if kind != TermKind.DANGER]))
def test_later_receipt_is_never_due_earlier_under_one_table(one, other, kind):
    first, second = sorted([one, other])
    start = max(rule.valid_from for rule in BUILT_IN if rule.kind == kind)
    if first.date() >= start:
        assert due_time(BUILT_IN, kind, received=first, calendar=PLAIN, priority=2) <= due_time(
            BUILT_IN, kind, received=second, calendar=PLAIN, priority=2
        )


def test_rule_that_has_ended_counts_no_more():
    rules = (*BUILT_IN, a_rule(6, date(2026, 1, 1), valid_to=date(2026, 6, 30)))
    assert rule_for(rules, TermKind.TRANSFER, date(2026, 6, 30)).term.amount == 6
    assert rule_for(rules, TermKind.TRANSFER, date(2026, 7, 1)).term.amount == 24


def test_rule_of_a_priority_goes_before_one_for_all():
    rules = (a_rule(6, date(2026, 1, 1)), a_rule(1, date(2025, 1, 1), priority=Priority.P0))
    assert rule_for(rules, TermKind.TRANSFER, date(2026, 2, 1), priority=0).term.amount == 1
    assert rule_for(rules, TermKind.TRANSFER, date(2026, 2, 1), priority=3).term.amount == 6


def test_day_without_a_rule_is_an_error_not_a_guess():
    with pytest.raises(LookupError):
        rule_for(BUILT_IN, TermKind.BREACH, date(2020, 1, 1))


@pytest.mark.django_db
def test_row_decided_here_replaces_the_built_in_term_from_its_day_on(submit):
    DeadlineRule.objects.create(
        kind="handling", priority=3, amount=2, unit="hours", valid_from=date(2026, 11, 14), source="QĐ 12"
    )
    saturday = FRIDAY + timedelta(days=1)
    assert deadlines.deadline(priority=3, since=saturday) == saturday + timedelta(hours=2)
    old = deadlines.deadline(priority=3, since=saturday, received=FRIDAY)
    assert old == datetime(2026, 11, 18, 23, 59, 59, tzinfo=VIETNAM)


@pytest.mark.django_db
def test_milestones_of_a_crime_carry_the_law(submit):
    tip = submit(category="MA_TUY", text="Có người mua bán ma túy ở lò gạch bỏ hoang cuối thôn.")
    Tip.objects.filter(pk=tip.pk).update(received_at=FRIDAY, accepted_at=FRIDAY + timedelta(minutes=5))
    tip.refresh_from_db()
    found = {milestone.rule.kind: milestone for milestone in deadlines.milestones(tip)}
    assert set(found) == {
        *(TermKind.TRANSFER, TermKind.RESOLUTION, TermKind.FIRST_LOOK, TermKind.FIRST_ANSWER)
    }
    assert "Điều 147" in found[TermKind.RESOLUTION].rule.source
    now = FRIDAY + timedelta(days=2)
    states = {kind.value: milestone.state(now) for kind, milestone in found.items()}
    assert states == {"transfer": "late", "resolution": "open", "first_look": "met", "first_answer": "open"}


def milestone_states(tip) -> dict[str, str]:
    now = timezone.now()
    found = deadlines.milestones(reading.with_thread(Tip.objects).get(pk=tip.pk))
    return {milestone.rule.kind.value: milestone.state(now) for milestone in found}


@pytest.mark.django_db
def test_what_never_happened_before_the_end_was_neither_kept_nor_missed(submit, area):
    chief = make_user(Role.CHIEF, area.commune_a)
    texts = (
        "Có người mua bán ma túy ở lò gạch bỏ hoang cuối thôn.",
        "Lại mua bán ma túy ở lò gạch cuối thôn.",
    )
    main, double = (submit(category="MA_TUY", text=text) for text in texts)
    merging.merge(double, actor=chief, version=double.version, into=main)
    assert milestone_states(double) == {
        **{"first_look": "void", "first_answer": "void"},
        **{"transfer": "void", "resolution": "void"},
    }
    main.refresh_from_db()
    taken = handling.accept(main, actor=chief, version=main.version)
    closing.close(
        taken,
        actor=chief,
        version=taken.version,
        outcome="insufficient",
        public_reason="Chưa đủ thông tin để xác minh, xin gửi thêm khi biết.",
    )
    assert milestone_states(main) == {
        **{"first_look": "met", "first_answer": "met"},
        **{"transfer": "void", "resolution": "met"},
    }


@pytest.mark.django_db
def test_term_of_the_law_runs_longer_by_an_extension_and_anew_after_a_reopening(submit, area):
    chief = make_user(Role.CHIEF, area.commune_a)
    tip = submit(category="MA_TUY", text="Có người mua bán ma túy ở lò gạch bỏ hoang cuối thôn.")
    Tip.objects.update(received_at=timezone.now() - timedelta(days=25))
    assert milestone_states(tip)["resolution"] == "late"
    tip = handling.accept(tip, actor=chief, version=1)
    later = timezone.now() + timedelta(days=15)
    tip = timing.extend(tip, actor=chief, version=2, deadline=later, reason="Chờ kết quả giám định")
    assert milestone_states(tip)["resolution"] == "open"
    why = "Đã chuyển hồ sơ cho cơ quan điều tra."
    tip = closing.close(tip, actor=chief, version=3, outcome="guided", public_reason=why)
    assert milestone_states(tip)["resolution"] == "met"
    tip = closing.reopen(tip, actor=chief, version=4, reason="Có tình tiết mới")
    found = {row.rule.kind: row for row in deadlines.milestones(reading.with_thread(Tip.objects).get())}
    since = tip.events.get(kind="reopened").at
    assert found[TermKind.RESOLUTION].due == deadlines.due_now(TermKind.RESOLUTION, since=since)


@pytest.mark.django_db
def test_tip_in_danger_has_its_own_first_milestone(submit):
    tip = submit(category="GAY_ROI", text="Có người cầm dao đuổi chém nhau ở đầu ngõ, kêu cứu.")
    assert set(milestone_states(tip)) == {"danger", "first_answer"}
    Tip.objects.filter(pk=tip.pk).update(received_at=timezone.now() - timedelta(minutes=9))
    assert milestone_states(tip)["danger"] == "late"
    TipEvent.objects.create(tip=tip, kind="reclassified", data={"priority": [3, 0]})
    assert milestone_states(tip)["danger"] == "open"


def test_rule_of_nonsense_dates_is_explained():
    row = DeadlineRule(
        kind="transfer", amount=0, unit="hours", valid_from=date(2026, 2, 1), valid_to=date(2026, 1, 1)
    )
    with pytest.raises(ValidationError, match="ít nhất"):
        row.clean()
    row.amount = 1
    with pytest.raises(ValidationError, match="sau ngày đầu"):
        row.clean()
