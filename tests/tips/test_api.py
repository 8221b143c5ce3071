"""The API of tips, from sending to closing, as its clients see it."""

import io
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from knox.models import AuthToken
from PIL import Image
from rest_framework.test import APIClient

from groups.enums import Role
from portal.audit.models import AuditEntry
from tests.factories import BroadcastFactory, make_user
from tests.tips import media
from tips.models import Message, Tip
from tips.services import merging

pytestmark = pytest.mark.django_db

BODY = {
    "category": "GAY_ROI",
    "text": "Quán karaoke hát loa kéo đến một giờ sáng cả tuần nay.",
    "unit": "D6801",
}
CONTACT = {"name": "Trần Thị Hoa", "phone": "0912345678"}


@pytest.fixture
def public() -> APIClient:
    return APIClient()


def client_of(user) -> APIClient:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Token {AuthToken.objects.create(user)[1]}")
    return client


@pytest.fixture
def chief(area):
    return make_user(Role.CHIEF, area.commune_a, username="chief")


@pytest.fixture
def officer(area):
    return make_user(Role.OFFICER, area.commune_a, username="officer")


@pytest.fixture
def staff(chief) -> APIClient:
    return client_of(chief)


def do(client, tip, act, expected=200, **body):
    body.setdefault("version", Tip.objects.get(pk=tip.pk).version)
    response = client.post(f"/api/v1/tips/{tip.public_id}/{act}/", body)
    assert response.status_code == expected, response.data
    return response.json()


# --- Sending -----------------------------------------------------------------------------------------------


def test_send_answers_with_the_receipt(area, public):
    response = public.post("/api/v1/tips/", BODY)
    tip = Tip.objects.get()
    assert response.status_code == 201
    assert response.json() == {
        "id": tip.public_id,
        "receipt": response.json()["receipt"],
        "status": "new",
        "unit": "D6801",
        "handled_by": "D6801",
    }
    assert response["Cache-Control"] == "no-store"
    assert (tip.channel, tip.is_anonymous) == ("api", True)


def test_send_takes_every_field(area, public):
    broadcast = BroadcastFactory(state="done", started_at=timezone.now())
    response = public.post(
        "/api/v1/tips/",
        {
            **BODY,
            "village": "D680101",
            "place": "Quán Sao Đêm",
            "lat": 11.5,
            "lng": 108.4,
            "occurred_at": "2026-11-20T22:30:00+07:00",
            "contact": CONTACT,
            "broadcast": broadcast.code,
        },
    )
    tip = Tip.objects.get()
    assert response.status_code == 201
    assert (tip.village, tip.place, tip.coordinates) == (area.village_a, "Quán Sao Đêm", "11.50000,108.40000")
    assert (tip.broadcast, tip.is_anonymous) == (broadcast, False)
    assert tip.occurred_at.isoformat() == "2026-11-20T15:30:00+00:00"


def test_send_multipart_with_files_and_empty_fields(area, public):
    files = [
        SimpleUploadedFile("a.jpg", media.picture_with_gps()),
        SimpleUploadedFile("b", media.picture("PNG")),
    ]
    body = {**BODY, "files": files, "contact_name": "Hoa", "village": "", "lat": "", "occurred_at": ""}
    response = public.post("/api/v1/tips/", body, format="multipart")
    assert response.status_code == 201
    assert Tip.objects.get().evidence.count() == 2


@pytest.mark.parametrize("name", ["category", "text", "unit"])
def test_send_without_a_needed_field_is_400(area, public, name):
    response = public.post("/api/v1/tips/", {key: value for key, value in BODY.items() if key != name})
    assert response.status_code == 400 and list(response.json()) == [name]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"text": "ngắn"}, "text"),
        ({"text": ["a"]}, "text"),
        ({"unit": "00000"}, "unit"),
        ({"lat": 0, "lng": 0}, "lat"),
        ({"lat": "abc"}, "lat"),
        ({"occurred_at": "hôm qua"}, "occurred_at"),
        ({"occurred_at": "9999-12-31T23:59:59Z"}, "occurred_at"),
        ({"contact": "Hoa"}, "contact"),
        ({"contact": {"phone": "xyz"}}, "contact_phone"),
        ({"category": "CAN_BO ' OR 1=1"}, "category"),
    ],
)
def test_send_with_a_bad_field_is_400(area, public, body, field):
    response = public.post("/api/v1/tips/", {**BODY, **body})
    assert response.status_code == 400 and list(response.json()) == [field]
    assert not Tip.objects.exists()


