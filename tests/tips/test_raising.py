"""What happens again is more urgent: machines raise by repetition, and only raise."""

from datetime import timedelta

import pytest
from django.utils import timezone

from groups.enums import Role
from portal.audit.models import AuditEntry
from tests.factories import make_user
from tips.enums import Priority, TipStatus
from tips.models import DeadlineRule, Tip
from tips.services import closing, follow, handling, raising, routing, timing

pytestmark = pytest.mark.django_db

SAND = "Đêm nào cũng có ghe hút cát gần bãi bồi xóm Bãi, lở hết bờ sông rồi"
AGAIN = (
    "ghe hut cat gan bai boi xom Bai dem nao cung co, lo bo song",
    "Lại ghe hút cát bãi bồi xóm Bãi, bờ sông lở",
)


@pytest.fixture
def tell(submit, area):
    """A tip about sand at one place; anything can be given."""

    def send(text=SAND, **fields) -> Tip:
        return submit(**{"category": "CO_BAC", "village": area.village_a, "text": text, **fields})

    return send


def look() -> int:
    return raising.raise_repeated(timezone.now())


def level(tip) -> int:
    return Tip.objects.get(pk=tip.pk).priority


def test_third_tip_of_one_place_within_a_week_rises_one_step(tell, submit):
    submit(category="GIAO_THONG", text="Xe ben chạy nhanh qua cổng trường, không che bạt")
    first, second, third = tell(), tell(AGAIN[0]), tell(AGAIN[1])
    assert look() == 1
    assert [level(tip) for tip in (first, second, third)] == [Priority.P3, Priority.P3, Priority.P2]
    now = Tip.objects.get(pk=third.pk)
    assert now.deadline < third.deadline and now.version == 2
    event = now.events.last()
    assert (event.kind, event.actor, event.data["why"]) == ("reclassified", None, "repeated")
    assert AuditEntry.objects.get(action="tips.tip.reclassified").data["priority"] == [3, 2]
    raising.cache.clear()
    assert look() == 0 and level(third) == Priority.P2


@pytest.mark.parametrize("change", ["place", "age", "words", "restricted", "two"])
def test_what_does_not_come_together_does_not_rise(tell, area, change):
    first = tell(village=area.village_a2) if change == "place" else tell()
    if change == "age":
        Tip.objects.filter(pk=first.pk).update(received_at=timezone.now() - timedelta(days=8))
    if change == "words":
        Tip.objects.filter(pk=first.pk).delete()
        tell("Xe ben chạy nhanh qua cổng trường, không che bạt, sáng nào cũng vậy")
    if change != "two":
        tell()
    last = tell(category="BAO_LUC_GD") if change == "restricted" else tell()
    before = level(last)
    assert (look(), level(last)) == (0, before)


def test_place_where_it_was_true_before_raises_the_next_tip(tell, area):
    chief = make_user(Role.CHIEF, area.commune_a)
    tip = handling.accept(tell(), actor=chief, version=1)
    closing.close(
        tip, actor=chief, version=2, outcome="handled", public_reason="Đã xử lý ghe hút cát", note="Biên bản"
    )
    again = tell(AGAIN[0])
    assert (look(), level(again)) == (1, Priority.P2)


def test_nothing_rises_above_urgent_nor_twice_nor_undoes_what_people_lowered(tell, area):
    chief = make_user(Role.CHIEF, area.commune_a)
    tell(), tell()
    third = tell(category="MA_TUY")
    assert (look(), level(third)) == (1, Priority.P1)
    now = Tip.objects.get(pk=third.pk)
    routing.reclassify(now, actor=chief, version=now.version, priority=4, reason="Đã kiểm tra")
    raising.cache.clear()
    assert (look(), level(third)) == (0, Priority.P4)
    follow.add_message(third, text="Chuyện ở gần chợ, chỗ cây đa")
    assert level(third) == Priority.P4


def test_tip_that_was_committed_after_a_newer_one_is_not_passed_over(tell, submit):
    tell(), tell(AGAIN[0])
    third = tell(AGAIN[1])
    submit(category="GIAO_THONG", text="Xe ben chạy nhanh qua cổng trường, không che bạt")
    # As good as not there yet.
    Tip.objects.filter(pk=third.pk).update(status=TipStatus.SPAM)
    assert look() == 0
    Tip.objects.filter(pk=third.pk).update(status=TipStatus.NEW)
    assert (look(), level(third)) == (1, Priority.P2)


def test_more_tips_than_one_call_takes_are_looked_at_by_the_next(tell, monkeypatch):
    monkeypatch.setattr(raising, "AT_ONCE", 2)
    first = tell()
    look()
    tell(AGAIN[0])
    third, fourth = tell(AGAIN[1]), tell()
    assert first.pk < third.pk
    assert sum(look() for _minute in range(4)) == 2
    assert (level(third), level(fourth)) == (Priority.P2, Priority.P2)


def test_tip_that_waits_for_its_sender_rises_and_its_clock_runs(tell, area):
    officer = make_user(Role.OFFICER, area.commune_a)
    tell(), tell(AGAIN[0])
    third = handling.accept(tell(AGAIN[1]), actor=officer, version=1)
    third = timing.ask_sender(third, actor=officer, version=third.version, text="Ghe nào, đi hướng nào?")
    assert look() == 1
    third.refresh_from_db()
    assert third.deadline is not None
    assert (third.paused_at, third.paused_deadline) == (None, None)


def test_raised_tip_keeps_the_term_it_came_in_under(tell):
    tell(), tell(AGAIN[0])
    third = tell(AGAIN[1])
    received = third.received_at - timedelta(days=2)
    Tip.objects.filter(pk=third.pk).update(received_at=received)
    DeadlineRule.objects.create(
        kind="handling", priority=2, amount=1, unit="hours", valid_from=timezone.localdate(), source="mới"
    )
    now = timezone.now()
    assert raising.raise_repeated(now) == 1
    assert Tip.objects.get(pk=third.pk).deadline == min(third.deadline, now + timedelta(hours=24))
