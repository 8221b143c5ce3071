"""Two people at the same moment: one form makes one tip, one act wins. Needs PostgreSQL."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection, connections

from groups.enums import Role
from groups.permissions import has_restricted_circle
from groups.services import circle
from portal.errors import StaleVersionError
from tests.factories import make_user
from tips import receipts
from tips.models import Case, Message, Tip, TipEvent
from tips.services import closing, follow, handling, merging, requests
from tips.services.intake import TipDraft, submit_tip

pytestmark = [pytest.mark.services, pytest.mark.django_db(transaction=True)]

TEXT = "Quán karaoke hát loa kéo đến một giờ sáng."


def together(*calls: Callable[[], Any]) -> list[Any]:
    """Run the calls at the same moment on connections of their own; errors come back as values."""
    assert connection.vendor == "postgresql", "races need PostgreSQL (tests/run.sh, part 2)"
    barrier = Barrier(len(calls))

    def run(call: Callable[[], Any]) -> Any:
        try:
            barrier.wait(timeout=120)
            return call()
        except Exception as error:  # noqa: BLE001 - the test looks at it
            return error
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def draft(area, **fields) -> TipDraft:
    return TipDraft(category="GAY_ROI", text=TEXT, unit=area.commune_a, **fields)


def test_one_form_from_four_tabs_is_one_tip_and_one_receipt(area):
    token = receipts.new_form_token()
    results = together(*[lambda: submit_tip(draft(area, form_token=token))] * 4)
    assert Tip.objects.count() == 1 and Message.objects.count() == 0
    assert len({result.receipt for result in results}) == 1
    assert sorted(result.created for result in results) == [False, False, False, True]


def test_one_message_from_four_tabs_is_one_message(area):
    tip = submit_tip(draft(area)).tip
    token = receipts.new_form_token()
    together(*[lambda: follow.add_message(tip, text="Thêm một chuyện", token=token)] * 4)
    assert Message.objects.count() == 1
    assert TipEvent.objects.filter(kind="sender_added").count() == 1


def test_of_two_officers_who_close_one_wins(area):
    officer = make_user(Role.OFFICER, area.commune_a)
    tip = submit_tip(draft(area)).tip
    tip = handling.accept(tip, actor=officer, version=tip.version)

    def close(outcome: str):
        return closing.close(
            tip, actor=officer, version=tip.version, outcome=outcome, public_reason="Đã xử lý xong"
        )

    results = together(lambda: close("insufficient"), lambda: close("guided"))
    assert sorted(isinstance(result, StaleVersionError) for result in results) == [False, True]
    assert Message.objects.count() == 1 and TipEvent.objects.filter(kind="closed").count() == 1


def test_two_merges_into_one_tip_share_a_case(area):
    chief = make_user(Role.CHIEF, area.commune_a)
    main, *twins = [submit_tip(draft(area)).tip for _ in range(3)]
    results = together(
        *[lambda tip=tip: merging.merge(tip, actor=chief, version=1, into=main) for tip in twins]
    )
    assert [result.status for result in results] == ["duplicate", "duplicate"]
    assert Case.objects.count() == 1


def test_of_two_merges_into_each_other_one_wins(area):
    chief = make_user(Role.CHIEF, area.commune_a)
    one, other = [submit_tip(draft(area)).tip for _ in range(2)]
    results = together(
        lambda: merging.merge(one, actor=chief, version=1, into=other),
        lambda: merging.merge(other, actor=chief, version=1, into=one),
    )
    assert [type(result) for result in results if isinstance(result, Exception)] == [ValidationError]
    assert Tip.objects.filter(status="duplicate").count() == Case.objects.count() == 1


def test_sender_who_writes_while_an_officer_closes_is_not_lost(area):
    officer = make_user(Role.OFFICER, area.commune_a)
    tip = submit_tip(draft(area)).tip
    tip = handling.accept(tip, actor=officer, version=tip.version)
    closed, written = together(
        lambda: closing.close(
            tip, actor=officer, version=tip.version, outcome="guided", public_reason="Đã xử lý xong"
        ),
        lambda: follow.add_message(tip, text="Họ lại hát nữa rồi"),
    )
    assert written == Message.objects.get(author=None)
    # Whoever came first: the tip is open, and the officer has to read what is new.
    tip.refresh_from_db()
    assert tip.status == ("accepted" if isinstance(closed, StaleVersionError) else "reopened")


def test_sender_of_a_duplicate_who_writes_while_its_case_moves_is_not_lost(area):
    chief = make_user(Role.CHIEF, area.commune_a)
    main, middle, last = [submit_tip(draft(area)).tip for _ in range(3)]
    last = merging.merge(last, actor=chief, version=1, into=middle)
    merged, written = together(
        lambda: merging.merge(middle, actor=chief, version=1, into=main),
        lambda: follow.add_message(last, text="Họ lại hát nữa rồi"),
    )
    assert written == Message.objects.get(author=None)
    # Either the officer has to look again, or the tip was joined first.
    assert isinstance(merged, (StaleVersionError, Tip))


def test_one_wish_from_four_tabs_is_one_request(area):
    tip = submit_tip(draft(area)).tip
    results = together(*[lambda: requests.ask_by_receipt(tip, kind="access", words="Xem tin của tôi")] * 4)
    assert tip.data_requests.count() == 1
    assert {row.pk for row in results} == {tip.data_requests.get().pk}


def test_two_last_members_taken_out_at_once_leave_one(area):
    first, second = make_user(Role.CHIEF, area.commune_a), make_user(Role.CHIEF, area.commune_a)
    named = [make_user(Role.OFFICER, area.commune_a, restricted_circle=True) for _ in range(2)]
    postings = [user.postings.select_related("unit", "user").get() for user in named]
    results = together(lambda: circle.end(postings[0], by=first), lambda: circle.end(postings[1], by=second))
    assert sorted(results) == [False, True]
    assert has_restricted_circle(area.commune_a.path)
