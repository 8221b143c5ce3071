"""Writing a post through the pages: the form, its mistakes, its picture, its reach."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from broadcasts import rendering
from broadcasts.enums import BroadcastState, DeliveryState
from broadcasts.models import Broadcast, Delivery
from broadcasts.services import sending
from tests.factories import PostFactory
from tests.portal.desk_posts import COMPOSE, act, compose, latest
from tests.portal.desk_world import html
from tests.tips import media

pytestmark = pytest.mark.django_db


def test_post_goes_from_the_form_through_the_chief_into_the_groups(world):
    page = html(compose(world))
    broadcast = latest()
    assert (broadcast.title, broadcast.state) == (COMPOSE["title"], BroadcastState.DRAFT)
    assert broadcast.audience["units"] == [world.area.commune_a.code]
    # The page after saving is the preview: the text as members read it, and how far it reaches.
    assert f"{broadcast.code} · Kiểm tra:" in page
    assert "lượt thành viên" in page
    assert "Đã trình duyệt" in html(act(world, broadcast, "submit", by="officer"))
    assert broadcast.title in html(world.client("chief").get(reverse("desk:today")))
    assert "Đã duyệt" in html(act(world, broadcast, "approve", by="chief"))
    sending.start_due(timezone.now() + timedelta(seconds=1))
    sending.expand(broadcast.pk)
    Delivery.objects.filter(broadcast=broadcast, state=DeliveryState.QUEUED).update(
        state=DeliveryState.SENT, settled_at=timezone.now()
    )
    page = html(world.client("officer").get(reverse("desk:broadcast", args=[broadcast.code])))
    assert "1 trên 2" in page
    assert "Đã gửi" in page
    assert "Chờ người đăng" in page


def test_same_form_twice_makes_one_post(world):
    first = compose(world)
    again = compose(world)
    assert again.redirect_chain == first.redirect_chain
    assert Broadcast.objects.filter(title=COMPOSE["title"]).count() == 1


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"title": ""}, "bắt buộc"),
        ({"body": "dài " * 600}, "Bài dài quá"),
        ({"reach": "units"}, "Xin chọn ít nhất một thôn"),
        ({"reach": "groups"}, "Xin chọn ít nhất một nhóm"),
        ({"reach": "units", "units": "D6802"}, "D6802"),
        ({"when": "later"}, "Xin ghi ngày giờ gửi"),
        ({"when": "later", "send_at": "11/30/2026 10:00"}, "21/11/2026 16:05"),
        ({"recurrence": "FREQ=DAILY"}, "cần hẹn giờ gửi lần đầu"),
        ({"expires_at": "01/01/2020 10:00"}, "phải sau giờ gửi"),
        ({"kind": "wanted"}, "wanted"),
        ({"kinds": "school"}, "Không có nhóm nào đang hoạt động"),
    ],
)
def test_mistake_comes_back_with_what_was_typed(world, changes, complaint):
    response = compose(world, **changes)
    assert response.status_code == 400
    page = html(response)
    assert complaint in page
    assert changes.get("body", COMPOSE["body"]).strip() in page
    assert not Broadcast.objects.filter(title=COMPOSE["title"]).exists()


def test_counter_leaves_room_for_the_last_line(world):
    page = html(world.client("officer").get(reverse("desk:compose")))
    limit = int(page.partition('data-limit="')[2].partition('"')[0])
    title = "Tiêu đề"
    body = "x" * (limit - len(title))
    assert rendering.room_left(title, body) == 0
    assert compose(world, title=title, body=body).status_code == 200
    assert compose(world, title=title, body=body + "x", form_token="t3").status_code == 400


def test_form_that_asks_for_another_hour_is_kept_in_vietnamese_time(world):
    compose(world, when="later", send_at="05/03/2030 07:30", recurrence="FREQ=WEEKLY")
    broadcast = latest()
    assert f"{timezone.localtime(broadcast.send_at):%d/%m/%Y %H:%M}" == "05/03/2030 07:30"
    assert broadcast.recurrence == "FREQ=WEEKLY"
    page = html(world.client("officer").get(reverse("desk:edit", args=[broadcast.code])))
    assert 'value="05/03/2030 07:30"' in page


def test_picture_is_cleaned_and_shown(world):
    upload = SimpleUploadedFile("rieng.png", media.picture("PNG"))
    compose(world, picture=upload)
    broadcast = latest()
    assert broadcast.picture.file.name.endswith(".jpg")
    response = world.client("chief").get(reverse("desk:broadcast_picture", args=[broadcast.code]))
    assert response["Content-Type"] == "image/jpeg"
    assert world.client("officer2").get(response.wsgi_request.path).status_code == 404


def test_file_that_is_no_picture_is_refused_at_its_field(world):
    response = compose(world, picture=SimpleUploadedFile("a.jpg", b"MZ no picture"))
    assert response.status_code == 400
    assert "không phải ảnh" in html(response)


def test_library_text_starts_a_post_with_the_duty_number(world):
    world.area.commune_a.duty_phone = "0263 388 113"
    world.area.commune_a.save()
    post = PostFactory(unit=world.area.province, title="Bài mẫu của tỉnh", body="Gọi [SĐT] khi nghi ngờ.")
    page = html(world.client("officer").get(reverse("desk:library"), {"q": "bai mau"}))
    assert "Bài mẫu của tỉnh" in page
    page = html(world.client("officer").get(reverse("desk:compose"), {"bai": post.pk}))
    assert "Gọi 0263 388 113 khi nghi ngờ." in page
    compose(world, post=post.pk)
    assert latest().post == post


def test_private_library_text_of_another_commune_is_not_found(world):
    hidden = PostFactory(unit=world.area.commune_b, is_public=False)
    assert world.client("officer").get(reverse("desk:compose"), {"bai": hidden.pk}).status_code == 404
    assert world.client("officer").get(reverse("desk:compose"), {"bai": "x"}).status_code == 404


def test_reach_fragment_counts_what_is_ticked(world):
    client, url = world.client("officer"), reverse("desk:compose_reach")
    page = html(client.get(url, {"reach": "units", "units": world.area.village_a.code}))
    assert '<dd class="num">1</dd>' in page
    assert "<html" not in page
    assert "Chọn nơi nhận" in html(client.get(url, {"reach": "units"}))
    assert "Chọn nơi nhận" in html(client.get(url, {"reach": "units", "units": "D6802"}))


def test_form_fetched_anew_by_the_back_button_makes_no_second_post(world):
    compose(world)
    compose(world, form_token="token-of-the-page-fetched-anew")
    assert Broadcast.objects.filter(title=COMPOSE["title"]).count() == 1
    compose(world, form_token="another", urgency="urgent")
    assert Broadcast.objects.filter(title=COMPOSE["title"]).count() == 2


def test_words_sent_after_the_session_ended_come_back(world):
    url = reverse("desk:compose")
    response = world.client("nobody").post(url, {**COMPOSE, "body": "Viết mất mười phút."})
    assert response.status_code == 403
    page = html(response)
    assert "Nội dung đang soạn đã được giữ" in page
    assert "Viết mất mười phút." in page
    assert "next=/can-bo/" in page


def test_fragment_asked_for_after_the_session_ended_sends_the_page_to_the_log_in(world):
    url = reverse("desk:broadcast_progress", args=[world.sending.code])
    headers = {"HX-Request": "true", "HX-Current-URL": "http://testserver/can-bo/bai-dang/x/"}
    response = world.client("nobody").get(url, headers=headers)
    assert response["HX-Redirect"] == "/tai-khoan/dang-nhap/?next=/can-bo/bai-dang/x/"
