"""Library posts, notices about people and things, and pictures."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from broadcasts.enums import NOTICE_KINDS, NoticeEnd, NoticeState, PostKind
from groups.models import OfficialAccount, Unit
from portal import text


class Picture(models.Model):
    """A picture ready to post: decoded, re-encoded as JPEG below 1 MB, all metadata gone."""

    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+")
    file = models.FileField(_("tệp"), upload_to="pictures/%Y/%m/")
    sha256 = models.CharField(max_length=64, db_index=True, editable=False)
    width = models.PositiveIntegerField(editable=False)
    height = models.PositiveIntegerField(editable=False)
    description = models.CharField(_("mô tả ảnh"), max_length=200, blank=True)
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    uploaded_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("ảnh")
        verbose_name_plural = _("ảnh")

    def __str__(self) -> str:
        return self.description or f"{_('Ảnh')} {self.pk}"


class PictureUpload(models.Model):
    """A picture uploaded to Zalo once for an account; attachment ids die after seven days."""

    picture = models.ForeignKey(Picture, on_delete=models.CASCADE, related_name="uploads")
    account = models.ForeignKey(OfficialAccount, on_delete=models.CASCADE, related_name="+")
    attachment_id = models.CharField(max_length=200)
    uploaded_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["picture", "account"], name="picture_once_per_account")
        ]

    def __str__(self) -> str:
        return f"{self.picture_id} -> {self.account_id}"


class Post(models.Model):
    """A prepared text of the library that officers copy into a broadcast."""

    kind = models.CharField(_("loại bài"), max_length=12, choices=PostKind)
    title = models.CharField(_("tiêu đề"), max_length=150)
    body = models.TextField(_("nội dung"), max_length=1800)
    source = models.CharField(_("nguồn, căn cứ"), max_length=200, blank=True)
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="posts", verbose_name=_("đơn vị"))
    picture = models.ForeignKey(Picture, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    copied_from = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, blank=True)
    version = models.PositiveIntegerField(_("phiên bản"), default=1, editable=False)
    is_public = models.BooleanField(_("đăng lên trang Tin tức"), default=True)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    published_at = models.DateTimeField(_("ngày đăng"), auto_now_add=True)
    search_key = models.CharField(max_length=300, editable=False)

    class Meta:
        verbose_name = _("bài thư viện")
        verbose_name_plural = _("thư viện bài")
        ordering = ("-published_at", "-id")

    def __str__(self) -> str:
        return self.title

    def save(self, *args, **kwargs):
        self.search_key = text.search_key(self.title)[:300]
        super().save(*args, **kwargs)


class Notice(models.Model):
    """A notice about a person or thing. Text for groups is rendered from these fields.

    A wanted notice carries what the decision must hold by law (BLTTHS 2015, Article 231, clause 2).
    """

    code = models.CharField(_("mã"), max_length=16, unique=True, editable=False)
    kind = models.CharField(
        _("loại"),
        max_length=12,
        choices=[(kind.value, kind.label) for kind in NOTICE_KINDS],
    )
    state = models.CharField(_("trạng thái"), max_length=8, choices=NoticeState, default=NoticeState.DRAFT)
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="notices", verbose_name=_("đơn vị"))
    decision_number = models.CharField(_("số quyết định"), max_length=60, blank=True)
    decision_date = models.DateField(_("ngày quyết định"), null=True, blank=True)
    agency = models.CharField(_("cơ quan ra quyết định"), max_length=160, blank=True)
    phone = models.CharField(_("điện thoại liên hệ"), max_length=20, blank=True)
    person_name = models.CharField(_("họ tên"), max_length=120, blank=True)
    aliases = models.CharField(_("tên khác"), max_length=120, blank=True)
    birth_date = models.DateField(_("ngày sinh"), null=True, blank=True)
    birth_year = models.PositiveSmallIntegerField(_("năm sinh"), null=True, blank=True)
    gender = models.CharField(_("giới tính"), max_length=10, blank=True)
    residence = models.CharField(_("nơi thường trú"), max_length=200, blank=True)
    offence = models.CharField(_("tội danh bị khởi tố"), max_length=160, blank=True)
    features = models.TextField(_("đặc điểm nhận dạng, mô tả"), max_length=1000, blank=True)
    photo = models.ForeignKey(
        Picture,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("ảnh"),
    )
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    review_by = models.DateField(_("rà soát trước ngày"), null=True, blank=True)
    ended_as = models.CharField(_("kết thúc vì"), max_length=10, choices=NoticeEnd, blank=True)
    ended_on = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("thông báo truy nã, tìm kiếm")
        verbose_name_plural = _("thông báo truy nã, tìm kiếm")
        ordering = ("-created_at", "-id")
        constraints = [
            models.CheckConstraint(
                condition=~Q(kind="wanted")
                | (
                    ~Q(decision_number="")
                    & Q(decision_date__isnull=False)
                    & ~Q(agency="")
                    & ~Q(phone="")
                    & ~Q(person_name="")
                ),
                name="notice_wanted_needs_decision",
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.person_name or self.features[:60]}"
