"""Acts on a tip in the admin: through services, on the version that was read."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from groups.enums import Role
from portal.audit.models import AuditEntry
from tests.clients import browser_of
from tests.factories import make_user
from tests.tips.admin.pages import QUEUE, do, page_of
from tips.models import AnswerTemplate, Tip
from tips.services import handling

pytestmark = pytest.mark.django_db


def test_acts_of_a_whole_life(submit, desk, supervisor, area):
    officer = make_user(Role.OFFICER, area.commune_a)
    tip = submit()
    assert do(desk, tip, "accept").status_code == 302
    do(desk, tip, "assign", person=officer.pk)
    do(desk, tip, "reply", text="Cảm ơn Quý công dân")
    do(desk, tip, "note", text="Đã gọi")
    do(desk, tip, "classify", category="CO_BAC", priority="2", reason="Đọc lại nội dung")
    later = timezone.localtime() + timedelta(days=9)
    do(desk, tip, "extend", deadline=f"{later:%d/%m/%Y %H:%M}", reason="Chờ giám định")
    do(desk, tip, "value", valuable="on", valuable_reason="Giúp phát hiện điểm cờ bạc")
    do(desk, tip, "close", outcome="guided", public_reason="Đã xử lý xong")
    do(desk, tip, "reopen", reason="Tái diễn")
    tip.refresh_from_db()
    assert (tip.status, tip.assignee, tip.category, tip.priority) == ("reopened", officer, "CO_BAC", 2)
    assert tip.is_valuable and tip.version == 10
    assert [event.kind for event in tip.events.all()] == [
        *("received", "accepted", "assigned", "replied", "noted", "reclassified", "extended", "valued"),
        *("closed", "reopened"),
    ]


def test_interim_answer_leaves_the_tip_being_verified(submit, desk):
    tip = submit()
    do(desk, tip, "accept")
    assert "Đây là báo tạm" in desk.get(page_of(tip)).content.decode()
    do(desk, tip, "reply", text="Đang xác minh", interim="on")
    assert Tip.objects.get().status == "verifying" and tip.messages.get().text == "Đang xác minh"
    # What was said of it is not lost with the answer that did not get through.
    typed = do(desk, tip, "reply", version=1, text="Vẫn đang xem", interim="on").content.decode()
    assert re.search(r'name="interim"[^>]* checked', typed)


def test_only_acts_that_work_now_are_offered(submit, desk):
    tip = submit()
    offered = {offer.name for offer in desk.get(page_of(tip)).context["offers"]}
    assert offered == {"accept", "assign", "note", "classify", "merge", "extend", "close", "value"}
    do(desk, tip, "accept")
    offered = {offer.name for offer in desk.get(page_of(tip)).context["offers"]}
    assert {"verify", "reply", "transfer"} <= offered and "accept" not in offered


def test_act_with_an_old_version_says_so_and_changes_nothing(submit, desk, supervisor):
    tip = submit()
    handling.accept(tip, actor=supervisor, version=1)
    response = desk.post(
        reverse("admin:tips_tip_act", args=(tip.pk, "note")), {"version": 1, "text": "Ghi"}, follow=True
    )
    assert "Người khác vừa thay đổi" in response.content.decode()
    assert not tip.messages.exists()


def test_act_with_a_bad_value_keeps_what_was_typed(submit, desk):
    tip = submit()
    do(desk, tip, "accept")
    response = do(desk, tip, "close", outcome="guided", public_reason="Đã xử lý xong", valuable="on")
    body = response.content.decode()
    assert response.status_code == 200
    assert "Xin nêu lý do." in body and "Đã xử lý xong" in body
    assert Tip.objects.get().status == "accepted"


def test_transfer_out_of_the_area_leads_back_to_the_queue(submit, area):
    supervisor = make_user(Role.SUPERVISOR, area.district)
    desk = browser_of(supervisor)
    tip = submit()
    do(desk, tip, "accept")
    response = do(desk, tip, "transfer", unit=area.province.code, reason="Vượt thẩm quyền")
    assert response.status_code == 302 and response.url == QUEUE
    assert desk.get(page_of(tip)).status_code == 404


def test_merge_by_code(submit, desk):
    main, twin = submit(), submit()
    do(desk, twin, "merge", into=main.public_id.lower())
    twin.refresh_from_db()
    assert twin.status == "duplicate"
    assert "Không có tin" in do(desk, main, "merge", into="KHONGCO").content.decode()


def test_reveal_shows_the_contact_once_and_is_audited(submit, desk):
    tip = submit(contact_name="Trần Thị Hoa", contact_phone="0912345678")
    body = do(desk, tip, "reveal", reason="Cần hỏi thêm").content.decode()
    assert "Trần Thị Hoa" in body and "0912 345 678" in body
    assert AuditEntry.objects.filter(action="tips.contact.revealed").count() == 1
    assert "Hoa" not in desk.get(page_of(tip)).content.decode()


def test_grant_lets_a_colleague_reveal(submit, desk, area):
    tip = submit(contact_name="Trần Thị Hoa")
    officer = make_user(Role.OFFICER, area.commune_a)
    do(desk, tip, "grant", person=officer.pk, reason="Trực thay chỉ huy")
    assert tip.identity_grants.get().user == officer


def test_wrong_merge_is_undone_on_the_page_of_the_tip(submit, desk):
    tip, main = submit(), submit()
    do(desk, tip, "merge", into=main.public_id)
    assert "Tách khỏi vụ việc" in desk.get(page_of(tip)).content.decode()
    do(desk, tip, "unmerge")
    tip.refresh_from_db()
    assert (tip.status, tip.case) == ("new", None)


def test_no_prepared_answer_is_chosen_to_begin_with(submit, desk):
    tip = submit()
    do(desk, tip, "accept")
    pages = (page_of(tip), reverse("desk:tip", args=[tip.public_id]))
    for body in (desk.get(url).content.decode() for url in pages):
        select = body.partition('<select name="answer"')[2] or body.partition('name="answer">')[2]
        assert 'value=""' in select.partition("</option>")[0]


def test_prepared_answer_goes_below_what_was_typed(submit, desk):
    tip = submit()
    do(desk, tip, "accept")
    body = do(desk, tip, "reply", text="Chào bác,", answer="thieu-thong-tin", insert="1").content.decode()
    assert "Chào bác,\n\nCảm ơn Quý công dân." in body
    assert "errorlist" not in body and not tip.messages.exists()


@pytest.mark.parametrize("place", ["admin", "desk"])
@pytest.mark.parametrize(("key", "ticked"), [("da-nhan", True), ("thieu-thong-tin", False), ("own", True)])
def test_answer_that_is_interim_ticks_the_box(submit, desk, area, place, key, ticked):
    tip = submit()
    do(desk, tip, "accept")
    own = AnswerTemplate.objects.create(unit=area.district, title="Đang đo", text="Đang đo", is_interim=True)
    typed = {"text": "", "answer": str(own.pk) if key == "own" else key, "insert": "1"}
    if place == "admin":
        body = do(desk, tip, "reply", **typed).content.decode()
    else:
        body = desk.post(reverse("desk:tip_act", args=[tip.public_id, "reply"]), typed).content.decode()
    assert (" checked" in body.partition('name="interim"')[2].partition(">")[0]) == ticked
    assert not tip.messages.exists()


def test_box_that_somebody_ticked_stays_ticked(submit, desk):
    tip = submit()
    do(desk, tip, "accept")
    body = do(
        desk, tip, "reply", text="", interim="on", answer="thieu-thong-tin", insert="1"
    ).content.decode()
    assert " checked" in body.partition('name="interim"')[2].partition(">")[0]


def test_conflict_names_who_was_faster_and_keeps_what_was_typed(submit, desk, area):
    tip, officer = submit(), make_user(Role.OFFICER, area.commune_a)
    handling.accept(tip, actor=officer, version=1)
    response = do(desk, tip, "reply", version=1, text="Hẹn anh 20 giờ ở trụ sở")
    body = response.content.decode()
    assert response.status_code == 409
    assert "Hẹn anh 20 giờ ở trụ sở" in body and f"{officer.display_name}: Tiếp nhận lúc" in body
    assert 'name="version" value="2"' in body and not tip.messages.exists()
