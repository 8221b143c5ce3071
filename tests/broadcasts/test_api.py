"""The API of sending: writing a post, one way through, and what is wrong with a body."""

import json
from datetime import timedelta

import pytest
from django.utils import timezone

from broadcasts.enums import DeliveryState
from broadcasts.models import Broadcast, Notice
from broadcasts.services import sending
from tests.broadcasts.bodies import NOTICE, URL, payload, png
from tests.clients import api_client_of


def test_broadcast_created_by_officer_answers_code_and_reach(officer, gmf_groups, assisted_group):
    answer = api_client_of(officer).post(URL, payload(), format="json")

    assert answer.status_code == 201
    body = answer.json()
    assert body["state"] == "draft"
    assert body["code"] == Broadcast.objects.get(pk=body["id"]).code
    assert body["reach"] == {"groups": 4, "members": 120, "assisted": 1, "minutes": 1}
    assert body["counts"] == dict.fromkeys(DeliveryState.values, 0)
    assert body["unit"] == "D6801"


def test_broadcast_way_through_api_ends_in_sending(officer, chief, gmf_groups, assisted_group):
    pk = api_client_of(officer).post(URL, payload(), format="json").json()["id"]
    assert api_client_of(officer).post(f"{URL}{pk}/submit/").json()["state"] == "submitted"
    assert api_client_of(chief).post(f"{URL}{pk}/approve/").json()["state"] == "approved"
    sending.start_due(timezone.now())
    sending.expand(pk)

    one = api_client_of(chief).get(f"{URL}{pk}/").json()
    rows = api_client_of(chief).get(f"{URL}{pk}/deliveries/", {"state": "to_post"}).json()

    assert (one["state"], one["late"], one["approver"]) == ("sending", False, chief.username)
    assert (one["counts"]["queued"], one["counts"]["to_post"]) == (3, 1)
    assert rows["count"] == 1
    assert rows["results"][0]["group"] == {
        "id": assisted_group.pk,
        "name": assisted_group.name,
        "unit": "D680101",
    }
    assert rows["results"][0]["channel"] == "assisted"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"kind": "gossip"}, "kind"),
        ({"kind": "correction"}, "kind"),
        ({"title": " "}, "title"),
        ({"body": ""}, "body"),
        ({"body": "x" * 1790}, "body"),
        ({"urgency": "now"}, "urgency"),
        ({"audience": {}}, "audience"),
        ({"audience": {"units": ["24001"]}}, "audience"),
        ({"audience": {"units": ["nowhere"]}}, "audience"),
        ({"audience": {"units": ["D6801"], "kinds": ["school"]}}, "audience"),
        ({"audience": "x"}, "audience"),
        ({"recurrence": "FREQ=DAILY"}, "send_at"),
        ({"recurrence": "FREQ=SECONDLY", "send_at": "2026-12-01T07:00:00Z"}, "recurrence"),
        ({"expires_at": "2020-01-01T00:00:00Z"}, "expires_at"),
        ({"kind": "wanted"}, "notice"),
        ({"kind": "wanted", "notice": NOTICE | {"decision_number": ""}}, "notice"),
        ({"kind": "wanted", "notice": NOTICE | {"decision_date": "hôm qua"}}, "notice"),
        ({"media": [999]}, "media"),
    ],
)
def test_broadcast_with_bad_field_answers_400_naming_it(officer, gmf_groups, changes, field):
    answer = api_client_of(officer).post(URL, payload(**changes), format="json")

    assert answer.status_code == 400
    assert list(answer.json()) == [field]
    assert not Broadcast.objects.exists()
    assert not Notice.objects.exists()


def test_wanted_broadcast_renders_text_from_decision(officer, gmf_groups):
    answer = api_client_of(officer).post(
        URL, payload(kind="wanted", title="Bắt lấy nó", body="Ai thấy thì bắt", notice=NOTICE), format="json"
    )

    assert answer.status_code == 201
    body = answer.json()
    assert body["title"] == "THÔNG BÁO TRUY NÃ"
    assert "Quyết định truy nã số 12/QĐ-CSĐT ngày 05/11/2026" in body["body"]
    assert "NGUYỄN VĂN MẪU" in body["body"]
    assert "không tự ý bắt giữ" in body["body"]
    assert "Ai thấy thì bắt" not in body["body"]
    assert Notice.objects.get(code=body["notice"]).state == "draft"


def test_broadcast_as_multipart_takes_picture(officer, gmf_groups):
    data = payload(audience=json.dumps({"units": ["D6801"]}), media=png())

    answer = api_client_of(officer).post(URL, data, format="multipart")

    assert answer.status_code == 201
    (picture,) = answer.json()["media"]
    assert Broadcast.objects.get(pk=answer.json()["id"]).picture_id == picture


def test_broadcast_with_same_form_token_is_made_once(officer, gmf_groups):
    client = api_client_of(officer)
    first = client.post(URL, payload(form_token="t-1"), format="json").json()
    second = client.post(URL, payload(form_token="t-1"), format="json").json()

    assert first["id"] == second["id"]
    assert Broadcast.objects.count() == 1


def test_draft_is_changed_by_author_only(officer, chief, gmf_groups):
    pk = api_client_of(officer).post(URL, payload(), format="json").json()["id"]

    mine = api_client_of(officer).patch(f"{URL}{pk}/", {"title": "Đã sửa"}, format="json")
    other = api_client_of(chief).patch(f"{URL}{pk}/", {"title": "Sửa hộ"}, format="json")

    assert (mine.status_code, mine.json()["title"], mine.json()["version"]) == (200, "Đã sửa", 2)
    assert other.status_code == 403


def test_draft_changes_kind_and_loses_its_notice(officer, gmf_groups):
    written = api_client_of(officer).post(URL, payload(kind="wanted", notice=NOTICE), format="json").json()
    url = f"{URL}{written['id']}/"
    changes = {"kind": "education", "title": "Nhắc nhở", "body": "Khóa cửa."}

    kept = api_client_of(officer).patch(url, changes, format="json")
    dropped = api_client_of(officer).patch(url, changes | {"notice": None}, format="json")

    assert (kept.status_code, list(kept.json())) == (400, ["notice"])
    assert (dropped.status_code, dropped.json()["notice"]) == (200, None)


@pytest.mark.parametrize("number", ["1e999", "-1e999", "99999999999999999999"])
def test_absurd_group_numbers_are_refused(officer, gmf_groups, number):
    text = json.dumps(payload()).replace('"units": ["D6801"]', f'"groups": [{number}]')

    answer = api_client_of(officer).post(URL, text, content_type="application/json")

    assert answer.status_code == 400


@pytest.mark.parametrize("days", ["32", "0", "-32", "1,40", "x"])
def test_recurrence_on_a_day_no_month_has_is_refused_at_once(officer, gmf_groups, days):
    send_at = (timezone.now() + timedelta(days=1)).isoformat()
    data = payload(send_at=send_at, recurrence=f"FREQ=DAILY;BYMONTHDAY={days}")

    answer = api_client_of(officer).post(URL, data, format="json")

    assert (answer.status_code, list(answer.json())) == (400, ["recurrence"])


def test_suspect_without_a_notice_is_refused_when_written_and_when_changed(officer, gmf_groups, write):
    client = api_client_of(officer)
    broadcast = write()

    made = client.post(URL, payload(kind="suspect"), format="json")
    changed = client.patch(f"{URL}{broadcast.pk}/", {"kind": "suspect"}, format="json")

    assert (made.status_code, changed.status_code) == (400, 400)
    assert list(changed.json()) == ["notice"]
