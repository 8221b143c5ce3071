"""Resumable uploads in a real browser: progress, a lost connection, and the file that arrives."""

import io

import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.factories import make_area
from tips.models import Evidence, Tip, Upload

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def photo() -> bytes:
    """Under the size from which the page shrinks photos, and of several pieces."""
    out = io.BytesIO()
    Image.effect_noise((900, 900), 120).convert("RGB").save(out, "JPEG", quality=90)
    return out.getvalue()


def test_upload_survives_a_lost_connection_and_arrives_with_the_tip(browser, live_server):
    area = make_area()
    context = browser.new_context(viewport={"width": 390, "height": 844})
    page = context.new_page()
    lost = {"count": 0}

    def flaky(route):
        # Every second piece never arrives.
        lost["count"] += 1
        if route.request.method == "PATCH" and lost["count"] % 2:
            route.abort()
        else:
            route.continue_()

    page.route("**/gui-tin/tep/**", flaky)
    page.goto(f"{live_server.url}/gui-tin/?unit={area.commune_a.code}")
    data = photo()
    assert 300_000 < len(data) < 1_500_000
    page.locator("input[type=file]").set_input_files(
        {"name": "ảnh hiện trường.jpg", "mimeType": "image/jpeg", "buffer": data}
    )
    item = page.locator(".uploads__item")
    expect(item).to_contain_text("ảnh hiện trường.jpg")
    # Hidden on its step of the form, but there.
    expect(item.locator(".uploads__state")).to_have_text("Đã tải lên", timeout=60_000)
    assert page.evaluate("document.querySelector('input[type=file]').files.length") == 0
    upload = Upload.objects.get()
    assert (upload.offset, upload.size) == (len(data), len(data))
    assert page.locator("input[name=upload]").input_value() == upload.public_id
    for step in page.locator("[data-step]").all():
        step.evaluate("element => { element.hidden = false; }")
    page.locator("textarea[name=text]").fill("Quán karaoke hát loa kéo đến một giờ sáng cả tuần nay.")
    page.locator("input[name=category][value=GAY_ROI]").check(force=True)
    page.locator("button[data-sending]").click()
    expect(page.locator("h1")).not_to_contain_text("Gửi tin cho", timeout=30_000)
    assert Tip.objects.count() == 1
    assert Evidence.objects.get().original.size == len(data)
    context.close()


def test_wrong_file_is_refused_on_its_row_and_stays_out_of_the_form(browser, live_server):
    area = make_area()
    context = browser.new_context(viewport={"width": 320, "height": 640})
    page = context.new_page()
    page.goto(f"{live_server.url}/gui-tin/?unit={area.commune_a.code}")
    page.locator("input[type=file]").set_input_files(
        {"name": "bad.docx", "mimeType": "application/msword", "buffer": b"PK\x03\x04" + bytes(2000)}
    )
    item = page.locator(".uploads__item")
    expect(item.locator(".uploads__state")).to_contain_text(
        "Không gửi kèm tệp này. Chỉ nhận ảnh", timeout=30_000
    )
    expect(item.locator(".uploads__name")).to_have_text("bad.docx · 2 kB")
    assert page.evaluate("document.querySelector('input[type=file]').files.length") == 0
    assert page.locator("input[name=upload]").count() == 0 and not Upload.objects.exists()
    context.close()
