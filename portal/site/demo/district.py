"""What the demo district consists of: plain data, no database.

Nine communes, 77 villages, 86 groups (60 by API, 26 by hand) with 2,475 members, as the programme of Đạ Tẻh
district had in 2021. Codes start with D, so they meet no official code; everything below the province is
fictional.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from groups.enums import Channel, GroupKind

PROVINCE_CODE = "68"
DISTRICT_CODE = "D68"
DISTRICT_NAME = "Sông Đồng"
OTHER_PROVINCE_CODE = "24"
OTHER_COMMUNE_CODE = "D2401"
MEMBERS = 2475
GROUPS = 86
ASSISTED = 26
RELAY_VILLAGE = "D680104"

# Which groups the simulator, the accounts and the group pages share.
APP_ID = "1000000000000000001"
APP_SECRET = "demo-app-secret-key"
OA_SECRET = "demo-oa-secret-key"


@dataclass(frozen=True)
class CommunePlan:
    """A commune and the names of its villages; a bare number is a residential group."""

    code: str
    kind: str
    name: str
    villages: tuple[str, ...]


@dataclass(frozen=True)
class GroupPlan:
    """A group: where, what, how it is reached, how many members it has."""

    unit_code: str
    commune_code: str
    kind: str
    name: str
    channel: str
    members: int

    @property
    def zalo_group_id(self) -> str:
        """Twenty hexadecimal digits, the same in the portal and in the simulator."""
        return hashlib.sha256(f"demo {self.unit_code} {self.name}".encode()).hexdigest()[:20]


def _numbered(count: int) -> tuple[str, ...]:
    return tuple(str(number) for number in range(1, count + 1))


COMMUNES = (
    CommunePlan(
        "D6801",
        "xã",
        "Minh Tân",
        (
            "Trung Hòa",
            "Đông Phú",
            "xóm Bãi",
            "Suối Cạn",
            "Phước Lộc",
            "Hòa Bình",
            "Tân Lập",
            "Gò Đá",
            "Minh Khai",
        ),
    ),
    CommunePlan("D6802", "phường", "Bến Đá", _numbered(10)),
    CommunePlan(
        "D6803",
        "xã",
        "Thạch Bình",
        (
            "Thạch Lâm",
            "Bình An",
            "Yên Thịnh",
            "Đồng Mít",
            "Bản Sa",
            "Nà Pó",
            "Hợp Thành",
            "Cây Xoài",
            "Thạch Tiến",
        ),
    ),
    CommunePlan(
        "D6804",
        "xã",
        "Suối Đá",
        ("buôn Con Ó", "bon B'Dru", "Đá Mài", "Suối Tiên", "Tân Hợp", "Phú Thạnh", "Đồi Chè", "Vạn Đức"),
    ),
    CommunePlan(
        "D6805",
        "xã",
        "Quảng Phước",
        (
            "Quảng Thành",
            "Phước Hậu",
            "Mỹ Lộc",
            "Ấp Giữa",
            "Cầu Gỗ",
            "Ruộng Dưới",
            "Xuân Sơn",
            "Lộc Thượng",
            "Bàu Sen",
        ),
    ),
    CommunePlan(
        "D6806",
        "xã",
        "Hương Lâm",
        ("Hương Sơn", "Hương Thủy", "Lâm Viên", "Bản Mường", "K'Long", "Đạ Nhàng", "Trảng Cỏ", "Tân Tiến"),
    ),
    CommunePlan("D6807", "phường", "Cửa Rừng", _numbered(8)),
    CommunePlan(
        "D6808",
        "xã",
        "An Nhơn",
        ("An Hòa", "An Thạnh", "Nhơn Mỹ", "Gia Thạnh", "Bờ Sông", "Chợ Mới", "Tam Hiệp", "Vĩnh Phước"),
    ),
    CommunePlan(
        "D6809",
        "xã",
        "Đông Sơn",
        ("Đông Thọ", "Sơn Thành", "Mỹ Đức", "Bản Ven", "Hố Bò", "Đông Hà", "Lò Gạch", "Đồng Tâm"),
    ),
)
OTHER_COMMUNE = CommunePlan(OTHER_COMMUNE_CODE, "xã", "Hồng Lạc", ("Hồng Phong", "Lạc Thiện"))

# Kinds of the village groups, in turn; the commune's own group takes the next of the second row.
VILLAGE_KINDS = (
    GroupKind.HOUSEHOLD,
    GroupKind.HOUSEHOLD,
    GroupKind.POLICE_PEOPLE,
    GroupKind.HOUSEHOLD,
    GroupKind.CIVIL_GUARD,
    GroupKind.HOUSEHOLD,
    GroupKind.POLICE_PEOPLE,
    GroupKind.PATROL,
)
COMMUNE_KINDS = (
    GroupKind.STEERING_BOARD,
    GroupKind.BUSINESS,
    GroupKind.ASSOCIATION,
    GroupKind.SCHOOL,
)
NAMES = {
    GroupKind.HOUSEHOLD: "An ninh {place}",
    GroupKind.POLICE_PEOPLE: "Công an với bà con {place}",
    GroupKind.CIVIL_GUARD: "Tổ bảo vệ ANTT {place}",
    GroupKind.PATROL: "Tuần tra nhân dân {place}",
    GroupKind.STEERING_BOARD: "Ban điều hành {place}",
    GroupKind.BUSINESS: "Doanh nghiệp, cơ sở kinh doanh {place}",
    GroupKind.ASSOCIATION: "Đoàn thể {place}",
    GroupKind.SCHOOL: "Nhà trường và phụ huynh {place}",
}


def village_of(commune: CommunePlan, number: int) -> tuple[str, str, str]:
    """Code, kind and name of a commune's village, numbered from 1."""
    name = commune.villages[number - 1]
    code = f"{commune.code}{number:02d}"
    if name.isdecimal():
        return code, "tổ dân phố", name
    first, _space, rest = name.partition(" ")
    if first in ("xóm", "buôn", "bon"):
        return code, first, rest
    return code, "thôn", name


