"""The permission matrix of the API: every role, every unit, every call; no text, no count leaks."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from rest_framework.test import APIClient

from groups.enums import Role
from portal.errors import NotAllowedError
from tests.clients import api_client_of
from tests.factories import make_user
from tests.tips import media
from tests.tips.samples import SAMPLES
from tips.models import Tip
from tips.services import handling, offers

pytestmark = pytest.mark.django_db

SECRET = "Thằn lằn tím nhảy múa nửa đêm"
ACTS = {
    "accept": {},
    "assign": {"assignee": "nobody"},
    "reply": {"text": "Trả lời"},
    "note": {"text": "Ghi chú"},
    "transfer": {"unit": "D6802", "reason": "Nhầm địa bàn"},
    "merge": {"into": "KHONGCO"},
    "unmerge": {},
    "return": {"reason": "Chuyển nhầm"},
    "refer": {"authority": "market", "reason": "Hàng giả"},
    "extend": {"deadline": "2030-01-01T00:00:00Z", "reason": "Chờ"},
    "close": {"outcome": "handled", "public_reason": "Xong rồi"},
    "reopen": {"reason": "Tái diễn"},
    "reveal": {"reason": "Cần hỏi thêm"},
}


def calls(client, tip):
    """Every staff call about one tip: its name and its answer."""
    base = f"/api/v1/tips/{tip.public_id}/"
    yield "detail", client.get(base)
    yield "evidence", client.get(f"{base}evidence/{tip.evidence.get().public_id}/")
    for act, body in ACTS.items():
        yield act, client.post(f"{base}{act}/", {"version": 1, **body})


@pytest.fixture
def secret_tip(submit):
    def build(**fields) -> Tip:
        files = [SimpleUploadedFile("a.png", media.picture("PNG"))]
        return submit(text=SECRET, contact_name="Hoa", files=files, **fields)

    return build


def outsiders(area):
    return {
        "officer of B": make_user(Role.OFFICER, area.commune_b, restricted_circle=True),
        "beat officer of B": make_user(Role.BEAT_OFFICER, area.commune_b),
        "chief of B": make_user(Role.CHIEF, area.commune_b, restricted_circle=True),
        "officer of C": make_user(Role.OFFICER, area.commune_c),
        "chief of C": make_user(Role.CHIEF, area.commune_c, restricted_circle=True),
        "supervisor elsewhere": make_user(Role.SUPERVISOR, area.other_province, restricted_circle=True),
        "chief of a village": make_user(Role.CHIEF, area.village_a, restricted_circle=True),
    }


def test_other_units_get_404_and_nothing_else(area, secret_tip):
    tip = secret_tip()
    for name, user in outsiders(area).items():
        client = api_client_of(user)
        for call, response in calls(client, tip):
            assert response.status_code == 404, (name, call)
            assert SECRET not in response.content.decode(), (name, call)
        for query in ({}, {"q": "thằn lằn"}, {"unit": "D6801"}, {"status": "new"}):
            body = client.get("/api/v1/tips/", query).json()
            assert (body["count"], body["results"]) == (0, []), (name, query)
    assert Tip.objects.get().version == 1


@pytest.mark.parametrize("role", [Role.RELAY, Role.AUDITOR, Role.ADMINISTRATOR])
def test_roles_without_tips_get_403_everywhere(area, secret_tip, role):
    tip = secret_tip()
    for unit in (area.province, area.commune_a, area.village_a):
        client = api_client_of(make_user(role, unit))
        for call, response in calls(client, tip):
            assert response.status_code == 403, call
            assert SECRET not in response.content.decode()
        assert client.get("/api/v1/tips/").status_code == 403
        assert client.get("/api/v1/tips/KHONGCO/").status_code == 403


def test_nobody_gets_401_everywhere(area, secret_tip):
    tip = secret_tip()
    client = APIClient()
    for call, response in calls(client, tip):
        assert response.status_code == 401, call
    assert client.get("/api/v1/tips/").status_code == 401


@pytest.mark.parametrize(
    ("role", "place"),
    [
        (Role.OFFICER, "commune_a"),
        (Role.BEAT_OFFICER, "commune_a"),
        (Role.CHIEF, "commune_a"),
        (Role.SUPERVISOR, "district"),
        (Role.SUPERVISOR, "province"),
    ],
)
def test_own_unit_and_those_above_see_it(area, secret_tip, role, place):
    tip = secret_tip()
    client = api_client_of(make_user(role, getattr(area, place)))
    assert client.get("/api/v1/tips/").json()["count"] == 1
    assert client.get(f"/api/v1/tips/{tip.public_id}/").json()["text"] == SECRET


@pytest.mark.parametrize("category", ["TRE_EM", "BAO_LUC_GD"])
def test_restricted_tips_exist_for_the_named_circle_only(area, secret_tip, category):
    tip = secret_tip(category=category)
    make_user(Role.OFFICER, area.commune_a, restricted_circle=True)
    for role, unit in [
        (Role.OFFICER, area.commune_a),
        (Role.CHIEF, area.commune_a),
        (Role.SUPERVISOR, area.district),
    ]:
        client = api_client_of(make_user(role, unit))
        assert client.get("/api/v1/tips/").json()["count"] == 0
        assert client.get("/api/v1/tips/", {"q": "thằn lằn"}).json()["count"] == 0
        for call, response in calls(client, tip):
            assert response.status_code == 404, (role, call)
        member = api_client_of(make_user(role, unit, restricted_circle=True))
        row = member.get("/api/v1/tips/").json()["results"][0]
        assert row["summary"] == ""
        assert member.get(f"/api/v1/tips/{tip.public_id}/").json()["text"] == SECRET


def test_restricted_samples_stand_in_lists_without_a_word_of_them(submit, area):
    named = make_user(Role.OFFICER, area.commune_a, restricted_circle=True)
    for sample in SAMPLES:
        if sample.name in ("F7", "F8"):
            submit(category=sample.category, text=sample.text)
    chief = api_client_of(make_user(Role.CHIEF, area.commune_a))
    assert chief.get("/api/v1/tips/").json()["count"] == 0
    body = api_client_of(named).get("/api/v1/tips/").json()
    assert (body["count"], {row["summary"] for row in body["results"]}) == (2, {""})
    assert {row["priority"] for row in body["results"]} == {"P0"}


@pytest.mark.parametrize("category", ["TRE_EM", "BAO_LUC_GD"])
def test_restricted_tips_exist_for_those_who_decide_where_nobody_is_named(area, secret_tip, category):
    tip = secret_tip(category=category)
    make_user(Role.OFFICER, area.commune_b, restricted_circle=True)
    make_user(Role.RELAY, area.commune_a, restricted_circle=True)
    for role, unit, is_seen in [
        (Role.OFFICER, area.commune_a, False),
        (Role.BEAT_OFFICER, area.commune_a, False),
        (Role.CHIEF, area.commune_b, False),
        (Role.CHIEF, area.commune_a, True),
        (Role.SUPERVISOR, area.district, True),
    ]:
        client = api_client_of(make_user(role, unit))
        body = client.get("/api/v1/tips/").json()
        assert (body["count"], [row["summary"] for row in body["results"]]) == (is_seen, [""] * is_seen)
        answer = client.get(f"/api/v1/tips/{tip.public_id}/")
        assert answer.status_code == (200 if is_seen else 404), (role, unit)


def test_whoever_is_named_above_a_unit_is_the_circle_of_that_unit(area, secret_tip):
    secret_tip(category="TRE_EM")
    make_user(Role.OFFICER, area.province, restricted_circle=True)
    assert api_client_of(make_user(Role.CHIEF, area.commune_a)).get("/api/v1/tips/").json()["count"] == 0


def test_naming_a_circle_costs_the_list_no_further_query(area, secret_tip, django_assert_num_queries):
    for _ in range(3):
        secret_tip(category="TRE_EM")
    chief = make_user(Role.CHIEF, area.commune_a)
    # The postings, the units below them, the tips.
    with django_assert_num_queries(3):
        assert len(Tip.objects.visible_to(chief)) == 3


def test_chief_takes_a_restricted_tip_where_nobody_is_named(area, secret_tip):
    tip = secret_tip(category="TRE_EM")
    chief, officer = make_user(Role.CHIEF, area.commune_a), make_user(Role.OFFICER, area.commune_a)
    assert [posting.user for posting in offers.colleagues(tip)] == [chief]
    assert handling.accept(tip, actor=chief, version=1).assignee == chief
    with pytest.raises(NotAllowedError):
        handling.add_note(tip, actor=officer, version=2, text="Không được")


def test_conduct_complaint_is_hidden_from_the_whole_commune(area, secret_tip):
    tip = secret_tip(category="CAN_BO")
    for role in (Role.OFFICER, Role.BEAT_OFFICER, Role.CHIEF):
        client = api_client_of(make_user(role, area.commune_a, restricted_circle=True))
        assert client.get("/api/v1/tips/").json()["count"] == 0
        for call, response in calls(client, tip):
            assert response.status_code == 404, (role, call)
            assert SECRET not in response.content.decode()


def test_ended_posting_sees_nothing(area, secret_tip):
    tip = secret_tip()
    user = make_user(Role.CHIEF, area.commune_a)
    user.postings.update(valid_to="2026-01-01", valid_from="2025-01-01")
    assert api_client_of(user).get(f"/api/v1/tips/{tip.public_id}/").status_code == 403


def test_tip_out_of_an_officers_hands_is_403_for_deciding_acts(area, secret_tip):
    tip = secret_tip()
    chief, officer = make_user(Role.CHIEF, area.commune_a), make_user(Role.OFFICER, area.commune_a)
    handling.accept(tip, actor=chief, version=1)
    client = api_client_of(officer)
    bodies = {**ACTS, "transfer": {"unit": "D6802", "reason": "Nhầm địa bàn"}}
    for act in ("transfer", "extend", "close", "reopen", "reveal"):
        response = client.post(f"/api/v1/tips/{tip.public_id}/{act}/", {"version": 2, **bodies[act]})
        assert response.status_code == 403, act
        assert "Hoa" not in response.content.decode()
