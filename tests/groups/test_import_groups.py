"""``import_groups`` and ``import_members``: good files, repeated files, and files that must not get in."""

from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from groups.enums import Role
from groups.models import Group, JoinLink, Member, Stewardship
from groups.services.group_import import import_groups
from groups.services.member_import import import_members
from groups.services.tables import TableError
from portal.audit.models import AuditEntry
from tests.factories import GroupFactory, MemberFactory, OfficialAccountFactory, make_area, make_user

pytestmark = pytest.mark.django_db
GROUPS = "unit_code,kind,name,channel,oa_id,zalo_group_id,join_url,steward"
MEMBERS = "unit_code,group,zalo_group_id,display_name,role,phone,household,joined_on,consent_on"
ZALO_ID = "0f" * 10
AUTOMATIC = f"D6801,business,Doanh nghiệp,gmf,47001,{ZALO_ID},https://zalo.me/g/abc123,"
ASSISTED = "D680101,household,An ninh Trung Hòa,assisted,,,,huy"


@pytest.fixture
def area():
    area = make_area()
    make_user(Role.OFFICER, area.commune_a, username="huy")
    OfficialAccountFactory(unit=area.commune_a, oa_id="47001")
    return area


@pytest.fixture
def write(tmp_path: Path):
    def _write(*lines: str) -> Path:
        path = tmp_path / "rows.csv"
        path.write_text("\n".join(lines), encoding="utf-8-sig")
        return path

    return _write


def complaints_of(importer, path: Path) -> list[str]:
    with pytest.raises(TableError) as caught:
        importer(path)
    return caught.value.complaints


# --- Groups -----------------------------------------------------------------------------------------------


def test_import_groups_creates_them_with_links_and_stewards(area, write):
    counts = import_groups(write(GROUPS, AUTOMATIC, ASSISTED))
    assert counts.as_dict() == {"created": 2, "updated": 0, "unchanged": 0}
    business, household = Group.objects.order_by("unit__path")
    assert (business.channel, business.official_account.oa_id, business.zalo_group_id) == (
        "gmf",
        "47001",
        ZALO_ID,
    )
    assert household.steward.username == "huy"
    assert business.steward is None
    assert JoinLink.objects.filter(is_open=True).count() == 2
    assert Group.objects.search("doanh nghiep").get() == business
    assert AuditEntry.objects.get().action == "groups.group.imported"


def test_import_groups_twice_changes_nothing(area, write):
    path = write(GROUPS, AUTOMATIC, ASSISTED)
    import_groups(path)
    assert import_groups(path).as_dict() == {"created": 0, "updated": 0, "unchanged": 2}
    assert Stewardship.objects.count() == 1


def test_import_groups_recognises_a_group_by_its_zalo_id_and_renames_it(area, write):
    import_groups(write(GROUPS, AUTOMATIC))
    counts = import_groups(write(GROUPS, AUTOMATIC.replace("Doanh nghiệp", "Hội doanh nghiệp")))
    assert counts.as_dict() == {"created": 0, "updated": 1, "unchanged": 0}
    assert Group.objects.get().search_key == "hoi doanh nghiep"


def test_import_groups_hands_over_and_keeps_the_steward_of_an_empty_cell(area, write):
    import_groups(write(GROUPS, ASSISTED))
    make_user(Role.BEAT_OFFICER, area.commune_a, username="tuan")
    import_groups(write(GROUPS, ASSISTED.replace(",huy", ",tuan")))
    import_groups(write(GROUPS, ASSISTED.replace(",huy", ",")))
    group = Group.objects.get()
    assert group.steward.username == "tuan"
    assert group.stewardships.count() == 2


def test_import_groups_takes_few_queries(area, write, django_assert_max_num_queries):
    lines = [f"D680101,household,Nhóm {number},assisted,,,,huy" for number in range(60)]
    with django_assert_max_num_queries(25):
        assert import_groups(write(GROUPS, *lines)).created == 60


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("nowhere,household,X,assisted,,,,", "không có đơn vị mã «nowhere»"),
        ("D6801,family,X,assisted,,,,", "kind"),
        ("D6801,household,X,sms,,,,", "channel"),
        ("D6801,household,,assisted,,,,", "name"),
        ("D6801,household,X,gmf,,,,", "oa_id"),
        ("D6801,household,X,gmf,47001,,,", "zalo_group_id"),
        ("D6801,household,X,gmf,99999,ab,,", "chưa kết nối tài khoản OA «99999»"),
        ("D6802,household,X,gmf,47001,ab,,", "thuộc đơn vị khác"),
        ("D6801,household,X,assisted,,,https://evil.vn/g/1,", "join_url"),
        ("D6801,household,X,assisted,,,,nobody", "«nobody» không phải cán bộ"),
        ("D6802,household,X,assisted,,,,huy", "«huy» không phải cán bộ"),
        ("D680101,patrol,An ninh Trung Hòa,assisted,,,,", "đã có ở dòng 2"),
    ],
)
def test_import_groups_with_a_bad_line_names_it_and_changes_nothing(area, write, line, words):
    found = complaints_of(import_groups, write(GROUPS, ASSISTED, line))
    assert any(complaint.startswith("Dòng 3: ") and words in complaint for complaint in found), found
    assert not Group.objects.exists() and not AuditEntry.objects.exists()


