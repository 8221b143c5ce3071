"""``import_units``: the national list, other files, and files that must not get in."""

import csv
from collections import Counter
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from groups.enums import Level
from groups.models import Unit
from groups.services.tables import TableError
from groups.services.unit_import import NATIONAL_LIST, import_units
from portal.audit.models import AuditEntry
from tests.factories import UnitFactory

pytestmark = pytest.mark.django_db
HEADER = "code,name,kind,level,parent_code,households,population"
PROVINCE = "68,Lâm Đồng,tỉnh,province,,,"
COMMUNE = "24829,B'Lao,phường,commune,68,1200,4.800"


@pytest.fixture
def write(tmp_path: Path):
    """Write a file from lines; returns its path."""

    def _write(*lines: str, encoding: str = "utf-8") -> Path:
        path = tmp_path / "units.csv"
        path.write_bytes("\n".join(lines).encode(encoding))
        return path

    return _write


def complaints_of(path: Path) -> list[str]:
    with pytest.raises(TableError) as caught:
        import_units(path)
    assert not Unit.objects.filter(code__in=("68", "24829")).exists()
    return caught.value.complaints


def test_national_list_has_the_units_in_force_in_november_2026():
    with NATIONAL_LIST.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    kinds = Counter(row["kind"] for row in rows)
    assert kinds == {"tỉnh": 25, "thành phố": 9, "xã": 2599, "phường": 709, "đặc khu": 13}
    assert {len(row["code"]) for row in rows if row["level"] == "province"} == {2}
    assert {len(row["code"]) for row in rows if row["level"] == "commune"} == {5}
    assert len({row["code"] for row in rows}) == 34 + 3321


def test_import_of_the_national_list_gives_provinces_and_communes(django_assert_max_num_queries):
    with django_assert_max_num_queries(120):
        counts = import_units()
    assert counts.as_dict() == {"created": 3355, "updated": 0, "unchanged": 0}
    assert Unit.objects.filter(level=Level.PROVINCE).count() == 34
    assert Unit.objects.communes().count() == 3321
    hanoi = Unit.objects.get(code="01")
    assert (hanoi.full_name, hanoi.path) == ("Thành phố Hà Nội", "01/")
    assert Unit.objects.get(code="75").kind == "thành phố"
    assert Unit.objects.get(code="26368").full_name == "Phường Long Thành"
    assert Unit.objects.search("phu quy lam").count() == 0
    assert Unit.objects.search("dac khu phu qui").get().code == "23272"


def test_import_twice_changes_nothing(write):
    path = write(HEADER, PROVINCE, COMMUNE)
    import_units(path)
    assert import_units(path).as_dict() == {"created": 0, "updated": 0, "unchanged": 2}


def test_import_updates_what_differs_and_keeps_numbers_of_empty_cells(write):
    import_units(write(HEADER, PROVINCE, COMMUNE))
    counts = import_units(write(HEADER, "24829,B'Lao,xã,commune,68,,5000"))
    unit = Unit.objects.get(code="24829")
    assert counts.as_dict() == {"created": 0, "updated": 1, "unchanged": 0}
    assert (unit.kind, unit.full_name, unit.households, unit.population) == ("xã", "Xã B'Lao", 1200, 5000)


def test_import_leaves_an_audit_entry(write):
    import_units(write(HEADER, PROVINCE))
    entry = AuditEntry.objects.get(action="groups.unit.imported")
    assert entry.data == {"file": "units.csv", "created": 1, "updated": 0, "unchanged": 0}


def test_import_of_a_reparented_commune_moves_its_villages(write):
    import_units(write(HEADER, PROVINCE, "66,Đắk Lắk,tỉnh,province,,,", COMMUNE))
    commune = Unit.objects.get(code="24829")
    village = UnitFactory(village=True, parent=commune, code="T1")
    import_units(write(HEADER, "24829,B'Lao,phường,commune,66,,"))
    village.refresh_from_db()
    assert village.path == "66/24829/T1/"


