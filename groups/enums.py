"""Choices of the directory. Leaf module: imports no models."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Level(models.TextChoices):
    """Tiers of the unit tree; the district tier is optional since 07/2025."""

    PROVINCE = "province", _("Tỉnh, thành phố")
    DISTRICT = "district", _("Huyện, khu vực")
    COMMUNE = "commune", _("Xã, phường, đặc khu")
    VILLAGE = "village", _("Thôn, tổ dân phố")


class Role(models.TextChoices):
    """What a posting lets its holder do (see ``groups.permissions``)."""

    OFFICER = "officer", _("Cán bộ công an cơ sở")
    BEAT_OFFICER = "beat_officer", _("Cảnh sát khu vực")
    CHIEF = "chief", _("Trưởng, Phó Trưởng công an cơ sở")
    SUPERVISOR = "supervisor", _("Cán bộ phong trào cấp trên")
    ADMINISTRATOR = "administrator", _("Quản trị")
    AUDITOR = "auditor", _("Kiểm tra, giám sát")
    RELAY = "relay", _("Trưởng thôn đăng bài giúp")


class GroupKind(models.TextChoices):
    """The eight kinds of group of the programmes."""

    POLICE_PEOPLE = "police_people", _("Công an với người dân")
    HOUSEHOLD = "household", _("Hộ gia đình")
    ASSOCIATION = "association", _("Đoàn thể")
    PATROL = "patrol", _("Tuần tra nhân dân")
    CIVIL_GUARD = "civil_guard", _("Bảo vệ an ninh trật tự cơ sở")
    STEERING_BOARD = "steering_board", _("Ban điều hành mô hình")
    BUSINESS = "business", _("Doanh nghiệp")
    SCHOOL = "school", _("Nhà trường")


class Channel(models.TextChoices):
    """How a post reaches the group."""

    GMF = "gmf", _("Nhóm OA, gửi tự động")
    BOT = "bot", _("Bot Zalo, gửi tự động")
    ASSISTED = "assisted", _("Nhóm thường, có người đăng")


class GroupState(models.TextChoices):
    """Whether the group can be posted to."""

    ACTIVE = "active", _("Đang hoạt động")
    DISABLED = "disabled", _("Zalo đã khóa")
    VANISHED = "vanished", _("Không còn trên Zalo")
    CLOSED = "closed", _("Đã đóng")


class AccountKind(models.TextChoices):
    """Which of Zalo's two products an account belongs to."""

    OA = "oa", _("Zalo OA")
    BOT = "bot", _("Bot Zalo")


class AccountState(models.TextChoices):
    """State of an official account's connection."""

    ACTIVE = "active", _("Đang hoạt động")
    NEEDS_GRANT = "needs_grant", _("Cần cấp quyền lại")
    STOPPED = "stopped", _("Đã dừng, cần xử lý")
