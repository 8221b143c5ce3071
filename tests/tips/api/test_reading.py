"""Reading tips through the API: the list, its filters and search, one tip, its files."""

import io
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from PIL import Image

from groups.enums import Role
from portal.audit.models import AuditEntry
from tests.factories import make_user
from tests.tips import media
from tests.tips.api.calls import CONTACT, client_of, do, ids
from tips.models import Tip

pytestmark = pytest.mark.django_db


def test_list_row_has_its_fields(submit, staff, area):
    tip = submit(text="Dòng một\n" + "rất dài " * 30, village=area.village_a)
    row = staff.get("/api/v1/tips/").json()["results"][0]
    assert row == {
        "id": tip.public_id,
        "channel": "web",
        "category": "GAY_ROI",
        "priority": "P3",
        "unit": "D6801",
        "handled_by": "D6801",
        "village": "D680101",
        "summary": ("Dòng một " + "rất dài " * 30)[:80],
        "received_at": timezone.localtime(tip.received_at).isoformat(),
        "status": "new",
        "assignee": None,
        "deadline": timezone.localtime(tip.deadline).isoformat(),
        "overdue": False,
        "outcome": None,
        "valuable": False,
        "broadcast": None,
        "version": 1,
    }


def test_detail_has_everything_but_the_sender(submit, staff, chief, area):
    tip = submit(
        place="Quán Sao Đêm",
        coordinates=("11.5", "108.4"),
        contact_name=CONTACT["name"],
        contact_phone=CONTACT["phone"],
        files=[SimpleUploadedFile("nha-toi.jpg", media.picture())],
    )
    do(staff, tip, "accept")
    do(staff, tip, "note", text="Đã gọi chủ quán")
    response = staff.get(f"/api/v1/tips/{tip.public_id}/")
    body = response.json()
    assert (body["text"], body["place"], body["lat"], body["lng"]) == (tip.text, "Quán Sao Đêm", 11.5, 108.4)
    assert [(m["from"], m["kind"], m["author"]) for m in body["messages"]] == [("police", "note", "chief")]
    assert [event["kind"] for event in body["events"]] == ["received", "accepted", "noted"]
    assert set(body["evidence"][0]) == {"id", "kind", "size", "url"}
    for secret in ("Hoa", "912345678", "contact", "phone", "nha-toi"):
        assert secret not in response.content.decode()
    assert AuditEntry.objects.filter(action="tips.tip.read", actor=chief).count() == 1
    assert response["Cache-Control"] == "no-store"


def test_evidence_is_a_download_that_no_page_can_use(submit, staff):
    tip = submit(files=[SimpleUploadedFile("a.png", media.picture("PNG"))])
    url = staff.get(f"/api/v1/tips/{tip.public_id}/").json()["evidence"][0]["url"]
    response = staff.get(url, HTTP_ACCEPT="image/*")
    content = response.getvalue()
    assert Image.open(io.BytesIO(content)).format == "JPEG"
    assert response["Content-Type"] == "image/jpeg" and int(response["Content-Length"]) == len(content)
    assert response["Content-Disposition"].startswith(f'attachment; filename="tin-{tip.public_id}-')
    assert response["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Cross-Origin-Resource-Policy"] == "same-origin"
    assert response["Cache-Control"] == "no-store"
    assert AuditEntry.objects.filter(action="tips.evidence.opened").exists()


def test_evidence_of_another_tip_is_404(submit, staff):
    first = submit(files=[SimpleUploadedFile("a.png", media.picture("PNG"))])
    second = submit()
    evidence = first.evidence.get()
    url = f"/api/v1/tips/{second.public_id}/evidence/{evidence.public_id}/"
    assert staff.get(url).status_code == 404


def test_filters(submit, area, officer):
    supervisor = client_of(make_user(Role.SUPERVISOR, area.district))
    first = submit(village=area.village_a).public_id
    second = submit(unit=area.commune_b, category="MA_TUY").public_id
    Tip.objects.filter(public_id=first).update(
        deadline=timezone.now() - timedelta(minutes=1), is_valuable=True, valued_by=officer, assignee=officer
    )
    Tip.objects.filter(public_id=second).update(status="accepted")
    assert ids(supervisor) == {first, second}
    assert ids(supervisor, status="accepted") == {second}
    assert ids(supervisor, category="MA_TUY") == {second}
    assert ids(supervisor, priority="P3") == {first}
    assert ids(supervisor, unit="D6801") == {first}
    assert ids(supervisor, unit="D680101") == set()
    assert ids(supervisor, unit="68") == {first, second}
    assert ids(supervisor, unit="99") == set()
    assert ids(supervisor, assignee="officer") == {first}
    assert ids(supervisor, overdue="true") == {first}
    assert ids(supervisor, overdue="false") == {second}
    assert ids(supervisor, valuable="1") == {first}
    assert ids(supervisor, valuable="false") == {second}


@pytest.mark.parametrize(
    "filters",
    [{"status": "x"}, {"category": "x"}, {"priority": "9"}, {"overdue": "maybe"}, {"valuable": "x"}],
)
def test_unknown_filter_value_is_400(staff, filters):
    assert staff.get("/api/v1/tips/", filters).status_code == 400


@pytest.mark.parametrize("q", ["chợ cũ", "cho cu", "CHỢ CŨ", "cu cho danh bai"])
def test_search_ignores_case_and_diacritics(submit, staff, q):
    tip = submit(text="nha so 12 duong cho cu toi nao cung danh bai an tien")
    submit()
    assert ids(staff, q=q) == {tip.public_id}


@pytest.mark.parametrize("q", ["chợ mới", "danh ba", "%", "' OR 1=1", "_"])
def test_search_wants_whole_words_and_all_of_them(submit, staff, q):
    submit(text="nha so 12 duong cho cu toi nao cung danh bai an tien")
    assert ids(staff, q=q) == set()


@pytest.mark.parametrize("path", ["/api/v1/tips/"])
def test_list_costs_the_same_with_one_row_and_with_three(submit, staff, path):
    counts = []
    for number in (1, 2):
        for _ in range(number):
            submit()
        with CaptureQueriesContext(connection) as captured:
            assert staff.get(path).status_code == 200
        counts.append(len(captured))
    assert counts[0] == counts[1]
    assert counts[0] <= 6


def test_conduct_complaint_does_not_exist_for_its_commune(submit, staff, area):
    tip = submit(category="CAN_BO", text="Cán bộ tiếp dân nói trống không")
    assert ids(staff) == set() and ids(staff, q="cán bộ") == set()
    assert staff.get(f"/api/v1/tips/{tip.public_id}/").status_code == 404
    supervisor = client_of(make_user(Role.SUPERVISOR, area.district))
    assert ids(supervisor, q="tiếp dân") == {tip.public_id}
