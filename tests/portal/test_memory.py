"""What a process remembers for a moment, and pages that are rendered once and filled in for each visitor."""

import pytest
from django.test import RequestFactory

from portal import memory
from portal.memory import Memory
from portal.skeletons import Page, Skeleton


@pytest.fixture(autouse=True)
def _remembering(settings):
    settings.MEMORY_SECONDS = 3


@pytest.fixture
def clock(monkeypatch):
    now = [1000.0]
    monkeypatch.setattr(memory.time, "monotonic", lambda: now[0])
    return now


def test_value_is_made_once_until_it_is_old(clock):
    kept, made = Memory(size=2), iter(range(10))

    def look():
        return kept.get("key", lambda: next(made))

    assert [look(), look()] == [0, 0]
    clock[0] += 3.1
    assert look() == 1


def test_own_seconds_come_before_the_setting(clock):
    kept, made = Memory(size=2, seconds=60), iter(range(10))
    kept.get("key", lambda: next(made))
    clock[0] += 59

    assert kept.get("key", lambda: next(made)) == 0


def test_nothing_is_remembered_when_switched_off(settings):
    settings.MEMORY_SECONDS = 0
    kept, made = Memory(size=2, seconds=60), iter(range(10))

    assert [kept.get("key", lambda: next(made)) for _ in range(2)] == [0, 1]


def test_nothing_found_is_looked_for_again():
    kept, made = Memory(size=2), iter([None, "now"])

    assert [kept.get("key", lambda: next(made)) for _ in range(2)] == [None, "now"]


def test_oldest_goes_when_there_is_no_room():
    kept = Memory(size=2)
    for key in "abc":
        kept.get(key, lambda key=key: key)

    assert kept.get("a", lambda: "again") == "again"
    assert kept.get("c", lambda: "again") == "c"


def test_skeleton_escapes_what_is_filled_in():
    skeleton = Skeleton("<p>m1m</p><i>m2m</i>m1m", {"name": "m1m", "code": "m2m"})

    assert skeleton.filled({"name": "<b>", "code": "7"}) == b"<p>&lt;b&gt;</p><i>7</i>&lt;b&gt;"


def test_value_that_looks_like_a_mark_stays_a_value():
    skeleton = Skeleton("m1m m2m", {"name": "m1m", "code": "m2m"})

    assert skeleton.filled({"name": "m2m", "code": "7"}) == b"m2m 7"


def test_page_is_rendered_once_and_filled_for_each():
    page = Page("components/receipt.html", words=("head", "tail"), memory=Memory(size=2))
    contexts = []

    def context(marks):
        contexts.append(marks)
        return dict(marks)

    def show(head):
        values = {"head": head, "tail": "tail"}
        return page.response(RequestFactory().get("/"), key=(), values=values, context=context).content

    assert b"<span>first</span>" in show("first")
    assert b"<span>second</span>" in show("second")
    assert len(contexts) == 1
