"""Choices and named sets of states of tips. Leaf module: imports no models."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class SourceChannel(models.TextChoices):
    """How a tip reached us."""

    WEB = "web", _("Trang web")
    ZALO = "zalo", _("Zalo")
    HOTLINE = "hotline", _("Đường dây nóng")
    COUNTER = "counter", _("Trực tiếp tại trụ sở")
    LETTERBOX = "letterbox", _("Hòm thư")
    VNEID = "vneid", _("VNeID")
    API = "api", _("Phần mềm khác")


class Category(models.TextChoices):
    """What is happening, in residents' words; the codes are the programme's."""

    MA_TUY = "MA_TUY", _("Ma túy")
    TROM_CUOP = "TROM_CUOP", _("Trộm cắp, cướp giật")
    LUA_DAO = "LUA_DAO", _("Lừa đảo, nhất là trên mạng")
    CO_BAC = "CO_BAC", _("Cờ bạc, cá độ, lô đề")
    TIN_DUNG_DEN = "TIN_DUNG_DEN", _("Cho vay nặng lãi, đòi nợ")
    GAY_ROI = "GAY_ROI", _("Gây rối, đánh nhau, ồn ào")
    BAO_LUC_GD = "BAO_LUC_GD", _("Bạo lực gia đình")
    TRE_EM = "TRE_EM", _("Xâm hại, bạo lực trẻ em")
    VU_KHI_PHAO = "VU_KHI_PHAO", _("Vũ khí, chất nổ, pháo")
    CHAY_NO = "CHAY_NO", _("Nguy cơ cháy nổ")
    GIAO_THONG = "GIAO_THONG", _("Giao thông")
    MOI_TRUONG = "MOI_TRUONG", _("Môi trường")
    KHOANG_SAN = "KHOANG_SAN", _("Khai thác cát, đất trái phép")
    CU_TRU = "CU_TRU", _("Cư trú, người lạ, nhà trọ")
    MUA_BAN_NGUOI = "MUA_BAN_NGUOI", _("Mua bán người, vượt biên")
    AN_NINH_MANG = "AN_NINH_MANG", _("Tin giả, mạo danh trên mạng")
    TRUY_NA_TIN = "TRUY_NA_TIN", _("Thấy người bị truy nã")
    MAT_TICH = "MAT_TICH", _("Người mất tích, đi lạc")
    TAI_SAN = "TAI_SAN", _("Nhặt được, mất đồ")
    CAN_BO = "CAN_BO", _("Về cán bộ công an")
    TTHC = "TTHC", _("Hỏi thủ tục")
    KHAC = "KHAC", _("Việc khác")


# Opened by a named circle only; their text never shows in lists.
RESTRICTED = (Category.TRE_EM, Category.BAO_LUC_GD)


class Priority(models.IntegerChoices):
    """Urgency of a tip; machines only raise it, people may lower it."""

    P0 = 0, _("Đang nguy hiểm")
    P1 = 1, _("Khẩn")
    P2 = 2, _("Trong ngày")
    P3 = 3, _("Thường")
    P4 = 4, _("Hỏi đáp")


class TipStatus(models.TextChoices):
    """Life of a tip."""

    NEW = "new", _("Mới")
    ACCEPTED = "accepted", _("Đã tiếp nhận")
    VERIFYING = "verifying", _("Đang xác minh")
    ANSWERED = "answered", _("Đã trả lời")
    CLOSED = "closed", _("Đã kết thúc")
    TRANSFERRED = "transferred", _("Đã chuyển")
    DUPLICATE = "duplicate", _("Trùng")
    UNFOUNDED = "unfounded", _("Không đủ căn cứ")
    SPAM = "spam", _("Tin rác")
    REOPENED = "reopened", _("Mở lại")


# A transferred tip waits for its new unit like a new one, so it counts as open there.
OPEN = (
    TipStatus.NEW,
    TipStatus.ACCEPTED,
    TipStatus.VERIFYING,
    TipStatus.ANSWERED,
    TipStatus.TRANSFERRED,
    TipStatus.REOPENED,
)
# Nobody at the handling unit has taken it.
UNTAKEN = (TipStatus.NEW, TipStatus.TRANSFERRED, TipStatus.REOPENED)
ENDED = (TipStatus.CLOSED, TipStatus.UNFOUNDED, TipStatus.SPAM, TipStatus.DUPLICATE)


class Outcome(models.TextChoices):
    """How a tip was closed; the value is part of the API."""

    HANDLED = "handled", _("Đã xử lý")
    GUIDED = "guided", _("Đã hướng dẫn")
    UNFOUNDED = "unfounded", _("Không đủ căn cứ")
    INSUFFICIENT = "insufficient", _("Chưa đủ thông tin")
    SPAM = "spam", _("Tin rác")


class Authority(models.TextChoices):
    """Whom a matter belongs to that is none of the police; the sender reads the name."""

    PEOPLES_COMMITTEE = "ubnd", _("Ủy ban nhân dân xã, phường")
    ENVIRONMENT = "environment", _("cơ quan nông nghiệp và môi trường")
    MARKET = "market", _("cơ quan quản lý thị trường")
    FOREST = "forest", _("kiểm lâm")
    BORDER = "border", _("bộ đội biên phòng")
    HEALTH = "health", _("cơ quan y tế")
    CHILDREN = "children", _("Tổng đài bảo vệ trẻ em 111")
    TRANSPORT = "transport", _("cơ quan giao thông, xây dựng")
    POWER = "power", _("đơn vị điện lực")
    PROCURACY = "procuracy", _("Viện kiểm sát nhân dân")
    COURT = "court", _("Tòa án nhân dân")


class MessageKind(models.TextChoices):
    """Who reads a message of the thread."""

    PUBLIC = "public", _("Trao đổi với người gửi")
    NOTE = "note", _("Ghi chú nội bộ")


class EvidenceKind(models.TextChoices):
    """What a file is, decided by its content."""

    IMAGE = "image", _("Ảnh")
    VIDEO = "video", _("Video")
    AUDIO = "audio", _("Ghi âm")


class EvidenceState(models.TextChoices):
    """How far a file is on its way to a clean copy; only ``READY`` can be opened."""

    SCANNING = "scanning", _("Đang quét mã độc")
    CLEANING = "cleaning", _("Đang xử lý")
    READY = "ready", _("Mở được")
    REFUSED = "refused", _("Tệp không dùng được")
    QUARANTINED = "quarantined", _("Tệp có mã độc, đã cách ly")
    FAILED = "failed", _("Chưa xử lý được")


class EventKind(models.TextChoices):
    """Steps on the time line."""

    RECEIVED = "received", _("Nhận tin")
    ACCEPTED = "accepted", _("Tiếp nhận")
    ASSIGNED = "assigned", _("Giao người xử lý")
    VERIFYING = "verifying", _("Bắt đầu xác minh")
    REPLIED = "replied", _("Trả lời người gửi")
    INFORMED = "informed", _("Báo tạm cho người gửi, còn xác minh")
    NOTED = "noted", _("Ghi chú nội bộ")
    SENDER_ADDED = "sender_added", _("Người gửi bổ sung")
    RECLASSIFIED = "reclassified", _("Đổi loại, mức ưu tiên")
    TRANSFERRED = "transferred", _("Chuyển đơn vị khác")
    RETURNED = "returned", _("Trả lại đơn vị chuyển")
    REFERRED = "referred", _("Chuyển cơ quan khác")
    MERGED = "merged", _("Ghép vào vụ việc")
    UNMERGED = "unmerged", _("Tách khỏi vụ việc")
    PAUSED = "paused", _("Hỏi thêm người gửi, tạm dừng hạn")
    RESUMED = "resumed", _("Hạn chạy tiếp")
    ASKED_TIME = "asked_time", _("Đề nghị gia hạn")
    REFUSED_TIME = "refused_time", _("Không duyệt gia hạn")
    DROPPED_TIME = "dropped_time", _("Rút đề nghị gia hạn")
    EXTENDED = "extended", _("Gia hạn")
    ESCALATED = "escalated", _("Quá hạn, báo cấp chỉ huy")
    CLOSED = "closed", _("Kết thúc")
    REOPENED = "reopened", _("Mở lại")
    RATED = "rated", _("Người gửi đánh giá")
    VALUED = "valued", _("Đánh dấu có giá trị")
    GRANTED = "granted", _("Cho xem thông tin người báo")
    REVEALED = "revealed", _("Xem thông tin người báo")
    ORIGINAL_GRANTED = "orig_granted", _("Cho mở bản gốc của tệp")
    ORIGINAL_OPENED = "orig_opened", _("Mở bản gốc của tệp")
    NO_RECEIPT = "no_receipt", _("Không gửi được mã theo dõi cho người nhắn")
    ALARMED = "alarmed", _("Báo động tin khẩn")
    NAMED = "named", _("Ghi tên cán bộ bị phản ánh")
    ASKED = "asked", _("Xin xem thông tin người báo")
    REFUSED = "refused", _("Không cho xem thông tin người báo")


class Conduct(models.TextChoices):
    """What a tip about the police is; praise is counted apart."""

    COMPLAINT = "complaint", _("Phản ánh")
    SUGGESTION = "suggestion", _("Góp ý")
    PRAISE = "praise", _("Khen")


class AlarmStage(models.IntegerChoices):
    """Who is called about an urgent tip that nobody takes, one after the other."""

    DUTY = 1, _("trực ban")
    CHIEF = 2, _("chỉ huy đơn vị")
    SUPERIOR = 3, _("trực ban cấp trên")
