"""Model permissions come from open postings, and only from them."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import AnonymousUser
from django.utils import timezone

from groups import permissions
from groups.backends import PostingBackend
from groups.enums import Role
from tests.factories import PostingFactory, UnitFactory, UserFactory, make_area, make_user

pytestmark = pytest.mark.django_db
backend = PostingBackend()


@pytest.mark.parametrize(
    ("role", "name", "expected"),
    [
        (Role.SUPERVISOR, "groups.change_group", True),
        (Role.SUPERVISOR, "groups.change_posting", False),
        (Role.SUPERVISOR, "groups.add_officialaccount", False),
        (Role.ADMINISTRATOR, "groups.change_posting", True),
        (Role.ADMINISTRATOR, "groups.add_officialaccount", True),
        (Role.ADMINISTRATOR, "groups.delete_group", False),
        (Role.AUDITOR, "groups.view_group", True),
        (Role.AUDITOR, "groups.change_group", False),
        (Role.AUDITOR, "audit.view_auditentry", True),
        (Role.CHIEF, "groups.view_group", False),
        (Role.RELAY, "groups.view_group", False),
    ],
)
def test_backend_answers_from_the_role(role, name, expected):
    user = make_user(role, UnitFactory())
    assert backend.has_perm(user, name) is expected


def test_backend_after_the_posting_ended_grants_nothing():
    today = timezone.localdate()
    posting = PostingFactory(role=Role.SUPERVISOR, valid_to=today)
    assert backend.get_user_permissions(posting.user) == set()
    assert not backend.has_module_perms(posting.user, "groups")


def test_backend_before_the_posting_starts_grants_nothing():
    posting = PostingFactory(role=Role.SUPERVISOR, valid_from=timezone.localdate() + timedelta(days=1))
    assert backend.get_user_permissions(posting.user) == set()


def test_backend_for_inactive_or_anonymous_user_grants_nothing():
    user = make_user(Role.ADMINISTRATOR, UnitFactory(), is_active=False)
    assert backend.get_user_permissions(user) == set()
    assert backend.get_user_permissions(AnonymousUser()) == set()


def test_backend_asked_about_one_object_grants_nothing():
    unit = UnitFactory()
    user = make_user(Role.SUPERVISOR, unit)
    assert not backend.has_perm(user, "groups.change_unit", unit)


def test_grant_adds_permissions_for_every_holder(monkeypatch):
    monkeypatch.setitem(permissions.MODEL_PERMISSIONS, Role.SUPERVISOR, {"groups.view_group"})
    permissions.grant(Role.SUPERVISOR, "tips.view_tip")
    user = make_user(Role.SUPERVISOR, UnitFactory())
    assert backend.has_perm(user, "tips.view_tip")
    assert backend.has_module_perms(user, "tips")


def test_paths_with_uses_only_the_postings_that_carry_the_permission():
    area = make_area()
    user = UserFactory()
    PostingFactory(user=user, unit=area.other_province, role=Role.AUDITOR)
    PostingFactory(user=user, unit=area.district, role=Role.SUPERVISOR)
    assert permissions.paths_with(user, "groups.change_group") == [area.district.path]
    assert permissions.paths_with(user, "groups.view_group") == ["24/", "68/D68/"]
    assert permissions.paths_with(user, "groups.fly") == []