def test_import_groups_whose_name_and_id_are_of_two_groups_is_refused(area, write):
    import_groups(write(GROUPS, AUTOMATIC, "D6801,school,Nhà trường,assisted,,,,"))
    line = AUTOMATIC.replace("Doanh nghiệp", "Nhà trường")
    assert "hai nhóm khác nhau" in complaints_of(import_groups, write(GROUPS, line))[0]


@pytest.mark.parametrize("command", ["import_groups", "import_members"])
def test_import_commands_with_a_wrong_header_or_an_empty_file_fail_in_words(area, write, command):
    with pytest.raises(CommandError, match="Thiếu cột"):
        call_command(command, str(write("a,b", "1,2")))
    with pytest.raises(CommandError, match="Tệp trống"):
        call_command(command, str(write("")))


# --- Members ----------------------------------------------------------------------------------------------


@pytest.fixture
def group(area):
    return GroupFactory(unit=area.village_a, name="An ninh Trung Hòa")


def member(name="Trần Thị Hoa", **changes) -> str:
    values = {
        "unit_code": "D680101",
        "group": "An ninh Trung Hòa",
        "zalo_group_id": "",
        "display_name": name,
        "role": "",
        "phone": "",
        "household": "H001",
        "joined_on": "",
        "consent_on": "",
    }
    return ",".join({**values, **changes}.values())


def test_import_members_stores_them_with_encrypted_numbers(group, write):
    line = member(phone="0912.345.678", role="owner", joined_on="05/02/2026", consent_on="2026-02-05")
    assert import_members(write(MEMBERS, line, member("Lê An"))).created == 2
    hoa = Member.objects.get(role="owner")
    assert (hoa.phone, str(hoa.joined_on), str(hoa.consent_on)) == (
        "+84912345678",
        "2026-02-05",
        "2026-02-05",
    )
    assert hoa.search_key == "tran thi hoa"


def test_import_members_twice_changes_nothing(group, write):
    path = write(MEMBERS, member(phone="0912345678", consent_on="05/02/2026"), member("Lê An"), member(""))
    import_members(path)
    assert import_members(path).as_dict() == {"created": 0, "updated": 0, "unchanged": 3}


def test_import_members_gives_a_known_person_the_number(group, write):
    known = MemberFactory(group=group, display_name="Trần Thị Hoa", household="H001")
    counts = import_members(write(MEMBERS, member(phone="0912345678", consent_on="05/02/2026")))
    assert counts.as_dict() == {"created": 0, "updated": 1, "unchanged": 0}
    known.refresh_from_db()
    assert known.phone == "+84912345678"


def test_import_members_recognises_a_renamed_person_by_number(group, write):
    import_members(write(MEMBERS, member(phone="0912345678", consent_on="05/02/2026")))
    import_members(write(MEMBERS, member("Trần Hoa", phone="+84 912 345 678", consent_on="05/02/2026")))
    assert Member.objects.get().display_name == "Trần Hoa"


def test_import_members_finds_the_group_by_zalo_id(area, write):
    group = GroupFactory(gmf=True, unit=area.commune_a)
    import_members(write(MEMBERS, member(unit_code="", group="", zalo_group_id=group.zalo_group_id)))
    assert Member.objects.get().group == group


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (member(group="Không có"), "không có nhóm «Không có»"),
        (member(unit_code="D680102"), "không có nhóm"),
        (member(zalo_group_id="ffff"), "không có nhóm «ffff»"),
        (member(role="boss"), "vai trò"),
        (member(phone="123456789"), "phone"),
        (member(phone="113", consent_on="05/02/2026"), "phone"),
        (member(phone="0912345678"), "consent_on"),
        (member(joined_on="31/02/2026"), "joined_on"),
        (member(household="H" * 41), "household"),
        (member("", household=""), "cần tên"),
        (member("Lê An"), "đã có ở dòng 2"),
    ],
)
def test_import_members_with_a_bad_line_names_it_and_changes_nothing(group, write, line, words):
    found = complaints_of(import_members, write(MEMBERS, member("Lê An"), line))
    assert any(complaint.startswith("Dòng 3: ") and words in complaint for complaint in found), found
    assert not Member.objects.exists()


def test_import_members_complaint_never_repeats_a_number(group, write):
    found = complaints_of(import_members, write(MEMBERS, member(phone="09123456789999")))
    assert "0912345" not in " ".join(found)


def test_import_members_of_an_ambiguous_zalo_id_is_refused(area, write):
    for commune in (area.commune_a, area.commune_b):
        GroupFactory(gmf=True, unit=commune, zalo_group_id=ZALO_ID)
    line = member(unit_code="", group="", zalo_group_id=ZALO_ID)
    assert "nhiều tài khoản" in complaints_of(import_members, write(MEMBERS, line))[0]


# --- Postings ---------------------------------------------------------------------------------------------


def test_add_posting_makes_the_first_administrator(area, capsys):
    from tests.factories import UserFactory

    user = UserFactory(username="first")
    call_command("add_posting", "first", "--unit", "68", "--role", "administrator")
    user.refresh_from_db()
    assert user.is_staff
    assert "Quản trị" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("username", "unit", "words"), [("nobody", "68", "Không có tài khoản"), ("huy", "99", "Không có đơn vị")]
)
def test_add_posting_with_unknown_names_fails_in_words(area, username, unit, words):
    with pytest.raises(CommandError, match=words):
        call_command("add_posting", username, "--unit", unit, "--role", "officer")