@pytest.mark.parametrize("body", ["[]", '"x"', "{", "null", "\ud800".encode("utf-8", "surrogatepass")])
def test_send_of_another_shape_is_400(area, public, body):
    response = public.post("/api/v1/tips/", body, content_type="application/json")
    assert response.status_code == 400


def test_send_with_six_files_is_400(area, public):
    files = [SimpleUploadedFile(f"{n}.jpg", media.picture()) for n in range(6)]
    response = public.post("/api/v1/tips/", {**BODY, "files": files}, format="multipart")
    assert response.status_code == 400 and list(response.json()) == ["files"]


def test_send_ignores_fields_that_are_not_a_senders(area, public):
    public.post("/api/v1/tips/", {**BODY, "status": "closed", "priority": 0, "assignee": 1, "handler": "68"})
    tip = Tip.objects.get()
    assert (tip.status, tip.priority, tip.assignee, tip.handler) == ("new", 3, None, area.commune_a)


def test_send_ignores_a_broken_token(area, public):
    public.credentials(HTTP_AUTHORIZATION="Token nonsense")
    assert public.post("/api/v1/tips/", BODY).status_code == 201


def test_send_too_often_is_429_for_this_network_only(area, public):
    for _ in range(20):
        assert public.post("/api/v1/tips/", BODY).status_code == 201
    response = public.post("/api/v1/tips/", BODY)
    assert response.status_code == 429
    assert 3000 < int(response["Retry-After"]) <= 3601
    assert "113" in response.json()["detail"]
    assert public.post("/api/v1/tips/", BODY, REMOTE_ADDR="198.51.100.1").status_code == 201


# --- Following ---------------------------------------------------------------------------------------------


def test_follow_shows_answers_and_no_report(area, public, staff):
    receipt = public.post("/api/v1/tips/", BODY).json()["receipt"]
    tip = Tip.objects.get()
    do(staff, tip, "accept")
    do(staff, tip, "reply", text="Công an xã đã nhắc nhở.")
    response = public.post("/api/v1/tips/follow/", {"receipt": receipt.lower()})
    body = response.json()
    assert response.status_code == 200 and response["Cache-Control"] == "no-store"
    assert body == {
        "id": tip.public_id,
        "status": "answered",
        "status_text": "Đã có kết quả",
        "messages": [{"from": "police", "text": "Công an xã đã nhắc nhở.", "at": body["messages"][0]["at"]}],
        "files": 0,
    }


def test_follow_with_any_wrong_receipt_is_one_and_the_same_404(area, public):
    public.post("/api/v1/tips/", BODY)
    bodies = [
        {"receipt": "0000-0000-0000-0000"},
        {"receipt": "x"},
        {"receipt": 5},
        {"receipt": None},
        {},
        ["a"],
    ]
    answers = {public.post("/api/v1/tips/follow/", body).content for body in bodies}
    answers.add(public.post("/api/v1/tips/follow/messages/", {"receipt": "x", "text": "a"}).content)
    assert len(answers) == 1
    assert public.post("/api/v1/tips/follow/", {"receipt": "x"}).status_code == 404


def test_follow_guessing_is_429_after_ten(area, public):
    for _ in range(10):
        assert public.post("/api/v1/tips/follow/", {"receipt": "x"}).status_code == 404
    response = public.post("/api/v1/tips/follow/", {"receipt": "x"})
    assert response.status_code == 429 and 0 < int(response["Retry-After"]) <= 601


