"""Words of the fault panel: what a trainer can break with one button, and the name of everything else."""

from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext_lazy as _

from groups.zalo.simulator import faults

SEND = "group/message"


@dataclass(frozen=True)
class Preset:
    """One button: faults switched on, an outage in seconds, or something done to every account."""

    key: str
    icon: str
    title: str
    text: str
    faults: tuple[dict[str, Any], ...] = field(default=())
    outage_seconds: int = 0
    refusal: str = ""
    account_act: str = ""


PRESETS = (
    Preset(
        "mat-mang", "ban", _("Mất mạng 2 phút"), _("Không cuộc gọi nào tới được Zalo."), outage_seconds=120
    ),
    Preset(
        "het-han-muc",
        "hourglass",
        _("Hết hạn mức"),
        _("Trong 1 phút, mọi tin gửi vào nhóm bị từ chối vì gọi quá nhiều."),
        ({"kind": "rate_limit", "path": SEND, "seconds": 60},),
    ),
    Preset(
        "ma-het-han",
        "lock",
        _("Mã truy cập hết hạn"),
        _("Cổng phải tự xin mã mới rồi gửi tiếp, không mất tin."),
        account_act="expire",
    ),
    Preset(
        "mat-tra-loi",
        "eye-off",
        _("Tin vào nhóm nhưng mất trả lời"),
        _("3 tin tới sau: bà con đã thấy, cổng thì chưa biết. Gửi lại ngay là trùng."),
        ({"kind": "reset_after", "path": SEND, "times": 3},),
    ),
    Preset(
        "khong-vao-nhom",
        "x",
        _("Mất kết nối trước khi vào nhóm"),
        _("3 tin tới sau: cổng thấy y như trên, nhưng bà con chưa có tin."),
        ({"kind": "reset_before", "path": SEND, "times": 3},),
    ),
    Preset(
        "may-chu-loi",
        "alert-circle",
        _("Máy chủ Zalo báo lỗi 2 phút"),
        _("Trang lỗi 503 thay cho trả lời; tin không vào nhóm."),
        ({"kind": "gateway_before", "path": SEND, "status": 503, "seconds": 120},),
    ),
    Preset(
        "rat-cham",
        "clock",
        _("Trả lời rất chậm"),
        _("Trong 2 phút, mỗi trả lời tới sau 8 giây."),
        ({"kind": "slow", "path": SEND, "delay_ms": 8000, "seconds": 120},),
    ),
    Preset(
        "chap-chon",
        "refresh",
        _("Mạng chập chờn"),
        _("Cứ 10 tin thì khoảng 1 tin mất trả lời, cho tới khi tắt."),
        ({"kind": "reset_after", "path": SEND, "probability": 0.1},),
    ),
    Preset(
        "zalo-trung",
        "copy",
        _("Zalo tự đăng trùng"),
        _("Tin tới sau hiện hai lần dù chỉ gửi một lần."),
        ({"kind": "duplicate", "path": SEND, "times": 1},),
    ),
    Preset(
        "goi-het-han",
        "calendar-event",
        _("Gói dịch vụ hết hạn"),
        _("Mọi tài khoản bị từ chối cho tới khi tắt sự cố."),
        refusal="package_lapsed",
    ),
    Preset(
        "thu-hoi",
        "logout",
        _("Quản trị viên thu hồi quyền"),
        _("Mọi tài khoản phải kết nối lại từ đầu."),
        account_act="revoke",
    ),
    Preset(
        "webhook-mat",
        "bell",
        _("Cổng không nghe được tin báo 5 phút"),
        _("Zalo không báo tin nào về cổng, kể cả tin của bà con."),
        ({"kind": "webhook_lost", "seconds": 300},),
    ),
    Preset(
        "webhook-gia",
        "shield-check",
        _("Tin báo sai chữ ký"),
        _("3 tin báo tới sau mang chữ ký giả; cổng phải bỏ qua."),
        ({"kind": "webhook_wrong_mac", "times": 3},),
    ),
    Preset(
        "anh-hong",
        "photo",
        _("Ảnh của bà con không tải được"),
        _("2 lần tải tới sau: đường dẫn đã hết hạn."),
        ({"kind": "media_expired", "times": 2},),
    ),
)

