"""Postings: only administrators of the area make them, and administrators only in pairs."""

from datetime import timedelta

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.utils import timezone

from groups import permissions
from groups.enums import Role
from groups.services import postings as services
from groups.tasks import sync_admin_access
from portal.audit.models import AuditEntry
from portal.errors import NotAllowedError, WrongStateError
from tests.factories import UserFactory, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(area):
    return make_user(Role.ADMINISTRATOR, area.province)


def fresh(user):
    """The user without remembered postings."""
    return type(user).objects.get(pk=user.pk)


def test_open_posting_takes_effect_at_once_and_is_traced(area, admin):
    user = UserFactory()
    services.open_posting(user, unit=area.commune_a, role=Role.OFFICER, by=admin)
    assert permissions.holds(fresh(user), area.village_a, Role.OFFICER)
    entry = AuditEntry.objects.get(action="groups.posting.opened")
    assert entry.data == {"user": user.username, "role": "officer", "unit": "D6801"}


@pytest.mark.parametrize("role", [Role.CHIEF, Role.SUPERVISOR, Role.AUDITOR])
def test_open_posting_by_another_role_is_refused(area, role):
    by = make_user(role, area.province)
    with pytest.raises(NotAllowedError):
        services.open_posting(UserFactory(), unit=area.commune_a, role=Role.OFFICER, by=by)


def test_open_posting_outside_ones_area_is_refused(area, admin):
    with pytest.raises(NotAllowedError):
        services.open_posting(UserFactory(), unit=area.commune_c, role=Role.OFFICER, by=admin)


def test_open_posting_for_oneself_is_refused(area, admin):
    with pytest.raises(NotAllowedError):
        services.open_posting(admin, unit=area.commune_a, role=Role.CHIEF, by=admin)


def test_open_posting_as_administrator_waits_for_a_second_person(area, admin):
    user, second = UserFactory(), make_user(Role.ADMINISTRATOR, area.province)
    posting = services.open_posting(user, unit=area.district, role=Role.ADMINISTRATOR, by=admin)
    assert not permissions.has_role(fresh(user), Role.ADMINISTRATOR)
    with pytest.raises(NotAllowedError):
        services.confirm_posting(posting, by=admin)
    services.confirm_posting(posting, by=second)
    assert permissions.has_role(fresh(user), Role.ADMINISTRATOR)
    with pytest.raises(WrongStateError):
        services.confirm_posting(posting, by=second)


def test_confirm_posting_by_the_person_concerned_is_refused(area, admin):
    user = make_user(Role.ADMINISTRATOR, area.province)
    posting = services.open_posting(user, unit=area.district, role=Role.ADMINISTRATOR, by=admin)
    with pytest.raises(NotAllowedError):
        services.confirm_posting(posting, by=user)


def test_open_posting_by_a_command_needs_nobody_else(area):
    user = UserFactory()
    services.open_posting(user, unit=area.province, role=Role.ADMINISTRATOR, by=None)
    assert permissions.has_role(fresh(user), Role.ADMINISTRATOR)
    assert fresh(user).is_staff


def test_open_posting_twice_is_refused(area, admin):
    user = make_user(Role.OFFICER, area.commune_a)
    with pytest.raises(ValidationError):
        services.open_posting(user, unit=area.commune_a, role=Role.OFFICER, by=admin)


def test_close_posting_ends_rights_and_admin_access_today(area, admin):
    user = make_user(Role.SUPERVISOR, area.district)
    services.close_posting(user.postings.get(), by=admin)
    assert permissions.open_postings(fresh(user)) == []
    assert not fresh(user).is_staff
    with pytest.raises(WrongStateError):
        services.close_posting(user.postings.get(), by=admin)


def test_close_posting_keeps_admin_access_of_another_posting(area, admin):
    user = make_user(Role.SUPERVISOR, area.district)
    services.open_posting(user, unit=area.province, role=Role.AUDITOR, by=admin)
    services.close_posting(user.postings.get(role=Role.SUPERVISOR), by=admin)
    assert fresh(user).is_staff


def test_open_posting_that_ends_before_it_starts_is_refused(area, admin):
    yesterday = timezone.localdate() - timedelta(days=1)
    with pytest.raises(ValidationError):
        services.open_posting(
            UserFactory(), unit=area.commune_a, role=Role.OFFICER, by=admin, valid_to=yesterday
        )


def test_is_staff_waits_for_the_second_person(area, admin):
    user, second = UserFactory(), make_user(Role.ADMINISTRATOR, area.province)
    posting = services.open_posting(user, unit=area.district, role=Role.ADMINISTRATOR, by=admin)
    assert not fresh(user).is_staff
    services.confirm_posting(posting, by=second)
    assert fresh(user).is_staff


def test_admin_access_follows_the_days_of_postings(area, admin):
    today = timezone.localdate()
    later, ending, lasting = UserFactory(), UserFactory(), make_user(Role.AUDITOR, area.district)
    days = {later: (today + timedelta(days=3), None), ending: (today, today + timedelta(days=2))}
    for user, (start, end) in days.items():
        period = {"valid_from": start, "valid_to": end}
        services.open_posting(user, unit=area.district, role=Role.SUPERVISOR, by=admin, **period)
    assert (fresh(later).is_staff, fresh(ending).is_staff) == (False, True)
    with time_machine.travel(timezone.now() + timedelta(days=3)):
        sync_admin_access.run()
        sync_admin_access.run()
    assert (fresh(later).is_staff, fresh(ending).is_staff) == (True, False)
    assert fresh(lasting).is_staff


def test_daily_access_leaves_superusers_and_commune_staff_alone(area):
    root = UserFactory(is_staff=True, is_superuser=True)
    officer = make_user(Role.OFFICER, area.commune_a)
    stray = UserFactory(is_staff=True)
    sync_admin_access.run()
    assert [fresh(user).is_staff for user in (root, officer, stray)] == [True, False, False]
