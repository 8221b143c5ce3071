"""The directory's API: fields, filters, who sees and who may write."""

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from groups.enums import Channel, GroupKind, Role
from groups.models import Group
from groups.services import groups as services
from tests.factories import GroupFactory, OfficialAccountFactory, StewardshipFactory, UnitFactory, make_user

pytestmark = pytest.mark.django_db
ROW = {"id", "unit", "name", "kind", "channel", "zalo_group_id", "members", "households", "steward"}


def api(user=None) -> APIClient:
    client = APIClient()
    if user is not None:
        client.force_authenticate(user)
    return client


def names(response) -> list[str]:
    assert response.status_code == 200, response.content
    return [row["name"] for row in response.json()["results"]]


# --- Units ------------------------------------------------------------------------------------------------


def test_units_are_public_and_carry_names_only(area):
    response = api().get("/api/v1/units/", {"under": "D6801", "level": "commune"})
    assert response.json() == {
        "count": 1,
        "next": None,
        "previous": None,
        "results": [
            {
                "code": "D6801",
                "name": "Minh Tân",
                "full_name": "Xã Minh Tân",
                "level": "commune",
                "kind": "xã",
                "parent": "D68",
            }
        ],
    }


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"level": "province"}, ["Bắc Ninh", "Lâm Đồng"]),
        ({"under": "D6801"}, ["Đông Phú", "Minh Tân", "Trung Hòa"]),
        ({"kind": "PHƯỜNG"}, ["Bến Đá"]),
        ({"kind": "phường"}, ["Bến Đá"]),
        ({"q": "xa minh tan"}, ["Minh Tân"]),
        ({"q": "Bến"}, ["Bến Đá"]),
        ({"under": "nowhere"}, []),
    ],
)
def test_units_filter(area, query, expected):
    assert names(api().get("/api/v1/units/", query)) == expected


def test_units_with_an_unknown_level_are_a_bad_request(area):
    response = api().get("/api/v1/units/", {"level": "ward"})
    assert response.status_code == 400
    assert "level" in response.json()


def test_units_that_are_no_longer_in_force_do_not_show(area):
    UnitFactory(name="Cũ", parent=area.district, valid_to=timezone.localdate())
    assert names(api().get("/api/v1/units/", {"q": "cũ"})) == []


def test_units_take_two_queries_however_many(area, django_assert_num_queries):
    with django_assert_num_queries(2):
        api().get("/api/v1/units/")


