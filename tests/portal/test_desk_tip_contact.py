"""The contact of a sender on the page of a tip, and the answers that are ready to send."""

import pytest
from django.urls import reverse

from portal.audit.models import AuditEntry
from portal.site.models import Procedure
from tests.portal import desk_world
from tests.portal.desk_tips import act
from tests.portal.desk_world import html
from tips.enums import TipStatus
from tips.models import AnswerTemplate, Message
from tips.services import handling

pytestmark = pytest.mark.django_db


def test_contact_is_shown_once_after_a_reason_and_recorded(world):
    handling.accept(world.tip, actor=world.users["officer"], version=1)
    url = reverse("desk:tip", args=[world.tip.public_id])
    response = act(world, "reveal", by="chief", reason="Cần hỏi thêm địa chỉ quán")
    page = html(response)
    assert desk_world.SENDER_NAME in page
    assert "0912 345 678" in page
    assert "no-store" in response["Cache-Control"]
    assert desk_world.SENDER_NAME not in html(world.client("chief").get(url))
    assert AuditEntry.objects.filter(action="tips.contact.revealed").count() == 1


def test_officer_who_does_not_lead_sees_no_way_to_the_contact(world):
    handling.accept(world.tip, actor=world.users["chief"], version=1)
    page = html(world.client("officer").get(reverse("desk:tip", args=[world.tip.public_id])))
    assert "Xem thông tin người báo" not in page
    assert act(world, "reveal", reason="Tò mò thôi").status_code == 403


def test_chief_lets_a_colleague_open_the_contact_for_a_while(world):
    handling.accept(world.tip, actor=world.users["chief"], version=1)
    act(world, "grant", by="chief", assignee=world.users["officer"].pk, reason="Cử đi gặp người báo")
    assert desk_world.SENDER_NAME in html(act(world, "reveal", reason="Đi gặp người báo"))


def box(page: str, name: str) -> str:
    """What stands in a text box."""
    return page.partition(f'<textarea name="{name}"')[2].partition("</textarea>")[0].partition(">")[2].strip()


def test_prepared_answer_goes_below_what_was_typed_without_script(world):
    act(world, "accept")
    response = act(world, "reply", text="Chào bác,", answer="thieu-thong-tin", insert="1")
    assert response.status_code == 200
    assert box(html(response), "text").startswith(
        "Chào bác,\n\nCảm ơn Quý công dân. Để xác minh, Công an xã Minh Tân cần thêm: thời gian"
    )
    assert not Message.objects.filter(tip=world.tip).exists()
    assert world.tip.status == TipStatus.NEW


def test_prepared_answer_keeps_all_else_that_was_chosen_for_the_end(world):
    act(world, "accept")
    page = html(act(world, "close", outcome="guided", note="Gọi lại", answer="da-xu-ly", insert="1"))
    assert "đã kiểm tra và xử lý" in box(page, "public_reason")
    assert box(page, "note") == "Gọi lại"
    assert '<option value="guided" selected>' in page
    assert "Xin xem lại những chỗ sau" not in page


def test_answers_of_the_own_unit_and_above_are_offered_with_their_procedure(world):
    Procedure.objects.create(slug="tach-ho", title="Tách hộ", field="Cư trú", steps="Nộp hồ sơ")
    area = world.area
    make = AnswerTemplate.objects.create
    make(unit=area.commune_a, title="Của xã", text="{office} mời anh/chị xem", procedure="tach-ho")
    make(unit=area.district, title="Của khu vực", text="Theo quy định", procedure="khong-con")
    make(unit=area.commune_b, title="Của phường bên", text="Không dùng ở đây")
    make(unit=area.commune_a, title="Loại khác", text="Về ma túy", category="MA_TUY")
    make(unit=area.commune_a, title="Đã bỏ", text="Cũ", is_active=False)
    act(world, "accept")
    page = html(world.client("officer").get(reverse("desk:tip", args=[world.tip.public_id])))
    offered = page.partition('id="reply_answer"')[2].partition("</select>")[0]
    assert offered.index("Của xã") < offered.index("Của khu vực") < offered.index("Thiếu thông tin")
    assert "Của phường bên" not in offered and "Loại khác" not in offered and "Đã bỏ" not in offered
    assert "Công an xã Minh Tân mời anh/chị xem\nHướng dẫn “Tách hộ”: http" in offered
    assert "/dich-vu-cong/tach-ho/" in offered
    assert "khong-con" not in offered
