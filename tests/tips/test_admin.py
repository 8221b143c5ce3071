"""Triage in the admin: the queue, the page of a tip, acts through services, nothing out of scope."""

import re
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from groups.enums import Role
from portal.audit.models import AuditEntry
from tests.factories import make_user
from tests.tips import media
from tips.admin.queue import deadline_words
from tips.enums import EvidenceState
from tips.models import AnswerTemplate, Tip
from tips.services import handling

pytestmark = pytest.mark.django_db

QUEUE = "/admin/tips/tip/"
SECRET = "Thằn lằn tím nhảy múa nửa đêm"


def client_of(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def supervisor(area):
    return make_user(Role.SUPERVISOR, area.district, username="supervisor")


@pytest.fixture
def desk(supervisor) -> Client:
    return client_of(supervisor)


def page_of(tip) -> str:
    return reverse("admin:tips_tip_change", args=(tip.pk,))


def do(client, tip, act, **body):
    body.setdefault("version", Tip.objects.get(pk=tip.pk).version)
    return client.post(reverse("admin:tips_tip_act", args=(tip.pk, act)), body)


def test_queue_shows_open_tips_with_words_for_their_deadline(submit, desk, area):
    late, done = submit(village=area.village_a), submit()
    Tip.objects.filter(pk=late.pk).update(deadline=timezone.now() - timedelta(days=2, minutes=1))
    Tip.objects.filter(pk=done.pk).update(status="closed")
    body = desk.get(QUEUE).content.decode()
    assert late.public_id in body and done.public_id not in body
    assert "Quá hạn 2 ngày" in body and "Thôn Trung Hòa, Xã Minh Tân" in body and "badge--p3" in body
    assert late.text not in body
    everything = desk.get(QUEUE, {"status": "all"}).content.decode()
    assert late.public_id in everything and done.public_id in everything


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"priority": "P1"}, "urgent"),
        ({"deadline": "late"}, "late"),
        ({"deadline": "day"}, "urgent"),
        ({"holder": "me"}, "mine"),
        ({"valuable": "yes"}, "mine"),
        ({"status": "verifying"}, "mine"),
        ({"category": "VU_KHI_PHAO"}, "urgent"),
        ({"area": "D6802"}, "late"),
        ({"q": "cho cu"}, "mine"),
        ({"q": "CHỢ CŨ"}, "mine"),
    ],
)
def test_filters_and_search_find_one(submit, desk, supervisor, area, query, found):
    tips = {
        "urgent": submit(category="VU_KHI_PHAO"),
        "late": submit(unit=area.commune_b),
        "mine": submit(text="duong cho cu toi nao cung danh bai"),
    }
    Tip.objects.filter(pk=tips["late"].pk).update(deadline=timezone.now() - timedelta(hours=1))
    Tip.objects.filter(pk=tips["mine"].pk).update(
        assignee=supervisor, is_valuable=True, valued_by=supervisor, status="verifying"
    )
    body = desk.get(QUEUE, query).content.decode()
    assert [name for name, tip in tips.items() if tip.public_id in body] == [found]


def test_search_by_code_and_by_nothing_searchable(submit, desk):
    first, second = submit(), submit()
    body = desk.get(QUEUE, {"q": first.public_id.lower()}).content.decode()
    assert page_of(first) in body and page_of(second) not in body
    assert page_of(first) not in desk.get(QUEUE, {"q": "%%"}).content.decode()


def test_queue_costs_the_same_with_one_row_and_with_three(submit, desk, area):
    counts = []
    desk.get(QUEUE)  # the first request of a session writes to it
    for number in (1, 2):
        for _ in range(number):
            submit(village=area.village_a)
        with CaptureQueriesContext(connection) as captured:
            assert desk.get(QUEUE).status_code == 200
        counts.append(len(captured))
    assert counts[0] == counts[1]
    assert counts[0] <= 12