def test_units_are_throttled_per_network(area, settings, monkeypatch):
    settings.THROTTLES = True
    monkeypatch.setattr("groups.api.DirectoryThrottle.rate", "2/min")
    answers = [api().get("/api/v1/units/") for _number in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert int(answers[2]["Retry-After"]) > 0


# --- Groups: reading --------------------------------------------------------------------------------------


def test_groups_without_a_token_are_refused(area):
    assert api().get("/api/v1/groups/").status_code == 401


@pytest.mark.parametrize("role", [Role.OFFICER, Role.BEAT_OFFICER, Role.CHIEF, Role.SUPERVISOR, Role.AUDITOR])
def test_groups_of_another_province_do_not_exist(area, role):
    inside, outside = GroupFactory(unit=area.village_a), GroupFactory(unit=area.village_c)
    client = api(make_user(role, area.commune_a))
    response = client.get("/api/v1/groups/")
    assert (response.json()["count"], [row["id"] for row in response.json()["results"]]) == (1, [inside.pk])
    for path in (f"/api/v1/groups/{outside.pk}/", f"/api/v1/groups/{outside.pk}/sizes/"):
        assert client.get(path).status_code == 404
    assert client.post(f"/api/v1/groups/{outside.pk}/sizes/", {"members": 1}).status_code == 404
    assert client.get("/api/v1/groups/", {"under": "24001"}).json()["count"] == 0


def test_groups_of_the_other_commune_of_the_district_do_not_exist(area):
    group = GroupFactory(unit=area.village_b)
    assert api(make_user(Role.CHIEF, area.commune_a)).get(f"/api/v1/groups/{group.pk}/").status_code == 404


def test_groups_of_a_relay_are_those_of_the_village(area):
    mine, _other = GroupFactory(unit=area.village_a), GroupFactory(unit=area.village_a2)
    assert names(api(make_user(Role.RELAY, area.village_a)).get("/api/v1/groups/")) == [mine.name]


def test_group_row_and_detail_have_the_promised_fields(area, settings):
    settings.PUBLIC_URL = "https://an-ninh.example.vn"
    chief = make_user(Role.CHIEF, area.commune_a)
    group = GroupFactory(gmf=True, unit=area.commune_a, members_count=31, households_count=25)
    StewardshipFactory(group=group, user=chief)
    code = services.open_join_link(group, by=chief).code
    row = api(chief).get("/api/v1/groups/").json()["results"][0]
    assert set(row) == ROW
    assert (row["unit"], row["members"], row["households"]) == ("D6801", 31, 25)
    assert (row["steward"], row["zalo_group_id"]) == (chief.username, group.zalo_group_id)
    one = api(chief).get(f"/api/v1/groups/{group.pk}/").json()
    assert set(one) == ROW | {"join_page", "letter"}
    assert one["join_page"] == f"https://an-ninh.example.vn/n/{code}/"
    assert one["letter"] == f"https://an-ninh.example.vn/n/{code}/thu-moi/"


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"under": "D680101"}, ["An ninh Trung Hòa"]),
        ({"kind": "business"}, ["Doanh nghiệp"]),
        ({"channel": "gmf"}, ["Doanh nghiệp"]),
        ({"steward": "huy"}, ["An ninh Trung Hòa"]),
        ({"steward": "cu"}, []),
        ({"q": "ninh an"}, ["An ninh Đông Phú", "An ninh Trung Hòa"]),
    ],
)
def test_groups_filter(area, query, expected):
    huy = make_user(Role.OFFICER, area.commune_a, username="huy")
    former = make_user(Role.OFFICER, area.commune_a, username="cu")
    trung_hoa = GroupFactory(unit=area.village_a, name="An ninh Trung Hòa")
    StewardshipFactory(group=trung_hoa, user=former, ends_on=timezone.localdate())
    StewardshipFactory(group=trung_hoa, user=huy)
    GroupFactory(unit=area.village_a2, name="An ninh Đông Phú")
    GroupFactory(gmf=True, unit=area.commune_a, name="Doanh nghiệp", kind=GroupKind.BUSINESS)
    assert names(api(huy).get("/api/v1/groups/", query)) == expected


def test_groups_with_an_unknown_kind_are_a_bad_request(area):
    client = api(make_user(Role.CHIEF, area.commune_a))
    assert client.get("/api/v1/groups/", {"kind": "family"}).status_code == 400


def test_groups_list_takes_as_many_queries_for_three_rows_as_for_one(area, django_assert_num_queries):
    chief = make_user(Role.CHIEF, area.commune_a)
    for _number in range(3):
        StewardshipFactory(group=GroupFactory(unit=area.village_a), user=chief)
    with django_assert_num_queries(5):
        api(chief).get("/api/v1/groups/")


# --- Groups: writing --------------------------------------------------------------------------------------


def body(**changes) -> dict:
    values = {"unit_code": "D680101", "kind": "household", "name": "An ninh Trung Hòa", "channel": "assisted"}
    return {**values, **changes}


@pytest.mark.parametrize("role", [Role.CHIEF, Role.SUPERVISOR, Role.ADMINISTRATOR])
def test_group_is_founded_by_chiefs_and_above(area, role):
    account = OfficialAccountFactory(unit=area.commune_a)
    beat = make_user(Role.BEAT_OFFICER, area.commune_a)
    automatic = {"channel": Channel.GMF, "oa_id": account.oa_id, "zalo_group_id": "f0" * 10}
    data = body(**automatic, join_url="https://zalo.me/g/abcdef123", steward=beat.username)
    response = api(make_user(role, area.commune_a)).post("/api/v1/groups/", data)
    assert response.status_code == 201, response.content
    assert response.json()["steward"] == beat.username
    assert response.json()["join_page"].endswith("/")
    assert Group.objects.get().official_account == account


