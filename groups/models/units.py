"""Administrative units, their changes, and the people posted to them."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from groups.enums import Level, Role
from groups.querysets import PostingQuerySet, UnitQuerySet
from portal import text


def full_name_of(kind: str, name: str) -> str:
    """``"xã", "Minh Tân"`` is "Xã Minh Tân"."""
    return f"{kind[:1].upper()}{kind[1:]} {name}"


class Unit(models.Model):
    """One node of the country's tree. ``path`` holds the codes from the root down, each ended by a slash."""

    code = models.CharField(_("mã"), max_length=24, unique=True)
    level = models.CharField(_("cấp"), max_length=10, choices=Level)
    kind = models.CharField(_("loại"), max_length=40, help_text=_("tỉnh, xã, phường, thôn, tổ dân phố..."))
    name = models.CharField(_("tên"), max_length=120)
    full_name = models.CharField(_("tên đầy đủ"), max_length=160)
    parent = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="children",
        verbose_name=_("thuộc"),
    )
    path = models.CharField(max_length=120, unique=True, editable=False)
    households = models.PositiveIntegerField(_("số hộ"), default=0)
    population = models.PositiveIntegerField(_("số khẩu"), default=0)
    duty_phone = models.CharField(_("điện thoại trực ban"), max_length=20, blank=True)
    address = models.CharField(_("địa chỉ trụ sở"), max_length=200, blank=True)
    is_practice = models.BooleanField(
        _("đơn vị tập huấn"), default=False, help_text=_("Tự duyệt được, không bao giờ gửi ra ngoài.")
    )
    valid_from = models.DateField(_("hiệu lực từ"), null=True, blank=True)
    valid_to = models.DateField(_("hiệu lực đến"), null=True, blank=True)
    search_key = models.CharField(max_length=200, editable=False, db_index=True)
    sort_key = models.CharField(max_length=400, editable=False, db_index=True)

    objects = UnitQuerySet.as_manager()

    class Meta:
        verbose_name = _("đơn vị hành chính")
        verbose_name_plural = _("đơn vị hành chính")
        ordering = ("sort_key",)
        indexes = [models.Index(fields=["level", "sort_key"], name="unit_level_sort_idx")]
        constraints = [
            models.CheckConstraint(
                condition=Q(valid_to=None) | Q(valid_from=None) | Q(valid_to__gt=F("valid_from")),
                name="unit_valid_range",
            )
        ]

    def __str__(self) -> str:
        return self.full_name

    def save(self, *args, **kwargs):
        self.fill_keys()
        if kwargs.get("update_fields") is not None:
            kwargs["update_fields"] = {*kwargs["update_fields"], "path", "search_key", "sort_key"}
        super().save(*args, **kwargs)

    def fill_keys(self) -> None:
        """Derive path and keys; bulk loaders call this themselves."""
        self.path = f"{self.parent.path if self.parent_id else ''}{self.code}/"
        self.search_key = text.search_key(f"{self.kind} {self.name} {self.code}")[:200]
        self.sort_key = text.sort_key(self.name)[:400]

    @property
    def police_name(self) -> str:
        """How the police office of this unit signs, such as "Công an xã Minh Tân"."""
        return f"Công an {self.full_name[:1].lower()}{self.full_name[1:]}" if self.full_name else ""

    def is_at_or_under(self, unit: "Unit") -> bool:
        """Whether this unit is ``unit`` or lies below it."""
        return self.path.startswith(unit.path)

    def ancestor_codes(self) -> list[str]:
        """Codes from the root down to the parent."""
        return self.path.rstrip("/").split("/")[:-1]


class CommuneManager(models.Manager.from_queryset(UnitQuerySet)):
    """Communes only."""

    def get_queryset(self):
        return super().get_queryset().filter(level=Level.COMMUNE)


class Commune(Unit):
    """A commune, ward or special zone: a section of its own in the admin."""

    objects = CommuneManager()

    class Meta:
        proxy = True
        verbose_name = _("xã, phường, đặc khu")
        verbose_name_plural = _("xã, phường, đặc khu")


class VillageManager(models.Manager.from_queryset(UnitQuerySet)):
    """Villages only."""

    def get_queryset(self):
        return super().get_queryset().filter(level=Level.VILLAGE)


class Village(Unit):
    """A village or residential group, the self-governing community below the commune."""

    objects = VillageManager()

    class Meta:
        proxy = True
        verbose_name = _("thôn, tổ dân phố")
        verbose_name_plural = _("thôn, tổ dân phố")


class UnitChange(models.Model):
    """A merger, split, renaming or re-parenting. Many to many: one old commune may end up in several."""

    class Kind(models.TextChoices):
        MERGE = "merge", _("Sáp nhập")
        SPLIT = "split", _("Chia tách")
        RENAME = "rename", _("Đổi tên")
        RETYPE = "retype", _("Đổi loại")
        REPARENT = "reparent", _("Chuyển đơn vị cấp trên")

    kind = models.CharField(_("kiểu"), max_length=10, choices=Kind)
    document = models.CharField(_("văn bản"), max_length=120)
    effective_on = models.DateField(_("ngày hiệu lực"))
    before = models.ManyToManyField(Unit, related_name="changes_out", verbose_name=_("đơn vị trước"))
    after = models.ManyToManyField(Unit, related_name="changes_in", verbose_name=_("đơn vị sau"))

    class Meta:
        verbose_name = _("biến động đơn vị")
        verbose_name_plural = _("biến động đơn vị")
        ordering = ("-effective_on", "-id")

    def __str__(self) -> str:
        return f"{self.get_kind_display()} ({self.document})"


class Posting(models.Model):
    """A person serving at a unit in a role, from one day to another. Several at once are normal."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="postings",
        verbose_name=_("cán bộ"),
    )
    unit = models.ForeignKey(
        Unit, on_delete=models.PROTECT, related_name="postings", verbose_name=_("đơn vị")
    )
    role = models.CharField(_("vai trò"), max_length=15, choices=Role)
    restricted_circle = models.BooleanField(
        _("được mở tin trẻ em, bạo lực gia đình"),
        default=False,
        help_text=_("Chỉ người được giao mới xem được các tin này."),
    )
    valid_from = models.DateField(_("từ ngày"), default=timezone.localdate)
    valid_to = models.DateField(_("đến ngày"), null=True, blank=True)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
        verbose_name=_("người đề nghị"),
    )
    # Administrator rights take effect when a second administrator has agreed.
    awaits_confirmation = models.BooleanField(_("chờ xác nhận"), default=False, editable=False)

    objects = PostingQuerySet.as_manager()

    class Meta:
        verbose_name = _("phân công")
        verbose_name_plural = _("phân công")
        constraints = [
            models.UniqueConstraint(
                fields=["user", "unit", "role"], condition=Q(valid_to=None), name="posting_open_once"
            ),
            models.CheckConstraint(
                condition=Q(valid_to=None) | Q(valid_to__gte=F("valid_from")), name="posting_range"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user}: {self.get_role_display()}, {self.unit}"


class Holiday(models.Model):
    """A public holiday, or a day off made up for by working on a weekend. Data, never code."""

    day = models.DateField(_("ngày"), unique=True)
    name = models.CharField(_("tên"), max_length=120)
    is_working_day = models.BooleanField(_("ngày làm bù"), default=False)

    class Meta:
        verbose_name = _("ngày nghỉ, ngày làm bù")
        verbose_name_plural = _("ngày nghỉ, ngày làm bù")
        ordering = ("-day",)

    def __str__(self) -> str:
        return f"{self.day:%d/%m/%Y} {self.name}"
