"""Fifteen tips as residents write them: typing mistakes, capitals and missing marks are kept."""

from dataclasses import dataclass

from tips.enums import Category, Priority


@dataclass(frozen=True)
class TipPlan:
    """A tip, the priority an officer would give it, and how it comes in."""

    category: str
    priority: int
    unit_code: str
    village_code: str
    text: str
    is_named: bool = False
    pictures: int = 0
    coordinates: tuple[float, float] | None = None


TIPS = (
    TipPlan(
        Category.MA_TUY,
        Priority.P2,
        "D6801",
        "D680102",
        "Mấy tuần nay tối nào cũng có 4, 5 thanh niên lạ tụ tập ở lò gạch bỏ hoang cuối thôn Đông Phú, "
        "khoảng 22h đến 1h sáng. Sáng ra tôi thấy kim tiêm, giấy bạc cháy dở. Có xe Wave đỏ biển số "
        "cuối 46. Xin đừng để ai biết tôi báo.",
    ),
    TipPlan(
        Category.TROM_CUOP,
        Priority.P0,
        "D6801",
        "D680101",
        "Có 2 người đang cắt khóa nhà ông Bảy đối diện trạm y tế, nhà không có ai!!! 1 người đứng "
        "ngoài canh mặc áo khoác đen. Tôi gọi 113 rồi nhưng báo thêm ở đây",
        is_named=True,
        pictures=1,
    ),
    TipPlan(
        Category.LUA_DAO,
        Priority.P1,
        "D6803",
        "",
        'Mẹ tôi bị người xưng công an gọi video, bắt chuyển 45 triệu để "thẩm tra". Chuyển lúc 10h12 '
        "sáng nay. Tôi có ảnh chụp màn hình và số tài khoản nhận. Giờ tôi cần làm gì ngay?",
        is_named=True,
        pictures=3,
    ),
    TipPlan(
        Category.CO_BAC,
        Priority.P3,
        "D6801",
        "D680105",
        "nha so 12 duong cho cu toi nao cung danh bai an tien, dong nguoi, xe de tran ra duong, on ao "
        "den 2h sang ai cung biet ma khong ai dam noi",
    ),
    TipPlan(
        Category.TIN_DUNG_DEN,
        Priority.P2,
        "D6802",
        "D680203",
        "Họ dán tờ rơi cho vay khắp cột điện, đêm qua tạt sơn vào cổng nhà em vì chị em vay 20 triệu. "
        "Họ nhắn dọa sẽ đến trường con em. Số hay gọi 09xx xxx 771. Em rất sợ, xin gọi lại sau 20h",
        is_named=True,
        pictures=2,
    ),
    TipPlan(
        Category.GAY_ROI,
        Priority.P3,
        "D6802",
        "D680205",
        "QUÁN KARAOKE SAO ĐÊM HÁT LOA KÉO ĐẾN 1 GIỜ SÁNG CẢ TUẦN, GÓP Ý THÌ CHỦ QUÁN DỌA ĐÁNH. TỔ DÂN "
        "PHỐ 5 NHIỀU NHÀ CÓ CHÁU NHỎ",
    ),
    TipPlan(
        Category.BAO_LUC_GD,
        Priority.P0,
        "D6804",
        "",
        "Nhà bên cạnh chồng say lại đánh vợ, tôi nghe tiếng kêu cứu và con nít khóc. Lần thứ ba trong "
        "tháng rồi. Giờ vẫn đang đập đồ",
    ),
    TipPlan(
        Category.TRE_EM,
        Priority.P0,
        "D6801",
        "",
        "Bạn cùng lớp con tôi, 11 tuổi, kể bị người bác họ sờ vào người khi ở nhà một mình. Cháu sợ "
        "không dám nói với bố mẹ. Tôi không biết làm thế nào cho đúng",
        is_named=True,
    ),
    TipPlan(
        Category.VU_KHI_PHAO,
        Priority.P1,
        "D6802",
        "",
        "Trên mạng có tài khoản rao bán pháo nổ tự cuốn, hẹn giao ở bến phà Bến Đá chiều thứ Bảy. Gửi "
        "kèm 3 ảnh chụp màn hình với link",
        pictures=3,
    ),
    TipPlan(
        Category.CHAY_NO,
        Priority.P2,
        "D6807",
        "D680704",
        "Xưởng gỗ sát khu trọ 30 phòng, mùn cưa chất cao, dây điện chằng chịt, cửa sau khóa kín. Hôm "
        "kia đã chập điện bốc khói một lần rồi",
        pictures=4,
    ),
    TipPlan(
        Category.GIAO_THONG,
        Priority.P3,
        "D6801",
        "D680101",
        "Sáng nào xe ben chở đất cũng chạy qua cổng Trường Tiểu học Minh Tân đúng giờ vào lớp, không "
        "che bạt, chạy rất nhanh. Video quay 6h50 ngày 17/11",
    ),
    TipPlan(
        Category.MOI_TRUONG,
        Priority.P3,
        "D6805",
        "",
        "Đêm 15/11 có xe bồn xả nước đen hôi thối xuống mương sau nhà máy bột mì, cá chết trắng. Tôi "
        "ghim vị trí kèm đây, biển số không nhìn rõ",
        coordinates=(11.5213, 107.4902),
    ),
    TipPlan(
        Category.KHOANG_SAN,
        Priority.P2,
        "D6801",
        "D680103",
        "Từ 23h đến 3h có 2 ghe hút cát khúc gần bãi bồi, tắt đèn. Bờ sông lở thêm gần 2 mét, sắp tới "
        "nền nhà bà con. Tôi quay từ xa hơi mờ, bà con xóm Bãi nhiều người cũng thấy",
    ),
    TipPlan(
        Category.CU_TRU,
        Priority.P1,
        "D6802",
        "D680209",
        "Nhà trọ cuối hẻm 9 mới có khoảng 8 người đến ở, đóng cửa suốt ngày, chở vào rất nhiều máy "
        "tính, đêm nghe gọi điện liên tục. Chủ trọ nói chưa kịp khai báo",
    ),
    TipPlan(
        Category.CAN_BO,
        Priority.P3,
        "D6801",
        "",
        "Sáng 16/11 tôi đưa mẹ già đi làm căn cước, cán bộ tiếp dân nói trống không và bắt đi lại 3 "
        "lần vì thiếu giấy tờ mà bảng niêm yết không ghi. Tôi không đòi kỷ luật ai, chỉ mong được "
        "hướng dẫn rõ",
    ),
)
