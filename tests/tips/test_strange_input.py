"""Characters that no database takes, in every field and address of the API: refused or cleaned, no crash.

SQLite takes a NUL that PostgreSQL refuses, so these tests say most when they run on PostgreSQL.
"""

import json

import pytest
from rest_framework.test import APIClient

from groups.enums import Role
from tests.factories import make_user
from tips.services.intake import submit_tip

pytestmark = pytest.mark.django_db

BODY = {
    "category": "GAY_ROI",
    "text": "Quán karaoke hát loa kéo đến một giờ sáng cả tuần nay.",
    "unit": "D6801",
}


def post(client: APIClient, path: str, body: dict):
    """As a client that escapes what is not ASCII: the only way a lone surrogate gets through."""
    return client.post(f"/api/v1/tips/{path}", json.dumps(body), content_type="application/json")


@pytest.fixture
def public() -> APIClient:
    return APIClient(raise_request_exception=False)


@pytest.fixture
def staff(area) -> APIClient:
    client = APIClient(raise_request_exception=False)
    client.force_authenticate(make_user(Role.CHIEF, area.commune_a))
    return client


BAD_CHARACTERS = ["\x00", "a\x00b", "\x01\x1f", "\ud800", "\ufffe"]


@pytest.mark.parametrize("bad", BAD_CHARACTERS)
@pytest.mark.parametrize(
    "field", [*BODY, "village", "place", "lat", "occurred_at", "contact_name", "broadcast"]
)
def test_strange_characters_never_break_sending(area, public, field, bad):
    body = (
        {**BODY, "contact": {"name": bad, "phone": bad}} if field == "contact_name" else {**BODY, field: bad}
    )
    assert post(public, "", body).status_code in (201, 400)


@pytest.mark.parametrize("bad", BAD_CHARACTERS)
def test_strange_characters_in_a_receipt_are_not_found(area, public, bad):
    for call, body in (("follow/", {}), ("follow/messages/", {"text": "Thêm một chuyện"})):
        assert post(public, call, {"receipt": bad, **body}).status_code == 404


@pytest.mark.parametrize("bad", BAD_CHARACTERS)
def test_strange_characters_in_a_message_never_break_it(draft, public, bad):
    receipt = submit_tip(draft()).receipt
    answer = post(public, "follow/messages/", {"receipt": receipt, "text": f"Thêm {bad} nữa"})
    assert answer.status_code in (201, 400)


@pytest.mark.parametrize(
    "path", ["%00/", "%00/evidence/%00/", "a%00b/", "%01/", "%ED%A0%80/", "x" * 900 + "/"]
)
def test_strange_characters_in_an_address_are_not_found(area, staff, path):
    assert staff.get(f"/api/v1/tips/{path}").status_code == 404


def test_strange_characters_in_the_address_of_a_file_are_not_found(submit, staff):
    tip = submit()
    assert staff.get(f"/api/v1/tips/{tip.public_id}/evidence/%00/").status_code == 404


@pytest.mark.parametrize("name", ["status", "category", "priority", "unit", "assignee", "q", "overdue"])
def test_strange_characters_in_a_filter_never_break_the_list(submit, staff, name):
    submit()
    for bad in ("%00", "a%00b", "%01", "%ED%A0%80", "x" * 900):
        assert staff.get(f"/api/v1/tips/?{name}={bad}").status_code in (200, 400), bad


@pytest.mark.parametrize(
    ("bad", "status"),
    [("%00", 400), ("a%00b", 400), ("%ED%A0%80", 404), ("x" * 900, 404), ("abc", 404), ("%01", 200)],
)
def test_cursor_that_is_none_is_refused_or_the_first_page(submit, staff, bad, status):
    """``%01`` holds not one character that base64 reads: the same as no cursor."""
    submit()
    assert staff.get(f"/api/v1/tips/?cursor={bad}").status_code == status


@pytest.mark.parametrize("bad", BAD_CHARACTERS)
def test_strange_characters_in_an_act_never_break_it(submit, staff, bad):
    tip = submit(contact_name="Hoa")
    for act, names in {
        "assign": ["assignee"],
        "reply": ["text"],
        "note": ["text"],
        "transfer": ["unit", "reason"],
        "merge": ["into"],
        "extend": ["deadline", "reason"],
        "close": ["outcome", "public_reason"],
        "reopen": ["reason"],
        "reveal": ["reason"],
        "accept": [],
    }.items():
        body = {"version": 1, **dict.fromkeys(names, bad)}
        answer = post(staff, f"{tip.public_id}/{act}/", body)
        assert answer.status_code < 500, (act, answer.content)
        assert post(staff, f"%00/{act}/", body).status_code == 404
