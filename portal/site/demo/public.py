"""What the public pages show besides posts: telephone numbers, procedures, holidays.

Procedures are samples to be checked against the law in force before anybody relies on them.
"""

from dataclasses import dataclass
from datetime import date

from django.utils import timezone

from groups.models import Holiday, Unit
from portal.site.demo import district
from portal.site.demo.directory import duty_phone
from portal.site.models import Contact, Procedure

HOTLINES = (
    ("113", "Công an", "Đang xảy ra tội phạm, mất trật tự"),
    ("114", "Cứu hỏa, cứu nạn cứu hộ", "Cháy, nổ, tai nạn có người mắc kẹt"),
    ("115", "Cấp cứu y tế", "Người bệnh nặng, người bị thương"),
    ("111", "Bảo vệ trẻ em", "Trẻ em bị xâm hại, bạo lực; miễn phí, 24/24"),
    ("112", "Sự cố, thiên tai, tìm kiếm cứu nạn", "Bão, lũ, sạt lở, tai nạn trên sông, trên rừng; miễn phí"),
)
RESIDENCE_LAW = "Luật Cư trú 2020; Thông tư 75/2022/TT-BTC"
ID_LAW = "Luật Căn cước 2023; Nghị định 70/2024/NĐ-CP"
ONLINE = "https://dichvucong.gov.vn/"


@dataclass(frozen=True)
class ProcedurePlan:
    """One procedure; steps and papers one a line."""

    slug: str
    title: str
    field: str
    steps: tuple[str, ...]
    papers: tuple[str, ...]
    fee: str
    duration: str
    legal_basis: str


def _online(papers: str) -> tuple[str, ...]:
    return (
        "Mở VNeID hoặc Cổng Dịch vụ công, chọn thủ tục, điền tờ khai.",
        f"Chụp và đính kèm {papers}.",
        "Nhận kết quả trên VNeID; chưa quen thì đến Công an xã, phường giờ hành chính để được giúp.",
    )


