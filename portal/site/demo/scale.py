"""Larger worlds around the demo district, for measuring: a whole province, the whole country."""

from collections.abc import Iterator

from django.db import transaction

from groups.enums import Level
from groups.models import Group, Unit
from groups.services.unit_import import import_units
from portal.site.demo import directory, district
from portal.site.demo.district import CommunePlan

PROVINCE_DISTRICTS = 23
PROVINCE_GROUPS, PROVINCE_MEMBERS = 2_000, 90_000
COUNTRY_ACCOUNTS, COUNTRY_GROUPS, COUNTRY_MEMBERS = 6_300, 90_000, 3_000_000
COMMUNES_AT_ONCE = 60
FIRST_CODE = 30
HEADS = "Tân Phú Bình Long Mỹ Vĩnh Thanh Xuân Hòa Lộc Kim Ngọc Thái Trung Hưng Quảng".split()
TAILS = "An Lợi Thịnh Sơn Thành Đức Phước Hải Điền Giang Thủy Khê Lâm Trạch Hiệp".split()


def make_province() -> None:
    """Twenty-three more districts of nine communes: 216 communes, 2,000 groups, 90,000 members in all."""
    groups = PROVINCE_GROUPS - district.GROUPS
    members = PROVINCE_MEMBERS - district.MEMBERS
    extra_villages = groups - PROVINCE_DISTRICTS * 9 * 9
    for index in range(PROVINCE_DISTRICTS):
        code = f"D{FIRST_CODE + index}"
        communes = [
            _commune(index * 9 + number, f"{code}{number + 1:02d}", extra_villages) for number in range(9)
        ]
        share = members // PROVINCE_DISTRICTS + (index < members % PROVINCE_DISTRICTS)
        with transaction.atomic():
            row = (code, Level.DISTRICT, "khu vực", _name(index * 11), district.PROVINCE_CODE, 0)
            directory.add_units([row])
            directory.add_communes(communes, parent_code=code)
            directory.make_accounts(communes)
            plans = list(district.group_plans(tuple(communes), members=share))
            directory.add_groups(plans, district_code=district.DISTRICT_CODE)


def _commune(index: int, code: str, extra_villages: int) -> CommunePlan:
    kind = "phường" if index % 5 == 0 else "xã"
    villages = 8 + (index < extra_villages)
    return CommunePlan(code, kind, _name(index), tuple(str(number) for number in range(1, villages + 1)))


def _name(index: int) -> str:
    """Two syllables, different for every index below 240."""
    return f"{HEADS[index % len(HEADS)]} {TAILS[(index // len(HEADS) + index) % len(TAILS)]}"


def make_country() -> Iterator[int]:
    """Groups and members in every commune of the national list, some communes at a time.

    Yields how many communes are done. A part that exists is left alone, so a run that was stopped goes on
    where it stopped.
    """
    import_units()
    communes = list(Unit.objects.communes().exclude(code__startswith="D").order_by("code"))
    per_commune, more = divmod(COUNTRY_GROUPS, len(communes))
    plans = [
        CommunePlan(unit.code, unit.kind, unit.name, _numbers(per_commune - 1 + (index < more)))
        for index, unit in enumerate(communes)
    ]
    with_two = COUNTRY_ACCOUNTS - len(communes)
    for start in range(0, len(plans), COMMUNES_AT_ONCE):
        with transaction.atomic():
            _make_part(plans[start : start + COMMUNES_AT_ONCE], two_accounts=start < with_two)
        yield min(start + COMMUNES_AT_ONCE, len(plans))


def _numbers(count: int) -> tuple[str, ...]:
    return tuple(str(number) for number in range(1, count + 1))


def _make_part(plans: list[CommunePlan], *, two_accounts: bool) -> None:
    directory.add_villages(plans)
    directory.make_accounts(plans, for_each=2 if two_accounts else 1)
    groups = sum(len(plan.villages) + 1 for plan in plans)
    members = COUNTRY_MEMBERS * groups // COUNTRY_GROUPS
    wanted = list(district.group_plans(tuple(plans), members=members))
    directory.add_groups(wanted, district_code=district.DISTRICT_CODE, months=1)


def totals() -> str:
    """What the database holds now, in one line."""
    return f"{Unit.objects.communes().count()} xã, phường; {Group.objects.count()} nhóm."
