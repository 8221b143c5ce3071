"""Zalo groups, who is responsible for them, how large they are and how people find them."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from groups.enums import Channel, GroupKind, GroupState
from groups.models.accounts import OfficialAccount
from groups.models.units import Unit
from groups.querysets import GroupQuerySet
from portal import text
from portal.crypto.fields import EncryptedTextField


class Programme(models.Model):
    """A model ("mô hình") such as "Zalo kết nối bình yên", with its owner and run."""

    name = models.CharField(_("tên mô hình"), max_length=160)
    unit = models.ForeignKey(
        Unit, on_delete=models.PROTECT, related_name="programmes", verbose_name=_("đơn vị chủ trì")
    )
    starts_on = models.DateField(_("bắt đầu"))
    ends_on = models.DateField(_("kết thúc"), null=True, blank=True)
    is_pilot = models.BooleanField(_("thí điểm"), default=False)

    class Meta:
        verbose_name = _("mô hình")
        verbose_name_plural = _("mô hình")
        constraints = [models.UniqueConstraint(fields=["unit", "name"], name="programme_once_per_unit")]

    def __str__(self) -> str:
        return self.name


class Group(models.Model):
    """One Zalo group joined to one unit, usually about thirty people."""

    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="groups", verbose_name=_("đơn vị"))
    kind = models.CharField(_("loại nhóm"), max_length=16, choices=GroupKind)
    channel = models.CharField(_("cách gửi"), max_length=8, choices=Channel)
    name = models.CharField(_("tên nhóm"), max_length=120)
    official_account = models.ForeignKey(
        OfficialAccount,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="groups",
        verbose_name=_("tài khoản Zalo OA"),
    )
    zalo_group_id = models.CharField(_("mã nhóm Zalo"), max_length=40, blank=True)
    join_url = models.URLField(_("liên kết tham gia trên Zalo"), max_length=300, blank=True)
    programme = models.ForeignKey(
        Programme,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="groups",
        verbose_name=_("mô hình"),
    )
    state = models.CharField(_("trạng thái"), max_length=8, choices=GroupState, default=GroupState.ACTIVE)
    # What Zalo says, from the nightly sync. Our own name stays: it is printed on letters and unique in its
    # unit, while at Zalo every deputy may rename a group.
    zalo_name = models.CharField(_("tên trên Zalo"), max_length=120, blank=True, editable=False)
    asset_valid_through = models.DateField(_("suất nhóm dùng đến"), null=True, blank=True, editable=False)
    asset_renews = models.BooleanField(_("suất tự gia hạn"), default=False, editable=False)
    dissolves_on = models.DateField(_("Zalo giải tán ngày"), null=True, blank=True, editable=False)
    # When Zalo was last asked for this one group, whatever it answered.
    zalo_read_at = models.DateTimeField(null=True, blank=True, editable=False)
    # When the newest event about its life was sent: events come in any order.
    zalo_told_at = models.DateTimeField(null=True, blank=True, editable=False)
    # The latest GroupSize, kept here so that lists and reach need no join.
    members_count = models.PositiveIntegerField(_("thành viên"), default=0)
    households_count = models.PositiveIntegerField(_("hộ đại diện"), default=0)
    created_at = models.DateTimeField(_("lập lúc"), default=timezone.now)
    search_key = models.CharField(max_length=200, editable=False, db_index=True)
    sort_key = models.CharField(max_length=400, editable=False, db_index=True)

    objects = GroupQuerySet.as_manager()

    class Meta:
        verbose_name = _("nhóm Zalo")
        verbose_name_plural = _("nhóm Zalo")
        ordering = ("sort_key", "id")
        constraints = [
            models.UniqueConstraint(
                fields=["official_account", "zalo_group_id"],
                condition=~Q(zalo_group_id=""),
                name="group_once_per_account",
            ),
            models.UniqueConstraint(fields=["unit", "name"], name="group_name_once_per_unit"),
            models.CheckConstraint(
                condition=Q(channel=Channel.ASSISTED)
                | (Q(official_account__isnull=False) & ~Q(zalo_group_id="")),
                name="group_automatic_needs_account",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, *args, **kwargs):
        self.fill_keys()
        if kwargs.get("update_fields") is not None:
            kwargs["update_fields"] = {*kwargs["update_fields"], "search_key", "sort_key"}
        super().save(*args, **kwargs)

    def fill_keys(self) -> None:
        """Derive the keys; bulk loaders call this themselves."""
        self.search_key = text.search_key(self.name)[:200]
        self.sort_key = text.sort_key(self.name)[:400]

    @property
    def is_renamed(self) -> bool:
        """Zalo shows another name than ours."""
        return bool(self.zalo_name) and self.zalo_name != self.name

    @property
    def steward(self):
        """The responsible officer now, or None. Lists prefetch ``stewardships``."""
        for stewardship in self.stewardships.all():
            if stewardship.ends_on is None:
                return stewardship.user
        return None


class Stewardship(models.Model):
    """Who answers for a group, dated. Exactly one is open at a time."""

    group = models.ForeignKey(
        Group, on_delete=models.CASCADE, related_name="stewardships", verbose_name=_("nhóm")
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="stewardships",
        verbose_name=_("người phụ trách"),
    )
    starts_on = models.DateField(_("từ ngày"), default=timezone.localdate)
    ends_on = models.DateField(_("đến ngày"), null=True, blank=True)

    class Meta:
        verbose_name = _("phụ trách nhóm")
        verbose_name_plural = _("phụ trách nhóm")
        ordering = ("-starts_on", "-id")
        constraints = [
            models.UniqueConstraint(
                fields=["group"], condition=Q(ends_on=None), name="stewardship_one_open_per_group"
            )
        ]

    def __str__(self) -> str:
        return f"{self.group}: {self.user}"


class FoundGroup(models.Model):
    """A group that an account has at Zalo and the directory does not know yet."""

    account = models.ForeignKey(
        OfficialAccount,
        on_delete=models.CASCADE,
        related_name="found_groups",
        verbose_name=_("tài khoản Zalo OA"),
    )
    zalo_group_id = models.CharField(_("mã nhóm Zalo"), max_length=40)
    name = models.CharField(_("tên trên Zalo"), max_length=120)
    members = models.PositiveIntegerField(_("thành viên"), default=0)
    join_url = models.CharField(_("liên kết tham gia trên Zalo"), max_length=300, blank=True)
    found_at = models.DateTimeField(_("thấy lúc"), default=timezone.now)

    class Meta:
        verbose_name = _("nhóm chưa vào danh bạ")
        verbose_name_plural = _("nhóm chưa vào danh bạ")
        ordering = ("name", "id")
        constraints = [
            models.UniqueConstraint(fields=["account", "zalo_group_id"], name="found_group_once_per_account")
        ]

    def __str__(self) -> str:
        return self.name


class GroupSize(models.Model):
    """Members and households represented on one day."""

    class Source(models.TextChoices):
        COUNTED = "counted", _("Cán bộ đếm")
        ZALO = "zalo", _("Zalo báo")

    group = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="sizes", verbose_name=_("nhóm"))
    day = models.DateField(_("ngày"), default=timezone.localdate)
    members = models.PositiveIntegerField(_("thành viên"))
    households = models.PositiveIntegerField(_("hộ đại diện"), default=0)
    source = models.CharField(_("nguồn"), max_length=8, choices=Source, default=Source.COUNTED)

    class Meta:
        verbose_name = _("số thành viên theo ngày")
        verbose_name_plural = _("số thành viên theo ngày")
        ordering = ("-day",)
        constraints = [models.UniqueConstraint(fields=["group", "day"], name="group_size_once_a_day")]

    def __str__(self) -> str:
        return f"{self.group} {self.day:%d/%m/%Y}: {self.members}"


class Member(models.Model):
    """A member of a group; the name may be missing, the phone is optional and encrypted."""

    class Role(models.TextChoices):
        MEMBER = "member", _("Thành viên")
        DEPUTY = "deputy", _("Phó nhóm")
        OWNER = "owner", _("Trưởng nhóm")

    group = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="members", verbose_name=_("nhóm"))
    display_name = models.CharField(_("tên hiển thị"), max_length=120, blank=True)
    search_key = models.CharField(max_length=200, editable=False, blank=True)
    sort_key = models.CharField(max_length=400, editable=False, blank=True)
    role = models.CharField(_("vai trò"), max_length=8, choices=Role, default=Role.MEMBER)
    household = models.CharField(_("hộ"), max_length=40, blank=True)
    phone = EncryptedTextField(_("điện thoại"), blank=True)
    joined_on = models.DateField(_("vào nhóm"), null=True, blank=True)
    left_on = models.DateField(_("rời nhóm"), null=True, blank=True)
    consent_on = models.DateField(_("đồng ý lưu thông tin"), null=True, blank=True)

    class Meta:
        verbose_name = _("thành viên")
        verbose_name_plural = _("thành viên")
        ordering = ("sort_key", "id")
        indexes = [models.Index(fields=["group", "sort_key"], name="member_group_sort_idx")]

    def __str__(self) -> str:
        return self.display_name or str(_("Thành viên chưa ghi tên"))

    @property
    def audit_label(self) -> str:
        """How the audit trail, which is kept for good, speaks of a member: without the name."""
        return f"{self.group} #{self.pk}"

    def save(self, *args, **kwargs):
        self.fill_keys()
        if kwargs.get("update_fields") is not None:
            kwargs["update_fields"] = {*kwargs["update_fields"], "search_key", "sort_key"}
        super().save(*args, **kwargs)

    def fill_keys(self) -> None:
        """Derive the keys; bulk loaders call this themselves."""
        self.search_key = text.search_key(self.display_name)[:200]
        self.sort_key = text.person_sort_key(self.display_name)[:400]


class JoinLink(models.Model):
    """Our own short link to join a group, printed on letters; survives a new Zalo link."""

    code = models.CharField(_("mã"), max_length=12, unique=True)
    group = models.ForeignKey(
        Group, on_delete=models.CASCADE, related_name="join_links", verbose_name=_("nhóm")
    )
    is_open = models.BooleanField(_("đang dùng"), default=True)
    created_at = models.DateTimeField(_("lập lúc"), auto_now_add=True)

    class Meta:
        verbose_name = _("liên kết tham gia")
        verbose_name_plural = _("liên kết tham gia")

    def __str__(self) -> str:
        return f"/n/{self.code}/"


class Placement(models.Model):
    """Where a letter or sticker with a join link was put."""

    class Kind(models.TextChoices):
        LETTER = "letter", _("Thư mời")
        STICKER = "sticker", _("Tem dán")
        LEAFLET = "leaflet", _("Tờ rơi")

    join_link = models.ForeignKey(JoinLink, on_delete=models.CASCADE, related_name="placements")
    kind = models.CharField(_("loại"), max_length=8, choices=Kind)
    place = models.CharField(_("nơi đặt"), max_length=200)
    placed_on = models.DateField(_("ngày"), default=timezone.localdate)

    class Meta:
        verbose_name = _("nơi dán thư mời")
        verbose_name_plural = _("nơi dán thư mời")

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.place}"
