"""What each class of error does to its row."""

import pytest

from broadcasts.engine import outcomes
from broadcasts.engine.outcomes import Call
from broadcasts.enums import DeliveryState
from groups.zalo.errors import NotSent, OutcomeUnknown, Permanent, Temporary, classify

START, END = 1_800_000_000.0, 1_800_000_001.0


def call(number: int = 1, priority: int = 1) -> Call:
    return Call(1, 2, 3, 4, "abc", number, priority)


def fail(error: Exception, **fields) -> outcomes.Outcome:
    return outcomes.failed(call(**fields), error, started=START, finished=END)


def wait_of(outcome: outcomes.Outcome) -> float:
    return outcome.next_attempt_at.timestamp() - END


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (classify(-201), DeliveryState.REFUSED),
        (classify(-999), DeliveryState.REFUSED),
        (classify(-32), DeliveryState.WAITING),
        (classify(-214), DeliveryState.WAITING),
        (classify(-100), DeliveryState.WAITING),
        (NotSent(None, "refused"), DeliveryState.WAITING),
        (classify(-224), DeliveryState.BLOCKED),
        (classify(-237), DeliveryState.BLOCKED),
        (classify(-200), DeliveryState.UNKNOWN),
        (OutcomeUnknown(None, "timeout"), DeliveryState.UNKNOWN),
        (ZeroDivisionError(), DeliveryState.UNKNOWN),
    ],
)
def test_error_leads_to_its_state(error, state):
    assert fail(error).state == state


@pytest.mark.parametrize(("number", "seconds"), [(1, 10), (2, 60), (3, 300), (4, 1800), (5, 7200), (7, 7200)])
def test_wait_grows_with_each_attempt_and_has_a_fifth_of_jitter(number, seconds):
    wait = wait_of(fail(Temporary(-1, "busy"), number=number))

    assert seconds <= wait <= seconds * 1.2


def test_wait_of_urgent_row_is_never_longer_than_six_minutes():
    assert wait_of(fail(Temporary(-1, "busy"), number=7, priority=0)) <= 360


def test_wait_asked_for_by_zalo_is_kept():
    assert wait_of(fail(Temporary(-1, "busy", wait_seconds=77))) == 77


def test_eighth_attempt_is_the_last():
    outcome = fail(Temporary(-1, "busy", "Zalo bận"), number=8)

    assert outcome.state == DeliveryState.REFUSED
    assert outcome.detail == "Đã thử 8 lần không được. Lỗi cuối: Zalo bận"


@pytest.mark.parametrize("error", [NotSent(None, "refused"), classify(-32)])
def test_message_nobody_judged_has_not_used_up_an_attempt(error):
    assert fail(error, number=8).attempts == 7


def test_unknown_outcome_is_read_after_twenty_seconds():
    assert wait_of(fail(OutcomeUnknown(None, "timeout"))) == 20


def test_refusal_tells_the_officer_in_vietnamese_and_the_developer_in_code():
    outcome = fail(Permanent(-248, "content", "Nội dung vi phạm"))

    assert (outcome.code, outcome.error, outcome.detail) == (-248, "content", "Nội dung vi phạm")
