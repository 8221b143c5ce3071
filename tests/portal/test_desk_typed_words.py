"""What was typed into a form that did not get through is given back, and nothing but that."""

import pytest
from django.urls import reverse

from tests.portal.desk_world import html
from tips.services import asking

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("name", "field"),
    [
        *[("breach_enter", field) for field in ("what", "data", "measures")],
        *[("data_request_enter", field) for field in ("person", "words")],
        ("tip_enter", "place"),
    ],
)
def test_words_of_an_entry_outlive_the_session(world, name, field):
    response = world.client("nobody").post(reverse(f"desk:{name}"), {field: "Gửi nhầm danh sách cho xã bên"})
    assert response.status_code == 403 and "Gửi nhầm danh sách cho xã bên" in html(response)


def test_button_that_was_pressed_is_no_word(world):
    asked = asking.ask(world.tip, actor=world.users["officer"], version=1, reason="Cần hỏi thêm biển số xe")
    url = reverse("desk:opening_decide", args=[asked.pk])
    body = {"answer": "yes", "reason": "Đúng là cần hỏi thêm"}
    response = world.client("nobody").post(url, body)
    assert response.status_code == 403
    assert "Đúng là cần hỏi thêm" in html(response) and ">yes<" not in html(response)
