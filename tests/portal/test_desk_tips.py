"""Work on tips through the pages: acts, and the conflicts of two who were at it at once."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from groups.enums import Role
from portal.audit.models import AuditEntry
from tests.factories import make_user
from tests.portal import desk_world
from tests.portal.desk_tips import act
from tests.portal.desk_world import html, make_tip
from tests.tips import media
from tips.enums import EventKind, SourceChannel, TipStatus
from tips.models import Message, Tip, TipEvent
from tips.services import follow, handling

pytestmark = pytest.mark.django_db


def test_accept_then_reply_then_close_leads_the_tip_to_its_end(world):
    assert "Đã tiếp nhận" in html(act(world, "accept"))
    assert "Đã gửi trả lời" in html(act(world, "reply", text="Công an xã đang xác minh.", interim="on"))
    assert Tip.objects.get(pk=world.tip.pk).status == "verifying"
    page = html(
        act(
            world,
            "close",
            outcome="handled",
            public_reason="Đã nhắc nhở quán.",
            note="Biên bản số 12 ngày 20/11",
            matters="1",
            property_value="25.300.000",
            valuable="on",
            valuable_reason="Giúp chấm dứt việc gây ồn.",
        )
    )
    assert "Đã kết thúc tin" in page
    world.tip.refresh_from_db()
    assert world.tip.status == TipStatus.CLOSED
    assert world.tip.is_valuable
    assert (world.tip.matters, world.tip.people, world.tip.property_value) == (1, 0, 25_300_000)
    assert [item.text for item in follow.sender_view(world.tip).messages] == [
        "Công an xã đang xác minh.",
        "Đã nhắc nhở quán.",
    ]


def test_question_to_the_sender_stops_the_clock(world):
    act(world, "accept")
    page = html(act(world, "question", text="Quán tên gì ạ?"))
    assert "Đã hỏi người báo. Hạn xử lý tạm dừng." in page and "Tạm dừng từ" in page
    world.tip.refresh_from_db()
    assert world.tip.paused_at is not None and world.tip.messages.get().text == "Quán tên gì ạ?"


def test_reply_carries_a_file_that_the_page_then_links(world):
    act(world, "accept")
    picture = SimpleUploadedFile("rieng-tu.png", media.picture("PNG"))
    act(world, "reply", text="Xem sơ đồ kèm theo.", files=[picture])
    evidence = world.tip.evidence.get()
    url = reverse("desk:tip_evidence", args=[world.tip.public_id, evidence.public_id])
    page = reverse("desk:tip_file", args=[world.tip.public_id, evidence.public_id])
    assert page in html(world.client("officer").get(reverse("desk:tip", args=[world.tip.public_id])))
    assert f'src="{url}"' in html(world.client("officer").get(page))
    response = world.client("officer").get(url)
    assert response.status_code == 200
    assert response["Content-Type"] == "image/jpeg"
    assert response["Content-Disposition"].startswith("attachment")
    assert "default-src 'none'" in response["Content-Security-Policy"]
    assert b"".join(response).startswith(b"\xff\xd8")
    assert world.client("officer2").get(url).status_code == 404


def test_act_on_an_old_copy_is_a_conflict_that_returns_the_words(world):
    act(world, "accept")
    response = act(world, "note", version=1, text="Đã gọi cho tổ trưởng, hẹn 20 giờ.")
    assert response.status_code == 409
    page = html(response)
    assert "Người khác vừa thay đổi nội dung này" in page
    assert "Đã gọi cho tổ trưởng, hẹn 20 giờ." in page
    assert reverse("desk:tip", args=[world.tip.public_id]) in page
    assert not Message.objects.filter(tip=world.tip).exists()


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("reply", {"text": "Hẹn anh 20 giờ"}),
        ("note", {"text": "Hẹn anh 20 giờ"}),
        ("assign", {"assignee": "PERSON"}),
        ("transfer", {"unit": "D6802", "reason": "Nhầm địa bàn rồi"}),
        ("extend", {"deadline": "DAY", "reason": "Chờ kết quả giám định"}),
        ("close", {"outcome": "guided", "public_reason": "Đã hướng dẫn chủ quán", "note": "Gọi lại"}),
        ("classify", {"category": "MA_TUY", "priority": "1", "reason": "Nghi có ma túy"}),
        ("value", {"valuable": "on", "valuable_reason": "Giúp chấm dứt gây ồn"}),
    ],
)
def test_conflict_names_who_was_faster_and_keeps_the_whole_form(world, name, data):
    officer = world.users["officer"]
    handling.accept(world.tip, actor=officer, version=1)
    later = f"{timezone.localtime() + timedelta(days=20):%d/%m/%Y} 10:00"
    meant = {"PERSON": officer.pk, "DAY": later}
    data = {key: meant.get(value, value) for key, value in data.items()}
    response = act(world, name, by="chief", version=1, **data)
    page = html(response)
    assert response.status_code == 409
    assert f"{officer.display_name}: Tiếp nhận lúc" in page
    form = page.partition(f'id="{name}_form"')[2].partition("</form>")[0]
    for typed in data.values():
        selected = f'value="{typed}" selected' in form
        assert (
            selected
            or f">{typed}" in form.replace("\n", "")
            or f'value="{typed}"' in form
            or "checked" in form
        )
    again = form.partition('name="version" value="')[2].partition('"')[0]
    assert again == "2"
    assert Tip.objects.get(pk=world.tip.pk).version == 2
    act(world, name, by="chief", version=again, **data)
    assert Tip.objects.get(pk=world.tip.pk).version == 3


def test_form_with_a_mistake_stays_with_the_version_that_was_read(world):
    handling.accept(world.tip, actor=world.users["officer"], version=1)
    page = html(act(world, "note", by="chief", version=1, text=""))
    form = page.partition('id="note_form"')[2].partition("</form>")[0]
    assert 'name="version" value="1"' in form


def test_act_impossible_in_this_state_is_a_conflict(world):
    response = act(world, "transfer", unit=world.area.commune_b.code, reason="Thuộc phường", by="chief")
    assert response.status_code == 409


@pytest.mark.parametrize(
    ("name", "data", "complaint"),
    [
        ("reply", {"text": ""}, "bắt buộc"),
        ("close", {"outcome": "handled", "public_reason": "ab"}, "Xin nêu lý do"),
        ("close", {"outcome": "handled", "public_reason": "Xong rồi"}, "Trả lời quá ngắn"),
        ("close", {"outcome": "handled", "public_reason": "Đã nhắc nhở quán."}, "cần ghi chú nội bộ"),
        ("close", {"outcome": "guided", "public_reason": "Đã nhắc nhở quán.", "people": "x"}, "chỉ ghi số"),
        (
            "close",
            {"outcome": "guided", "public_reason": "Đã nhắc nhở quán.", "valuable": "on"},
            "Xin nêu lý do",
        ),
        ("extend", {"deadline": "01/01/2020 10:00", "reason": "Chờ kết quả"}, "Hạn mới phải sau"),
        ("extend", {"deadline": "mai", "reason": "Chờ kết quả"}, "21/11/2026 16:05"),
        ("merge", {"into": "KHONGCO"}, "Không có tin với mã này"),
        ("assign", {"assignee": "999999"}, "999999"),
        ("reveal", {"reason": "a"}, "lý do"),
    ],
)
def test_mistake_comes_back_on_an_open_form_with_what_was_typed(world, name, data, complaint):
    handling.accept(world.tip, actor=world.users["officer"], version=1)
    response = act(world, name, by="chief", **data)
    assert response.status_code == 400
    page = html(response)
    assert complaint in page
    for typed in data.values():
        assert typed in page or typed == "on"
    assert '<details class="act" open>' in page or name == "reply"


def test_act_that_is_not_this_persons_is_forbidden(world):
    handling.accept(world.tip, actor=world.users["chief"], version=1)
    assert act(world, "close", outcome="handled", public_reason="Xong rồi").status_code == 403
    assert act(world, "extend", deadline="01/01/2030 10:00", reason="Chờ thêm").status_code == 403


def test_transferred_tip_leaves_the_queue_of_who_passed_it_on(world):
    handling.accept(world.tip, actor=world.users["chief"], version=1)
    response = act(world, "transfer", by="chief", unit=world.area.commune_b.code, reason="Xảy ra ở phường")
    assert response.redirect_chain[-1][0] == reverse("desk:tips")
    assert world.client("officer").get(reverse("desk:tip", args=[world.tip.public_id])).status_code == 404
    assert world.client("officer2").get(reverse("desk:tip", args=[world.tip.public_id])).status_code == 200
    page = html(world.client("officer").get(reverse("desk:tips"), {"loc": "da-chuyen"}))
    assert world.tip.public_id in page
    assert "Công an phường Bến Đá" in page
    assert desk_world.TIP_SECRET not in page
    assert world.tip.public_id not in html(
        world.client("officer2").get(reverse("desk:tips"), {"loc": "da-chuyen"})
    )


def test_wrongly_transferred_tip_is_given_back_from_its_page(world):
    handling.accept(world.tip, actor=world.users["chief"], version=1)
    act(world, "transfer", by="chief", unit=world.area.commune_b.code, reason="Xảy ra ở phường")
    world.users["chief2"] = make_user(Role.CHIEF, world.area.commune_b)
    page = html(world.client("chief2").get(reverse("desk:tip", args=[world.tip.public_id])))
    assert "Chuyển nhầm, trả lại đơn vị chuyển" in page
    act(world, "return", by="chief2", reason="Xảy ra ở xã Minh Tân")
    page = html(world.client("chief").get(reverse("desk:tip", args=[world.tip.public_id])))
    assert "Trả lại đơn vị chuyển" in page and "Tiếp nhận tin này" in page


def test_tip_for_another_authority_is_passed_on_from_its_page(world):
    act(world, "accept")
    page = html(act(world, "refer", authority="environment", reason="Xả thải ra mương"))
    assert "Đã chuyển cơ quan khác" in page
    assert (
        follow.status_text(Tip.objects.get(pk=world.tip.pk)) == "Đã chuyển cơ quan nông nghiệp và môi trường"
    )


def test_chief_gives_the_tip_to_an_officer_of_the_commune(world):
    page = html(world.client("chief").get(reverse("desk:tip", args=[world.tip.public_id])))
    officer = world.users["officer"]
    choices = page.partition('<select name="assignee"')[2].partition("</select>")[0]
    assert f'<option value="{officer.pk}">' in choices
    assert f'<option value="{world.users["officer2"].pk}">' not in choices
    act(world, "assign", by="chief", assignee=officer.pk)
    world.tip.refresh_from_db()
    assert world.tip.assignee == officer


def test_merge_offers_tips_of_the_same_kind_and_joins_them(world):
    main = make_tip(world.area, text="Quán hát loa kéo lại mở tới hai giờ sáng hôm qua")
    page = html(world.client("chief").get(reverse("desk:tip", args=[world.tip.public_id])))
    assert main.public_id in page
    act(world, "merge", by="chief", into=main.public_id.lower())
    world.tip.refresh_from_db()
    assert world.tip.status == TipStatus.DUPLICATE
    assert world.tip.case == Tip.objects.get(pk=main.pk).case


def test_tip_that_may_tell_of_the_same_matter_is_shown_and_joined_from_there(world):
    twin = make_tip(world.area)
    page = html(world.client("chief").get(reverse("desk:tip", args=[world.tip.public_id])))
    assert "Có thể cùng vụ việc" in page and f"Ghép vào {twin.public_id}" in page
    assert world.restricted.public_id not in page
    page = html(world.client("officer").get(reverse("desk:tip", args=[world.tip.public_id])))
    assert "Có thể cùng vụ việc" in page and f"Ghép vào {twin.public_id}" not in page


def test_colleague_named_in_a_note_finds_it_on_the_first_page(world):
    named = world.users["officer"].username
    page = html(act(world, "note", by="chief", text=f"Nhờ @{named} qua quán xem"))
    assert "Đã ghi chú" in page
    today = html(world.client("officer").get(reverse("desk:today")))
    assert "nhắc anh/chị trong một ghi chú" in today and "qua quán xem" not in today
    assert "Chưa đọc" in today
    world.client("officer").get(reverse("desk:tip", args=[world.tip.public_id]))
    after = html(world.client("officer").get(reverse("desk:today")))
    assert "nhắc anh/chị" not in after and "Chưa đọc" not in after
    refused = act(world, "note", by="chief", text="Nhờ @khongco")
    assert refused.status_code == 400 and "Không nhắc được @khongco" in html(refused)


def test_wrong_merge_is_undone_with_one_press(world):
    main = make_tip(world.area, text="Quán hát loa kéo lại mở tới hai giờ sáng hôm qua")
    merged = html(act(world, "merge", by="chief", into=main.public_id))
    assert f"Tin này xử lý chung với tin {main.public_id}" in merged
    assert reverse("desk:tip", args=[main.public_id]) in merged
    assert "Mở lại tin" not in merged
    assert act(world, "unmerge", by="officer").status_code == 403
    page = html(act(world, "unmerge", by="chief"))
    assert "Đã tách tin ra" in page and "Tin này xử lý chung" not in page
    world.tip.refresh_from_db()
    assert (world.tip.status, world.tip.case) == (TipStatus.NEW, None)


def test_opening_a_tip_is_recorded(world):
    world.client("officer").get(reverse("desk:tip", args=[world.tip.public_id]))
    entry = AuditEntry.objects.get(action="tips.tip.read")
    assert (entry.actor, entry.target_label) == (world.users["officer"], world.tip.public_id)


@pytest.mark.parametrize("has_receipt", [True, False])
def test_reply_that_nobody_could_read_is_warned_of(world, has_receipt):
    Tip.objects.filter(pk=world.tip.pk).update(channel=SourceChannel.ZALO, status=TipStatus.ACCEPTED)
    if not has_receipt:
        TipEvent.objects.create(tip=world.tip, kind=EventKind.NO_RECEIPT, at=timezone.now())
    page = html(world.client("chief").get(reverse("desk:tip", args=[world.tip.public_id])))
    assert ("Người nhắn không đọc được trả lời" in page) is not has_receipt