def test_follow_message_with_a_file(area, public):
    receipt = public.post("/api/v1/tips/", BODY).json()["receipt"]
    upload = SimpleUploadedFile("x.jpg", media.picture())
    body = {"receipt": receipt, "text": "Thêm ảnh", "files": upload}
    response = public.post("/api/v1/tips/follow/messages/", body, format="multipart")
    assert response.status_code == 201
    assert [m["text"] for m in response.json()["messages"]] == ["Thêm ảnh"]
    assert response.json()["files"] == 1 and Message.objects.count() == 1


# --- Reading -----------------------------------------------------------------------------------------------


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


def ids(client, **filters) -> set[str]:
    body = client.get("/api/v1/tips/", filters).json()
    assert body["count"] == len(body["results"])
    return {row["id"] for row in body["results"]}


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


# --- Acting ------------------------------------------------------------------------------------------------


def test_whole_life_of_a_tip(submit, staff, officer):
    tip = submit()
    assert do(staff, tip, "accept")["status"] == "accepted"
    assert do(staff, tip, "assign", assignee="officer")["assignee"] == "officer"
    assert do(staff, tip, "reply", text="Xin cho biết thêm giờ")["status"] == "answered"
    later = (timezone.now() + timedelta(days=9)).isoformat()
    assert do(staff, tip, "extend", deadline=later, reason="Chờ giám định")["deadline"] > later[:10]
    body = do(
        staff,
        tip,
        "close",
        outcome="handled",
        public_reason="Đã xử phạt chủ quán.",
        note="Biên bản số 12 ngày 20/11",
        valuable=True,
        valuable_reason="Giúp lập lại trật tự",
    )
    assert (body["status"], body["outcome"], body["valuable"]) == ("closed", "handled", True)
    assert do(staff, tip, "reopen", reason="Tái diễn")["status"] == "reopened"
    assert Tip.objects.get().version == 7


@pytest.mark.parametrize(
    ("act", "body"),
    [
        ("accept", {}),
        ("assign", {"assignee": "officer"}),
        ("reply", {"text": "Trả lời"}),
        ("note", {"text": "Ghi chú"}),
        ("transfer", {"unit": "D6802", "reason": "Nhầm địa bàn"}),
        ("merge", {"into": "XXX"}),
        ("extend", {"deadline": "2030-01-01T00:00:00Z", "reason": "Chờ"}),
        ("close", {"outcome": "handled", "public_reason": "Xong rồi"}),
        ("reopen", {"reason": "Tái diễn"}),
        ("reveal", {"reason": "Cần hỏi"}),
    ],
)
def test_act_needs_the_current_version(submit, staff, officer, act, body):
    tip = submit(contact_name="Hoa")
    Tip.objects.update(version=5, status="accepted")
    url = f"/api/v1/tips/{tip.public_id}/{act}/"
    missing = staff.post(url, body)
    assert missing.status_code == 400 and list(missing.json()) == ["version"]
    assert staff.post(url, {**body, "version": "mới nhất"}).status_code == 400
    if act == "merge":
        body["into"] = submit().public_id
    stale = staff.post(url, {**body, "version": 4})
    assert stale.status_code == 409 and "detail" in stale.json()
    assert Tip.objects.get(pk=tip.pk).version == 5


@pytest.mark.parametrize(
    ("act", "fields"),
    [
        ("assign", ["assignee"]),
        ("reply", ["text"]),
        ("note", ["text"]),
        ("transfer", ["unit", "reason"]),
        ("merge", ["into"]),
        ("extend", ["deadline", "reason"]),
        ("close", ["outcome", "public_reason"]),
        ("reopen", ["reason"]),
        ("reveal", ["reason"]),
    ],
)
def test_act_without_its_fields_is_400(submit, staff, act, fields):
    assert list(do(staff, submit(), act, expected=400)) == fields


@pytest.mark.parametrize("assignee", ["nobody", "officer_b", ""])
def test_assign_to_somebody_unfit_is_400_and_tells_no_difference(submit, staff, area, assignee):
    make_user(Role.OFFICER, area.commune_b, username="officer_b")
    assert list(do(staff, submit(), "assign", expected=400, assignee=assignee)) == ["assignee"]


