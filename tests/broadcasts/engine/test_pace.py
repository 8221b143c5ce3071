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


@pytest.mark.parametrize(("rate", "usable"), [(1, 1), (10, 9), (20, 19), (100, 95), (2000, 1900)])
def test_usable_rate_keeps_a_reserve_of_five_percent(rate, usable):
    assert usable_rate(rate) == usable


def test_free_counts_issued_and_reserved_calls():
    pace = Pace(100)
    pace.reserve(10)
    for _number in range(4):
        pace.issue(START)

    assert pace.reserved == 6
    assert pace.free(START) == 85
    assert pace.free(START + WINDOW_SECONDS) == 89


def test_next_free_is_when_the_oldest_call_leaves_the_window():
    pace = Pace(2)
    pace.issue(START, is_reserved=False)

    assert pace.free(START + 1) == 0
    assert pace.next_free_at(START + 1) == START + WINDOW_SECONDS
    assert pace.next_free_at(START + 70) == START + 70


def test_window_handed_on_again_and_again_does_not_move():
    pace = Pace(100)
    pace.issue(START + 0.3, is_reserved=False)
    for holder in range(5):
        pace = Pace(100, pace.as_window(START + holder))

    assert pace.as_window(START + 6) == {str(int(START) + 1): 1}


def test_calls_of_a_dead_holder_count_until_a_minute_after_its_lease():
    dead = Pace(100)
    dead.issue(START, is_reserved=False)
    dead.reserve(94)
    heir = Pace(100, dead.as_window(START), lost_at=START + 60)

    assert heir.free(START + 60) == 0
    assert heir.free(START + 62) == 1
    assert heir.free(START + 60 + WINDOW_SECONDS) == 95


@pytest.mark.parametrize("seed", range(20))
def test_no_minute_ever_holds_more_than_the_limit(seed):
    """Holders claim, send late, end, or die with rows they may or may not have sent."""
    dice = random.Random(seed)
    rate = dice.choice([3, 20, 100])
    now, moments, pace = START, [], Pace(rate)
    for _turn in range(300):
        now += dice.random() * dice.choice([0.05, 1, 20])
        pace.reserve(dice.randint(0, pace.free(now)))
        for _row in range(pace.reserved):
            now += dice.random() * 0.05
            if dice.random() < 0.9:
                pace.issue(now)
                moments.append(now)
        fate = dice.random()
        if fate < 0.2:
            pace.give_back(pace.reserved)
            pace = Pace(rate, pace.as_window(now))
        elif fate < 0.3:
            window, unsure = pace.as_window(now), pace.reserved
            moments += [now] * unsure
            now += 60
            pace = Pace(rate, window, lost_at=now)

    assert len(moments) > 30
    assert busiest_minute(moments) <= usable_rate(rate)


def test_steady_sending_uses_at_least_nine_tenths_of_the_limit():
    pace, now, issued = Pace(100), START, 0
    while now < START + 600:
        if pace.free(now):
            pace.issue(now, is_reserved=False)
            issued += 1
        else:
            now = pace.next_free_at(now)

    assert 900 <= issued <= 1050
