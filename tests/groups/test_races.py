"""Two processes at the same moment: one refresh, one steward, one link, one group. Needs PostgreSQL."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.core.exceptions import ValidationError
from django.db import connection, connections

from groups.enums import Channel, GroupKind, Role
from groups.models import Group, JoinLink, OfficialAccount, Stewardship
from groups.services import groups as services
from groups.services.accounts import connect_account
from groups.services.postings import open_posting
from groups.services.tokens import AccountTokens
from groups.zalo.simulator.server import SimulatorThread
from tests.factories import GroupFactory, OfficialAccountFactory, UserFactory, make_user

pytestmark = [pytest.mark.services, pytest.mark.django_db(transaction=True)]


def together(*calls: Callable[[], Any]) -> list[Any]:
    """Run the calls at the same moment on connections of their own; errors come back as values."""
    assert connection.vendor == "postgresql", "races need PostgreSQL (tests/run.sh, part 2)"
    barrier = Barrier(len(calls))

    def run(call: Callable[[], Any]) -> Any:
        try:
            barrier.wait(timeout=10)
            return call()
        except Exception as error:  # noqa: BLE001 - the test looks at it
            return error
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def test_token_renewed_by_eight_callers_is_asked_for_once(area, settings):
    account = OfficialAccountFactory(unit=area.commune_a)
    names = ("oa_id", "app_id", "app_secret", "access_token", "refresh_token")
    with SimulatorThread() as zalo:
        settings.ZALO_OAUTH_URL = zalo.url
        zalo.control("POST", "oas", {name: getattr(account, name) for name in names})
        old = account.access_token
        found = together(*[lambda: async_to_sync(AccountTokens(account.pk).renew)(old)] * 8)
        calls = zalo.control("GET", "stats")["calls"]["/v4/oa/access_token"]
    account.refresh_from_db()
    assert set(found) == {account.access_token} != {old}
    assert calls == {"0": 1}


def test_group_handed_to_two_people_at_once_has_one_steward(area):
    chief, group = make_user(Role.CHIEF, area.commune_a), GroupFactory(unit=area.village_a)
    people = [make_user(Role.OFFICER, area.commune_a) for _number in range(2)]
    results = together(
        *[lambda user=user: services.change_steward(group, user=user, by=chief) for user in people]
    )
    assert [type(result) for result in results] == [Stewardship, Stewardship]
    assert group.stewardships.filter(ends_on=None).count() == 1


def test_group_opened_twice_at_once_has_one_link(area):
    chief, group = make_user(Role.CHIEF, area.commune_a), GroupFactory(unit=area.village_a)
    first, second = together(*[lambda: services.open_join_link(group, by=chief)] * 2)
    assert first == second == JoinLink.objects.get()


def test_group_founded_twice_at_once_is_one_group_and_one_complaint(area):
    chief = make_user(Role.CHIEF, area.commune_a)
    values = {"kind": GroupKind.HOUSEHOLD, "channel": Channel.ASSISTED, "name": "An ninh", "by": chief}
    results = together(*[lambda: services.create_group(area.village_a, **values)] * 2)
    assert sorted(type(result).__name__ for result in results) == ["Group", "ValidationError"]
    assert Group.objects.count() == 1


def test_account_connected_twice_at_once_is_one_account(area):
    secrets = dict.fromkeys(("app_secret", "oa_secret", "access_token", "refresh_token"), "secret")
    connect = {"oa_id": "1", "app_id": "2", **secrets, "by": None}
    results = together(*[lambda: connect_account(area.commune_a, **connect)] * 2)
    assert OfficialAccount.objects.count() == 1
    assert all(isinstance(result, OfficialAccount | ValidationError) for result in results)


def test_person_posted_twice_at_once_is_posted_once(area):
    user, admin = UserFactory(), make_user(Role.ADMINISTRATOR, area.province)
    posting = {"unit": area.commune_a, "role": Role.OFFICER, "by": admin}
    results = together(*[lambda: open_posting(user, **posting)] * 2)
    assert sorted(type(result).__name__ for result in results) == ["Posting", "ValidationError"]
