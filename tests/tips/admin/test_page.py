"""The page of a tip in the admin: what it shows, to whom, and that reading it is recorded."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from groups.enums import Role
from portal.audit.models import AuditEntry
from tests.clients import browser_of
from tests.factories import make_user
from tests.tips import media
from tests.tips.admin.pages import QUEUE, SECRET, do, page_of
from tips.enums import EvidenceState
from tips.models import Tip
from tips.services import erasing, handling, merging, rating, timing

pytestmark = pytest.mark.django_db


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


def test_page_says_what_time_is_asked_for_before_it_is_granted(submit, desk, area):
    officer = make_user(Role.OFFICER, area.commune_a, full_name="Lê Văn Đề")
    tip = handling.accept(submit(category="MA_TUY"), actor=officer, version=1)
    later = timezone.now() + timedelta(days=9)
    timing.ask_for_time(tip, actor=officer, version=2, deadline=later, reason="Chờ kết quả giám định")
    body = desk.get(page_of(tip)).content.decode()
    asked = body.partition("Đề nghị gia hạn tới")[2].partition("</div>")[0]
    assert f"{timezone.localtime(later):%H:%M %d/%m/%Y}" in asked
    assert "Chờ kết quả giám định" in asked and "Lê Văn Đề" in asked
    assert "Giải quyết tố giác" in body and "Bộ luật Tố tụng hình sự 2015" in body


def test_page_of_an_ended_tip_says_what_came_of_it_and_what_the_sender_thought(submit, desk, supervisor):
    tip = handling.accept(submit(), actor=supervisor, version=1)
    say = {"outcome": "handled", "public_reason": "Đã trả lại tài sản cho chủ.", "note": "Biên bản 12"}
    numbers = {"matters": "1", "people": "", "property_value": "25.000.000"}
    judged = {"valuable": "on", "valuable_reason": "Giúp tìm ra chủ của tài sản"}
    assert do(desk, tip, "close", **say, **numbers, **judged).status_code == 302
    tip.refresh_from_db()
    assert tip.property_value == 25_000_000
    rating.rate(tip, stars=4, words="Nhanh")
    body = desk.get(page_of(tip)).content.decode()
    for words in ("1 vụ, 0 người", "25.000.000 đồng", supervisor.display_name, "<b>4/5</b>", "Nhanh"):
        assert words in body


def test_page_of_a_duplicate_leads_to_its_main_tip(submit, desk, supervisor):
    main = submit()
    tip = merging.merge(submit(), actor=supervisor, version=1, into=main)
    body = desk.get(page_of(tip)).content.decode()
    alert = body.partition("Tin này xử lý chung với tin")[2].partition("</div>")[0]
    assert main.public_id in alert and page_of(main) in alert


def test_page_of_an_erased_tip_counts_what_there_was(submit, desk, supervisor):
    tip = handling.add_note(submit(), actor=supervisor, version=1, text="Đã gọi")
    erasing.erase_content(tip, timezone.now(), source="Hết thời hạn lưu giữ")
    body = desk.get(page_of(tip)).content.decode()
    assert "Nội dung đã xóa ngày" in body and "0 trao đổi, 1 ghi chú, 0 tệp" in body


def test_text_of_a_sender_is_escaped(submit, desk):
    tip = submit(text="<script>alert(1)</script> {{ settings.SECRET_KEY }}", place='"><svg onload=x>')
    body = desk.get(page_of(tip)).content.decode()
    assert "<script>alert" not in body and "<svg onload" not in body
    assert "&lt;script&gt;" in body and "{{ settings.SECRET_KEY }}" in body


def test_out_of_scope_is_404_and_uncounted(submit, area):
    tips = [
        submit(text=SECRET),
        submit(text=SECRET, category="CAN_BO"),
        submit(text=SECRET, category="TRE_EM"),
    ]
    elsewhere = browser_of(make_user(Role.SUPERVISOR, area.other_province, restricted_circle=True))
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
    member = browser_of(make_user(Role.SUPERVISOR, area.district, restricted_circle=True))
    assert desk.get(page_of(tip)).status_code == 404
    assert desk.get(QUEUE).context["cl"].result_count == 0
    assert SECRET in member.get(page_of(tip)).content.decode()
    assert SECRET not in member.get(QUEUE).content.decode()


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.ADMINISTRATOR, Role.RELAY, Role.OFFICER])
def test_other_roles_have_no_tips_in_the_admin(submit, area, role):
    tip = submit(text=SECRET)
    client = browser_of(make_user(role, area.province, is_staff=True))
    for url in (QUEUE, page_of(tip), reverse("admin:tips_tip_act", args=(tip.pk, "accept"))):
        response = client.get(url)
        assert response.status_code in (403, 404) and SECRET not in response.content.decode()


def test_unknown_act_is_404_and_get_does_nothing(submit, desk):
    tip = submit()
    assert do(desk, tip, "explode").status_code == 404
    assert desk.get(reverse("admin:tips_tip_act", args=(tip.pk, "accept"))).status_code == 302
    assert Tip.objects.get().status == "new"


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
