"""One drain in a process, and what becomes of those who ask for another."""

from concurrent.futures import ThreadPoolExecutor

from broadcasts import tasks
from broadcasts.engine import turns
from broadcasts.engine.drain import Report
from broadcasts.engine.turns import Turn


def test_second_one_waits_and_is_heard_once():
    turn = Turn()

    assert turn.begin(60)
    assert not turn.begin(60)
    assert (turn.hear(), turn.hear()) == (True, False)
    assert not turn.end()


def test_who_was_not_heard_is_told_at_the_end():
    turn = Turn()
    turn.begin(60)
    turn.begin(60)

    assert turn.end()
    assert turn.begin(60)


def test_turn_that_hangs_is_over_some_day():
    turn = Turn()
    turn.begin(-1)

    assert turn.begin(60)


def test_one_that_hung_ends_nobody_else_s_turn():
    turn = Turn()
    turn.begin(-1)
    with ThreadPoolExecutor(1) as another:
        assert another.submit(turn.begin, 60).result()
        assert not turn.end()
        assert not turn.begin(60)
        assert another.submit(turn.end).result()

    assert turn.begin(60)


def test_hint_that_came_while_a_drain_ended_wakes_the_next(
    db, monkeypatch, django_capture_on_commit_callbacks
):
    """Patched: the drain, in which the second hint arrives, and the broker."""
    monkeypatch.setattr(turns, "turn", Turn())
    asked = []
    monkeypatch.setattr("broadcasts.hints._send", lambda task, args, countdown: asked.append(countdown))

    def run(**options) -> Report:
        tasks.drain()
        return Report()

    monkeypatch.setattr("broadcasts.engine.drain.drain", run)
    with django_capture_on_commit_callbacks(execute=True):
        tasks.drain()

    assert asked == [0]