def households_of(index: int) -> int:
    """Households of a village: between 90 and 259, the same for the same place in the list."""
    return 90 + index * 67 % 170


def group_plans(
    communes: tuple[CommunePlan, ...] = COMMUNES, *, members: int = MEMBERS
) -> Iterator[GroupPlan]:
    """One group for each village and one for each commune, ``members`` in all, by hand every few groups."""
    places = [
        (code, commune, f"{kind} {name}", VILLAGE_KINDS[number % len(VILLAGE_KINDS)])
        for commune in communes
        for number, (code, kind, name) in enumerate(_villages(commune))
    ]
    places += [
        (commune.code, commune, f"{commune.kind} {commune.name}", COMMUNE_KINDS[number % len(COMMUNE_KINDS)])
        for number, commune in enumerate(communes)
    ]
    for index, (code, commune, place, kind) in enumerate(places):
        channel = Channel.ASSISTED if _is_by_hand(index, len(places)) else Channel.GMF
        name = NAMES[kind].format(place=place)
        size = _share(index, len(places), members)
        yield GroupPlan(code, commune.code, kind, name, channel, size)


def _villages(commune: CommunePlan) -> list[tuple[str, str, str]]:
    return [village_of(commune, number) for number in range(1, len(commune.villages) + 1)]


def _is_by_hand(index: int, count: int) -> bool:
    """True for 26 of 86, evenly spread."""
    by_hand = round(count * ASSISTED / GROUPS)
    return (index + 1) * by_hand // count > index * by_hand // count


def _share(index: int, count: int, members: int) -> int:
    """Sizes that differ like real ones and add up exactly: pairs of groups give and take."""
    base, extra = divmod(members, count)
    size = base + (1 if index < extra else 0)
    pair, is_second = divmod(index, 2)
    if index == count - 1 and count % 2:
        return size
    shift = pair * 5 % 9
    return size + shift if is_second else size - shift
