"""The people of the demo: ten accounts to log in with, and colleagues in the other communes."""

from dataclasses import dataclass

from groups.enums import Role
from portal.site.demo.district import DISTRICT_CODE, OTHER_COMMUNE_CODE, PROVINCE_CODE, RELAY_VILLAGE

PASSWORD = "demo-1234"
COMMUNE_A, COMMUNE_B = "D6801", "D6802"


@dataclass(frozen=True)
class StaffPlan:
    """One account with one posting. Without ``can_log_in`` the password is unusable."""

    username: str
    full_name: str
    rank: str
    title: str
    role: str
    unit_code: str
    restricted_circle: bool = False
    can_log_in: bool = True


ACCOUNTS = (
    StaffPlan("officer", "Lê Quang Huy", "Trung úy", "Cán bộ Công an xã", Role.OFFICER, COMMUNE_A),
    StaffPlan("beat", "Phạm Minh Tuấn", "Thượng úy", "Cảnh sát khu vực", Role.BEAT_OFFICER, COMMUNE_A),
    StaffPlan("chief", "Nguyễn Hữu Thắng", "Thiếu tá", "Trưởng Công an xã", Role.CHIEF, COMMUNE_A, True),
    StaffPlan("officer2", "Trần Thị Ngọc Hà", "Trung úy", "Cán bộ Công an phường", Role.OFFICER, COMMUNE_B),
    StaffPlan("chief2", "Võ Đình Sơn", "Thiếu tá", "Trưởng Công an phường", Role.CHIEF, COMMUNE_B, True),
    StaffPlan("officer3", "Nông Văn Khánh", "Đại úy", "Cán bộ Công an xã", Role.OFFICER, OTHER_COMMUNE_CODE),
    StaffPlan(
        "supervisor",
        "Đặng Thu Hiền",
        "Thiếu tá",
        "Đội Xây dựng phong trào",
        Role.SUPERVISOR,
        DISTRICT_CODE,
        True,
    ),
    StaffPlan("admin", "Hoàng Đức Long", "Đại úy", "Quản trị hệ thống", Role.ADMINISTRATOR, PROVINCE_CODE),
    StaffPlan("auditor", "Bùi Thanh Vân", "Trung tá", "Thanh tra Công an tỉnh", Role.AUDITOR, PROVINCE_CODE),
    StaffPlan("relay", "K'Brih", "", "Trưởng thôn Suối Cạn", Role.RELAY, RELAY_VILLAGE),
)
# Tips of other communes need somebody who is there; nobody logs in as them.
COLLEAGUES = (
    ("D6803", "Vũ Đức Mạnh", "Hồ Quang Hiếu"),
    ("D6804", "Rơ Ông Ha Thuyên", "Phan Văn Nghĩa"),
    ("D6805", "Huỳnh Công Thành", "Dương Thùy Linh"),
    ("D6806", "Lý Xuân Tài", "Đỗ Hữu Phúc"),
    ("D6807", "Ngô Quốc Toàn", "Lê Thị Kim Oanh"),
    ("D6808", "Trần Đình Vinh", "Phạm Bích Loan"),
    ("D6809", "Đặng Văn Trung", "Nguyễn Thanh Bình"),
    (OTHER_COMMUNE_CODE, "Hoàng Quang Lâm", ""),
)


def colleagues() -> list[StaffPlan]:
    """A chief and an officer for each commune without demo accounts."""
    plans = []
    for code, chief, officer in COLLEAGUES:
        name = code.lower()
        plans.append(
            StaffPlan(f"{name}.truong", chief, "Thiếu tá", "Trưởng Công an", Role.CHIEF, code, True, False)
        )
        if officer:
            title = "Cán bộ Công an"
            plans.append(
                StaffPlan(f"{name}.canbo", officer, "Đại úy", title, Role.OFFICER, code, False, False)
            )
    return plans
