"""Hints at tips of the same matter: what is found, what never is, and what it costs."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from groups.enums import Role
from portal.site.demo.tips import TIPS
from tests.factories import make_user
from tips.models import Tip
from tips.services import follow, merging
from tips.services.similar import similar_tips

pytestmark = pytest.mark.django_db

SAND = (
    "Từ 23h đến 3h có 2 ghe hút cát khúc gần bãi bồi, tắt đèn. Bờ sông lở thêm gần 2 mét, sắp tới nền nhà "
    "bà con. Tôi quay từ xa hơi mờ, bà con xóm Bãi nhiều người cũng thấy"
)
TWINS = (
    "Đêm nào cũng có ghe hút cát gần bãi bồi xóm Bãi, lở hết bờ sông rồi",
    "ghe tat den hut cat khuc bai boi luc nua dem, bo song lo toi nen nha",
    "Cát bị hút trộm ban đêm ở bãi bồi, hai ghe không đèn, bờ sông sạt lở",
)


@pytest.fixture
def chief(area):
    return make_user(Role.CHIEF, area.commune_a, restricted_circle=True)


@pytest.fixture
def others(submit, area):
    """The demo's tips as they would come to one commune."""
    return [submit(category=plan.category, text=plan.text) for plan in TIPS if plan.text != SAND]


def found(user, tip) -> set[str]:
    return {other.public_id for other in similar_tips(user, Tip.objects.get(pk=tip.pk))}


def test_tips_of_the_same_matter_are_found_among_others_with_and_without_marks(submit, chief, others):
    twins = {submit(category="KHOANG_SAN", text=text).public_id for text in TWINS}
    tip = submit(category="KHOANG_SAN", text=SAND)
    assert found(chief, tip) == twins


def test_tips_of_other_matters_are_not_alike(chief, others):
    assert {tip.public_id: found(chief, tip) for tip in others} == {tip.public_id: set() for tip in others}


@pytest.mark.parametrize("category", ["TRE_EM", "BAO_LUC_GD", "CAN_BO"])
def test_confidential_tips_are_no_hint_and_get_none(submit, chief, area, category):
    supervisor = make_user(Role.SUPERVISOR, area.district, restricted_circle=True)
    secret, tip = submit(category=category, text=SAND), submit(category="KHOANG_SAN", text=SAND)
    for user in (chief, supervisor):
        assert found(user, tip) == set()
    assert found(supervisor, secret) == set()


def test_what_another_unit_handles_is_no_hint(submit, chief, area):
    submit(category="KHOANG_SAN", text=SAND, unit=area.commune_b)
    tip = submit(category="KHOANG_SAN", text=SAND)
    assert found(chief, tip) == set()
    assert found(make_user(Role.SUPERVISOR, area.district), tip) == set()


def test_what_came_long_ago_or_is_joined_or_rubbish_is_no_hint(submit, chief):
    old, joined, spam, tip = (submit(category="KHOANG_SAN", text=SAND) for _ in range(4))
    Tip.objects.filter(pk=old.pk).update(received_at=timezone.now() - timedelta(days=15))
    Tip.objects.filter(pk=spam.pk).update(status="spam")
    assert found(chief, tip) == {joined.public_id}
    merging.merge(joined, actor=chief, version=1, into=tip)
    assert found(chief, tip) == set()


def test_hint_shows_nothing_to_senders(submit, chief):
    other, tip = (submit(category="KHOANG_SAN", text=SAND) for _ in range(2))
    assert found(chief, tip) == {other.public_id}
    assert other.public_id not in repr(follow.sender_view(tip))


def test_hint_costs_the_same_queries_and_decrypts_only_what_it_shows(submit, chief):
    tip = submit(category="KHOANG_SAN", text=SAND)
    counts = []
    for _number in range(3):
        submit(category="KHOANG_SAN", text=SAND)
        user = type(chief).objects.get(pk=chief.pk)
        with CaptureQueriesContext(connection) as captured:
            similar_tips(user, tip)
        counts.append(len(captured))
    assert len(set(counts)) == 1 and counts[0] <= 8
    read = [query["sql"] for query in captured if '"tips_tip"."text"' in query["sql"]]
    assert len(read) == 1
