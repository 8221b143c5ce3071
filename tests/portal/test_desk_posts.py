"""Writing, judging and following a post through the pages."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from broadcasts import rendering
from broadcasts.engine.store import MAX_READS
from broadcasts.enums import BroadcastState, DeliveryState, NoticeState, PostKind
from broadcasts.models import Broadcast, Delivery, Mailbox, Notice
from broadcasts.services import approval, sending
from tests.factories import BroadcastFactory, PostFactory, TipFactory
from tests.portal.desk_world import World, html, make_world
from tests.tips import media

pytestmark = pytest.mark.django_db

COMPOSE = {
    "kind": "education",
    "title": "Cảnh báo cuộc gọi giả danh",
    "body": "Công an không làm việc qua điện thoại.",
    "reach": "all",
    "urgency": "routine",
    "when": "now",
    "recurrence": "",
    "form_token": "token-1",
}
WANTED = {
    **{name: COMPOSE[name] for name in ("reach", "urgency", "when", "recurrence")},
    "person_name": "Nguyễn Văn Thử",
    "decision_number": "17/QĐ-CSĐT",
    "decision_date": "01/11/2026",
    "agency": "Cơ quan CSĐT Công an tỉnh",
    "phone": "02633880113",
    "form_token": "token-2",
}


@pytest.fixture
def world() -> World:
    return make_world()


def compose(world: World, *, by: str = "officer", query: str = "", **changes):
    url = reverse("desk:compose") + query
    return world.client(by).post(url, {**(WANTED if "loai" in query else COMPOSE), **changes}, follow=True)


def act(world: World, broadcast: Broadcast, name: str, *, by: str, **data):
    return world.client(by).post(
        reverse("desk:broadcast_act", args=[broadcast.code, name]), data, follow=True
    )


def latest() -> Broadcast:
    return Broadcast.objects.order_by("-pk").first()


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


def test_wanted_notice_is_written_from_its_decision_and_approved_against_the_original(world):
    page = html(compose(world, query="?loai=wanted"))
    broadcast = latest()
    assert "Quyết định truy nã số 17/QĐ-CSĐT ngày 01/11/2026" in page
    assert broadcast.notice.state == NoticeState.DRAFT
    act(world, broadcast, "submit", by="officer")
    response = act(world, broadcast, "approve", by="chief")
    assert response.status_code == 400
    assert "Đã đối chiếu số quyết định, ngày, ảnh với bản gốc?" in html(response)
    act(world, broadcast, "approve", by="chief", checked_original="on")
    broadcast.notice.refresh_from_db()
    assert broadcast.notice.state == NoticeState.ACTIVE


@pytest.mark.parametrize("name", ["person_name", "decision_number", "decision_date", "agency", "phone"])
def test_wanted_notice_without_a_legal_field_is_refused(world, name):
    response = compose(world, query="?loai=wanted", **{name: ""})
    assert response.status_code == 400
    assert not Notice.objects.exists()


def test_notice_with_a_wrong_phone_is_refused_at_the_phone(world):
    response = compose(world, query="?loai=missing", features="Cụ bà áo nâu", phone="12")
    assert response.status_code == 400
    page = html(response)
    field = page.partition('for="id_phone"')[2].partition("</div>")[0]
    assert "Số điện thoại chưa đúng" in field


def test_suspect_form_asks_for_neither_name_nor_photo(world):
    page = html(world.client("officer").get(reverse("desk:compose"), {"loai": "suspect"}))
    assert 'name="features"' in page
    assert 'name="person_name"' not in page
    assert 'name="photo"' not in page
    assert world.client("officer").get(reverse("desk:compose"), {"loai": "education"}).status_code == 404


def test_notice_in_draft_can_be_corrected(world):
    compose(world, query="?loai=wanted")
    broadcast = latest()
    url = reverse("desk:edit", args=[broadcast.code])
    assert 'value="01/11/2026"' in html(world.client("officer").get(url))
    world.client("officer").post(url, {**WANTED, "person_name": "Nguyễn Văn Đúng"})
    broadcast.refresh_from_db()
    assert "NGUYỄN VĂN ĐÚNG" in broadcast.body
    assert Notice.objects.count() == 1


def test_author_does_not_approve_their_own_post(world):
    compose(world, by="chief")
    broadcast = latest()
    act(world, broadcast, "submit", by="chief")
    page = html(world.client("chief").get(reverse("desk:broadcast", args=[broadcast.code])))
    assert "Duyệt và gửi ngay" not in page
    assert act(world, broadcast, "approve", by="chief").status_code == 403


def test_returned_post_comes_back_with_the_reason_and_can_be_changed(world):
    act(world, world.submitted, "return", by="chief", reason="Xin ghi rõ giờ họp.")
    page = html(world.client("officer").get(reverse("desk:today")))
    assert "Xin ghi rõ giờ họp." in page
    url = reverse("desk:edit", args=[world.submitted.code])
    world.client("officer").post(url, {**COMPOSE, "title": "Mời họp 19 giờ 30"})
    world.submitted.refresh_from_db()
    assert (world.submitted.title, world.submitted.state) == ("Mời họp 19 giờ 30", BroadcastState.DRAFT)


def test_second_decision_meets_a_conflict_and_keeps_the_words(world):
    approval.approve_broadcast(world.submitted, actor=world.users["supervisor"], confirm_duplicate=True)
    response = act(world, world.submitted, "return", by="chief", reason="Xin rút ngắn tiêu đề.")
    assert response.status_code == 409
    page = html(response)
    assert "Xin rút ngắn tiêu đề." in page
    assert reverse("desk:broadcast", args=[world.submitted.code]) in page


def test_pause_and_resume(world):
    act(world, world.sending, "pause", by="officer")
    world.sending.refresh_from_db()
    assert world.sending.state == BroadcastState.PAUSED
    act(world, world.sending, "resume", by="chief")
    world.sending.refresh_from_db()
    assert world.sending.state == BroadcastState.SENDING


def test_repeating_post_paused_over_its_hour_is_resumed_with_a_question(world):
    past = timezone.now() - timedelta(hours=3)
    Broadcast.objects.filter(pk=world.submitted.pk).update(
        state="paused", paused_from="approved", recurrence="FREQ=DAILY", send_at=past, due_at=past
    )
    page = html(world.client("chief").get(reverse("desk:broadcast", args=[world.submitted.code])))
    assert "Bỏ lần gửi đã qua giờ" in page
    assert reverse("desk:broadcast_act", args=[world.submitted.code, "cancel"]) in page
    assert reverse("desk:broadcast_act", args=[world.submitted.code, "withdraw"]) not in page
    act(world, world.submitted, "resume", by="chief", skip_missed="on")
    world.submitted.refresh_from_db()
    assert (world.submitted.state, world.submitted.due_at > timezone.now()) == ("approved", True)


def test_unknown_row_is_sent_again_only_by_who_looked_into_the_group(world):
    Delivery.objects.filter(pk=world.unknown.pk).update(account=world.automatic.official_account)
    client, post = world.client("chief"), reverse("desk:broadcast", args=[world.sending.code])
    chosen = {"viec": "retry", "luot": world.unknown.pk, "tu-bai": world.sending.code}
    assert reverse("desk:dead_letters_confirm") in html(client.get(post))
    assert "Tôi đã mở từng nhóm để xem" in html(client.post(reverse("desk:dead_letters_confirm"), chosen))
    assert client.post(reverse("desk:dead_letters_act"), chosen).status_code == 400
    world.unknown.refresh_from_db()
    assert world.unknown.state == "unknown"
    response = client.post(reverse("desk:dead_letters_act"), {**chosen, "looked": "on"})
    assert response.url.startswith(post)
    world.unknown.refresh_from_db()
    assert world.unknown.state == "waiting"


def test_withdrawal_needs_a_reason_and_a_confirmation(world):
    response = act(world, world.sending, "withdraw", by="chief", reason="Sai ngày họp")
    assert response.status_code == 400
    page = html(act(world, world.sending, "withdraw", by="chief", reason="Sai ngày họp", confirmed="on"))
    assert "Bản đính chính:" in page
    correction = Broadcast.objects.get(corrects=world.sending)
    assert correction.kind == PostKind.CORRECTION
    assert correction.code in page
    assert act(world, world.sending, "withdraw", by="officer", reason="x", confirmed="on").status_code == 403


def test_unknown_act_is_not_found(world):
    assert act(world, world.sending, "explode", by="chief").status_code == 404


def test_rows_are_filtered_by_state_and_settled_from_the_page(world):
    url = reverse("desk:broadcast", args=[world.sending.code])
    page = html(world.client("officer").get(url, {"gui": "unknown"}))
    assert world.automatic.name in page
    assert f'id="luot-{world.to_post.pk}"' not in page
    assert "Đã thấy trong nhóm" in page
    assert "Gửi lại" not in page.partition('id="luot-gui"')[2].partition("</ul>")[0].replace(
        "chọn: Đã thấy trong nhóm / Gửi lại", ""
    )
    seen = reverse("desk:delivery_act", args=[world.unknown.pk, "seen"])
    assert "Đã ghi nhận" in html(world.client("officer").post(seen, follow=True))
    world.unknown.refresh_from_db()
    assert world.unknown.state == DeliveryState.SENT
    assert world.client("officer").post(seen).status_code == 409


def test_progress_asks_again_while_something_is_under_way_and_then_stops(world):
    url = reverse("desk:broadcast_progress", args=[world.sending.code])

    def asks(**row) -> str:
        Delivery.objects.filter(pk=world.unknown.pk).update(**row)
        page = html(world.client("officer").get(url, headers={"HX-Request": "true"}))
        return page.partition('hx-trigger="')[2].partition('"')[0]

    assert asks(state=DeliveryState.QUEUED) == "every 3s"
    assert asks(state=DeliveryState.UNKNOWN) == "every 15s"
    # Only a person's turn is left: no page need ask, and a session may run out.
    assert asks(state=DeliveryState.SENT) == ""
    Broadcast.objects.filter(pk=world.sending.pk).update(started_at=timezone.now() - timedelta(hours=2))
    assert asks(state=DeliveryState.QUEUED) == ""


def test_post_shows_the_tips_that_answer_it_to_those_who_may_see_them(world):
    tip = TipFactory(unit=world.area.commune_a, broadcast=world.sending)
    url = reverse("desk:broadcast", args=[world.sending.code])
    assert tip.public_id in html(world.client("officer").get(url))


def test_list_finds_titles_without_marks_and_by_state(world):
    BroadcastFactory(unit=world.area.commune_a, title="Phòng chống đuối nước", state=BroadcastState.DONE)
    client, url = world.client("officer"), reverse("desk:broadcasts")
    assert "Phòng chống đuối nước" in html(client.get(url, {"q": "duoi nuoc"}))
    assert "Phòng chống đuối nước" not in html(client.get(url, {"q": "duoi nuoc", "loc": "cho-duyet"}))
    assert "Không có bài nào như vậy" in html(client.get(url, {"loai": "wanted"}))


def test_form_fetched_anew_by_the_back_button_makes_no_second_post(world):
    compose(world)
    compose(world, form_token="token-of-the-page-fetched-anew")
    assert Broadcast.objects.filter(title=COMPOSE["title"]).count() == 1
    compose(world, form_token="another", urgency="urgent")
    assert Broadcast.objects.filter(title=COMPOSE["title"]).count() == 2


def test_chief_ends_a_notice_and_the_groups_get_a_correction(world):
    compose(world, query="?loai=missing", features="Cụ bà áo nâu, tóc bạc", form_token="token-9")
    broadcast = latest()
    act(world, broadcast, "submit", by="officer")
    assert "Thông báo chưa có ảnh" in html(act(world, broadcast, "approve", by="chief"))
    Broadcast.objects.filter(pk=broadcast.pk).update(state=BroadcastState.DONE, started_at=timezone.now())
    assert (
        act(world, broadcast, "end-notice", by="officer", ended_as="found", confirmed="on").status_code == 403
    )
    assert act(world, broadcast, "end-notice", by="chief", ended_as="found").status_code == 400
    assert "Đã kết thúc thông báo" in html(
        act(world, broadcast, "end-notice", by="chief", ended_as="found", confirmed="on")
    )
    broadcast.notice.refresh_from_db()
    assert broadcast.notice.state == NoticeState.ENDED
    assert Broadcast.objects.filter(corrects=broadcast).exists()
    assert (
        act(world, world.sending, "end-notice", by="chief", ended_as="found", confirmed="on").status_code
        == 403
    )


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


def test_approval_carries_the_version_the_chief_saw(world):
    page = html(world.client("chief").get(reverse("desk:broadcast", args=[world.submitted.code])))
    assert f'name="version" value="{world.submitted.version}"' in page

    seen = world.submitted.version
    Broadcast.objects.filter(pk=world.submitted.pk).update(version=seen + 1)
    response = act(world, world.submitted, "approve", by="chief", version=seen)

    assert response.status_code == 409
    world.submitted.refresh_from_db()
    assert world.submitted.state == "submitted"


def test_unknown_act_on_a_row_is_not_found(world):
    row = world.sending.deliveries.first()

    assert world.client("officer").post(reverse("desk:delivery_act", args=[row.pk, "xyz"])).status_code == 404


def test_progress_goes_on_with_the_page_that_is_shown(world):
    Broadcast.objects.filter(pk=world.sending.pk).update(started_at=timezone.now())
    world.sending.deliveries.update(state="queued")
    page = html(
        world.client("officer").get(reverse("desk:broadcast", args=[world.sending.code]) + "?trang=1")
    )

    assert f"{reverse('desk:broadcast_progress', args=[world.sending.code])}?trang=1" in page


@pytest.mark.parametrize(
    ("minutes", "reads", "is_asked"), [(1, 0, False), (1, MAX_READS, True), (11, 0, True)]
)
def test_nobody_is_asked_to_look_while_the_system_reads_the_group(world, minutes, reads, is_asked):
    since = timezone.now() - timedelta(minutes=minutes)
    Delivery.objects.filter(pk=world.unknown.pk).update(unknown_at=since, reads=reads)
    client, act = world.client("chief"), reverse("desk:delivery_act", args=[world.unknown.pk, "seen"])
    page = html(client.get(reverse("desk:broadcast", args=[world.sending.code])))
    assert (act in page) is is_asked
    assert ("Xin mở nhóm kiểm tra" in page) is is_asked
    assert ("?gui=unknown" in html(client.get(reverse("desk:today")))) is is_asked


def test_account_stopped_by_hand_is_named_where_its_posts_wait(world):
    chief = world.users["chief"]
    stopped = {"paused_at": timezone.now(), "paused_by": chief, "pause_reason": "Nghi lộ mật khẩu"}
    Mailbox.objects.filter(pk=world.mailbox.pk).update(**stopped)
    Delivery.objects.filter(pk=world.unknown.pk).update(state="queued", account=world.mailbox.account)
    client, words = world.client("officer"), f"Tài khoản {world.mailbox} đang tạm dừng"
    for url in (reverse("desk:today"), reverse("desk:broadcast", args=[world.sending.code])):
        page = html(client.get(url))
        assert words in page
        assert "Nghi lộ mật khẩu" in page
        assert chief.display_name in page
    Mailbox.objects.update(paused_at=None)
    assert words not in html(client.get(reverse("desk:today")))
