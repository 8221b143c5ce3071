"""Units, people, accounts, groups, members and sizes of the demo, made in batches and only where missing."""

import csv
from collections import Counter
from collections.abc import Iterable
from datetime import date, timedelta

from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import make_password
from django.utils import timezone

from groups.enums import Channel, Level
from groups.models import (
    Group,
    GroupSize,
    JoinLink,
    Member,
    OfficialAccount,
    Placement,
    Posting,
    Programme,
    Stewardship,
    Unit,
)
from groups.models.units import full_name_of
from groups.services.groups import CODE_ALPHABET, CODE_LENGTH
from groups.services.postings import sync_admin_access
from groups.services.unit_import import NATIONAL_LIST
from portal.site.demo import district, staff
from portal.site.demo.district import CommunePlan, GroupPlan
from portal.site.demo.names import person

BATCH = 500
ACCOUNT_RATE = 100
SIZE_MONTHS = 6
# Code, level, kind, name, code of the parent, households.
UnitRow = tuple[str, str, str, str, str, int]


def make_units() -> None:
    """Two provinces from the national list, the demo district, and a commune elsewhere."""
    today = timezone.localdate()
    provinces = {code: _province_row(code) for code in (district.PROVINCE_CODE, district.OTHER_PROVINCE_CODE)}
    add_units([(code, Level.PROVINCE, kind, name, "", 0) for code, (kind, name) in provinces.items()])
    row = (
        district.DISTRICT_CODE,
        Level.DISTRICT,
        "khu vực",
        district.DISTRICT_NAME,
        district.PROVINCE_CODE,
        0,
    )
    add_units([row])
    add_communes(district.COMMUNES, parent_code=district.DISTRICT_CODE)
    add_communes([district.OTHER_COMMUNE], parent_code=district.OTHER_PROVINCE_CODE)
    unit = Unit.objects.get(code=district.DISTRICT_CODE)
    name = "Zalo kết nối bình yên"
    Programme.objects.get_or_create(
        unit=unit, name=name, defaults={"starts_on": today - timedelta(days=300), "is_pilot": False}
    )


def _province_row(code: str) -> tuple[str, str]:
    with NATIONAL_LIST.open(encoding="utf-8", newline="") as file:
        return next((row["kind"], row["name"]) for row in csv.DictReader(file) if row["code"] == code)


def add_communes(communes: Iterable[CommunePlan], *, parent_code: str) -> None:
    """Communes with their villages; households add up."""
    communes = list(communes)
    villages = village_rows(communes)
    households = Counter()
    for row in villages:
        households[row[4]] += row[5]
    add_units(
        [
            (commune.code, Level.COMMUNE, commune.kind, commune.name, parent_code, households[commune.code])
            for commune in communes
        ]
    )
    add_units(villages)


def add_villages(communes: Iterable[CommunePlan]) -> None:
    """Villages of communes that exist."""
    add_units(village_rows(list(communes)))


def village_rows(communes: list[CommunePlan]) -> list[UnitRow]:
    """The villages of communes, as ``add_units`` wants them."""
    return [
        (
            *_named(district.village_of(commune, number)),
            commune.code,
            district.households_of(order * 10 + number),
        )
        for order, commune in enumerate(communes)
        for number in range(1, len(commune.villages) + 1)
    ]


def _named(village: tuple[str, str, str]) -> tuple[str, str, str, str]:
    code, kind, name = village
    return code, Level.VILLAGE, kind, name


def add_units(rows: list[UnitRow]) -> None:
    """Create the units that do not exist yet; the others stay as they are."""
    known = set(Unit.objects.filter(code__in=[row[0] for row in rows]).values_list("code", flat=True))
    parents = Unit.objects.in_bulk({row[4] for row in rows if row[4]}, field_name="code")
    units = []
    for code, level, kind, name, parent_code, households in rows:
        if code in known:
            continue
        unit = Unit(
            code=code,
            level=level,
            kind=kind,
            name=name,
            full_name=full_name_of(kind, name),
            parent=parents.get(parent_code),
            households=households,
            population=households * 39 // 10,
        )
        if level == Level.COMMUNE:
            unit.duty_phone = duty_phone(code)
            unit.address = f"Đường trung tâm, {unit.full_name.lower()}"
        unit.fill_keys()
        units.append(unit)
    Unit.objects.bulk_create(units, batch_size=BATCH)


