"""Acts on a tip through the API, from accepting to closing, and the codes of refusals."""

from datetime import timedelta

import pytest
from django.utils import timezone

from groups.enums import Role
from tests.factories import make_user
from tests.tips.api.calls import BODY, CONTACT, client_of, do
from tips.models import Tip

pytestmark = pytest.mark.django_db


def test_whole_life_of_a_tip(submit, staff, officer):
    tip = submit()
    assert do(staff, tip, "accept")["status"] == "accepted"
    assert do(staff, tip, "assign", assignee="officer")["assignee"] == "officer"
    told = do(staff, tip, "reply", text="Đang xác minh", interim=True)
    assert (told["status"], told["events"][-1]["kind"]) == ("verifying", "informed")
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
    assert Tip.objects.get().version == 8


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


def test_unmerge_gives_the_tip_its_former_state_back(submit, staff):
    main, twin = submit(), submit()
    assert do(staff, twin, "unmerge", expected=409)
    assert do(staff, twin, "merge", into=main.public_id)["status"] == "duplicate"
    assert do(staff, twin, "unmerge")["status"] == "new"