def test_page_shows_the_tip_and_is_audited(submit, desk, supervisor):
    tip = submit(
        text=SECRET,
        place="Ngõ 7",
        contact_name="Trần Thị Hoa",
        contact_phone="0912345678",
        files=[SimpleUploadedFile("a.png", media.picture("PNG"))],
    )
    response = desk.get(page_of(tip))
    body = response.content.decode()
    assert response.status_code == 200
    assert SECRET in body and "Ngõ 7" in body and "Có tên, được giữ bí mật" in body
    assert "Hoa" not in body and "345" not in body.replace(tip.public_id, "")
    assert AuditEntry.objects.filter(action="tips.tip.read", actor=supervisor).count() == 1
    evidence = desk.get(reverse("admin:tips_tip_evidence", args=(tip.pk, tip.evidence.get().public_id)))
    assert evidence["Content-Disposition"].startswith("attachment")
    assert evidence.getvalue()[:2] == b"\xff\xd8"


@pytest.mark.parametrize(
    ("state", "words", "opens"),
    [
        (EvidenceState.READY, "Mở được", True),
        (EvidenceState.SCANNING, "Đang quét mã độc", False),
        (EvidenceState.CLEANING, "Đang xử lý", False),
        (EvidenceState.QUARANTINED, "Tệp có mã độc, đã cách ly", False),
    ],
)
def test_page_says_how_far_a_file_is_and_leads_to_its_facts(submit, desk, state, words, opens):
    tip = submit(files=[SimpleUploadedFile("a.png", media.picture("PNG"))])
    file = tip.evidence.get()
    is_waiting = state in (EvidenceState.SCANNING, EvidenceState.CLEANING)
    due_at = timezone.now() if is_waiting else None
    type(file).objects.filter(pk=file.pk).update(state=state, due_at=due_at)
    body = desk.get(page_of(tip)).content.decode()
    facts = reverse("desk:tip_file", args=[tip.public_id, file.public_id])
    assert words in body and f'href="{facts}"' in body
    assert (reverse("admin:tips_tip_evidence", args=(tip.pk, file.public_id)) in body) is opens
    assert words in desk.get(facts).content.decode() or opens


def test_page_has_no_fields_to_edit_and_no_way_to_add_or_delete(submit, desk):
    tip = submit()
    body = desk.get(page_of(tip)).content.decode()
    assert 'name="text"' in body  # the note's, once it may be written
    assert "_save" not in body and "deletelink" not in body
    assert desk.get(f"{QUEUE}add/").status_code == 403
    assert desk.get(f"{QUEUE}{tip.pk}/delete/").status_code == 403
    assert desk.post(page_of(tip), {"status": "closed", "text": "đổi"}).status_code == 200
    assert Tip.objects.get().text == tip.text and Tip.objects.get().version == 1


def test_text_of_a_sender_is_escaped(submit, desk):
    tip = submit(text="<script>alert(1)</script> {{ settings.SECRET_KEY }}", place='"><svg onload=x>')
    body = desk.get(page_of(tip)).content.decode()
    assert "<script>alert" not in body and "<svg onload" not in body
    assert "&lt;script&gt;" in body and "{{ settings.SECRET_KEY }}" in body


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
    desk = client_of(supervisor)
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


def bulk(client, tips, **body):
    return client.post(QUEUE, {"action": "assign_selected", "_selected_action": [t.pk for t in tips], **body})


def test_assign_selected_asks_for_the_person_first(submit, desk, area):
    officer = make_user(Role.OFFICER, area.commune_a, full_name="Lê Văn Nhận")
    tips = [submit(), submit()]
    response = bulk(desk, tips)
    assert "Lê Văn Nhận" in response.content.decode() and not Tip.objects.filter(assignee=officer).exists()
    assert "Xin chọn một cán bộ" in bulk(desk, tips, person="").content.decode()
    versions = {f"version_{tip.pk}": tip.version for tip in tips}
    response = bulk(desk, tips, person=officer.pk, **versions)
    assert response.status_code == 302 and Tip.objects.filter(assignee=officer).count() == 2


def test_assign_selected_leaves_what_changed_meanwhile(submit, desk, supervisor, area):
    officer = make_user(Role.OFFICER, area.commune_a)
    tips = [submit(), submit()]
    versions = {f"version_{tip.pk}": tip.version for tip in tips}
    handling.accept(tips[0], actor=supervisor, version=1)
    bulk(desk, tips, person=officer.pk, **versions)
    assert list(Tip.objects.filter(assignee=officer)) == [tips[1]]


