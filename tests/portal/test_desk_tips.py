"""Work on tips through the pages: acts, conflicts, the contact, the queue, writing a tip down."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from broadcasts.enums import BroadcastState
from groups.enums import Role
from portal.audit.models import AuditEntry
from portal.site.models import Procedure
from tests.factories import BroadcastFactory, TipFactory, make_user
from tests.portal import desk_world
from tests.portal.desk_world import World, html, make_tip, make_world
from tests.tips import media
from tips.enums import EventKind, SourceChannel, TipStatus
from tips.models import AnswerTemplate, Message, Tip, TipEvent
from tips.services import follow, handling

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return make_world()


def act(world: World, name: str, *, by: str = "officer", tip: Tip | None = None, **data):
    """Post one act on the world's tip, on its present version unless told otherwise."""
    tip = tip or world.tip
    data.setdefault("version", Tip.objects.get(pk=tip.pk).version)
    return world.client(by).post(reverse("desk:tip_act", args=[tip.public_id, name]), data, follow=True)


def test_accept_then_reply_then_close_leads_the_tip_to_its_end(world):
    assert "Đã tiếp nhận" in html(act(world, "accept"))
    assert "Đã gửi trả lời" in html(act(world, "reply", text="Công an xã đang xác minh."))
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


def several(world: World, *tips: Tip, by: str = "chief", **data):
    """Post an act on several tips as the list showed them before."""
    ticked = [f"{tip.public_id}:{tip.version}" for tip in tips]
    return world.client(by).post(reverse("desk:tips_bulk"), {"tip": ticked, **data}, follow=True)


def test_several_tips_are_accepted_and_who_was_faster_is_named(world):
    first, second = make_tip(world.area), make_tip(world.area)
    handling.accept(second, actor=world.users["officer"], version=1)
    page = html(several(world, first, second, act="accept"))
    assert "Làm được một phần" in page
    left = page.partition("còn nguyên như cũ")[2].partition("</section>")[0]
    assert second.public_id in left and first.public_id not in left
    assert f"{world.users['officer'].display_name}: Tiếp nhận lúc" in left
    assert Tip.objects.get(pk=first.pk).assignee == world.users["chief"]
    assert Tip.objects.get(pk=second.pk).assignee == world.users["officer"]


def test_tip_in_danger_is_left_out_when_several_are_accepted(world):
    calm, danger = make_tip(world.area), make_tip(world.area, text="Có người cầm dao đuổi chém nhau, kêu cứu")
    listed = html(world.client("chief").get(reverse("desk:tips")))
    assert f'value="{danger.public_id}:1" data-alone' in listed
    assert f'value="{calm.public_id}:1">' in listed
    left = html(several(world, calm, danger, act="accept")).partition("còn nguyên như cũ")[2]
    assert danger.public_id in left.partition("</section>")[0] and "xin mở tin" in left.lower()
    assert Tip.objects.get(pk=danger.pk).status == TipStatus.NEW
    assert Tip.objects.get(pk=calm.pk).status == TipStatus.ACCEPTED


def test_chief_gives_several_tips_to_one_officer_on_the_version_that_was_shown(world):
    first, second = make_tip(world.area), make_tip(world.area)
    follow.add_message(second, text="Chuyện ở gần chợ, chỗ cây đa")
    officer = world.users["officer"]
    page = html(several(world, first, second, act="assign", assignee=officer.pk))
    assert f"Đã giao {officer.display_name}" in page and "Người gửi bổ sung" in page
    assert Tip.objects.get(pk=first.pk).assignee == officer
    assert Tip.objects.get(pk=second.pk).assignee is None


def test_tips_of_others_cannot_be_ticked_and_nothing_is_done_without_a_person(world):
    assert "Xin chọn ít nhất một tin" in html(several(world, world.tip, by="officer2", act="accept"))
    for assignee in ("", world.users["officer2"].pk):
        page = html(several(world, world.tip, act="assign", assignee=assignee))
        assert "Xin chọn cán bộ được giao" in page
    refused = html(several(world, world.tip, by="officer", act="assign", assignee=world.users["chief"].pk))
    assert "không có quyền" in refused
    assert Tip.objects.get(pk=world.tip.pk).version == 1


