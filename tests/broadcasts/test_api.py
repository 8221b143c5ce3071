"""The API of sending: one way through, the codes of refusals, and flat query counts."""

import io
import json
from datetime import datetime, timedelta

import pytest
from django.utils import timezone
from PIL import Image
from rest_framework.test import APIClient

from broadcasts.enums import BroadcastState, DeliveryState
from broadcasts.models import Broadcast, Notice
from broadcasts.services import approval, sending
from groups.enums import Role
from tests.factories import (
    BroadcastFactory,
    DeliveryFactory,
    GroupFactory,
    StewardshipFactory,
    TipFactory,
    make_user,
)

URL = "/api/v1/broadcasts/"
NOTICE = {
    "decision_number": "12/QĐ-CSĐT",
    "decision_date": "2026-11-05",
    "agency": "Cơ quan Cảnh sát điều tra Công an tỉnh Sơn Hải",
    "phone": "02633 880 000",
    "person_name": "Nguyễn Văn Mẫu",
}


def client_of(user) -> APIClient:
    client = APIClient()
    client.force_authenticate(user)
    return client


def payload(**changes) -> dict:
    return {
        "title": "Cảnh báo lừa đảo",
        "body": "Không đọc mã OTP cho ai.",
        "kind": "education",
        "urgency": "routine",
        "audience": {"units": ["D6801"]},
    } | changes


def png(width: int = 40, height: int = 30) -> io.BytesIO:
    buffer = io.BytesIO()
    Image.new("RGB", (width, height), "navy").save(buffer, "PNG")
    buffer.seek(0)
    buffer.name = "anh.png"
    return buffer


def test_broadcast_created_by_officer_answers_code_and_reach(officer, gmf_groups, assisted_group):
    answer = client_of(officer).post(URL, payload(), format="json")

    assert answer.status_code == 201
    body = answer.json()
    assert body["state"] == "draft"
    assert body["code"] == Broadcast.objects.get(pk=body["id"]).code
    assert body["reach"] == {"groups": 4, "members": 120, "assisted": 1, "minutes": 1}
    assert body["counts"] == dict.fromkeys(DeliveryState.values, 0)
    assert body["unit"] == "D6801"


def test_broadcast_way_through_api_ends_in_sending(officer, chief, gmf_groups, assisted_group):
    pk = client_of(officer).post(URL, payload(), format="json").json()["id"]
    assert client_of(officer).post(f"{URL}{pk}/submit/").json()["state"] == "submitted"
    assert client_of(chief).post(f"{URL}{pk}/approve/").json()["state"] == "approved"
    sending.start_due(timezone.now())
    sending.expand(pk)

    one = client_of(chief).get(f"{URL}{pk}/").json()
    rows = client_of(chief).get(f"{URL}{pk}/deliveries/", {"state": "to_post"}).json()

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
    answer = client_of(officer).post(URL, payload(**changes), format="json")

    assert answer.status_code == 400
    assert list(answer.json()) == [field]
    assert not Broadcast.objects.exists()
    assert not Notice.objects.exists()