def test_assign_selected_offers_only_who_can_handle_all(submit, desk, supervisor, area):
    make_user(Role.OFFICER, area.commune_a, full_name="Lê Văn A")
    body = bulk(desk, [submit(), submit(unit=area.commune_b)]).content.decode()
    assert "Lê Văn A" not in body and supervisor.display_name in body


def test_out_of_scope_is_404_and_uncounted(submit, area):
    tips = [
        submit(text=SECRET),
        submit(text=SECRET, category="CAN_BO"),
        submit(text=SECRET, category="TRE_EM"),
    ]
    elsewhere = client_of(make_user(Role.SUPERVISOR, area.other_province, restricted_circle=True))
    for tip in tips:
        for url in (page_of(tip), f"{page_of(tip)}", f"{QUEUE}{tip.pk}/history/"):
            assert elsewhere.get(url).status_code == 404
        for act in ("accept", "reveal", "note"):
            response = do(elsewhere, tip, act, reason="Cần hỏi", text="Ghi")
            assert response.status_code == 404 and SECRET not in response.content.decode()
    queue = elsewhere.get(QUEUE, {"status": "all"})
    assert queue.context["cl"].result_count == 0
    assert elsewhere.get(QUEUE, {"q": "thằn lằn"}).context["cl"].result_count == 0


def test_restricted_tip_is_404_outside_the_circle(submit, desk, area):
    tip = submit(text=SECRET, category="BAO_LUC_GD")
    member = client_of(make_user(Role.SUPERVISOR, area.district, restricted_circle=True))
    assert desk.get(page_of(tip)).status_code == 404
    assert desk.get(QUEUE).context["cl"].result_count == 0
    assert SECRET in member.get(page_of(tip)).content.decode()
    assert SECRET not in member.get(QUEUE).content.decode()


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.ADMINISTRATOR, Role.RELAY, Role.OFFICER])
def test_other_roles_have_no_tips_in_the_admin(submit, area, role):
    tip = submit(text=SECRET)
    client = client_of(make_user(role, area.province, is_staff=True))
    for url in (QUEUE, page_of(tip), reverse("admin:tips_tip_act", args=(tip.pk, "accept"))):
        response = client.get(url)
        assert response.status_code in (403, 404) and SECRET not in response.content.decode()


def test_unknown_act_is_404_and_get_does_nothing(submit, desk):
    tip = submit()
    assert do(desk, tip, "explode").status_code == 404
    assert desk.get(reverse("admin:tips_tip_act", args=(tip.pk, "accept"))).status_code == 302
    assert Tip.objects.get().status == "new"


@pytest.mark.parametrize(
    ("left", "expected"),
    [
        (timedelta(minutes=5), "Còn 5 phút"),
        (timedelta(hours=3, minutes=59), "Còn 3 giờ"),
        (timedelta(days=3), "Còn 3 ngày"),
        (timedelta(minutes=-1), "Quá hạn 1 phút"),
        (timedelta(days=-2), "Quá hạn 2 ngày"),
    ],
)
def test_deadline_in_words(left, expected):
    now = timezone.now()
    assert deadline_words(Tip(status="new", deadline=now + left), now) == expected
    assert deadline_words(Tip(status="closed", deadline=now + left), now) == ""


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


def accept_selected(desk, *tips):
    """Choose tips in the list, and say yes on the page that asks."""
    data = {"action": "accept_selected", "_selected_action": [tip.pk for tip in tips]}
    asked = desk.post(QUEUE, data)
    assert not Tip.objects.filter(accepted_at__isnull=False, pk=tips[0].pk).exists()
    versions = re.findall(r'name="(version_\d+)" value="(\d+)"', asked.content.decode())
    return desk.post(QUEUE, {**data, **dict(versions), "confirmed": "1"}, follow=True)


def test_tip_in_danger_is_not_accepted_with_others_from_the_queue(submit, desk):
    calm, danger = submit(), submit(text="Có người cầm dao đuổi chém nhau ở đầu ngõ, kêu cứu.")
    assert danger.priority == 0
    chosen = {"action": "accept_selected", "_selected_action": [calm.pk, danger.pk]}
    asked = desk.post(QUEUE, chosen).content.decode().partition("Không tiếp nhận ở đây")
    assert calm.public_id in asked[0] and danger.public_id in asked[2]
    body = accept_selected(desk, calm, danger).content.decode()
    assert "Đã tiếp nhận 1 tin." in body
    assert f"{danger.public_id}: Tin đang nguy hiểm (P0) không tiếp nhận hàng loạt" in body
    assert Tip.objects.get(pk=danger.pk).status == "new"


