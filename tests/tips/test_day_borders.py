"""Midnight in Viet Nam is 17:00 in UTC: terms, clocks and promises at the borders of days, months and years.

With Tết of 2027 as an example: four days off in a week, a Saturday to make up for one of them.
"""

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.core import mail
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from groups.enums import Role
from groups.models import Holiday
from portal.calendar import ZONE
from tests.factories import TipFactory, make_user
from tips import deadlines
from tips.models import DeadlineRule, ErasureNotice, Escalation, RetentionHold, Tip
from tips.services import breaches, duty, escalation, follow, handling, requests, retention, timing
from tips.services.intake import submit_tip

pytestmark = pytest.mark.django_db


def at(day: str, clock: str = "12:00") -> datetime:
    """A moment on the clock of Viet Nam."""
    return datetime.fromisoformat(f"{day} {clock}").replace(tzinfo=ZONE)


@pytest.fixture
def tet(db) -> None:
    """Friday 05/02/2027 and Monday to Wednesday after it are off, Saturday the 13th is worked."""
    for day in (5, 8, 9, 10):
        Holiday.objects.create(day=date(2027, 2, day), name="Tết Đinh Mùi")
    Holiday.objects.create(day=date(2027, 2, 13), name="Làm bù", is_working_day=True)


@pytest.fixture
def chief(area):
    return make_user(Role.CHIEF, area.commune_a, email="chief@x.vn")


def accepted(area, officer, received: datetime, **fields) -> Tip:
    """A tip of routine received then and taken in hand at once."""
    due = deadlines.deadline(priority=3, since=received)
    return TipFactory(
        unit=area.commune_a,
        received_at=received,
        accepted_at=received,
        assignee=officer,
        status="accepted",
        deadline=due,
        **fields,
    )


# --- Handling, waiting, more time ------------------------------------------------------------------------


def test_routine_before_tet_is_due_after_it_counting_the_day_that_is_made_up_for(tet, area, officer):
    """Three working days from Thursday evening: the 11th, the 12th, and Saturday the 13th."""
    tip = accepted(area, officer, at("2027-02-04", "23:59"))
    assert tip.deadline == at("2027-02-13", "23:59:59")
    # A minute later it is Friday, which is off: the same three days.
    assert accepted(area, officer, at("2027-02-05", "00:00")).deadline == tip.deadline


def test_question_asked_over_tet_stops_the_clock_for_the_days_that_count(tet, area, officer):
    """Asked on Thursday evening, answered on the first working day: one working day is given back."""
    tip = accepted(area, officer, at("2027-02-03", "08:00"))
    assert tip.deadline == at("2027-02-12", "23:59:59")
    with time_machine.travel(at("2027-02-04", "22:00"), tick=False):
        tip = timing.ask_sender(tip, actor=officer, version=tip.version, text="Quán nào, ở đâu ạ?")
    with time_machine.travel(at("2027-02-11", "00:30"), tick=False):
        follow.add_message(tip, text="Quán ở đầu thôn, cạnh cây xăng.")
    tip.refresh_from_db()
    assert (tip.status, tip.paused_at, tip.deadline) == ("verifying", None, at("2027-02-13", "23:59:59"))


def test_question_waits_until_the_end_of_the_last_day(area, officer):
    """Fourteen days from New Year's Eve end at 24:00 in Viet Nam, not at 24:00 of UTC."""
    with time_machine.travel(at("2026-12-31", "23:30"), tick=False):
        tip = accepted(area, officer, timezone.now() - timedelta(hours=1))
        timing.ask_sender(tip, actor=officer, version=tip.version, text="Quán nào, ở đâu ạ?")
    assert timing.resume_unanswered(at("2027-01-14", "23:59:59")) == 0
    assert timing.resume_unanswered(at("2027-01-15", "00:00:01")) == 1