@pytest.mark.parametrize("role", [Role.OFFICER, Role.BEAT_OFFICER, Role.RELAY, Role.AUDITOR])
def test_group_founded_by_others_is_forbidden(area, role):
    client = api(make_user(role, area.village_a))
    group = GroupFactory(unit=area.village_a)
    assert client.post("/api/v1/groups/", body()).status_code == 403
    assert client.post(f"/api/v1/groups/{group.pk}/sizes/", {"members": 3}).status_code == 403
    assert Group.objects.count() == 1


def test_group_in_an_invisible_unit_is_not_found(area):
    client = api(make_user(Role.CHIEF, area.commune_a))
    assert client.post("/api/v1/groups/", body(unit_code="D6802")).status_code == 404


def test_group_by_somebody_who_only_reads_there_is_forbidden(area):
    user = make_user(Role.CHIEF, area.commune_a)
    user.postings.create(unit=area.commune_b, role=Role.OFFICER)
    assert api(user).post("/api/v1/groups/", body(unit_code="D6802")).status_code == 403


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"unit_code": "nowhere"}, "unit_code"),
        ({"unit_code": None}, "unit_code"),
        ({"kind": "family"}, "kind"),
        ({"name": ""}, "name"),
        ({"channel": "gmf"}, "oa_id"),
        ({"oa_id": "nobody"}, "oa_id"),
        ({"join_url": "https://evil.vn/g/x"}, "join_url"),
        ({"steward": "nobody"}, "steward"),
    ],
)
def test_group_with_a_bad_field_names_it(area, changes, key):
    response = api(make_user(Role.CHIEF, area.commune_a)).post("/api/v1/groups/", body(**changes))
    assert response.status_code == 400
    assert isinstance(response.json()[key], list)


def test_group_with_empty_optional_fields_is_founded(area):
    data = body(oa_id="", zalo_group_id="", join_url="", steward="")
    assert api(make_user(Role.CHIEF, area.commune_a)).post("/api/v1/groups/", data).status_code == 201


def test_group_with_a_taken_name_is_a_bad_request(area):
    GroupFactory(unit=area.village_a, name="An ninh Trung Hòa")
    response = api(make_user(Role.CHIEF, area.commune_a)).post("/api/v1/groups/", body())
    assert response.status_code == 400
    assert "name" in response.json()


def test_sizes_are_recorded_and_listed_newest_first(area):
    client, group = api(make_user(Role.CHIEF, area.commune_a)), GroupFactory(unit=area.village_a)
    path = f"/api/v1/groups/{group.pk}/sizes/"
    old = client.post(path, {"date": "2026-10-31", "members": 28, "households": 20})
    new = client.post(path, {"members": 31, "households": 22})
    assert (old.status_code, new.status_code) == (201, 201)
    assert old.json() == {"date": "2026-10-31", "members": 28, "households": 20}
    rows = client.get(path).json()["results"]
    assert [row["members"] for row in rows] == [31, 28]
    group.refresh_from_db()
    assert group.members_count == 31


@pytest.mark.parametrize(
    ("data", "key"),
    [
        ({"households": 1}, "members"),
        ({"members": -1}, "members"),
        ({"members": 1, "households": 2}, "households"),
        ({"members": 1, "date": "2126-01-01"}, "date"),
        ({"members": 1, "date": "31/10/2026"}, "date"),
    ],
)
def test_size_with_a_bad_field_names_it(area, data, key):
    group = GroupFactory(unit=area.village_a)
    response = api(make_user(Role.CHIEF, area.commune_a)).post(f"/api/v1/groups/{group.pk}/sizes/", data)
    assert response.status_code == 400
    assert key in response.json()


def test_schema_describes_what_the_calls_take_and_give(area):
    schema = api().get("/api/schema/?format=json").json()
    call = schema["paths"]["/api/v1/groups/"]
    assert call["post"]["requestBody"]["content"]["application/json"]["schema"]["$ref"].endswith("/NewGroup")
    assert call["post"]["responses"]["201"]["content"]["application/json"]["schema"]["$ref"].endswith(
        "/Group"
    )
    parameters = {parameter["name"] for parameter in call["get"]["parameters"]}
    assert {"under", "kind", "channel", "steward", "q"} <= parameters
    units = {parameter["name"] for parameter in schema["paths"]["/api/v1/units/"]["get"]["parameters"]}
    assert {"under", "level", "kind", "q"} <= units