KIND_GROUPS = (
    (_("Cuộc gọi tới Zalo"), tuple(faults.TAKES_EFFECT)),
    (_("Tin báo về cổng (webhook)"), faults.WEBHOOK_KINDS),
    (_("Ảnh và tệp của bà con"), faults.MEDIA_KINDS),
)
KIND_LABELS = {
    "timeout_before": _("Không trả lời, tin chưa vào nhóm"),
    "timeout_after": _("Không trả lời, tin đã vào nhóm"),
    "reset_before": _("Đứt kết nối, tin chưa vào nhóm"),
    "reset_after": _("Đứt kết nối, tin đã vào nhóm"),
    "gateway_before": _("Trang lỗi 5xx, tin chưa vào nhóm"),
    "gateway_after": _("Trang lỗi 5xx, tin đã vào nhóm"),
    "failed_before": _("Báo lỗi -200, tin chưa vào nhóm"),
    "failed_after": _("Báo lỗi -200, tin đã vào nhóm"),
    "error": _("Báo mã lỗi tự chọn"),
    "rate_limit": _("Quá hạn mức (-32)"),
    "token_rejected": _("Mã truy cập không hợp lệ (-216)"),
    "unauthorized": _("HTTP 401"),
    "redirect": _("Chuyển hướng đi nơi khác"),
    "truncated": _("Trả lời bị cắt giữa chừng"),
    "empty": _("Trả lời rỗng"),
    "html": _("Trả lời là trang web"),
    "huge": _("Trả lời quá lớn"),
    "no_data": _("Trả lời thiếu dữ liệu"),
    "text_error": _("Mã lỗi ghi bằng chữ"),
    "slow": _("Trả lời chậm"),
    "trickle": _("Trả lời nhỏ giọt"),
    "duplicate": _("Zalo tự đăng trùng"),
    "webhook_lost": _("Tin báo bị mất"),
    "webhook_duplicate": _("Tin báo tới hai lần"),
    "webhook_reorder": _("Tin báo tới sai thứ tự"),
    "webhook_delay": _("Tin báo tới trễ"),
    "webhook_early": _("Tin báo tới trước trả lời"),
    "webhook_wrong_mac": _("Tin báo sai chữ ký"),
    "webhook_no_mac": _("Tin báo thiếu chữ ký"),
    "webhook_other_app": _("Tin báo của ứng dụng khác"),
    "webhook_old": _("Tin báo ghi giờ cũ hơn một ngày"),
    "webhook_unknown": _("Kèm một tin báo loại lạ"),
    "webhook_huge": _("Kèm một tin báo 2 MB"),
    "webhook_not_json": _("Kèm một tin báo không đọc được"),
    "media_missing": _("Không có tệp (404)"),
    "media_expired": _("Đường dẫn hết hạn (403)"),
    "media_huge": _("Tệp lớn vô tận"),
    "media_slow": _("Tải rất chậm"),
    "media_wrong_type": _("Tệp không phải ảnh"),
    "media_redirect": _("Chuyển hướng vào mạng nội bộ"),
}
PATH_LABELS = {
    "": _("Mọi cuộc gọi"),
    "group/message": _("Gửi tin vào nhóm"),
    "message/cs": _("Trả lời riêng"),
    "group/conversation": _("Đọc lại tin của nhóm"),
    "group/getgroup": _("Đọc một nhóm"),
    "group/getgroupsofoa": _("Đọc danh sách nhóm"),
    "upload/image": _("Tải ảnh lên"),
    "oa/access_token": _("Xin mã truy cập mới"),
    "oa/getoa": _("Đọc hồ sơ tài khoản"),
}
REFUSAL_LABELS = {
    "package_lapsed": _("Gói dịch vụ hết hạn"),
    "app_inactive": _("Ứng dụng chưa được bật"),
    "permission_missing": _("Ứng dụng thiếu quyền nhóm"),
    "permission_not_granted": _("Tài khoản chưa cấp quyền nhóm"),
    "quota_used": _("Hết số tin của gói"),
}
SWITCH_LABELS = {
    "expires_in_integer": _("Hạn của mã ghi bằng số"),
    "token_in_query": _("Xin mã bằng tham số trên địa chỉ"),
    "spent_refresh_code": _("Mã lỗi khi mã làm mới đã dùng"),
    "expired_as": _("Mã truy cập hết hạn báo là"),
    "plain_json": _("Kiểu nội dung là application/json"),
    "accept_urls": _("Nhận đường dẫn ảnh thay cho ảnh tải lên"),
    "count_unit": _("2.000 đếm theo"),
    "group_posts_per_hour": _("Số tin tối đa mỗi nhóm mỗi giờ (0: không hạn)"),
    "join_after_accept": _("Duyệt xong còn báo thêm một tin vào nhóm"),
    "conversation_cap": _("Số tin đọc lại tối đa mỗi lần"),
    "state_private_code": _("Tài khoản cơ quan nhà nước trả lời riêng"),
    "state_private_v2": _("Cơ quan nhà nước dùng được địa chỉ v2"),
    "state_groups_code": _("Tài khoản cơ quan nhà nước với nhóm"),
    "withhold_profiles": _("Giấu thông tin cá nhân (-501)"),
    "escape_webhooks": _("Tin báo ghi chữ Việt bằng mã \\u"),
    "other_wording": _("Lời báo lỗi khác lời quen thuộc"),
}
VALUE_LABELS = {
    "characters": _("ký tự"),
    "utf16": _("đơn vị UTF-16"),
    "bytes": _("byte"),
    "401": _("HTTP 401"),
    "0": _("được phép"),
}
