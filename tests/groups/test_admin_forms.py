"""What administrators and supervisors do in the admin ends in the services, with their rules and traces."""

import pytest
from django.contrib.admin.models import LogEntry
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from groups.enums import AccountState, Role
from groups.models import Group, Member, OfficialAccount, Posting, Unit
from groups.services import groups as group_services
from portal.audit.models import AuditEntry
from portal.audit.services import record
from portal.errors import WrongStateError
from tests.factories import (
    GroupFactory,
    JoinLinkFactory,
    MemberFactory,
    OfficialAccountFactory,
    UserFactory,
    make_user,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def supervisor(area):
    return _client(make_user(Role.SUPERVISOR, area.district))


@pytest.fixture
def administrator(area):
    return _client(make_user(Role.ADMINISTRATOR, area.province))


def _client(user) -> Client:
    client = Client()
    client.force_login(user)
    client.user = user
    return client


def url(section: str, page: str, *args) -> str:
    return reverse(f"admin:groups_{section}_{page}", args=args)


def errors(response) -> set[str]:
    assert response.status_code == 200, response.status_code
    return set(response.context["adminform"].form.errors)


def inlines(**prefixes: int) -> dict[str, int]:
    """Management forms of read-only inlines."""
    return {
        f"{prefix}-{key}": count
        for prefix, count in prefixes.items()
        for key in ("TOTAL_FORMS", "INITIAL_FORMS")
    }


GROUP = {"kind": "household", "name": "An ninh thôn Trung Hòa", "channel": "assisted"}
GROUP_INLINES = inlines(join_links=0, stewardships=0, sizes=0)


def test_group_added_in_the_admin_has_a_join_link_and_a_trace(area, supervisor):
    response = supervisor.post(url("group", "add"), {**GROUP, "unit": area.village_a.pk})
    assert response.status_code == 302
    group = Group.objects.get()
    assert group.join_links.filter(is_open=True).count() == 1
    assert AuditEntry.objects.get(action="groups.group.created").actor == supervisor.user


def test_group_with_a_foreign_link_is_an_error_of_that_field(area, supervisor):
    data = {**GROUP, "unit": area.village_a.pk, "join_url": "https://zal0.me/g/abc"}
    assert errors(supervisor.post(url("group", "add"), data)) == {"join_url"}


def test_group_by_api_without_account_is_an_error_of_the_account_field(area, supervisor):
    data = {**GROUP, "unit": area.village_a.pk, "channel": "gmf", "zalo_group_id": "ab12"}
    assert errors(supervisor.post(url("group", "add"), data)) == {"official_account"}


def test_group_changed_in_the_admin_hands_over_and_counts(area, supervisor):
    group = GroupFactory(unit=area.village_a)
    beat = make_user(Role.BEAT_OFFICER, area.commune_a)
    data = {
        **GROUP,
        "state": "active",
        "steward": beat.pk,
        "members": "31",
        "households": "25",
        **GROUP_INLINES,
    }
    response = supervisor.post(url("group", "change", group.pk), data)
    assert response.status_code == 302, errors(response)
    group.refresh_from_db()
    assert (group.name, group.steward, group.members_count) == (GROUP["name"], beat, 31)
    actions = set(AuditEntry.objects.values_list("action", flat=True))
    assert {"groups.group.changed", "groups.steward.changed", "groups.size.recorded"} <= actions


def test_group_saved_without_changes_leaves_no_trace(area, supervisor):
    group = GroupFactory(unit=area.village_a)
    data = {"kind": group.kind, "name": group.name, "channel": group.channel, "join_url": group.join_url}
    supervisor.post(url("group", "change", group.pk), {**data, "state": "active", **GROUP_INLINES})
    assert not AuditEntry.objects.filter(action__startswith="groups.").exists()


@pytest.mark.parametrize("refusal", [WrongStateError(), ValidationError("Đơn vị đã có nhóm tên này.")])
def test_group_that_somebody_else_changed_meanwhile_is_a_sentence(area, supervisor, monkeypatch, refusal):
    group = GroupFactory(unit=area.village_a)

    def refuse(*args, **kwargs):
        raise refusal

    monkeypatch.setattr(group_services, "update_group", refuse)
    data = {**GROUP, "state": "active", **GROUP_INLINES}
    response = supervisor.post(url("group", "change", group.pk), data, follow=True)
    sentence = getattr(refusal, "message", None)
    assert [str(message) for message in response.context["messages"]] == [str(sentence)]


def test_group_steward_from_another_commune_is_no_choice(area, supervisor):
    group = GroupFactory(unit=area.village_a)
    stranger = make_user(Role.OFFICER, area.commune_b)
    data = {**GROUP, "state": "active", "steward": stranger.pk, **GROUP_INLINES}
    assert errors(supervisor.post(url("group", "change", group.pk), data)) == {"steward"}


def test_group_list_answers_which_groups_need_work(area, supervisor):
    stopped = GroupFactory(gmf=True, unit=area.commune_a, official_account__state=AccountState.STOPPED)
    without_link = GroupFactory(unit=area.village_a, join_url="")
    for needs, group in (("account", stopped), ("link", without_link)):
        found = supervisor.get(url("group", "changelist"), {"needs": needs}).context["cl"].queryset
        assert list(found) == [group]
    for needs in ("steward", "size"):
        assert supervisor.get(url("group", "changelist"), {"needs": needs}).context["cl"].result_count == 2


def test_renewing_links_in_bulk_closes_the_old_ones(area, supervisor):
    link = JoinLinkFactory(group__unit=area.village_a)
    data = {"action": "renew_links", "_selected_action": [link.group.pk]}
    supervisor.post(url("group", "changelist"), data)
    link.refresh_from_db()
    assert not link.is_open
    assert link.group.join_links.filter(is_open=True).count() == 1


def test_village_without_code_gets_the_next_one_and_a_path(area, supervisor):
    data = {"parent": area.commune_a.pk, "kind": "xóm", "name": "Bãi", "households": 90, "population": 300}
    response = supervisor.post(url("village", "add"), {**data, "code": ""})
    assert response.status_code == 302, errors(response)
    village = Unit.objects.get(name="Bãi")
    assert (village.code, village.level, village.full_name) == ("D680103", "village", "Xóm Bãi")
    assert village.path == "68/D68/D6801/D680103/"


def test_village_below_a_province_or_outside_the_area_is_refused(area, supervisor):
    data = {"kind": "thôn", "name": "X", "households": 0, "population": 0, "code": ""}
    for parent in (area.province, area.district, area.commune_c):
        assert "parent" in errors(supervisor.post(url("village", "add"), {**data, "parent": parent.pk}))


def test_unit_without_a_parent_or_above_it_is_refused(area, supervisor):
    data = {"code": "X1", "kind": "xã", "name": "X", "households": 0, "population": 0}
    for level, parent in (("province", ""), ("commune", ""), ("district", area.commune_a.pk)):
        response = supervisor.post(url("unit", "add"), {**data, "level": level, "parent": parent})
        assert "parent" in errors(response)
    assert not Unit.objects.filter(code="X1").exists()


def test_practice_unit_is_switched_by_administrators_only(area, supervisor, administrator):
    data = {"kind": "xã", "name": "Minh Tân", "households": 0, "population": 0, "is_practice": "on"}
    supervisor.post(url("commune", "change", area.commune_a.pk), data)
    area.commune_a.refresh_from_db()
    assert not area.commune_a.is_practice
    response = administrator.post(url("commune", "change", area.commune_a.pk), data)
    assert response.status_code == 302, errors(response)
    area.commune_a.refresh_from_db()
    assert area.commune_a.is_practice


def test_group_is_found_by_the_name_of_its_commune(area, supervisor):
    group = GroupFactory(unit=area.village_a, name="Nhóm một")
    GroupFactory(unit=area.village_b, name="Nhóm hai")
    found = supervisor.get(url("group", "changelist"), {"q": "xa minh tan"}).context["cl"].queryset
    assert list(found) == [group]


def test_commune_list_shows_coverage(area, supervisor):
    GroupFactory(unit=area.village_a)
    GroupFactory(unit=area.village_a)
    GroupFactory(unit=area.commune_a)
    page = supervisor.get(url("commune", "changelist")).content.decode()
    assert "1/2 (50 %)" in page
    assert "0/1 (0 %)" in page


# --- Members ---------------------------------------------------------------------------------------------


def member_data(group, **changes) -> dict:
    return {"group": group.pk, "display_name": "Trần Thị Hoa", "role": "member", **changes}


def test_member_phone_needs_consent_and_is_stored_in_one_form(area, supervisor):
    group = GroupFactory(unit=area.village_a)
    data = member_data(group, phone="0912 345 678")
    assert errors(supervisor.post(url("member", "add"), data)) == {"consent_on"}
    supervisor.post(url("member", "add"), {**data, "consent_on": "21/11/2026"})
    assert Member.objects.get().phone == "+84912345678"


def test_member_with_a_wrong_phone_is_refused(area, supervisor):
    data = member_data(GroupFactory(unit=area.village_a), phone="12345", consent_on="21/11/2026")
    assert errors(supervisor.post(url("member", "add"), data)) == {"phone"}


def test_member_of_a_group_outside_the_area_is_refused(area, supervisor):
    group = GroupFactory(unit=area.village_c)
    assert errors(supervisor.post(url("member", "add"), member_data(group))) == {"group"}


def test_member_phone_is_masked_in_lists_and_for_auditors(area, supervisor):
    member = MemberFactory(group__unit=area.village_a, phone="+84912345678")
    auditor = _client(make_user(Role.AUDITOR, area.province))
    pages = [
        supervisor.get(url("member", "changelist")),
        auditor.get(url("member", "changelist")),
        auditor.get(url("member", "change", member.pk)),
    ]
    for page in pages:
        text = page.content.decode()
        assert "912345678" not in text and "0912 345" not in text
        assert "09xx xxx 678" in text


# --- Postings --------------------------------------------------------------------------------------------


def posting_data(user, unit, **changes) -> dict:
    return {"user": user.pk, "unit": unit.pk, "role": "officer", "valid_from": "01/11/2026", **changes}


def test_posting_an_administrator_waits_until_a_second_one_confirms(area, administrator):
    user = UserFactory()
    administrator.post(url("posting", "add"), posting_data(user, area.district, role="administrator"))
    posting = Posting.objects.get(user=user)
    assert posting.awaits_confirmation
    confirm = {"action": "confirm", "_selected_action": [posting.pk]}
    administrator.post(url("posting", "changelist"), confirm)
    posting.refresh_from_db()
    assert posting.awaits_confirmation
    _client(make_user(Role.ADMINISTRATOR, area.province)).post(url("posting", "changelist"), confirm)
    posting.refresh_from_db()
    assert not posting.awaits_confirmation


def test_posting_oneself_or_outside_the_area_is_refused(area, administrator):
    add = url("posting", "add")
    assert errors(administrator.post(add, posting_data(administrator.user, area.commune_a))) == {"user"}
    assert errors(administrator.post(add, posting_data(UserFactory(), area.commune_c))) == {"unit"}
    assert errors(
        administrator.post(add, posting_data(make_user(Role.OFFICER, area.commune_c), area.commune_a))
    ) == {"user"}


def test_posting_twice_is_an_error_of_the_form(area, administrator):
    user = make_user(Role.OFFICER, area.commune_a)
    response = administrator.post(url("posting", "add"), posting_data(user, area.commune_a))
    assert response.status_code == 200
    assert response.context["adminform"].form.errors


def test_closing_postings_in_bulk_ends_them_today(area, administrator):
    user = make_user(Role.SUPERVISOR, area.district)
    data = {"action": "close", "_selected_action": [user.postings.get().pk]}
    administrator.post(url("posting", "changelist"), data)
    user.refresh_from_db()
    assert user.postings.get().valid_to is not None
    assert not user.is_staff


def test_user_added_in_the_admin_has_no_rights_until_posted(area, administrator):
    data = {"username": "moi", "full_name": "Lê Văn Mới", "usable_password": "true"}
    data |= {"password1": "mot-hai-ba-bon-5", "password2": "mot-hai-ba-bon-5"}
    response = administrator.post(reverse("admin:accounts_user_add"), data)
    assert response.status_code == 302, response.context["adminform"].form.errors
    user = type(administrator.user).objects.get(username="moi")
    assert not user.is_staff and not user.is_superuser
    entry = AuditEntry.objects.get(action="groups.user.changed")
    assert "mot-hai" not in str(entry.data)


# --- Official accounts -----------------------------------------------------------------------------------

ACCOUNT = {"name": "OA", "oa_id": "47001", "app_id": "30001", "rate_per_minute": 100}


def test_account_added_without_tokens_waits_for_a_grant(area, administrator):
    data = {**ACCOUNT, "unit": area.commune_a.pk, "new_app_secret": "s1", "new_oa_secret": "s2"}
    response = administrator.post(url("officialaccount", "add"), data)
    assert response.status_code == 302, errors(response)
    account = OfficialAccount.objects.get()
    assert (account.state, account.app_secret, account.oa_secret) == ("needs_grant", "s1", "s2")


def test_account_secrets_never_come_out_and_empty_inputs_keep_them(area, administrator):
    account = OfficialAccountFactory(unit=area.commune_a, app_secret="very-secret", oa_secret="also-secret")
    change = url("officialaccount", "change", account.pk)
    page = administrator.get(change).content.decode()
    assert "very-secret" not in page and "also-secret" not in page and account.access_token not in page
    response = administrator.post(change, {**ACCOUNT, "name": "Tên mới", "new_oa_secret": "newer"})
    assert response.status_code == 302, errors(response)
    account.refresh_from_db()
    assert (account.name, account.app_secret, account.oa_secret) == ("Tên mới", "very-secret", "newer")
    assert AuditEntry.objects.get(action="groups.account.changed").data["secrets"] == ["oa_secret"]


def test_account_with_half_a_token_pair_is_refused(area, administrator):
    account = OfficialAccountFactory(unit=area.commune_a)
    data = {**ACCOUNT, "new_access_token": "at"}
    assert errors(administrator.post(url("officialaccount", "change", account.pk), data)) == {
        "new_refresh_token"
    }


def test_account_that_stopped_sends_again_after_a_person_says_so(area, administrator):
    stopped = OfficialAccountFactory(unit=area.commune_a, state=AccountState.STOPPED, last_error="x")
    waiting = OfficialAccountFactory(unit=area.commune_a, state=AccountState.NEEDS_GRANT)
    data = {"action": "reactivate", "_selected_action": [stopped.pk, waiting.pk]}
    administrator.post(url("officialaccount", "changelist"), data)
    stopped.refresh_from_db()
    waiting.refresh_from_db()
    assert (stopped.state, waiting.state) == (AccountState.ACTIVE, AccountState.NEEDS_GRANT)


def test_holiday_saved_in_the_admin_is_traced(administrator):
    administrator.post(url("holiday", "add"), {"day": "02/09/2027", "name": "Quốc khánh"})
    assert AuditEntry.objects.filter(action="groups.holiday.changed").count() == 1


def test_member_added_changed_and_deleted_leaves_no_name_in_any_trail(area, supervisor):
    group = GroupFactory(unit=area.village_a)
    supervisor.post(url("member", "add"), member_data(group))
    member = Member.objects.get()
    changed = member_data(group, display_name="Trần Thị Huệ")
    supervisor.post(url("member", "change", member.pk), changed)
    history = supervisor.get(url("member", "history", member.pk))
    assert history.context["action_list"].paginator.count == 2
    assert "Sửa thành viên nhóm" in history.content.decode()
    supervisor.post(url("member", "delete", member.pk), {"post": "yes"})
    entries = AuditEntry.objects.filter(action="groups.member.changed")
    assert set(entries.values_list("target_label", flat=True)) == {f"{group} #{member.pk}"}
    assert entries.count() == 3
    assert not LogEntry.objects.exists()


def test_members_deleted_together_leave_no_name_in_any_trail(area, supervisor):
    member = MemberFactory(group__unit=area.village_a, display_name="Trần Thị Hoa")
    data = {"action": "delete_selected", "_selected_action": [member.pk], "post": "yes"}
    supervisor.post(url("member", "changelist"), data)
    assert not Member.objects.exists()
    assert (
        AuditEntry.objects.get(action="groups.member.changed").target_label == f"{member.group} #{member.pk}"
    )
    assert not LogEntry.objects.exists()


def test_history_of_a_unit_is_the_same_in_all_its_sections(area, administrator):
    record(None, "groups.unit.changed", area.village_a)
    for section in ("unit", "village"):
        page = administrator.get(url(section, "history", area.village_a.pk))
        assert page.context["action_list"].paginator.count == 1