def duty_phone(commune_code: str) -> str:
    """A landline that no subscriber has: an exchange of zeros."""
    return f"0263000{int(commune_code[-4:]) % 10_000:04d}"


def make_staff() -> None:
    """The demo accounts and their colleagues; one slow hash serves them all."""
    users, plans = get_user_model().objects, [*staff.ACCOUNTS, *staff.colleagues()]
    known = set(
        users.filter(username__in=[plan.username for plan in plans]).values_list("username", flat=True)
    )
    missing = [plan for plan in plans if plan.username not in known]
    if not missing:
        return
    password = make_password(staff.PASSWORD)
    units = Unit.objects.in_bulk({plan.unit_code for plan in missing}, field_name="code")
    for number, plan in enumerate(missing, start=users.count()):
        user = users.create(
            username=plan.username,
            full_name=plan.full_name,
            rank=plan.rank,
            title=plan.title,
            # Nobody's: no subscriber has a number that begins like this.
            phone=f"0263000{7000 + number}",
            email=f"{plan.username}@example.com",
            password=password if plan.can_log_in else make_password(None),
        )
        Posting.objects.create(
            user=user,
            unit=units[plan.unit_code],
            role=plan.role,
            restricted_circle=plan.restricted_circle,
            valid_from=timezone.localdate() - timedelta(days=300),
        )
        sync_admin_access(user)


def oa_id_of(commune_code: str, number: int = 0) -> str:
    """Nineteen digits, the same in the portal and in the simulator."""
    digits = "".join(char for char in commune_code if char.isdecimal())
    return f"47{number:02d}{int(digits):015d}"


def make_accounts(communes: Iterable[CommunePlan], *, for_each: int = 1) -> None:
    """Official accounts whose tokens the simulator understands without being told."""
    communes = list(communes)
    ids = {oa_id_of(commune.code, number): commune for commune in communes for number in range(for_each)}
    known = set(OfficialAccount.objects.filter(oa_id__in=ids).values_list("oa_id", flat=True))
    units = Unit.objects.in_bulk([commune.code for commune in communes], field_name="code")
    OfficialAccount.objects.bulk_create(
        [
            OfficialAccount(
                unit=units[commune.code],
                name=units[commune.code].police_name,
                oa_id=oa_id,
                app_id=district.APP_ID,
                app_secret=district.APP_SECRET,
                oa_secret=district.OA_SECRET,
                access_token=f"demo-at-{oa_id}",
                refresh_token=f"demo-rt-{oa_id}",
                access_expires_at=timezone.now() + timedelta(hours=25),
                rate_per_minute=ACCOUNT_RATE,
            )
            for oa_id, commune in ids.items()
            if oa_id not in known
        ],
        batch_size=BATCH,
    )


def add_groups(plans: list[GroupPlan], *, district_code: str, months: int = SIZE_MONTHS) -> None:
    """Groups with members, sizes, a steward and a join link; those that exist are left alone."""
    units = Unit.objects.in_bulk({plan.unit_code for plan in plans}, field_name="code")
    known = set(Group.objects.filter(unit__code__in=units).values_list("unit__code", "name"))
    missing = [plan for plan in plans if (plan.unit_code, plan.name) not in known]
    if not missing:
        return
    programme = Programme.objects.filter(unit__code=district_code).first()
    accounts = _accounts_by_commune({plan.commune_code for plan in missing})
    groups = [
        _group(plan, units[plan.unit_code], _nth(accounts[plan.commune_code], index), programme)
        for index, plan in enumerate(missing)
    ]
    Group.objects.bulk_create(groups, batch_size=BATCH)
    _add_members(groups)
    _add_sizes(groups, months)
    _add_stewards(groups, missing)
    links = [JoinLink(group=group, code=_join_code(group)) for group in groups]
    JoinLink.objects.bulk_create(links, batch_size=BATCH)
    _add_placements(links[:12])


def _accounts_by_commune(codes: set[str]) -> dict[str, list[OfficialAccount]]:
    found: dict[str, list[OfficialAccount]] = {}
    for account in OfficialAccount.objects.filter(unit__code__in=codes).select_related("unit").order_by("pk"):
        found.setdefault(account.unit.code, []).append(account)
    return found


