"""The small country a benchmark plays in: a province with communes and villages, groups, accounts, people."""

from dataclasses import dataclass
from datetime import timedelta

from django.contrib.auth import get_user_model
from django.utils import timezone

from bench.vietnamese import Writer
from groups.enums import Channel, GroupKind, Level, Role
from groups.models import Group, OfficialAccount, Posting, Unit

# More than any engine sends in a minute: the account's limit is not what is measured.
NO_LIMIT = 10_000_000
PROVINCE = "Z"
# What every account's events are signed with.
WEBHOOK_KEY = "bench-webhook-key"
VILLAGES_PER_COMMUNE = 10
BATCH = 2000
_PEOPLE = (("bench-author", Role.OFFICER), ("bench-approver", Role.CHIEF))


@dataclass(frozen=True)
class World:
    """What was built. ``author`` writes at the province, ``approver`` is another person."""

    province: Unit
    communes: list[Unit]
    villages: list[Unit]
    author: object
    approver: object


def build(writer: Writer, *, communes: int) -> World:
    """Units and people. Codes start with Z, which no real unit's does."""
    province = _unit(PROVINCE, Level.PROVINCE, "tỉnh", writer.place(), None)
    province.save()
    wards = [_unit(f"Z{n:04d}", Level.COMMUNE, "xã", writer.place(), province) for n in range(communes)]
    Unit.objects.bulk_create(wards, batch_size=BATCH)
    villages = [
        _unit(f"{ward.code}{n:02d}", Level.VILLAGE, "thôn", f"{writer.place()} {n + 1}", ward)
        for ward in wards
        for n in range(VILLAGES_PER_COMMUNE)
    ]
    Unit.objects.bulk_create(villages, batch_size=BATCH)
    author, approver = (_person(name, role, province, writer) for name, role in _PEOPLE)
    return World(province, wards, villages, author, approver)


def get_or_build(writer: Writer, *, communes: int) -> World:
    """The world an earlier benchmark of this run built, else a new one."""
    province = Unit.objects.filter(code=PROVINCE).first()
    if province is None:
        return build(writer, communes=communes)
    units = Unit.objects.under(province)
    author, approver = (get_user_model().objects.get(username=name) for name, _role in _PEOPLE)
    wards, villages = (list(units.filter(level=level)) for level in (Level.COMMUNE, Level.VILLAGE))
    return World(province, wards, villages, author, approver)


def add_groups(world: World, *, count: int, accounts: int) -> list[Group]:
    """``count`` groups reached by the API, shared out evenly over ``accounts`` official accounts."""
    owners = [_account(world.province, n) for n in range(accounts)]
    OfficialAccount.objects.bulk_create(owners, batch_size=BATCH)
    groups = [_group(world.villages[n % len(world.villages)], owners[n % accounts], n) for n in range(count)]
    return Group.objects.bulk_create(groups, batch_size=BATCH)


def _unit(code: str, level: str, kind: str, name: str, parent: Unit | None) -> Unit:
    unit = Unit(code=code, level=level, kind=kind, name=name, parent=parent, households=120, population=480)
    unit.full_name = f"{kind.capitalize()} {name}"
    unit.fill_keys()
    return unit


def _person(username: str, role: str, unit: Unit, writer: Writer) -> object:
    user = get_user_model().objects.create(username=username, full_name=writer.person())
    Posting.objects.create(user=user, unit=unit, role=role)
    return user


def _account(unit: Unit, number: int) -> OfficialAccount:
    return OfficialAccount(
        unit=unit,
        name=f"Công an {number}",
        oa_id=f"47{number:017d}",
        app_id=f"30{number:016d}",
        oa_secret=WEBHOOK_KEY,
        access_token=f"bench-at-{number}",
        refresh_token=f"bench-rt-{number}",
        access_expires_at=timezone.now() + timedelta(hours=25),
        rate_per_minute=NO_LIMIT,
    )


def _group(village: Unit, account: OfficialAccount, number: int) -> Group:
    group = Group(
        unit=village,
        kind=GroupKind.HOUSEHOLD,
        channel=Channel.GMF,
        name=f"An ninh {village.name} {number}",
        official_account=account,
        zalo_group_id=f"bench{number:016x}",
        members_count=30,
        households_count=25,
    )
    group.fill_keys()
    return group