def test_list_offers_ticks_and_only_chiefs_a_person_to_give_to(world):
    page = html(world.client("chief").get(reverse("desk:tips")))
    assert f'value="{world.tip.public_id}:1"' in page and 'name="assignee"' in page
    assert 'name="assignee"' not in html(world.client("officer").get(reverse("desk:tips")))


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


def test_opening_a_tip_is_recorded(world):
    world.client("officer").get(reverse("desk:tip", args=[world.tip.public_id]))
    entry = AuditEntry.objects.get(action="tips.tip.read")
    assert (entry.actor, entry.target_label) == (world.users["officer"], world.tip.public_id)


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


def test_queue_puts_danger_first_then_the_nearest_deadline(world):
    now = timezone.now()
    Tip.objects.all().delete()
    later = TipFactory(unit=world.area.commune_a, deadline=now + timedelta(days=2))
    late = TipFactory(unit=world.area.commune_a, deadline=now - timedelta(minutes=12))
    danger = TipFactory(unit=world.area.commune_a, deadline=now + timedelta(hours=5), priority=0)
    page = html(world.client("officer").get(reverse("desk:tips")))
    places = [page.index(tip.public_id) for tip in (danger, late, later)]
    assert places == sorted(places)
    assert "Quá hạn 12 phút" in page
    assert "Còn 4 giờ 59 phút" in page


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"loc": "moi"}, {"new", "late"}),
        ({"loc": "qua-han"}, {"late"}),
        ({"loc": "cua-toi"}, {"mine"}),
        ({"loc": "khan"}, {"urgent"}),
        ({"loc": "tat-ca"}, {"new", "late", "mine", "urgent", "closed"}),
        ({"loai": "GIAO_THONG"}, {"urgent"}),
        ({"thon": "D680102"}, {"late"}),
        ({"loc": "khong-co"}, {"new", "late", "mine", "urgent"}),
        ({"loai": "KHONG_CO", "trang": "99999"}, {"new", "late", "mine", "urgent"}),
    ],
)
def test_queue_filters(world, query, found):
    Tip.objects.all().delete()
    past, accepted = timezone.now() - timedelta(hours=1), TipStatus.ACCEPTED
    make = {
        "new": {},
        "late": {"deadline": past, "village": world.area.village_a2},
        "mine": {"assignee": world.users["officer"], "status": accepted},
        "urgent": {"priority": 1, "status": accepted, "category": "GIAO_THONG"},
        "closed": {"status": TipStatus.CLOSED},
    }
    tips = {name: TipFactory(unit=world.area.commune_a, **fields) for name, fields in make.items()}
    page = html(world.client("officer").get(reverse("desk:tips"), query))
    assert {name for name, tip in tips.items() if tip.public_id in page} == found


@pytest.mark.parametrize("words", ["thằn lằn", "than lan TIM", "múa"])
def test_search_finds_whole_words_with_or_without_marks(world, words):
    page = html(world.client("officer").get(reverse("desk:tips"), {"q": words}))
    assert world.tip.public_id in page


def test_search_finds_a_tip_by_its_number(world):
    page = html(world.client("officer").get(reverse("desk:tips"), {"q": world.tip.public_id.lower()}))
    assert desk_world.TIP_SECRET in page


def test_officer_with_two_postings_sees_the_unit_they_chose(world):
    user = world.users["officer"]
    other = make_tip(world.area, unit=world.area.commune_b, text="Xe tải đỗ chắn cổng trường phường Bến Đá")
    second = user.postings.create(unit=world.area.commune_b, role=Role.OFFICER)
    client = world.client("officer")
    assert other.public_id not in html(client.get(reverse("desk:tips")))
    client.post(reverse("desk:switch"), {"posting": second.pk})
    page = html(client.get(reverse("desk:tips")))
    assert other.public_id in page
    assert world.tip.public_id not in page
    # A link keeps working, whichever unit is chosen.
    assert client.get(reverse("desk:tip", args=[world.tip.public_id])).status_code == 200


def test_nobody_switches_to_a_posting_of_others(world):
    posting = world.users["chief"].postings.get()
    response = world.client("officer").post(reverse("desk:switch"), {"posting": posting.pk})
    assert response.status_code == 403


ENTRY = {
    "channel": "hotline",
    "category": "TROM_CUOP",
    "text": "Bác Tư gọi báo mất con trâu ở bãi sông chiều qua.",
    "unit": "D6801",
    "village": "D680101",
    "contact_name": "Bác Tư",
    "contact_phone": "0912345678",
}