@pytest.mark.parametrize("separator", [";", "\t"])
def test_import_with_bom_and_other_separator_succeeds(write, separator):
    lines = [line.replace(",", separator) for line in (HEADER, PROVINCE, COMMUNE)]
    counts = import_units(write(*lines, encoding="utf-8-sig"))
    assert counts.created == 2
    assert Unit.objects.get(code="24829").population == 4800


def test_import_with_children_before_parents_and_no_optional_columns_succeeds(write):
    lines = ("level,code,name,kind,parent_code", "commune,24829,B'Lao,phường,68", "", "province,68,A,tỉnh,")
    path = write(*lines)
    assert import_units(path).created == 2
    assert Unit.objects.get(code="24829").path == "68/24829/"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("24829,B'Lao,phường,commune,99,,", "Dòng 3: mã đơn vị cấp trên «99» không có."),
        ("24829,B'Lao,phường,commune,,,", "thiếu mã đơn vị cấp trên"),
        ("24829,B'Lao,phường,commune,24829,,", "không ở cấp cao hơn"),
        ("24829,B'Lao,phường,ward,68,,", "cấp «ward» không có"),
        ("24829,,phường,commune,68,,", "cột name trống"),
        ("24829,B'Lao,phường,commune,68,-5,", "cột households phải là số nguyên không âm"),
        ("24829,B'Lao,phường,commune,68,1.5,", "cột households"),
        ("4829,B'Lao,phường,commune,68,,", "phải đủ 5 chữ số"),
        ("../x,B'Lao,phường,commune,68,,", "có ký tự lạ"),
        ("68,Lâm Đồng,tỉnh,province,,,", "mã 68 đã có ở dòng 2"),
        ("24829,B'Lao,phường", "có 3 ô, cần 7 ô"),
        ("24829,\"B'Lao,phường,commune,68,,", "dấu ngoặc kép"),
    ],
)
def test_import_of_a_bad_line_names_it_and_changes_nothing(write, line, words):
    found = complaints_of(write(HEADER, PROVINCE, line))
    assert len(found) == 1
    assert found[0].startswith("Dòng 3: ")
    assert words in found[0]


def test_import_lists_every_mistake_up_to_a_limit(write):
    lines = [f"D{number},Tên,xã,commune,99,," for number in range(60)]
    found = complaints_of(write(HEADER, *lines))
    assert len(found) == 51
    assert found[-1] == "… và 10 lỗi nữa."


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ([""], "Tệp trống"),
        ([HEADER], "không có dữ liệu"),
        (["ma,ten", "68,Lâm Đồng"], "Thiếu cột: code, name, kind, level, parent_code."),
        ([HEADER + ",note", PROVINCE + ","], "Cột lạ: note."),
        ([HEADER.replace("population", "code"), PROVINCE], "Có cột lặp lại."),
    ],
)
def test_import_of_a_wrong_table_says_what_is_wrong(write, lines, words):
    assert words in " ".join(complaints_of(write(*lines)))


def test_import_of_another_encoding_tells_how_to_save(write):
    found = complaints_of(write(HEADER, "68,Lâm,province,,,", encoding="latin-1"))
    assert "CSV UTF-8" in found[0]


def test_import_that_changes_a_level_is_refused(write):
    unit = UnitFactory(code="24829")
    path = write(HEADER, PROVINCE, "24829,B'Lao,thôn,village,68,,")
    with pytest.raises(TableError, match="không đổi được"):
        import_units(path)
    assert Unit.objects.get() == unit


def test_command_reports_counts(write, capsys):
    call_command("import_units", str(write(HEADER, PROVINCE)))
    assert capsys.readouterr().out == "Đã nhập 1 đơn vị: 1 mới, 0 sửa, 0 giữ nguyên.\n"


def test_command_with_a_missing_file_fails_in_one_sentence(tmp_path):
    with pytest.raises(CommandError, match="Không mở được tệp"):
        call_command("import_units", str(tmp_path / "none.csv"))