@pytest.mark.parametrize(
    ("now", "last"),
    [
        ("2026-12-31", "2027-03-01"),  # 28/02/2027 is a Sunday
        ("2027-12-31", "2028-02-29"),
        ("2028-12-29", "2029-02-28"),
        ("2026-12-08", "2027-02-11"),  # the 8th is a day of Tết
        ("2027-06-30", "2027-08-30"),
    ],
)
def test_extension_of_two_months_ends_on_a_day_that_exists_and_is_worked(
    tet, area, officer, chief, now, last
):
    tip = accepted(area, officer, at(now, "08:00"))
    end = at(last, "23:59:59")
    with time_machine.travel(at(now, "23:59"), tick=False):
        Tip.objects.filter(pk=tip.pk).update(deadline=timezone.now())
        tip.refresh_from_db()
        with pytest.raises(ValidationError, match=f"{end:%d/%m/%Y}"):
            timing.extend(
                tip, actor=chief, version=1, deadline=end + timedelta(seconds=1), reason="Chờ giám định"
            )
        extended = timing.extend(tip, actor=chief, version=1, deadline=end, reason="Chờ giám định")
    assert extended.deadline == end


# --- Reopening -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("closed", "last_day"),
    [("2027-02-15", "2027-03-01"), ("2028-02-15", "2028-02-29"), ("2026-12-20", "2027-01-03")],
)
@pytest.mark.parametrize("clock", ["00:00", "06:59", "10:37", "23:59"])
def test_ended_tip_is_taken_up_again_until_the_end_of_the_day_the_page_names(draft, closed, last_day, clock):
    """ "Gửi được tới hết ngày": to its last minute, whatever the hour at which the tip was closed."""
    sent = submit_tip(draft())
    Tip.objects.update(status="closed", outcome="handled", closed_at=at(closed, clock))
    day = f"{at(last_day):%d/%m/%Y}"

    def page(**fields) -> str:
        return Client().post(reverse("tips:follow"), {"receipt": sent.receipt, **fields}).content.decode()

    with time_machine.travel(at(last_day, "23:59"), tick=False):
        assert f"tới hết ngày {day}" in page()
        page(action="add", text="Quán lại hát từ tối qua.")
    tip = Tip.objects.get()
    assert (tip.status, tip.closed_at) == ("reopened", None)

    Tip.objects.update(status="closed", closed_at=at(closed, clock))
    with time_machine.travel(at(last_day, "23:59:59") + timedelta(seconds=1), tick=False):
        assert "tới hết ngày" not in page()
        page(action="add", text="Còn ai đọc không.")
    assert Tip.objects.get().status == "closed"


# --- Clocks that tell others -----------------------------------------------------------------------------


def test_breach_clock_runs_through_tet_and_the_turn_of_the_year(tet, area):
    administrator = make_user(Role.ADMINISTRATOR, area.province, email="admin@x.vn")
    words = {"what": "Gửi nhầm danh sách", "data": "Tên, số điện thoại", "measures": "Đã thu hồi"}
    for known, due in (
        (at("2026-12-30", "23:30"), at("2027-01-02", "23:30")),
        (at("2027-02-05", "06:59"), at("2027-02-08", "06:59")),
        (at("2028-02-27", "00:00"), at("2028-03-01", "00:00")),
    ):
        with time_machine.travel(known + timedelta(minutes=5), tick=False):
            row = breaches.enter(actor=administrator, unit=area.province, known_at=known, people=3, **words)
        assert row.due_at == due
        mail.outbox.clear()
        for hours, mails in ((48, 1), (72, 2)):
            moment = known + timedelta(hours=hours)
            breaches.warn(moment - timedelta(seconds=1))
            assert len(mail.outbox) == mails - 1
            breaches.warn(moment)
            assert len(mail.outbox) == mails


def late_since(area, deadline: datetime, **fields) -> Tip:
    return TipFactory(unit=area.commune_a, status="accepted", deadline=deadline, **fields)


def stages() -> list[int]:
    return [row.stage for row in Escalation.objects.order_by("pk")]


def test_superiors_hear_a_day_after_the_end_of_the_year(area, chief):
    make_user(Role.SUPERVISOR, area.district, email="district@x.vn")
    late_since(area, at("2026-12-31", "23:59:59"))
    for moment, told in (
        (at("2026-12-31", "23:59:59"), []),
        (at("2027-01-01", "00:00"), [1]),
        (at("2027-01-01", "23:59:59"), [1]),
        (at("2027-01-02", "00:00"), [1, 2]),
    ):
        escalation.escalate_overdue(moment.astimezone(UTC))
        assert stages() == told, moment


