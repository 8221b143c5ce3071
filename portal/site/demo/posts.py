"""Twelve prepared texts of the library. ``[SĐT]`` stands for the duty number of the owning unit."""

from dataclasses import dataclass

from broadcasts.enums import PostKind


@dataclass(frozen=True)
class PostPlan:
    """A text: what it is about, who owns it, heading and words, and the law it rests on."""

    kind: str
    unit_code: str
    title: str
    body: str
    source: str = ""


POSTS = (
    PostPlan(
        PostKind.EDUCATION,
        "D6801",
        "Cảnh báo giả danh cán bộ yêu cầu cài ứng dụng",
        "Mấy ngày qua, một số bà con thôn Trung Hòa nhận cuộc gọi tự xưng cán bộ Công an xã, nói dữ "
        "liệu VNeID bị sai và gửi đường liên kết để cập nhật. Đây là thủ đoạn lừa đảo. Công an không "
        "gửi liên kết cài ứng dụng, không yêu cầu chuyển tiền hay đọc mã OTP qua điện thoại. Nếu lỡ "
        "bấm vào, bà con tắt mạng ngay, gọi ngân hàng khóa tài khoản và báo trực ban: [SĐT].",
    ),
    PostPlan(
        PostKind.EDUCATION,
        "D68",
        "Phòng cháy mùa hanh khô",
        "Từ nay đến cuối tháng 12, nguy cơ cháy tăng cao. Đề nghị bà con: không sạc xe điện qua đêm "
        "trong phòng ngủ; tắt bếp, rút phích cắm khi ra khỏi nhà; không để xe máy, hàng hóa chắn lối "
        "đi; mở sẵn lối thoát thứ hai nếu ban công, cửa sổ có lồng sắt; mỗi nhà có ít nhất một bình "
        "chữa cháy và biết cách dùng. Khi có cháy: hô hoán, ngắt cầu dao, thoát ra ngoài rồi gọi 114.",
        "Luật 55/2024/QH15",
    ),
    PostPlan(
        PostKind.EDUCATION,
        "D6801",
        "Không giao xe cho con chưa đủ tuổi",
        "Qua một tuần kiểm tra trước cổng trường, Công an xã nhắc nhở, lập biên bản 7 trường hợp học "
        "sinh chưa đủ tuổi đi xe máy, 12 trường hợp không đội mũ bảo hiểm. Từ đủ 16 tuổi mới được đi "
        "xe gắn máy (đến 50 cm³); từ đủ 18 tuổi và có giấy phép mới được đi xe mô tô. Phụ huynh giao "
        "xe cho con chưa đủ điều kiện cũng bị xử phạt. Mong bà con cùng nhắc nhở để các cháu đi học an "
        "toàn.",
        "Luật Trật tự, an toàn giao thông đường bộ 2024",
    ),
    PostPlan(
        PostKind.EDUCATION,
        "D68",
        "Hướng dẫn đăng ký tạm trú, thông báo lưu trú",
        "Người đến ở từ 30 ngày trở lên ngoài nơi thường trú thì đăng ký tạm trú; ở dưới 30 ngày thì "
        "chủ nhà, nhà trọ thông báo lưu trú trước 23 giờ trong ngày. Cách nhanh nhất: mở VNeID, chọn "
        "Thủ tục hành chính, mục Cư trú. Bà con tự làm được, không cần qua trung gian. Ai chưa quen "
        "xin đến Công an xã giờ hành chính hoặc nhắn cảnh sát khu vực để được giúp.",
        "Luật Cư trú 2020, Điều 27, Điều 30",
    ),
    PostPlan(
        PostKind.INVITATION,
        "D6801",
        "Cấp căn cước lưu động tại Nhà văn hóa thôn Đông Phú",
        "Từ 7h30 đến 16h30 thứ Bảy, ngày 28/11/2026, Công an xã nhận hồ sơ căn cước và kích hoạt định "
        "danh mức 2, ưu tiên người già, người khuyết tật, trẻ em. Bà con mang thẻ cũ (nếu có) và điện "
        "thoại chính chủ; trẻ dưới 14 tuổi đi cùng cha, mẹ hoặc người giám hộ. Người già yếu không đi "
        "lại được, gia đình nhắn trước ngày 26/11 để cán bộ đến tận nhà.",
    ),
    PostPlan(
        PostKind.WANTED,
        "D6801",
        "Thông báo truy nã",
        "Cơ quan Cảnh sát điều tra Công an tỉnh Sơn Hải ra Quyết định truy nã số 00/QĐ-CSĐT ngày "
        "05/11/2026 đối với NGUYỄN VĂN MẪU, sinh ngày 01/01/1990, nơi thường trú thôn Trung Hòa, xã "
        "Minh Tân, bị khởi tố về tội Trộm cắp tài sản. Cao khoảng 1m68, da ngăm, sẹo dài 3 cm ở đuôi "
        "mày trái. Ai phát hiện xin báo Công an nơi gần nhất hoặc [SĐT]. Không tự ý đăng thông tin về "
        "người thân của người bị truy nã.",
        "Bộ luật Tố tụng hình sự 2015, Điều 231",
    ),
    PostPlan(
        PostKind.MISSING,
        "D6801",
        "Tìm cụ bà đi lạc",
        "Khoảng 15 giờ ngày 20/11/2026, cụ Trần Thị M., 78 tuổi, ở thôn Đông Phú, xã Minh Tân ra khỏi "
        "nhà và chưa về. Cụ cao khoảng 1m50, tóc bạc ngắn, mặc áo bà ba nâu, quần đen, dép nhựa xanh; "
        "trí nhớ kém, hay đi về phía chợ Bến Đá. Bà con gặp cụ xin giữ cụ ở nơi an toàn và báo ngay "
        "Công an xã: [SĐT]. Bài này sẽ được gỡ khi tìm thấy cụ. Gia đình xin cảm ơn.",
    ),
    PostPlan(
        PostKind.FOUND,
        "D6801",
        "Thông báo nhặt được tài sản",
        "Sáng 18/11/2026, một người dân thôn Trung Hòa nhặt được chiếc ví trên đường liên thôn, đoạn "
        "gần nhà văn hóa, và đã giao nộp cho Công an xã Minh Tân. Ai đánh rơi xin mang giấy tờ tùy "
        "thân đến trụ sở, mô tả đúng màu ví, số tiền và giấy tờ bên trong để nhận lại. Sau 01 năm từ "
        "ngày thông báo mà không có người nhận, tài sản được xử lý theo Điều 230 Bộ luật Dân sự.",
        "Bộ luật Dân sự 2015, Điều 230",
    ),
    PostPlan(
        PostKind.DISASTER,
        "D6801",
        "Mưa lớn, nguy cơ ngập và sạt lở",
        "Theo bản tin 16 giờ ngày 21/11, đêm nay và ngày mai xã Minh Tân có mưa rất to, nước sông lên "
        "nhanh. Bà con xóm Bãi và ven suối Đá kê cao đồ đạc, đưa người già, trẻ em đến Trường Tiểu học "
        "Minh Tân trước 20 giờ. Tuyệt đối không qua ngầm tràn, không vớt củi. Cần cứu hộ gọi 114 hoặc "
        "112; trực ban Công an xã 24/24: [SĐT]. Bản tin sau phát lúc 21 giờ.",
    ),
    PostPlan(
        PostKind.HANDIN,
        "D68",
        "Vận động giao nộp vũ khí, vật liệu nổ, pháo",
        "Từ ngày 01/12 đến 31/12/2026, Công an xã nhận súng tự chế, súng hơi, súng kíp, kiếm, dao găm, "
        "đạn, pháo nổ và công cụ hỗ trợ. Người tự nguyện giao nộp được ghi nhận, cấp giấy xác nhận; "
        "tàng trữ trái phép bị phát hiện sẽ bị xử lý theo pháp luật. Gặp bom, mìn, đạn cũ: không chạm "
        "vào, đánh dấu, đứng xa và báo ngay. Địa điểm: trụ sở Công an xã, tất cả các ngày.",
        "Luật 42/2024/QH15",
    ),
    PostPlan(
        PostKind.INVITATION,
        "D6801",
        "Mời họp thôn Trung Hòa về an ninh trật tự",
        "Kính mời đại diện mỗi hộ dự họp lúc 19h30 thứ Sáu, ngày 27/11/2026 tại Nhà văn hóa thôn. Nội "
        "dung: tình hình an ninh trật tự tháng 11; thủ đoạn lừa đảo dịp cuối năm; bàn lắp thêm 4 "
        "camera ở đầu ngõ; góp ý tác phong làm việc của Công an xã. Bà con không dự được có thể gửi ý "
        "kiến qua mục Góp ý của trang này trước 17 giờ ngày 26/11. Rất mong bà con đến đông đủ.",
    ),
    PostPlan(
        PostKind.RESULT,
        "D6801",
        "Kết quả từ tin báo của bà con",
        "Từ tin báo về việc hút cát ban đêm trên sông, Công an xã phối hợp Công an tỉnh kiểm tra, phát "
        "hiện 02 phương tiện khai thác không phép, đã lập biên bản và chuyển hồ sơ xử lý. Trong tuần, "
        "Công an xã trả lại 03 tài sản cho người đánh rơi, hòa giải 02 vụ xô xát, trả lời 11 câu hỏi "
        "về thủ tục. Trân trọng cảm ơn bà con. Thông tin người báo tin luôn được giữ bí mật.",
    ),
)
