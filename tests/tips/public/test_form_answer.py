"""The page after sending: what to do now, by what was reported."""

import pytest

from tests.tips.public.forms import filled

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("category", "words"),
    [
        ("LUA_DAO", "ngân hàng"),
        ("TRE_EM", "111"),
        ("VU_KHI_PHAO", "không chạm"),
        ("CAN_BO", "Luật Tố cáo"),
        ("MAT_TICH", "không cần chờ 24 giờ"),
        ("TRUY_NA_TIN", "Không tự bắt giữ"),
    ],
)
def test_answer_says_what_to_do_now(client, area, category, words):
    response = client.post("/gui-tin/", filled(client, area, category=category))

    assert words in response.content.decode()


def test_answer_to_danger_puts_113_first(client, area):
    text = "Đang có hai người cầm dao chém nhau trước chợ, có người kêu cứu!"

    html = client.post("/gui-tin/", filled(client, area, category="GAY_ROI", text=text)).content.decode()

    assert html.index("Hãy gọi 113 ngay") < html.index('id="receipt"')


def test_complaint_is_answered_by_the_level_above(client, area):
    response = client.post("/gui-tin/", filled(client, area, category="CAN_BO"))

    assert area.district.police_name in response.content.decode()