PROCEDURES = (
    ProcedurePlan(
        "dang-ky-tam-tru",
        "Đăng ký tạm trú",
        "Cư trú",
        _online("giấy tờ về chỗ ở"),
        ("Tờ khai thay đổi thông tin cư trú (CT01)", "Giấy tờ chứng minh chỗ ở hợp pháp"),
        "15.000 đồng; nộp trực tuyến 7.000 đồng",
        "03 ngày làm việc",
        RESIDENCE_LAW,
    ),
    ProcedurePlan(
        "gia-han-tam-tru",
        "Gia hạn tạm trú",
        "Cư trú",
        (
            "Làm trong 15 ngày trước khi thời hạn tạm trú kết thúc.",
            *_online("giấy tờ về chỗ ở"),
        ),
        ("Tờ khai thay đổi thông tin cư trú (CT01)", "Giấy tờ chứng minh chỗ ở hợp pháp"),
        "15.000 đồng; nộp trực tuyến 7.000 đồng",
        "03 ngày làm việc",
        RESIDENCE_LAW,
    ),
    ProcedurePlan(
        "dang-ky-thuong-tru",
        "Đăng ký thường trú",
        "Cư trú",
        _online("giấy tờ về chỗ ở và quan hệ gia đình"),
        (
            "Tờ khai thay đổi thông tin cư trú (CT01)",
            "Giấy tờ chứng minh chỗ ở hợp pháp",
            "Giấy tờ chứng minh quan hệ nhân thân, nếu về ở với người thân",
        ),
        "20.000 đồng; nộp trực tuyến 10.000 đồng",
        "07 ngày làm việc",
        RESIDENCE_LAW,
    ),
    ProcedurePlan(
        "thong-bao-luu-tru",
        "Thông báo lưu trú",
        "Cư trú",
        (
            "Chủ nhà, nhà trọ, khách sạn thông báo khi có người đến ở dưới 30 ngày.",
            "Thông báo trước 23 giờ trong ngày; người đến sau 23 giờ thì báo trước 8 giờ hôm sau.",
            "Báo trên VNeID, Cổng Dịch vụ công, qua điện thoại hoặc trực tiếp tại Công an xã, phường.",
        ),
        ("Họ tên, số định danh của người đến ở", "Lý do và thời gian lưu trú"),
        "Không thu",
        "Ngay khi tiếp nhận",
        "Luật Cư trú 2020, Điều 30",
    ),
    ProcedurePlan(
        "khai-bao-tam-vang",
        "Khai báo tạm vắng",
        "Cư trú",
        (
            "Xem mình có thuộc trường hợp phải khai báo tạm vắng không.",
            "Khai trên VNeID, Cổng Dịch vụ công hoặc tại Công an nơi cư trú trước khi đi.",
        ),
        ("Phiếu khai báo tạm vắng",),
        "Không thu",
        "01 ngày làm việc",
        "Luật Cư trú 2020, Điều 31",
    ),
    ProcedurePlan(
        "tach-ho",
        "Tách hộ",
        "Cư trú",
        _online("ý kiến đồng ý của chủ hộ và chủ chỗ ở"),
        ("Tờ khai thay đổi thông tin cư trú (CT01)", "Ý kiến đồng ý của chủ hộ, chủ sở hữu chỗ ở"),
        "10.000 đồng; nộp trực tuyến 5.000 đồng",
        "05 ngày làm việc",
        RESIDENCE_LAW,
    ),
    ProcedurePlan(
        "xac-nhan-thong-tin-cu-tru",
        "Xác nhận thông tin về cư trú",
        "Cư trú",
        _online("giấy tờ liên quan, nếu có"),
        ("Tờ khai thay đổi thông tin cư trú (CT01)",),
        "Không thu",
        "Trong ngày; cần xác minh thì 03 ngày làm việc",
        "Luật Cư trú 2020",
    ),
    ProcedurePlan(
        "cap-doi-can-cuoc",
        "Cấp, đổi thẻ căn cước",
        "Căn cước, định danh",
        (
            "Đặt lịch trên VNeID hoặc đến Công an xã, phường nơi thuận tiện.",
            "Đối chiếu thông tin, chụp ảnh, lấy vân tay.",
            "Nhận thẻ tại nơi nộp hoặc qua bưu điện.",
        ),
        ("Thẻ cũ, nếu có", "Trẻ dưới 14 tuổi đi cùng cha, mẹ hoặc người giám hộ"),
        "Cấp lần đầu không thu; đổi 50.000 đồng; cấp lại 70.000 đồng",
        "07 ngày làm việc",
        ID_LAW,
    ),
    ProcedurePlan(
        "dinh-danh-muc-2",
        "Kích hoạt định danh điện tử mức độ 2",
        "Căn cước, định danh",
        (
            "Mang thẻ căn cước và điện thoại chính chủ đến Công an xã, phường.",
            "Đối chiếu khuôn mặt, vân tay, đăng ký số điện thoại.",
            "Cài VNeID từ kho ứng dụng chính thức, kích hoạt theo tin nhắn báo về.",
        ),
        ("Thẻ căn cước hoặc căn cước công dân", "Điện thoại chính chủ"),
        "Không thu",
        "03 ngày làm việc khi đã có thẻ căn cước",
        "Nghị định 69/2024/NĐ-CP",
    ),
    ProcedurePlan(
        "dang-ky-xe-may",
        "Đăng ký xe mô tô, xe gắn máy lần đầu",
        "Giao thông",
        (
            "Khai và nộp thuế trước bạ, khai đăng ký xe trên Cổng Dịch vụ công.",
            "Đưa xe đến Công an xã, phường được phân cấp để kiểm tra.",
            "Bấm biển số, nhận biển và giấy chứng nhận.",
        ),
        ("Giấy khai đăng ký xe", "Hóa đơn, giấy tờ nguồn gốc xe", "Chứng từ nộp lệ phí trước bạ"),
        "Theo Thông tư 60/2023/TT-BTC, tùy khu vực và giá xe",
        "02 ngày làm việc",
        "Luật Trật tự, an toàn giao thông đường bộ 2024",
    ),
    ProcedurePlan(
        "trinh-bao-mat-giay-to",
        "Trình báo mất giấy tờ, tài sản",
        "An ninh trật tự",
        (
            "Đến Công an xã, phường nơi mất, hoặc gửi tin trên trang này rồi đến ký xác nhận.",
            "Kể rõ thời gian, nơi mất, đặc điểm.",
            "Nhận giấy xác nhận trình báo; mất thẻ ngân hàng thì gọi ngân hàng khóa thẻ trước.",
        ),
        ("Giấy tờ tùy thân còn lại hoặc VNeID",),
        "Không thu",
        "Trong ngày",
        "Bộ luật Tố tụng hình sự 2015, Điều 144, Điều 145",
    ),
    ProcedurePlan(
        "giao-nop-vu-khi",
        "Giao nộp vũ khí, vật liệu nổ, pháo, công cụ hỗ trợ",
        "An ninh trật tự",
        (
            "Bom, mìn, đạn cũ: không chạm vào, đánh dấu, đứng xa và gọi 113.",
            "Vật khác: báo trước qua điện thoại, mang đến trụ sở Công an xã, phường.",
            "Nhận giấy xác nhận đã giao nộp.",
        ),
        ("Không cần giấy tờ; người giao nộp không phải chứng minh nguồn gốc",),
        "Không thu",
        "Ngay khi tiếp nhận",
        "Luật Quản lý, sử dụng vũ khí, vật liệu nổ và công cụ hỗ trợ 42/2024/QH15",
    ),
)
PLANNED = " (dự kiến)"
# Days off that fall on working days, and Saturdays worked instead. Labour Code 2019, Article 112.
HOLIDAYS = (
    (date(2026, 1, 1), "Tết Dương lịch", False),
    *((date(2026, 2, day), "Tết Nguyên đán Bính Ngọ", False) for day in range(16, 21)),
    (date(2026, 4, 27), "Nghỉ bù Giỗ Tổ Hùng Vương", False),
    (date(2026, 4, 30), "Ngày Chiến thắng", False),
    (date(2026, 5, 1), "Ngày Quốc tế Lao động", False),
    (date(2026, 9, 1), "Quốc khánh", False),
    (date(2026, 9, 2), "Quốc khánh", False),
    (date(2027, 1, 1), "Tết Dương lịch", False),
    *((date(2027, 2, day), f"Tết Nguyên đán Đinh Mùi{PLANNED}", False) for day in (5, 8, 9, 10, 11)),
    (date(2027, 4, 16), "Giỗ Tổ Hùng Vương", False),
    (date(2027, 4, 30), "Ngày Chiến thắng", False),
    (date(2027, 5, 3), f"Nghỉ bù Ngày Quốc tế Lao động{PLANNED}", False),
    (date(2027, 9, 2), "Quốc khánh", False),
    (date(2027, 9, 3), f"Quốc khánh{PLANNED}", False),
)