def test_wanted_broadcast_renders_text_from_decision(officer, gmf_groups):
    answer = client_of(officer).post(
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

    answer = client_of(officer).post(URL, data, format="multipart")

    assert answer.status_code == 201
    (picture,) = answer.json()["media"]
    assert Broadcast.objects.get(pk=answer.json()["id"]).picture_id == picture


def test_broadcast_with_same_form_token_is_made_once(officer, gmf_groups):
    client = client_of(officer)
    first = client.post(URL, payload(form_token="t-1"), format="json").json()
    second = client.post(URL, payload(form_token="t-1"), format="json").json()

    assert first["id"] == second["id"]
    assert Broadcast.objects.count() == 1


def test_draft_is_changed_by_author_only(officer, chief, gmf_groups):
    pk = client_of(officer).post(URL, payload(), format="json").json()["id"]

    mine = client_of(officer).patch(f"{URL}{pk}/", {"title": "Đã sửa"}, format="json")
    other = client_of(chief).patch(f"{URL}{pk}/", {"title": "Sửa hộ"}, format="json")

    assert (mine.status_code, mine.json()["title"], mine.json()["version"]) == (200, "Đã sửa", 2)
    assert other.status_code == 403


def test_draft_changes_kind_and_loses_its_notice(officer, gmf_groups):
    written = client_of(officer).post(URL, payload(kind="wanted", notice=NOTICE), format="json").json()
    url = f"{URL}{written['id']}/"
    changes = {"kind": "education", "title": "Nhắc nhở", "body": "Khóa cửa."}

    kept = client_of(officer).patch(url, changes, format="json")
    dropped = client_of(officer).patch(url, changes | {"notice": None}, format="json")

    assert (kept.status_code, list(kept.json())) == (400, ["notice"])
    assert (dropped.status_code, dropped.json()["notice"]) == (200, None)


def test_submitted_broadcast_changed_by_author_answers_409(write, officer, gmf_groups):
    broadcast = write()
    approval.submit_broadcast(broadcast, actor=officer)

    answer = client_of(officer).patch(f"{URL}{broadcast.pk}/", {"title": "Muộn"}, format="json")

    assert answer.status_code == 409


def test_approval_by_author_answers_403_even_for_chief(chief, write, gmf_groups):
    broadcast = write(author=chief)
    approval.submit_broadcast(broadcast, actor=chief)

    answer = client_of(chief).post(f"{URL}{broadcast.pk}/approve/")

    assert answer.status_code == 403
    broadcast.refresh_from_db()
    assert broadcast.state == BroadcastState.SUBMITTED


@pytest.mark.parametrize("verb", ["submit", "approve", "resume"])
def test_act_in_wrong_state_answers_409(verb, officer, chief, approved, gmf_groups):
    broadcast = approved()
    actor = officer if verb == "submit" else chief

    assert client_of(actor).post(f"{URL}{broadcast.pk}/{verb}/").status_code == 409


@pytest.mark.parametrize("verb", ["return", "reject"])
def test_decision_without_reason_answers_400(verb, write, officer, chief, gmf_groups):
    broadcast = write()
    approval.submit_broadcast(broadcast, actor=officer)
    client = client_of(chief)

    refused = client.post(f"{URL}{broadcast.pk}/{verb}/", {"reason": " "}, format="json")
    taken = client.post(f"{URL}{broadcast.pk}/{verb}/", {"reason": "Thiếu số trực ban"}, format="json")

    assert (refused.status_code, list(refused.json())) == (400, ["reason"])
    assert (taken.status_code, taken.json()["reason"]) == (200, "Thiếu số trực ban")


VERBS = ["submit", "approve", "return", "reject", "cancel", "pause", "resume", "withdraw"]


@pytest.mark.parametrize("verb", VERBS)
def test_act_of_other_unit_answers_404_for_everybody(verb, area, write, gmf_groups):
    broadcast = write()
    for user in (
        make_user(Role.CHIEF, area.commune_b),
        make_user(Role.SUPERVISOR, area.other_province),
        make_user(Role.RELAY, area.village_a),
    ):
        answer = client_of(user).post(f"{URL}{broadcast.pk}/{verb}/", {"reason": "x"}, format="json")
        assert answer.status_code == 404
        assert broadcast.title not in answer.content.decode()


@pytest.mark.parametrize("verb", VERBS)
def test_act_of_auditor_answers_403(verb, area, write, gmf_groups):
    auditor = make_user(Role.AUDITOR, area.district)
    broadcast = write()

    answer = client_of(auditor).post(f"{URL}{broadcast.pk}/{verb}/", {"reason": "x"}, format="json")

    assert answer.status_code == 403


def test_calls_without_token_answer_401(db):
    assert APIClient().get(URL).status_code == 401
    assert APIClient().post(URL, payload(), format="json").status_code == 401


def test_broadcast_written_by_auditor_answers_403(area, gmf_groups):
    answer = client_of(make_user(Role.AUDITOR, area.commune_a)).post(URL, payload(), format="json")

    assert answer.status_code == 403


def test_list_filters_by_state_kind_unit_and_day(officer, area, write, gmf_groups):
    routine, urgent = write(), write(urgency="urgent", kind="disaster")
    Broadcast.objects.filter(pk=routine.pk).update(created_at=timezone.now() - timedelta(days=3))
    client = client_of(officer)

    def ids(**query) -> list[int]:
        return [row["id"] for row in client.get(URL, query).json()["results"]]

    assert ids() == [urgent.pk, routine.pk]
    assert ids(urgency="urgent") == [urgent.pk]
    assert ids(kind="education", state="draft") == [routine.pk]
    assert ids(unit="D6801") == [urgent.pk, routine.pk]
    assert ids(unit="D6802") == []
    assert ids(**{"from": timezone.localdate().isoformat()}) == [urgent.pk]
    assert ids(to=(timezone.localdate() - timedelta(days=1)).isoformat()) == [routine.pk]
    assert client.get(URL, {"state": "burnt"}).status_code == 400


def test_delivery_posted_by_relay_steward_and_chief(area, chief, officer, sending_rows):
    relay = make_user(Role.RELAY, area.village_a)
    first, second, third, fourth = sending_rows("to_post", 4)
    StewardshipFactory(group=second.group, user=officer)

    by_relay = client_of(relay).post(f"/api/v1/deliveries/{first.pk}/posted/")
    url = f"/api/v1/deliveries/{second.pk}/posted/"
    by_steward = client_of(officer).post(url, {"proof": png()}, format="multipart")
    by_chief = client_of(chief).post(f"/api/v1/deliveries/{third.pk}/posted/")
    by_stranger = client_of(officer).post(f"/api/v1/deliveries/{fourth.pk}/posted/")

    assert [a.status_code for a in (by_relay, by_steward, by_chief, by_stranger)] == [200, 200, 200, 403]
    assert by_relay.json()["state"] == "posted"
    second.refresh_from_db()
    assert second.proof is not None
    assert second.settled_by == officer


def test_delivery_of_relay_elsewhere_answers_404_and_seen_403(area, sending_rows):
    (to_post,) = sending_rows("to_post", 1)
    (unknown,) = sending_rows("unknown", 1)
    elsewhere = client_of(make_user(Role.RELAY, area.village_b))
    here = client_of(make_user(Role.RELAY, area.village_a))

    assert elsewhere.post(f"/api/v1/deliveries/{to_post.pk}/posted/").status_code == 404
    assert here.post(f"/api/v1/deliveries/{unknown.pk}/seen/").status_code == 403
    assert here.post(f"/api/v1/deliveries/{unknown.pk}/resend/").status_code == 403
    assert here.get(URL).json()["count"] == 0


def test_unknown_delivery_is_seen_by_officer_and_resent_by_chief(officer, chief, sending_rows):
    seen, again = sending_rows("unknown", 2)

    assert client_of(officer).post(f"/api/v1/deliveries/{seen.pk}/seen/").json()["state"] == "sent"
    assert client_of(officer).post(f"/api/v1/deliveries/{again.pk}/resend/").status_code == 403
    assert client_of(chief).post(f"/api/v1/deliveries/{again.pk}/resend/").json()["state"] == "waiting"
    assert client_of(chief).post(f"/api/v1/deliveries/{seen.pk}/resend/").status_code == 409


def test_skip_without_reason_answers_400(chief, sending_rows):
    (row,) = sending_rows("to_post", 1)
    url = f"/api/v1/deliveries/{row.pk}/skip/"

    assert client_of(chief).post(url).status_code == 400
    answer = client_of(chief).post(url, {"reason": "Nhóm đã giải tán"}, format="json").json()
    assert (answer["state"], answer["reason"]) == ("skipped", "Nhóm đã giải tán")


def test_tips_that_answer_a_broadcast_are_counted_for_those_who_may_see_them(
    officer, area, write, gmf_groups
):
    broadcast = write()
    first = TipFactory(broadcast=broadcast, unit=area.commune_a)
    TipFactory(broadcast=broadcast, unit=area.commune_b)
    TipFactory(broadcast=broadcast, unit=area.commune_a, category="TRE_EM")

    body = client_of(officer).get(f"{URL}{broadcast.pk}/").json()

    assert body["tips"] == 1
    assert datetime.fromisoformat(body["first_tip_at"]) == first.received_at


@pytest.mark.parametrize("rows", [1, 3])
def test_list_of_broadcasts_costs_the_same_queries(rows, area, officer, django_assert_num_queries):
    for _number in range(rows):
        DeliveryFactory(broadcast=BroadcastFactory(unit=area.commune_a), group__unit=area.village_a)
    client = client_of(officer)

    # postings, count, page, occurrences, counts, times, circles, tips
    with django_assert_num_queries(8):
        assert client.get(URL).json()["count"] == rows


@pytest.mark.parametrize("rows", [1, 3])
def test_list_of_deliveries_costs_the_same_queries(rows, area, officer, django_assert_num_queries):
    broadcast = BroadcastFactory(unit=area.commune_a)
    for _number in range(rows):
        DeliveryFactory(broadcast=broadcast, group__unit=area.village_a)
    client = client_of(officer)

    # postings, broadcast, occurrences, count, page
    with django_assert_num_queries(5):
        assert client.get(f"{URL}{broadcast.pk}/deliveries/").json()["count"] == rows


@pytest.fixture
def sending_rows(area):
    """``sending_rows(state, count)``: rows of one running broadcast, in groups of village A."""
    broadcast = BroadcastFactory(unit=area.commune_a, state=BroadcastState.SENDING, text="x")

    def make(state: str, count: int) -> list:
        groups = [GroupFactory(unit=area.village_a) for _number in range(count)]
        return [
            DeliveryFactory(broadcast=broadcast, group=group, account=None, state=state) for group in groups
        ]

    return make


def test_approval_of_another_version_than_the_chief_read_is_refused(write, officer, chief, gmf_groups):
    broadcast = write()
    approval.submit_broadcast(broadcast, actor=officer)
    url = f"{URL}{broadcast.pk}/approve/"

    stale = client_of(chief).post(url, {"version": broadcast.version - 1}, format="json")
    fresh = client_of(chief).post(url, {"version": broadcast.version}, format="json")

    assert (stale.status_code, fresh.status_code) == (409, 200)


def test_counts_and_reach_tell_of_no_group_the_user_may_not_see(area, account, district_post):
    broadcast = district_post
    body = client_of(make_user(Role.CHIEF, area.commune_a)).get(f"{URL}{broadcast.pk}/").json()
    above = client_of(make_user(Role.SUPERVISOR, area.district)).get(f"{URL}{broadcast.pk}/").json()

    assert (body["counts"]["sent"], body["counts"]["queued"], body["reach"]["groups"]) == (1, 0, 1)
    assert (above["counts"]["sent"], above["counts"]["queued"], above["reach"]["groups"]) == (1, 1, 2)


@pytest.fixture
def district_post(area):
    """A post of the district: sent to a group of commune A, queued for one of commune B."""
    rule = {"units": [area.district.code]}
    broadcast = BroadcastFactory(unit=area.district, state="sending", audience=rule)
    for village, state in ((area.village_a, "sent"), (area.commune_b, "queued")):
        DeliveryFactory(broadcast=broadcast, group=GroupFactory(unit=village), state=state)
    return broadcast


@pytest.mark.parametrize("number", ["1e999", "-1e999", "99999999999999999999"])
def test_absurd_group_numbers_are_refused(officer, gmf_groups, number):
    text = json.dumps(payload()).replace('"units": ["D6801"]', f'"groups": [{number}]')

    answer = client_of(officer).post(URL, text, content_type="application/json")

    assert answer.status_code == 400


@pytest.mark.parametrize("days", ["32", "0", "-32", "1,40", "x"])
def test_recurrence_on_a_day_no_month_has_is_refused_at_once(officer, gmf_groups, days):
    send_at = (timezone.now() + timedelta(days=1)).isoformat()
    data = payload(send_at=send_at, recurrence=f"FREQ=DAILY;BYMONTHDAY={days}")

    answer = client_of(officer).post(URL, data, format="json")

    assert (answer.status_code, list(answer.json())) == (400, ["recurrence"])


def test_suspect_without_a_notice_is_refused_when_written_and_when_changed(officer, gmf_groups, write):
    client = client_of(officer)
    broadcast = write()

    made = client.post(URL, payload(kind="suspect"), format="json")
    changed = client.patch(f"{URL}{broadcast.pk}/", {"kind": "suspect"}, format="json")

    assert (made.status_code, changed.status_code) == (400, 400)
    assert list(changed.json()) == ["notice"]


def test_submitting_for_an_hour_long_past_is_refused_on_that_field(officer, gmf_groups, write):
    broadcast = write(send_at=timezone.now() - timedelta(hours=25))

    answer = client_of(officer).post(f"{URL}{broadcast.pk}/submit/")

    assert (answer.status_code, list(answer.json())) == (400, ["send_at"])


def test_confirmation_repeated_by_the_same_person_answers_200_and_is_undone_once(area, chief, sending_rows):
    [row] = sending_rows("to_post", 1)
    client = client_of(chief)
    told = {"key": "may-01", "made_at": "2001-01-01T08:00:00+07:00"}
    answers = [client.post(f"/api/v1/deliveries/{row.pk}/posted/", told) for _again in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].json() == answers[1].json()
    other = client_of(make_user(Role.CHIEF, area.commune_a)).post(f"/api/v1/deliveries/{row.pk}/posted/")
    assert other.status_code == 409
    assert chief.display_name in other.json()["detail"]
    assert client.post(f"/api/v1/deliveries/{row.pk}/undo/").json()["state"] in ("to_post", "overdue")
    assert client.post(f"/api/v1/deliveries/{row.pk}/undo/").status_code == 409
    assert client.post(f"/api/v1/deliveries/{row.pk}/posted/", {"made_at": "hôm qua"}).status_code == 400
