"""The screen of rows that did not reach their group."""

import pytest
from django.urls import reverse

from broadcasts.models import Delivery
from tests.factories import DeliveryFactory, GroupFactory, add_call
from tests.portal.desk_world import html

pytestmark = pytest.mark.django_db
LIST = "/can-bo/gui-loi/"


@pytest.fixture
def refused(world) -> Delivery:
    return DeliveryFactory(
        broadcast=world.sending,
        group=GroupFactory(gmf=True, unit=world.area.village_a),
        state="refused",
        last_error="Bài có từ khóa bị cấm.",
        last_error_code=-248,
    )


def choose(world, rows, act, *, role="chief", url="desk:dead_letters_act", **data):
    data = {"viec": act, "luot": [row.pk for row in rows], **data}
    return world.client(role).post(reverse(url), data, follow=True)


def test_list_names_group_reason_and_zalos_code(world, refused):
    page = html(world.client("chief").get(LIST))
    assert refused.group.name in page
    assert "Bài có từ khóa bị cấm." in page
    assert "(mã Zalo -248)" in page


def test_calls_of_a_row_are_told_one_by_one(world, refused):
    add_call(refused, number=1, outcome="waiting", error="Zalo đang bận.", error_code=-32)
    add_call(refused, number=2, outcome="refused", error="Bài có từ khóa bị cấm.", error_code=-248)
    url = reverse("desk:delivery_calls", args=[refused.pk])
    assert url in html(world.client("officer").get(LIST))
    assert url in html(world.client("officer").get(reverse("desk:broadcast", args=[world.sending.code])))
    page = html(world.client("officer").get(url))
    assert page.index("mã Zalo -248") < page.index("mã Zalo -32")
    assert "Zalo đang bận." in page


def test_row_without_calls_says_so_and_is_not_linked(world):
    url = reverse("desk:delivery_calls", args=[world.to_post.pk])
    assert url not in html(world.client("chief").get(reverse("desk:broadcast", args=[world.sending.code])))
    assert "Chưa có lần gọi nào" in html(world.client("chief").get(url))


def test_list_of_another_commune_is_empty(world, refused):
    page = html(world.client("officer2").get(LIST))
    assert refused.group.name not in page
    assert "Không có lượt nào cần xử lý" in page


@pytest.mark.parametrize(
    ("query", "is_found"),
    [
        ({"ly-do": "refused"}, True),
        ({"ly-do": "overdue"}, False),
        ({"don-vi": "D680101"}, True),
        ({"don-vi": "D680102"}, False),
        ({"bai": "tb-2501-0002"}, True),
        ({"bai": "TB-2501-0009"}, False),
        ({"oa": "0"}, False),
    ],
)
def test_list_is_narrowed(world, refused, query, is_found):
    assert (refused.group.name in html(world.client("chief").get(LIST, query))) is is_found


def test_officer_may_say_seen_and_is_offered_no_retry(world, refused):
    page = html(world.client("officer").get(LIST))
    assert 'value="seen"' in page
    assert 'value="retry"' not in page


def test_confirmation_shows_the_chosen_rows_and_changes_nothing(world, refused):
    page = choose(world, [refused], "retry", url="desk:dead_letters_confirm")
    refused.refresh_from_db()
    assert "Gửi lại vào các nhóm này?" in html(page)
    assert refused.state == "refused"


def test_retry_keeps_the_filters_and_says_how_many(world, refused):
    response = choose(world, [refused], "retry", loc="ly-do=refused")
    refused.refresh_from_db()
    assert refused.state == "waiting"
    assert response.redirect_chain == [(f"{LIST}?ly-do=refused", 302)]
    assert "Đã cho gửi lại 1 lượt." in html(response)


def test_second_click_is_told_that_it_was_done(world, refused):
    choose(world, [refused], "retry")
    assert "Các lượt này đã được xử lý trước đó." in html(choose(world, [refused], "retry"))


def test_discard_asks_for_a_reason(world, refused):
    assert choose(world, [refused], "discard").status_code == 400
    choose(world, [refused], "discard", reason="Nhóm giải tán")
    refused.refresh_from_db()
    assert (refused.state, refused.reason) == ("skipped", "Nhóm giải tán")


def test_unknown_row_asks_for_a_look_into_the_group(world):
    row = world.unknown
    Delivery.objects.filter(pk=row.pk).update(reads=4)
    assert choose(world, [row], "retry").status_code == 400
    choose(world, [row], "retry", looked="on")
    row.refresh_from_db()
    assert row.state == "waiting"


def test_row_out_of_reach_is_not_touched(world, refused):
    choose(world, [refused], "retry", role="officer2")
    refused.refresh_from_db()
    assert refused.state == "refused"


def test_post_offers_to_retry_its_failed_groups_only_while_there_are_some(world, refused):
    url = reverse("desk:broadcast", args=[world.sending.code])
    act = reverse("desk:broadcast_act", args=[world.sending.code, "retry-failed"])
    assert act in html(world.client("chief").get(url))
    assert act not in html(world.client("officer").get(url))

    world.client("chief").post(act)

    refused.refresh_from_db()
    assert refused.state == "waiting"
    assert act not in html(world.client("chief").get(url))


def test_reason_of_invisible_characters_is_asked_for_again(world, refused):
    response = choose(world, [refused], "discard", reason="\u200b")
    assert response.status_code == 400
    refused.refresh_from_db()
    assert refused.state == "refused"
