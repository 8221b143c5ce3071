"""The counter of the compose page and the server measure one text alike."""

from pathlib import Path

import pytest
from django.conf import settings

from broadcasts import rendering
from portal.desk.forms.broadcasts import body_limit
from portal.text import clean

pytestmark = pytest.mark.browser

DESK_JS = Path(settings.BASE_DIR) / "static" / "js" / "desk" / "desk.js"
PAGE = """<p data-counter><b id="room" data-limit="{limit}"></b></p>
<input id="title" data-counts="room"><textarea id="body" data-counts="room"></textarea>"""


@pytest.fixture
def page(browser):
    page = browser.new_page()
    page.set_content(PAGE.format(limit=body_limit()))
    page.add_script_tag(path=DESK_JS)
    yield page
    page.close()


@pytest.mark.parametrize(
    "body",
    [
        "Bà con cảnh giác cuộc gọi giả danh.",
        "Tha\u0302\u0301t la\u0323c",
        "Dòng một\n\nDòng hai  \n",
        "Chào [@123] và [\u200b@456] và [[@7]",
        "Khẩn 🚨 cháy 👨\u200d👩\u200d👧 ❤\ufe0f",
        "a\u200bb\u00adc\u202ed\ufeffe\u2060f\u00a0g\u2003h\ti",
        "x\x07y\x9fz\x85t\u2028u",
        "\u00d0à Nẵng",
        "đ" * 1700,
    ],
)
def test_counter_shows_what_the_server_will_count(page, body):
    assert shown_for(page, body) == rendering.room_left("Tiêu đề", clean(body))


@pytest.mark.parametrize("body", ["[\u200d@1] [\ufe0f@2]", "a\u200db", "a" + "\u0335" * 9])
def test_counter_never_promises_more_room_than_there_is(page, body):
    assert shown_for(page, body) <= rendering.room_left("Tiêu đề", clean(body))


def shown_for(page, body: str) -> int:
    page.fill("#title", "Tiêu đề")
    page.evaluate(
        "text => { body.value = text; body.dispatchEvent(new Event('input', {bubbles: true})); }", body
    )
    return int(page.inner_text("#room").replace(".", ""))