def test_accept_twice_is_409(submit, staff):
    tip = submit()
    do(staff, tip, "accept")
    do(staff, tip, "accept", expected=409)


def test_valuable_without_reason_is_400(submit, staff):
    tip = submit()
    do(staff, tip, "accept")
    body = do(staff, tip, "close", 400, outcome="guided", public_reason="Đã xong việc", valuable=True)
    assert list(body) == ["valuable_reason"]


def test_transfer_answers_with_a_stub_and_closes_the_door(submit, staff, area):
    tip = submit(text="Chuyện rất riêng tư của tôi")
    do(staff, tip, "accept")
    body = do(staff, tip, "transfer", unit="D6802", reason="Nhầm địa bàn")
    assert (body["status"], body["unit"], body["summary"]) == ("transferred", "D6802", "")
    assert "riêng" not in str(body) and "text" not in body
    assert staff.get(f"/api/v1/tips/{tip.public_id}/").status_code == 404
    do(staff, tip, "reply", 404, text="Còn thấy không")


def test_merge_into_what_one_cannot_see_is_400(submit, staff, area):
    elsewhere, tip = submit(unit=area.commune_b), submit()
    first = do(staff, tip, "merge", 400, into=elsewhere.public_id)
    assert first == do(staff, tip, "merge", 400, into="KHONGCOTIN")


def test_merge_keeps_both_receipts(area, public, staff):
    receipts = [public.post("/api/v1/tips/", BODY).json()["receipt"] for _ in range(2)]
    main, twin = Tip.objects.order_by("id")
    assert do(staff, twin, "merge", into=main.public_id)["status"] == "duplicate"
    for receipt in receipts:
        assert public.post("/api/v1/tips/follow/", {"receipt": receipt}).status_code == 200


def test_reveal_answers_with_the_contact_and_a_limit(submit, staff):
    tip = submit(contact_name=CONTACT["name"], contact_phone=CONTACT["phone"])
    body = do(staff, tip, "reveal", reason="Cần hỏi thêm biển số")
    assert (body["name"], body["phone"]) == ("Trần Thị Hoa", "0912 345 678")
    assert set(body) == {"name", "phone", "until"}


def test_reveal_of_an_anonymous_tip_is_409(submit, staff):
    do(staff, submit(), "reveal", 409, reason="Cần hỏi thêm biển số")


def test_extend_by_an_officer_is_403(submit, officer):
    later = (timezone.now() + timedelta(days=9)).isoformat()
    do(client_of(officer), submit(), "extend", 403, deadline=later, reason="Chờ giám định")


@pytest.mark.parametrize("method", ["get", "put", "patch", "delete"])
def test_acts_are_post_only(submit, staff, method):
    url = f"/api/v1/tips/{submit().public_id}/accept/"
    assert getattr(staff, method)(url).status_code == 405


def test_conduct_complaint_does_not_exist_for_its_commune(submit, staff, area):
    tip = submit(category="CAN_BO", text="Cán bộ tiếp dân nói trống không")
    assert ids(staff) == set() and ids(staff, q="cán bộ") == set()
    assert staff.get(f"/api/v1/tips/{tip.public_id}/").status_code == 404
    supervisor = client_of(make_user(Role.SUPERVISOR, area.district))
    assert ids(supervisor, q="tiếp dân") == {tip.public_id}


def test_case_of_a_transferred_duplicate_stays_readable_for_its_sender(submit, chief, area):
    main, twin = submit(), submit()
    merging.merge(twin, actor=chief, version=1, into=main)
    assert Tip.objects.get(pk=twin.pk).case == Tip.objects.get(pk=main.pk).case


def test_unmerge_gives_the_tip_its_former_state_back(submit, staff):
    main, twin = submit(), submit()
    assert do(staff, twin, "unmerge", expected=409)
    assert do(staff, twin, "merge", into=main.public_id)["status"] == "duplicate"
    assert do(staff, twin, "unmerge")["status"] == "new"