def test_superiors_wait_for_the_working_day_that_a_unit_gives_its_chief(tet, area, chief):
    """A day off between deadline and now is none of the chief's."""
    make_user(Role.SUPERVISOR, area.district, email="district@x.vn")
    DeadlineRule.objects.create(
        kind="escalation", amount=1, unit="working_days", source="Quy chế", valid_from=date(2027, 1, 1)
    )
    late_since(area, at("2027-02-04", "23:59:59"), received_at=at("2027-02-01"))
    for moment, told in (
        (at("2027-02-06", "12:00"), [1]),
        (at("2027-02-10", "23:59"), [1]),
        (at("2027-02-11", "08:00"), [1]),
        (at("2027-02-11", "23:59:58"), [1]),
        (at("2027-02-12", "00:00:01"), [1, 2]),
    ):
        escalation.escalate_overdue(moment)
        assert stages() == told, moment


def test_day_of_duty_begins_at_seven_in_viet_nam():
    for moment, day in (
        (at("2027-01-01", "06:59:59"), date(2026, 12, 31)),
        (at("2027-01-01", "07:00"), date(2027, 1, 1)),
        (at("2028-03-01", "00:00"), date(2028, 2, 29)),
        (datetime(2028, 2, 28, 23, 59, tzinfo=UTC), date(2028, 2, 28)),
        (datetime(2028, 2, 29, 0, 0, tzinfo=UTC), date(2028, 2, 29)),
    ):
        assert duty.duty_day(moment) == day, moment


# --- Keeping ---------------------------------------------------------------------------------------------


def test_two_years_are_counted_in_days_and_a_hold_to_the_end_of_its_day(area, chief):
    closed = at("2026-03-01", "23:30")
    tip = TipFactory(
        unit=area.commune_a, category="TTHC", status="closed", outcome="handled", closed_at=closed
    )
    ErasureNotice.objects.create(tip=tip, at=closed)

    def goes(moment: datetime) -> bool:
        return bool(retention.plan(moment))

    assert not goes(at("2028-02-29", "23:30")) and goes(at("2028-02-29", "23:31"))
    with time_machine.travel(at("2028-02-20"), tick=False):
        retention.hold(tip, actor=chief, until=date(2028, 2, 29), reason="Còn khiếu nại đang xem xét")
    ErasureNotice.objects.create(tip=tip, at=closed)
    assert RetentionHold.objects.get().until == date(2028, 2, 29)
    assert not goes(at("2028-02-29", "23:59:59")) and goes(at("2028-03-01", "00:00"))


def test_request_about_data_is_due_on_a_working_day_at_the_end_of_the_day(tet, draft):
    """Twenty days from 20/01 end on a day of Tết; two working days from the evening before it after it."""
    sent = submit_tip(draft(contact_name="Nguyễn Văn A", contact_phone="0912345678"))
    for moment, confirm_by, due in (
        (at("2027-01-20", "23:59"), at("2027-01-22", "23:59:59"), at("2027-02-11", "23:59:59")),
        (at("2027-02-04", "23:59"), at("2027-02-12", "23:59:59"), at("2027-02-24", "23:59:59")),
    ):
        with time_machine.travel(moment, tick=False):
            row = requests.ask_by_receipt(sent.tip, kind="delete", words="")
        assert (row.confirm_by, row.due_at) == (confirm_by, due)
        row.delete()


def test_nothing_of_a_tip_depends_on_the_zone_of_the_server(draft, officer):
    """One moment, written in three zones, is one deadline."""
    moment = at("2027-12-31", "23:30")
    due = {
        deadlines.deadline(priority=level, since=moment.astimezone(zone)).astimezone(UTC)
        for zone in (ZONE, UTC, timezone.get_fixed_timezone(-600))
        for level in (3,)
    }
    assert due == {at("2028-01-05", "23:59:59").astimezone(UTC)}
    tip = submit_tip(draft()).tip
    Tip.objects.filter(pk=tip.pk).update(received_at=moment)
    tip.refresh_from_db()
    handling.accept(tip, actor=officer, version=tip.version)
    assert deadlines.milestones(Tip.objects.get(pk=tip.pk))[0].due == at("2028-01-03", "11:30")