def _nth(accounts: list[OfficialAccount], index: int) -> OfficialAccount:
    """Groups of a commune take its accounts in turn."""
    return accounts[index % len(accounts)]


def _group(plan: GroupPlan, unit: Unit, account: OfficialAccount, programme: Programme | None) -> Group:
    is_automatic = plan.channel == Channel.GMF
    group = Group(
        unit=unit,
        kind=plan.kind,
        channel=plan.channel,
        name=plan.name,
        official_account=account if is_automatic else None,
        zalo_group_id=plan.zalo_group_id if is_automatic else "",
        join_url=f"https://zalo.me/g/{plan.zalo_group_id[:9]}",
        programme=programme,
        members_count=plan.members,
        households_count=_represented(plan.members),
        created_at=timezone.now() - timedelta(days=200),
    )
    group.fill_keys()
    return group


def _represented(members: int) -> int:
    """Households of a group: some send two members."""
    return members - members // 6


def _add_members(groups: list[Group]) -> None:
    members, number = [], 0
    for group in groups:
        joined = timezone.localdate() - timedelta(days=180)
        for index in range(group.members_count):
            number += 1
            # Some people join under a nickname; the portal then keeps no name.
            name = "" if number % 11 == 0 else person(number)
            role = (
                Member.Role.OWNER if index == 0 else Member.Role.DEPUTY if index == 1 else Member.Role.MEMBER
            )
            member = Member(
                group=group,
                display_name=name,
                role=role,
                household=f"H{index % group.households_count + 1:03d}",
                joined_on=joined + timedelta(days=index * 4 % 150),
                consent_on=joined + timedelta(days=index * 4 % 150) if name else None,
            )
            member.fill_keys()
            members.append(member)
        if len(members) > 10_000:
            Member.objects.bulk_create(members, batch_size=BATCH)
            members = []
    Member.objects.bulk_create(members, batch_size=BATCH)


def _add_sizes(groups: list[Group], months: int) -> None:
    """Month by month up to today, growing from about two thirds."""
    days = _month_ends(timezone.localdate(), months)
    sizes = []
    for group in groups:
        for step, day in enumerate(days):
            members = group.members_count * (2 * months + step + 1) // (3 * months)
            sizes.append(GroupSize(group=group, day=day, members=members, households=_represented(members)))
    GroupSize.objects.bulk_create(sizes, batch_size=BATCH)


def _month_ends(today: date, count: int) -> list[date]:
    """The last days of the ``count - 1`` months before this one, then today."""
    days, day = [today], today
    while len(days) < count:
        day = day.replace(day=1) - timedelta(days=1)
        days.append(day)
    return days[::-1]


def _add_stewards(groups: list[Group], plans: list[GroupPlan]) -> None:
    """Officers and beat officers of the commune, in turn."""
    postings = Posting.objects.filter(
        unit__code__in={plan.commune_code for plan in plans}, role__in=("officer", "beat_officer", "chief")
    )
    by_commune: dict[str, list[int]] = {}
    for code, user_id in postings.order_by("role", "pk").values_list("unit__code", "user"):
        by_commune.setdefault(code, []).append(user_id)
    rows = []
    for index, (group, plan) in enumerate(zip(groups, plans, strict=True)):
        users = by_commune.get(plan.commune_code)
        if users:
            starts_on = timezone.localdate() - timedelta(days=180)
            rows.append(Stewardship(group=group, user_id=users[index % len(users)], starts_on=starts_on))
    Stewardship.objects.bulk_create(rows, batch_size=BATCH)


def _join_code(group: Group) -> str:
    """A short code that follows from the group, so that printed demo letters stay valid."""
    number, size = group.pk * 7_919_373 % len(CODE_ALPHABET) ** CODE_LENGTH, len(CODE_ALPHABET)
    code = ""
    for _position in range(CODE_LENGTH):
        number, digit = divmod(number, size)
        code += CODE_ALPHABET[digit]
    return code


def _add_placements(links: list[JoinLink]) -> None:
    places = ("Nhà văn hóa thôn", "Trạm y tế", "Quán tạp hóa đầu ngõ", "Cổng trường tiểu học")
    Placement.objects.bulk_create(
        [
            Placement(join_link=link, kind=Placement.Kind.LETTER, place=places[index % len(places)])
            for index, link in enumerate(links)
        ]
    )