def test_several_tips_are_accepted_from_the_queue_and_who_was_faster_is_named(submit, desk, area):
    first, second = submit(), submit()
    officer = make_user(Role.OFFICER, area.commune_a)
    handling.accept(second, actor=officer, version=1)
    body = accept_selected(desk, first, second).content.decode()
    assert "Đã tiếp nhận 1 tin." in body
    assert f"{second.public_id}: {officer.display_name}: Tiếp nhận lúc" in body
    assert Tip.objects.get(pk=second.pk).assignee == officer


def test_conflict_names_who_was_faster_and_keeps_what_was_typed(submit, desk, area):
    tip, officer = submit(), make_user(Role.OFFICER, area.commune_a)
    handling.accept(tip, actor=officer, version=1)
    response = do(desk, tip, "reply", version=1, text="Hẹn anh 20 giờ ở trụ sở")
    body = response.content.decode()
    assert response.status_code == 409
    assert "Hẹn anh 20 giờ ở trụ sở" in body and f"{officer.display_name}: Tiếp nhận lúc" in body
    assert 'name="version" value="2"' in body and not tip.messages.exists()


ANSWERS = "/admin/tips/answertemplate/"


def test_supervisor_keeps_the_answers_of_the_area(desk, area):
    there = AnswerTemplate.objects.create(unit=area.commune_c, title="Của nơi khác", text="Không thấy")
    form = {"unit": area.commune_a.pk, "title": "Tạm trú", "category": "CU_TRU", "text": "Mời anh/chị"}
    assert desk.post(f"{ANSWERS}add/", {**form, "procedure": "", "is_active": "on"}).status_code == 302
    made = AnswerTemplate.objects.get(title="Tạm trú")
    listed = desk.get(ANSWERS).content.decode()
    assert made.title in listed and there.title not in listed
    assert desk.get(f"{ANSWERS}{there.pk}/change/").status_code == 404
    assert AuditEntry.objects.get(action="tips.template.changed").target_id == str(made.pk)
    outside = desk.post(f"{ANSWERS}add/", {**form, "unit": area.commune_c.pk})
    assert outside.status_code == 200 and AnswerTemplate.objects.count() == 2


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.CHIEF, Role.OFFICER, Role.RELAY])
def test_answers_are_not_for_other_roles(area, role):
    client = client_of(make_user(role, area.commune_a))
    assert client.get(ANSWERS).status_code in (302, 403)


@pytest.mark.parametrize(
    ("act", "body"),
    [
        ("note", {"text": ""}),
        ("transfer", {}),
        ("reply", {"insert": "1", "answer": ""}),
        ("note", {"text": "Ghi", "version": 9}),
    ],
)
def test_page_that_comes_back_with_a_form_is_read_like_any_other(submit, desk, supervisor, act, body):
    tip = submit(text=SECRET)
    response = do(desk, tip, act, **body)
    assert SECRET in response.content.decode()
    entry = AuditEntry.objects.get(action="tips.tip.read")
    assert (entry.actor, entry.target_id) == (supervisor, str(tip.pk))
    assert "Chưa đọc" not in desk.get(QUEUE).content.decode()


@pytest.mark.parametrize(
    ("table", "what", "length", "source"),
    [
        ("deadlinerule", "Giải quyết tố giác, tin báo", "20 ngày", "Bộ luật Tố tụng hình sự 2015, Điều 147"),
        ("retentionrule", "Thông tin người báo", "365 ngày", "91/2025/QH15"),
    ],
)
def test_built_in_terms_stand_above_those_decided_here(area, table, what, length, source):
    client = client_of(make_user(Role.ADMINISTRATOR, area.province))
    body = client.get(f"/admin/tips/{table}/").content.decode()
    rows = [row for row in body.partition("<tbody>")[2].partition("</tbody>")[0].split("<tr>") if what in row]
    assert any(length in row and source in row for row in rows)
