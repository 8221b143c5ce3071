"""Founding and changing groups: rights, values, history, traces."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from groups.enums import Channel, GroupKind, GroupState, Role
from groups.models import Group, Stewardship
from groups.services import groups as services
from portal.audit.models import AuditEntry
from portal.errors import NotAllowedError, WrongStateError
from tests.factories import GroupFactory, OfficialAccountFactory, ProgrammeFactory, UserFactory, make_user

pytestmark = pytest.mark.django_db


def found(unit, by, **fields):
    values = {"kind": GroupKind.HOUSEHOLD, "channel": Channel.ASSISTED, "name": "An ninh thôn Trung Hòa"}
    return services.create_group(unit, by=by, **{**values, **fields})


def errors_of(call, *args, **kwargs) -> dict:
    with pytest.raises(ValidationError) as caught:
        call(*args, **kwargs)
    return caught.value.message_dict


def test_create_group_makes_join_link_steward_and_traces(area, chief):
    beat = make_user(Role.BEAT_OFFICER, area.village_a)
    group = found(area.village_a, chief, steward=beat)
    assert group.steward == beat
    assert group.join_links.get().is_open
    actions = set(AuditEntry.objects.values_list("action", "unit_path"))
    assert actions == {
        ("groups.group.created", area.village_a.path),
        ("groups.join_link.opened", area.village_a.path),
        ("groups.steward.changed", area.village_a.path),
    }


@pytest.mark.parametrize("role", [Role.OFFICER, Role.BEAT_OFFICER, Role.RELAY, Role.AUDITOR])
def test_create_group_by_a_role_below_chief_is_refused(area, role):
    with pytest.raises(NotAllowedError):
        found(area.village_a, make_user(role, area.commune_a))
    assert not Group.objects.exists()


def test_create_group_in_another_commune_is_refused(area, chief):
    with pytest.raises(NotAllowedError):
        found(area.village_b, chief)


@pytest.mark.parametrize(
    ("fields", "key"),
    [
        ({"kind": "family"}, "kind"),
        ({"channel": "sms"}, "channel"),
        ({"name": "  "}, "name"),
        ({"name": "x" * 121}, "name"),
        ({"channel": Channel.GMF, "zalo_group_id": "f" * 20}, "oa_id"),
        ({"channel": Channel.BOT}, "zalo_group_id"),
        ({"zalo_group_id": "a b"}, "zalo_group_id"),
        ({"join_url": "https://zalo.me.evil.vn/g/abc"}, "join_url"),
        ({"join_url": "https://zalo.me@evil.vn/g/abc"}, "join_url"),
        ({"join_url": "http://zalo.me/g/abc"}, "join_url"),
        ({"join_url": "javascript:alert(1)"}, "join_url"),
    ],
)
def test_create_group_with_a_bad_value_names_the_field(area, chief, fields, key):
    assert key in errors_of(found, area.village_a, chief, **fields)
    assert not Group.objects.exists()


def test_create_group_with_an_account_of_another_commune_is_refused(area, chief):
    account = OfficialAccountFactory(unit=area.commune_b)
    fields = {"channel": Channel.GMF, "official_account": account, "zalo_group_id": "ab12"}
    assert set(errors_of(found, area.village_a, chief, **fields)) == {"oa_id"}


def test_create_group_with_a_programme_of_another_unit_is_refused(area, chief):
    programme = ProgrammeFactory(unit=area.commune_b)
    assert set(errors_of(found, area.village_a, chief, programme=programme)) == {"programme"}


def test_create_group_with_a_taken_name_or_zalo_id_is_refused(area, chief):
    first = GroupFactory(gmf=True, unit=area.commune_a)
    account = first.official_account
    fields = {"channel": Channel.GMF, "official_account": account, "zalo_group_id": first.zalo_group_id}
    assert set(errors_of(found, area.commune_a, chief, name=first.name, **fields)) == {
        "name",
        "zalo_group_id",
    }


def test_update_group_writes_and_traces_only_what_changed(area, chief):
    group = found(area.village_a, chief)
    services.update_group(group, by=chief, name="Tên mới", kind=group.kind, state=GroupState.CLOSED)
    group.refresh_from_db()
    assert (group.name, group.state, group.search_key) == ("Tên mới", "closed", "ten moi")
    entry = AuditEntry.objects.get(action="groups.group.changed")
    assert entry.data == {"fields": ["name", "state"]}


def test_update_group_without_a_change_leaves_no_trace(area, chief):
    group = found(area.village_a, chief)
    services.update_group(group, by=chief, name=group.name)
    assert not AuditEntry.objects.filter(action="groups.group.changed").exists()


def test_change_steward_closes_the_old_one_and_keeps_history(area, chief):
    group = found(area.village_a, chief)
    first, second = make_user(Role.OFFICER, area.commune_a), make_user(Role.BEAT_OFFICER, area.commune_a)
    services.change_steward(group, user=first, by=chief)
    services.change_steward(group, user=second, by=chief)
    history = group.stewardships.order_by("pk").values_list("user", "ends_on")
    assert list(history) == [(first.pk, timezone.localdate()), (second.pk, None)]


def test_change_steward_to_the_same_person_changes_nothing(area, chief):
    group = found(area.village_a, chief, steward=chief)
    services.change_steward(group, user=chief, by=chief)
    assert group.stewardships.count() == 1


def test_change_steward_to_nobody_leaves_none_open(area, chief):
    group = found(area.village_a, chief, steward=chief)
    assert services.change_steward(group, user=None, by=chief) is None
    assert Group.objects.get().steward is None


@pytest.mark.parametrize("role", [Role.RELAY, Role.AUDITOR])
def test_change_steward_to_somebody_who_is_no_police_is_refused(area, chief, role):
    group = found(area.village_a, chief)
    assert "steward" in errors_of(
        services.change_steward, group, user=make_user(role, area.commune_a), by=chief
    )


def test_change_steward_to_an_officer_of_another_commune_is_refused(area, chief):
    group = found(area.village_a, chief)
    stranger = make_user(Role.OFFICER, area.commune_b)
    assert "steward" in errors_of(services.change_steward, group, user=stranger, by=chief)


def test_two_open_stewardships_of_a_group_are_impossible():
    group = GroupFactory()
    Stewardship.objects.create(group=group, user=UserFactory())
    with pytest.raises(IntegrityError), transaction.atomic():
        Stewardship.objects.create(group=group, user=UserFactory())


def test_record_size_twice_a_day_keeps_the_second(area, chief):
    group = found(area.village_a, chief)
    services.record_size(group, members=30, households=20, by=chief)
    services.record_size(group, members=31, households=21, by=chief)
    group.refresh_from_db()
    assert (group.members_count, group.households_count, group.sizes.count()) == (31, 21, 1)


def test_record_size_of_an_earlier_day_leaves_the_present_count(area, chief):
    group = found(area.village_a, chief)
    services.record_size(group, members=30, by=chief)
    services.record_size(group, members=10, by=chief, day=timezone.localdate() - timedelta(days=30))
    group.refresh_from_db()
    assert (group.members_count, group.sizes.count()) == (30, 2)


def test_record_size_with_impossible_values_is_refused(area, chief):
    group = found(area.village_a, chief)
    tomorrow = timezone.localdate() + timedelta(days=1)
    assert "date" in errors_of(services.record_size, group, members=1, by=chief, day=tomorrow)
    assert "households" in errors_of(services.record_size, group, members=1, households=2, by=chief)


def test_record_size_by_an_officer_is_refused(area, chief):
    group = found(area.village_a, chief)
    with pytest.raises(NotAllowedError):
        services.record_size(group, members=1, by=make_user(Role.OFFICER, area.commune_a))


def test_open_join_link_twice_gives_the_same_and_renewal_another(area, chief):
    group = found(area.village_a, chief)
    first = services.open_join_link(group, by=chief)
    assert services.open_join_link(group, by=chief) == first
    second = services.open_join_link(group, by=chief, renew=True)
    first.refresh_from_db()
    assert (first.is_open, second.is_open) == (False, True)
    assert first.code != second.code


# --- Recipients ------------------------------------------------------------------------------------------


@pytest.fixture
def groups(area):
    return {
        "a": GroupFactory(unit=area.commune_a, kind=GroupKind.BUSINESS),
        "va": GroupFactory(unit=area.village_a, kind=GroupKind.HOUSEHOLD),
        "vb": GroupFactory(unit=area.village_b, kind=GroupKind.HOUSEHOLD),
        "c": GroupFactory(unit=area.village_c, kind=GroupKind.HOUSEHOLD),
        "closed": GroupFactory(unit=area.village_a, state=GroupState.CLOSED),
    }


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ({}, set()),
        ({"kinds": ["household"]}, set()),
        ({"units": ["D6801"]}, {"a", "va"}),
        ({"units": ["D68"]}, {"a", "va", "vb"}),
        ({"units": ["D68", "D6801"]}, {"a", "va", "vb"}),
        ({"units": ["68"], "kinds": ["household"]}, {"va", "vb"}),
        ({"units": ["D6801"], "kinds": ["household"], "groups": ["a", "c"]}, {"a", "va", "c"}),
        ({"units": ["D68"], "exclude": ["va"]}, {"a", "vb"}),
        ({"groups": ["a"], "exclude": ["a"]}, set()),
        ({"groups": ["closed"]}, set()),
    ],
)
def test_recipients_for_follows_the_rule(groups, rule, expected):
    ids = {key: [groups[name].pk for name in rule[key]] for key in ("groups", "exclude") if key in rule}
    found_groups = services.recipients_for({**rule, **ids})
    assert set(found_groups) == {groups[name] for name in expected}


@pytest.mark.parametrize(
    "rule",
    [
        {"units": ["nowhere"]},
        {"units": "D68"},
        {"groups": ["1"]},
        {"groups": [True]},
        {"kinds": ["family"]},
        {"unit": ["D68"]},
    ],
)
def test_recipients_for_a_malformed_rule_is_refused(area, rule):
    assert set(errors_of(services.recipients_for, rule)) == {"audience"}


def test_recipients_for_counts_in_one_query(groups, django_assert_num_queries):
    recipients = services.recipients_for({"units": ["68"]})
    with django_assert_num_queries(1):
        assert recipients.count() == 3


@pytest.mark.parametrize("state", ["", "gone", None])
def test_update_group_with_an_unknown_state_is_refused(area, chief, state):
    group = found(area.village_a, chief)
    assert set(errors_of(services.update_group, group, by=chief, state=state)) == {"state"}
    group.refresh_from_db()
    assert group.state == GroupState.ACTIVE


def test_update_group_cleans_what_was_typed(area, chief):
    group = found(area.village_a, chief)
    services.update_group(group, by=chief, name="  An ninh\u200b thôn ", zalo_group_id=" ab12 ")
    group.refresh_from_db()
    assert (group.name, group.zalo_group_id) == ("An ninh thôn", "ab12")


@pytest.mark.parametrize(
    ("numbers", "key"),
    [
        ({"members": -1}, "members"),
        ({"members": 5, "households": -1}, "households"),
        ({"members": services.MOST_MEMBERS + 1}, "members"),
    ],
)
def test_record_size_outside_its_range_is_refused(area, chief, numbers, key):
    group = found(area.village_a, chief)
    assert key in errors_of(services.record_size, group, by=chief, **numbers)
    assert not group.sizes.exists()


def test_group_refused_in_the_database_says_the_state_is_another(area, chief, monkeypatch):
    group = found(area.village_a, chief)
    beat = make_user(Role.BEAT_OFFICER, area.village_a)
    stale = Stewardship.objects.none()
    monkeypatch.setattr(services, "_open_stewardship", lambda group: stale.first())
    services.change_steward(group, user=beat, by=chief)
    with pytest.raises(WrongStateError):
        services.change_steward(group, user=chief, by=chief)
    assert group.stewardships.get().user == beat
