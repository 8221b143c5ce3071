"""The API of sending: lists, rows and counts, each for the eyes that may see them."""

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from broadcasts.enums import BroadcastState
from broadcasts.models import Broadcast
from groups.enums import Role
from tests.broadcasts.bodies import URL, png
from tests.clients import api_client_of
from tests.factories import (
    BroadcastFactory,
    DeliveryFactory,
    GroupFactory,
    StewardshipFactory,
    TipFactory,
    make_user,
)


def test_list_filters_by_state_kind_unit_and_day(officer, area, write, gmf_groups):
    routine, urgent = write(), write(urgency="urgent", kind="disaster")
    Broadcast.objects.filter(pk=routine.pk).update(created_at=timezone.now() - timedelta(days=3))
    client = api_client_of(officer)

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

    by_relay = api_client_of(relay).post(f"/api/v1/deliveries/{first.pk}/posted/")
    url = f"/api/v1/deliveries/{second.pk}/posted/"
    by_steward = api_client_of(officer).post(url, {"proof": png()}, format="multipart")
    by_chief = api_client_of(chief).post(f"/api/v1/deliveries/{third.pk}/posted/")
    by_stranger = api_client_of(officer).post(f"/api/v1/deliveries/{fourth.pk}/posted/")

    assert [a.status_code for a in (by_relay, by_steward, by_chief, by_stranger)] == [200, 200, 200, 403]
    assert by_relay.json()["state"] == "posted"
    second.refresh_from_db()
    assert second.proof is not None
    assert second.settled_by == officer


def test_delivery_of_relay_elsewhere_answers_404_and_seen_403(area, sending_rows):
    (to_post,) = sending_rows("to_post", 1)
    (unknown,) = sending_rows("unknown", 1)
    elsewhere = api_client_of(make_user(Role.RELAY, area.village_b))
    here = api_client_of(make_user(Role.RELAY, area.village_a))

    assert elsewhere.post(f"/api/v1/deliveries/{to_post.pk}/posted/").status_code == 404
    assert here.post(f"/api/v1/deliveries/{unknown.pk}/seen/").status_code == 403
    assert here.post(f"/api/v1/deliveries/{unknown.pk}/resend/").status_code == 403
    assert here.get(URL).json()["count"] == 0


def test_unknown_delivery_is_seen_by_officer_and_resent_by_chief(officer, chief, sending_rows):
    seen, again = sending_rows("unknown", 2)

    assert api_client_of(officer).post(f"/api/v1/deliveries/{seen.pk}/seen/").json()["state"] == "sent"
    assert api_client_of(officer).post(f"/api/v1/deliveries/{again.pk}/resend/").status_code == 403
    assert api_client_of(chief).post(f"/api/v1/deliveries/{again.pk}/resend/").json()["state"] == "waiting"
    assert api_client_of(chief).post(f"/api/v1/deliveries/{seen.pk}/resend/").status_code == 409


def test_skip_without_reason_answers_400(chief, sending_rows):
    (row,) = sending_rows("to_post", 1)
    url = f"/api/v1/deliveries/{row.pk}/skip/"

    assert api_client_of(chief).post(url).status_code == 400
    answer = api_client_of(chief).post(url, {"reason": "Nhóm đã giải tán"}, format="json").json()
    assert (answer["state"], answer["reason"]) == ("skipped", "Nhóm đã giải tán")


def test_tips_that_answer_a_broadcast_are_counted_for_those_who_may_see_them(
    officer, area, write, gmf_groups
):
    broadcast = write()
    first = TipFactory(broadcast=broadcast, unit=area.commune_a)
    TipFactory(broadcast=broadcast, unit=area.commune_b)
    TipFactory(broadcast=broadcast, unit=area.commune_a, category="TRE_EM")

    body = api_client_of(officer).get(f"{URL}{broadcast.pk}/").json()

    assert body["tips"] == 1
    assert datetime.fromisoformat(body["first_tip_at"]) == first.received_at


@pytest.mark.parametrize("rows", [1, 3])
def test_list_of_broadcasts_costs_the_same_queries(rows, area, officer, django_assert_num_queries):
    for _number in range(rows):
        DeliveryFactory(broadcast=BroadcastFactory(unit=area.commune_a), group__unit=area.village_a)
    client = api_client_of(officer)

    # postings, count, page, occurrences, counts, times, circles, tips
    with django_assert_num_queries(8):
        assert client.get(URL).json()["count"] == rows


@pytest.mark.parametrize("rows", [1, 3])
def test_list_of_deliveries_costs_the_same_queries(rows, area, officer, django_assert_num_queries):
    broadcast = BroadcastFactory(unit=area.commune_a)
    for _number in range(rows):
        DeliveryFactory(broadcast=broadcast, group__unit=area.village_a)
    client = api_client_of(officer)

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


def test_counts_and_reach_tell_of_no_group_the_user_may_not_see(area, account, district_post):
    broadcast = district_post
    body = api_client_of(make_user(Role.CHIEF, area.commune_a)).get(f"{URL}{broadcast.pk}/").json()
    above = api_client_of(make_user(Role.SUPERVISOR, area.district)).get(f"{URL}{broadcast.pk}/").json()

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


def test_confirmation_repeated_by_the_same_person_answers_200_and_is_undone_once(area, chief, sending_rows):
    [row] = sending_rows("to_post", 1)
    client = api_client_of(chief)
    told = {"key": "may-01", "made_at": "2001-01-01T08:00:00+07:00"}
    answers = [client.post(f"/api/v1/deliveries/{row.pk}/posted/", told) for _again in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].json() == answers[1].json()
    other = api_client_of(make_user(Role.CHIEF, area.commune_a)).post(f"/api/v1/deliveries/{row.pk}/posted/")
    assert other.status_code == 409
    assert chief.display_name in other.json()["detail"]
    assert client.post(f"/api/v1/deliveries/{row.pk}/undo/").json()["state"] in ("to_post", "overdue")
    assert client.post(f"/api/v1/deliveries/{row.pk}/undo/").status_code == 409
    assert client.post(f"/api/v1/deliveries/{row.pk}/posted/", {"made_at": "hôm qua"}).status_code == 400