def make_contacts() -> None:
    """National hotlines and the duty desks of the demo's communes."""
    known = set(Contact.objects.values_list("unit", "phone"))
    rows = [
        Contact(name=name, phone=phone, purpose=purpose, is_emergency=True, position=10 + number)
        for number, (phone, name, purpose) in enumerate(HOTLINES)
        if (None, phone) not in known
    ]
    codes = [commune.code for commune in (*district.COMMUNES, district.OTHER_COMMUNE)]
    for unit in Unit.objects.filter(code__in=codes).order_by("code"):
        phone = duty_phone(unit.code)
        if (unit.pk, phone) not in known:
            name, purpose = f"Trực ban {unit.police_name}", "Mọi việc về an ninh trật tự, 24/24"
            rows.append(Contact(unit=unit, name=name, phone=phone, purpose=purpose, position=50))
    Contact.objects.bulk_create(rows)


def make_procedures() -> None:
    """A dozen procedures that people ask for most."""
    known = set(Procedure.objects.values_list("slug", flat=True))
    Procedure.objects.bulk_create(
        [
            Procedure(
                slug=plan.slug,
                title=plan.title,
                field=plan.field,
                steps="\n".join(plan.steps),
                papers="\n".join(plan.papers),
                fee=plan.fee,
                duration=plan.duration,
                online_url=ONLINE,
                legal_basis=plan.legal_basis,
                reviewed_on=timezone.localdate(),
            )
            for plan in PROCEDURES
            if plan.slug not in known
        ]
    )


def make_holidays() -> None:
    """Holidays of 2026 and 2027; those not yet announced say so."""
    rows = [Holiday(day=day, name=name, is_working_day=worked) for day, name, worked in HOLIDAYS]
    Holiday.objects.bulk_create(rows, ignore_conflicts=True)