def test_officer_writes_a_call_down_and_reads_the_receipt_out(world):
    client = world.client("officer")
    form = html(client.get(reverse("desk:tip_enter")))
    token = form.partition('name="form_token" value="')[2].partition('"')[0]
    response = client.post(reverse("desk:tip_enter"), {**ENTRY, "form_token": token})
    page = html(response)
    tip = Tip.objects.get(channel=SourceChannel.HOTLINE)
    assert tip.village == world.area.village_a
    assert not tip.is_anonymous
    assert "Bác Tư" not in page.replace(ENTRY["text"], "")
    # A second press shows the same receipt and makes no second tip.
    receipt = page.partition('id="receipt">')[2].partition("</samp>")[0]
    again = html(client.post(reverse("desk:tip_enter"), {**ENTRY, "form_token": token}))
    assert again.partition('id="receipt">')[2].partition("</samp>")[0] == receipt
    assert Tip.objects.filter(channel=SourceChannel.HOTLINE).count() == 1
    assert (
        AuditEntry.objects.get(action="tips.tip.received", target_id=str(tip.pk)).actor
        == world.users["officer"]
    )


@pytest.mark.parametrize("source", ["hotline", "counter", "letterbox", "vneid"])
def test_entry_marks_its_source_and_takes_three_answers(world, source):
    client = world.client("officer")
    page = html(client.get(reverse("desk:tip_enter")))
    assert 'value="hotline" checked' in page
    # What is left to answer: what, in which words; the commune of the desk is chosen already.
    least = {"channel": source, "category": "KHAC", "text": ENTRY["text"], "unit": ENTRY["unit"]}

    client.post(reverse("desk:tip_enter"), least)

    assert Tip.objects.get(text__isnull=False, category="KHAC", channel=source).is_anonymous


def test_entry_joins_the_tip_to_the_post_it_is_about(world):
    sent = BroadcastFactory(
        unit=world.area.commune_a, state=BroadcastState.DONE, started_at=timezone.now(), code="TB-2611-0777"
    )
    client = world.client("officer")
    url = reverse("desk:tip_enter")
    assert 'value="TB-2611-0777"' in html(client.get(url, {"broadcast": "TB-2611-0777"}))

    wrong = client.post(url, {**ENTRY, "broadcast": "TB-9999-9999"})
    assert wrong.status_code == 400 and "Không có bài đăng nào mang mã này" in html(wrong)
    client.post(url, {**ENTRY, "broadcast": "tb-2611-0777"})

    assert Tip.objects.get(channel=SourceChannel.HOTLINE).broadcast == sent


def test_entry_keeps_what_was_typed_when_something_is_wrong(world):
    response = world.client("officer").post(reverse("desk:tip_enter"), {**ENTRY, "contact_phone": "12"})
    assert response.status_code == 400
    assert ENTRY["text"] in html(response)


def test_entry_for_another_commune_is_refused(world):
    response = world.client("officer").post(
        reverse("desk:tip_enter"), {**ENTRY, "unit": "D6802", "village": ""}
    )
    assert response.status_code == 400
    assert not Tip.objects.filter(channel=SourceChannel.HOTLINE).exists()


def test_complaint_told_at_the_counter_goes_above_and_is_not_shown_here(world):
    beat = make_user(Role.BEAT_OFFICER, world.area.commune_a)
    world.users["beat"] = beat
    page = html(world.client("beat").post(reverse("desk:tip_enter"), {**ENTRY, "category": "CAN_BO"}))
    assert "do đơn vị khác xử lý" in page
    tip = Tip.objects.get(channel=SourceChannel.HOTLINE)
    assert tip.handler == world.area.district
    assert tip.public_id not in page


@pytest.mark.parametrize("has_receipt", [True, False])
def test_reply_that_nobody_could_read_is_warned_of(world, has_receipt):
    Tip.objects.filter(pk=world.tip.pk).update(channel=SourceChannel.ZALO, status=TipStatus.ACCEPTED)
    if not has_receipt:
        TipEvent.objects.create(tip=world.tip, kind=EventKind.NO_RECEIPT, at=timezone.now())
    page = html(world.client("chief").get(reverse("desk:tip", args=[world.tip.public_id])))
    assert ("Người nhắn không đọc được trả lời" in page) is not has_receipt
