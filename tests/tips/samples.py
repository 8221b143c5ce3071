"""Fifteen tips as residents write them, with their typing errors, and what becomes of them."""

from dataclasses import dataclass

from tips.enums import Priority


@dataclass(frozen=True)
class Sample:
    name: str
    category: str
    priority: Priority
    text: str


SAMPLES = (
    Sample(
        "F1",
        "MA_TUY",
        Priority.P2,
        "Mấy tuần nay tối nào cũng có 4, 5 thanh niên lạ tụ tập ở lò gạch bỏ hoang cuối thôn Đông "
        "Phú, khoảng 22h đến 1h sáng. Sáng ra tôi thấy kim tiêm, giấy bạc cháy dở. Có xe Wave đỏ biển"
        " số cuối 46. Xin đừng để ai biết tôi báo.",
    ),
    Sample(
        "F2",
        "TROM_CUOP",
        Priority.P0,
        "Có 2 người đang cắt khóa nhà ông Bảy đối diện trạm y tế, nhà không có ai!!! 1 người đứng "
        "ngoài canh mặc áo khoác đen. Tôi gọi 113 rồi nhưng báo thêm ở đây",
    ),
    Sample(
        "F3",
        "LUA_DAO",
        Priority.P1,
        'Mẹ tôi bị người xưng công an gọi video, bắt chuyển 45 triệu để "thẩm tra". Chuyển lúc 10h12 '
        "sáng nay. Tôi có ảnh chụp màn hình và số tài khoản nhận. Giờ tôi cần làm gì ngay?",
    ),
    Sample(
        "F4",
        "CO_BAC",
        Priority.P3,
        "nha so 12 duong cho cu toi nao cung danh bai an tien, dong nguoi, xe de tran ra duong, on ao"
        " den 2h sang ai cung biet ma khong ai dam noi",
    ),
    Sample(
        "F5",
        "TIN_DUNG_DEN",
        Priority.P2,
        "Họ dán tờ rơi cho vay khắp cột điện, đêm qua tạt sơn vào cổng nhà em vì chị em vay 20 triệu."
        " Họ nhắn dọa sẽ đến trường con em. Số hay gọi 09xx xxx 771. Em rất sợ, xin gọi lại sau 20h",
    ),
    Sample(
        "F6",
        "GAY_ROI",
        Priority.P3,
        "QUÁN KARAOKE SAO ĐÊM HÁT LOA KÉO ĐẾN 1 GIỜ SÁNG CẢ TUẦN, GÓP Ý THÌ CHỦ QUÁN DỌA ĐÁNH. TỔ DÂN"
        " PHỐ 5 NHIỀU NHÀ CÓ CHÁU NHỎ",
    ),
    Sample(
        "F7",
        "BAO_LUC_GD",
        Priority.P0,
        "Nhà bên cạnh chồng say lại đánh vợ, tôi nghe tiếng kêu cứu và con nít khóc. Lần thứ ba trong"
        " tháng rồi. Giờ vẫn đang đập đồ",
    ),
    Sample(
        "F8",
        "TRE_EM",
        Priority.P0,
        "Bạn cùng lớp con tôi, 11 tuổi, kể bị người bác họ sờ vào người khi ở nhà một mình. Cháu sợ "
        "không dám nói với bố mẹ. Tôi không biết làm thế nào cho đúng",
    ),
    Sample(
        "F9",
        "VU_KHI_PHAO",
        Priority.P1,
        "Trên mạng có tài khoản rao bán pháo nổ tự cuốn, hẹn giao ở bến phà Bến Đá chiều thứ Bảy. Gửi"
        " kèm 3 ảnh chụp màn hình với link",
    ),
    Sample(
        "F10",
        "CHAY_NO",
        Priority.P2,
        "Xưởng gỗ sát khu trọ 30 phòng, mùn cưa chất cao, dây điện chằng chịt, cửa sau khóa kín. Hôm "
        "kia đã chập điện bốc khói một lần rồi",
    ),
    Sample(
        "F11",
        "GIAO_THONG",
        Priority.P3,
        "Sáng nào xe ben chở đất cũng chạy qua cổng Trường Tiểu học Minh Tân đúng giờ vào lớp, không "
        "che bạt, chạy rất nhanh. Video quay 6h50 ngày 17/11",
    ),
    Sample(
        "F12",
        "MOI_TRUONG",
        Priority.P3,
        "Đêm 15/11 có xe bồn xả nước đen hôi thối xuống mương sau nhà máy bột mì, cá chết trắng. Tôi "
        "ghim vị trí kèm đây, biển số không nhìn rõ",
    ),
    Sample(
        "F13",
        "KHOANG_SAN",
        Priority.P2,
        "Từ 23h đến 3h có 2 ghe hút cát khúc gần bãi bồi, tắt đèn. Bờ sông lở thêm gần 2 mét, sắp tới"
        " nền nhà bà con. Tôi quay từ xa hơi mờ, bà con xóm Bãi nhiều người cũng thấy",
    ),
    Sample(
        "F14",
        "CU_TRU",
        Priority.P3,
        "Nhà trọ cuối hẻm 9 mới có khoảng 8 người đến ở, đóng cửa suốt ngày, chở vào rất nhiều máy "
        "tính, đêm nghe gọi điện liên tục. Chủ trọ nói chưa kịp khai báo",
    ),
    Sample(
        "F15",
        "CAN_BO",
        Priority.P3,
        "Sáng 16/11 tôi đưa mẹ già đi làm căn cước, cán bộ tiếp dân nói trống không và bắt đi lại 3 "
        "lần vì thiếu giấy tờ mà bảng niêm yết không ghi. Tôi không đòi kỷ luật ai, chỉ mong được "
        "hướng dẫn rõ",
    ),
)
