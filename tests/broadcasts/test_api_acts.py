"""The API of sending: submitting, deciding, stopping; who may, and the codes of refusals."""

from datetime import timedelta

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from broadcasts.enums import BroadcastState
from broadcasts.services import approval
from groups.enums import Role
from tests.broadcasts.bodies import URL, payload
from tests.clients import api_client_of
from tests.factories import make_user


def test_submitted_broadcast_changed_by_author_answers_409(write, officer, gmf_groups):
    broadcast = write()
    approval.submit_broadcast(broadcast, actor=officer)

    answer = api_client_of(officer).patch(f"{URL}{broadcast.pk}/", {"title": "Muộn"}, format="json")

    assert answer.status_code == 409


def test_approval_by_author_answers_403_even_for_chief(chief, write, gmf_groups):
    broadcast = write(author=chief)
    approval.submit_broadcast(broadcast, actor=chief)

    answer = api_client_of(chief).post(f"{URL}{broadcast.pk}/approve/")

    assert answer.status_code == 403
    broadcast.refresh_from_db()
    assert broadcast.state == BroadcastState.SUBMITTED


@pytest.mark.parametrize("verb", ["submit", "approve", "resume"])
def test_act_in_wrong_state_answers_409(verb, officer, chief, approved, gmf_groups):
    broadcast = approved()
    actor = officer if verb == "submit" else chief

    assert api_client_of(actor).post(f"{URL}{broadcast.pk}/{verb}/").status_code == 409


@pytest.mark.parametrize("verb", ["return", "reject"])
def test_decision_without_reason_answers_400(verb, write, officer, chief, gmf_groups):
    broadcast = write()
    approval.submit_broadcast(broadcast, actor=officer)
    client = api_client_of(chief)

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
        answer = api_client_of(user).post(f"{URL}{broadcast.pk}/{verb}/", {"reason": "x"}, format="json")
        assert answer.status_code == 404
        assert broadcast.title not in answer.content.decode()


@pytest.mark.parametrize("verb", VERBS)
def test_act_of_auditor_answers_403(verb, area, write, gmf_groups):
    auditor = make_user(Role.AUDITOR, area.district)
    broadcast = write()

    answer = api_client_of(auditor).post(f"{URL}{broadcast.pk}/{verb}/", {"reason": "x"}, format="json")

    assert answer.status_code == 403


def test_calls_without_token_answer_401(db):
    assert APIClient().get(URL).status_code == 401
    assert APIClient().post(URL, payload(), format="json").status_code == 401


def test_broadcast_written_by_auditor_answers_403(area, gmf_groups):
    answer = api_client_of(make_user(Role.AUDITOR, area.commune_a)).post(URL, payload(), format="json")

    assert answer.status_code == 403


def test_approval_of_another_version_than_the_chief_read_is_refused(write, officer, chief, gmf_groups):
    broadcast = write()
    approval.submit_broadcast(broadcast, actor=officer)
    url = f"{URL}{broadcast.pk}/approve/"

    stale = api_client_of(chief).post(url, {"version": broadcast.version - 1}, format="json")
    fresh = api_client_of(chief).post(url, {"version": broadcast.version}, format="json")

    assert (stale.status_code, fresh.status_code) == (409, 200)


def test_submitting_for_an_hour_long_past_is_refused_on_that_field(officer, gmf_groups, write):
    broadcast = write(send_at=timezone.now() - timedelta(hours=25))

    answer = api_client_of(officer).post(f"{URL}{broadcast.pk}/submit/")

    assert (answer.status_code, list(answer.json())) == (400, ["send_at"])
