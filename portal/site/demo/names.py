"""Fictional names, always the same for the same number."""

FAMILIES = (
    "Nguyễn",
    "Trần",
    "Lê",
    "Phạm",
    "Hoàng",
    "Huỳnh",
    "Phan",
    "Vũ",
    "Võ",
    "Đặng",
    "Bùi",
    "Đỗ",
    "Hồ",
    "Ngô",
    "Dương",
    "Lý",
    "K'",
    "Lò",
    "Nông",
    "Rơ Ông",
)
MEN = ("Văn", "Đức", "Hữu", "Quang", "Minh", "Công", "Xuân", "Thanh", "Quốc", "Đình")
WOMEN = ("Thị", "Thị Thu", "Thị Ngọc", "Thị Kim", "Thị Hồng", "Thùy", "Mỹ", "Bích", "Diệu", "Thị Lan")
GIVEN_MEN = (
    "An Bình Cường Dũng Đạt Giang Hải Hiếu Hòa Hùng Khánh Kiên Lâm Long Mạnh Nam Nghĩa Phong Phúc Quân Sơn "
    "Tài Thắng Thành Thịnh Tiến Toàn Trung Tú Tuấn Vinh Ý"
).split()
GIVEN_WOMEN = (
    "Anh Ánh Bích Châu Chi Diễm Duyên Đào Hà Hạnh Hằng Hiền Hoa Huệ Hương Lan Liên Linh Loan Mai Nga Nhung "
    "Oanh Phương Quyên Thảo Thúy Trang Uyên Vân Xuân Yến"
).split()


def person(number: int) -> str:
    """A full name; even numbers are women. Thousands of numbers pass before one comes back."""
    middles, givens = (WOMEN, GIVEN_WOMEN) if number % 2 == 0 else (MEN, GIVEN_MEN)
    family = FAMILIES[number * 7 % len(FAMILIES)]
    given = givens[(number * 13 + number // 160) % len(givens)]
    if family == "K'":
        return f"K'{given}"
    return f"{family} {middles[(number * 3 + number // 20) % len(middles)]} {given}"
