"""The pace of an account: exact for every minute, across holders that end well and holders that die."""

import random

import pytest

from broadcasts.engine.pace import WINDOW_SECONDS, Pace, usable_rate

START = 1_800_000_000.0


def busiest_minute(moments: list[float]) -> int:
    """The most calls in any 60 s, wherever the minute begins."""
    moments = sorted(moments)
    busiest = first = 0
    for last, moment in enumerate(moments):
        while moments[first] <= moment - 60:
            first += 1
        busiest = max(busiest, last - first + 1)
    return busiest


def call(pace: Pace, at: float) -> None:
    """A call that takes no time at all."""
    pace.issue(is_reserved=False)
    pace.end(at)


@pytest.mark.parametrize(("rate", "usable"), [(1, 1), (10, 10), (33, 33), (34, 33), (100, 97), (2000, 1940)])
def test_usable_rate_keeps_a_reserve_of_three_percent_in_whole_calls(rate, usable):
    assert usable_rate(rate) == usable


def test_free_counts_calls_ended_on_their_way_and_reserved():
    pace = Pace(100)
    pace.reserve(10)
    for _number in range(4):
        pace.issue()
    pace.end(START)

    assert (pace.reserved, pace.in_flight) == (6, 3)
    assert pace.free(START) == 87
    assert pace.free(START + WINDOW_SECONDS) == 88


def test_call_holds_its_place_until_a_minute_after_its_end():
    pace = Pace(1)
    pace.issue(is_reserved=False)

    assert pace.next_free_at(START + 9) == START + 9 + WINDOW_SECONDS
    pace.end(START + 10)
    assert pace.next_free_at(START + 10) == START + 10 + WINDOW_SECONDS
    assert pace.free(START + 10 + WINDOW_SECONDS) == 1


def test_next_free_is_when_the_oldest_call_leaves_the_window():
    pace = Pace(2)
    call(pace, START)

    assert pace.free(START + 1) == 1
    call(pace, START + 1)
    assert pace.next_free_at(START + 1) == START + WINDOW_SECONDS
    assert pace.next_free_at(START + 70) == START + 70


def test_window_handed_on_again_and_again_does_not_move():
    pace = Pace(100)
    call(pace, START + 0.3)
    for holder in range(5):
        pace = Pace(100, pace.as_window(START + holder))

    assert pace.as_window(START + 6) == {str(int(START) + 1): 1}


def test_places_stored_ahead_need_no_further_write():
    pace = Pace(100)
    pace.reserve(10)
    assert pace.stored == -10

    window = pace.as_window(START, ahead=pace.ahead(START))
    pace.stored = 25

    assert window == {"claimed": 35}
    assert pace.at_once(START) == 25
    pace.reserve(25)
    assert pace.at_once(START) == 0


def test_calls_of_a_dead_holder_count_until_a_minute_after_its_lease():
    dead = Pace(100)
    call(dead, START)
    dead.reserve(50)
    heir = Pace(100, dead.as_window(START, ahead=46), lost_at=START + 60)

    assert heir.free(START + 60) == 0
    assert heir.free(START + 62) == 1
    assert heir.free(START + 60 + WINDOW_SECONDS) == 97


@pytest.mark.parametrize("seed", range(20))
def test_no_minute_at_the_other_side_ever_holds_more_than_the_limit(seed):
    """Holders claim, send late, end, or die; calls arrive anywhere between their issue and their end.

    The window is stored only when the places stored ahead are used up, as the drain does it.
    """
    dice = random.Random(seed)
    rate = dice.choice([3, 20, 100])
    now, arrivals, pace, window = START, [], Pace(rate), {}
    for _turn in range(300):
        now += dice.random() * dice.choice([0.05, 1, 20])
        pace.reserve(dice.randint(0, pace.free(now)))
        if pace.stored < 0:
            ahead, pace.stored = pace.ahead(now), 0
            window = pace.as_window(now, ahead=ahead)
            pace.stored += ahead
        for _row in range(pace.reserved):
            if dice.random() < 0.1:
                pace.give_back()
                continue
            pace.issue()
            issued, now = now, now + dice.random() * dice.choice([0.05, 3])
            arrivals.append(dice.uniform(issued, now))
            pace.end(now)
        fate = dice.random()
        if fate < 0.2:
            pace = Pace(rate, pace.as_window(now))
            window = pace.as_window(now)
        elif fate < 0.3:
            # Nobody hears of these; only the places stored for them are known.
            for _call in range(pace.at_once(now)):
                arrivals.append(now)
            now += 60
            pace = Pace(rate, window, lost_at=now)

    assert len(arrivals) > 30
    assert busiest_minute(arrivals) <= usable_rate(rate)


@pytest.mark.parametrize("rate", [1, 10, 30, 60, 100, 1000])
def test_steady_sending_uses_at_least_ninety_five_percent_of_the_limit(rate):
    """With an answer time of a third of a second and an engine that looks every fifth."""
    pace, now, issued = Pace(rate), START, 0
    for _minute in range(10):
        while pace.free(now):
            pace.issue(is_reserved=False)
            pace.end(now + 0.3)
            issued += 1
        now = pace.next_free_at(now) + 0.2

    assert 0.95 * rate <= issued / (now - START) * 60 <= rate


def test_account_without_a_limit_worth_the_name_leaves_its_heir_few_places_to_count():
    window = Pace(10_000_000).as_window(0.0, ahead=Pace(10_000_000).ahead(0.0))

    assert window == {"claimed": 2000}
