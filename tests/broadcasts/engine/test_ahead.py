"""How many rows are kept ready: one for each sender, more where fetching is slow, never more than a claim."""

from broadcasts.engine.ahead import MOST_ROWS, Ahead


def test_until_something_was_measured_each_sender_has_a_row_and_a_second_one_on_its_way():
    ahead = Ahead(100, now=0.0)

    assert (ahead.low, ahead.batch) == (100, 200)


def test_slow_fetching_asks_for_more_rows_in_hand():
    ahead = Ahead(100, now=0.0)
    ahead.fetched(seconds=0.1, calls=1500, now=1.0)

    assert (ahead.low, ahead.batch) == (300, 375)


def test_one_slow_fetch_is_forgotten_after_a_while():
    ahead = Ahead(100, now=0.0)
    for second in range(1, 20):
        ahead.fetched(seconds=0.2 if second == 1 else 0.01, calls=1000 * second, now=float(second))

    assert ahead.low == 100


def test_a_crash_leaves_no_more_in_doubt_than_two_claims():
    ahead = Ahead(50, now=0.0)
    ahead.fetched(seconds=5.0, calls=100_000, now=1.0)

    assert (ahead.low, ahead.batch) == (MOST_ROWS, MOST_ROWS)


def test_more_senders_than_a_claim_has_rows_still_have_one_each():
    assert Ahead(800, now=0.0).low == 800
