"""The two registers of the law on personal data: what people asked for, and what went wrong."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from groups import permissions
from groups.models import Unit
from portal.crypto.fields import EncryptedTextField
from tips import limits
from tips.enums import RESTRICTED
from tips.models.tips import Tip
from tips.querysets import naming


class RegisterQuerySet(models.QuerySet):
    """Rows of a register, for those who keep it."""

    def visible_to(self, user) -> "RegisterQuerySet":
        """Rows of units under the user's postings as supervisor or administrator."""
        return self.filter(permissions.paths_q(permissions.paths(user, *REGISTER_ROLES), "unit__path"))


class DataRequestQuerySet(RegisterQuerySet):
    """Requests about personal data, for those who keep the register."""

    def without_words(self) -> "DataRequestQuerySet":
        """Without the columns that hold what people wrote: each would be decrypted for nothing."""
        return self.defer("person", "words", "extension_reason", "reason", "done")

    def waiting(self) -> "DataRequestQuerySet":
        """Requests nobody has decided on."""
        return self.filter(state__in=DataRequest.WAITING)

    def visible_to(self, user) -> "DataRequestQuerySet":
        """Rows under the user's postings; about a tip, where it is handled now, never one that names them.

        About a restricted tip also rows for who leads it: nobody of its circle may keep the register.
        """
        paths = permissions.paths(user, *REGISTER_ROLES)
        alone = Q(tip=None) & permissions.paths_q(paths, "unit__path")
        of_tip = permissions.paths_q(paths, "tip__handler__path") & ~Q(tip__in=naming(user))
        leading = permissions.paths_q(permissions.paths(user, *permissions.DECIDING_ROLES), "handler__path")
        led = Tip.objects.visible_to(user).filter(leading | Q(assignee=user), category__in=RESTRICTED)
        return self.filter(alone | of_tip | Q(tip__in=led))


REGISTER_ROLES = (permissions.Role.SUPERVISOR, permissions.Role.ADMINISTRATOR)


class BreachQuerySet(RegisterQuerySet):
    """Breaches, for those who keep the register."""

    def without_words(self) -> "BreachQuerySet":
        """Without the columns that hold what people wrote."""
        return self.defer("what", "data", "measures", "lessons")

    def running(self) -> "BreachQuerySet":
        """Breaches whose clock runs: the authority was not told yet."""
        return self.filter(state=Breach.State.OPEN)


class DataRequest(models.Model):
    """What a person asked about their own data (Law 91/2025/QH15), how it was checked and decided."""

    class Kind(models.TextChoices):
        """The right that is used."""

        ACCESS = "access", _("Xem dữ liệu về mình")
        CORRECT = "correct", _("Sửa dữ liệu sai")
        DELETE = "delete", _("Xóa dữ liệu")
        OBJECT = "object", _("Phản đối, hạn chế sử dụng")

    class Source(models.TextChoices):
        """How it came."""

        RECEIPT = "receipt", _("Trang theo dõi, bằng mã")
        COUNTER = "counter", _("Trực tiếp tại trụ sở")
        LETTER = "letter", _("Đơn, thư")
        PHONE = "phone", _("Điện thoại")

    class Check(models.TextChoices):
        """How it was made sure that the person is the one the data is about."""

        NONE = "", _("Chưa kiểm tra")
        RECEIPT = "receipt", _("Giữ mã theo dõi của tin")
        ID_CARD = "id_card", _("Xem căn cước bản gốc")
        PROXY = "proxy", _("Giấy ủy quyền, người giám hộ")
        FAILED = "failed", _("Không xác định được là chính người đó")

    class State(models.TextChoices):
        """How far it is."""

        NEW = "new", _("Chờ xác nhận")
        CONFIRMED = "confirmed", _("Đã xác nhận, đang xem")
        GRANTED = "granted", _("Đã thực hiện")
        REFUSED = "refused", _("Không chấp nhận")

    # Nobody has decided.
    WAITING = (State.NEW, State.CONFIRMED)

    code = models.CharField(_("mã"), max_length=12, unique=True, editable=False)
    kind = models.CharField(_("yêu cầu"), max_length=8, choices=Kind)
    source = models.CharField(_("nguồn"), max_length=8, choices=Source)
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+", verbose_name=_("đơn vị"))
    tip = models.ForeignKey(Tip, on_delete=models.CASCADE, null=True, related_name="data_requests")
    person = EncryptedTextField(_("người yêu cầu"), blank=True)
    words = EncryptedTextField(_("nội dung yêu cầu"))
    check_kind = models.CharField(_("kiểm tra danh tính"), max_length=8, choices=Check, blank=True)
    state = models.CharField(_("trạng thái"), max_length=9, choices=State, default=State.NEW)
    received_at = models.DateTimeField(_("nhận lúc"))
    confirm_by = models.DateTimeField(_("hạn xác nhận"))
    due_at = models.DateTimeField(_("hạn thực hiện"))
    confirmed_at = models.DateTimeField(null=True)
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    extension_reason = EncryptedTextField(blank=True)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    reason = EncryptedTextField(_("lý do quyết định"), blank=True)
    done = EncryptedTextField(_("đã làm gì"), blank=True)
    # When who asked and their words were erased; what was decided and done stays.
    erased_at = models.DateTimeField(null=True, editable=False)

    objects = DataRequestQuerySet.as_manager()

    class Meta:
        verbose_name = _("yêu cầu về dữ liệu cá nhân")
        verbose_name_plural = _("yêu cầu về dữ liệu cá nhân")
        ordering = ("-id",)
        indexes = [
            models.Index(
                fields=["due_at"], condition=Q(state__in=["new", "confirmed"]), name="data_request_open_idx"
            )
        ]

    def __str__(self) -> str:
        return self.code

    @property
    def keeper(self) -> Unit:
        """Whose register it stands in: the unit that handles its tip now, else where it was entered."""
        return self.tip.handler if self.tip is not None else self.unit

    @property
    def is_open(self) -> bool:
        """Whether nobody has decided."""
        return self.state in self.WAITING

    @property
    def next_due(self):
        """The next moment something must have happened."""
        return self.confirm_by if self.state == self.State.NEW else self.due_at


class Breach(models.Model):
    """Personal data lost, leaked or misused: told to the authority within 72 hours of being known."""

    class State(models.TextChoices):
        """How far it is."""

        OPEN = "open", _("Chưa báo")
        NOTIFIED = "notified", _("Đã báo cơ quan chuyên trách")
        CLOSED = "closed", _("Đã khép lại")

    code = models.CharField(_("mã"), max_length=12, unique=True, editable=False)
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+", verbose_name=_("đơn vị"))
    state = models.CharField(_("trạng thái"), max_length=8, choices=State, default=State.OPEN)
    known_at = models.DateTimeField(_("phát hiện lúc"))
    due_at = models.DateTimeField(_("hạn báo"))
    what = EncryptedTextField(_("việc gì xảy ra"))
    data = EncryptedTextField(_("những dữ liệu nào"))
    people = models.PositiveIntegerField(_("số người bị ảnh hưởng"))
    measures = EncryptedTextField(_("đã làm gì để hạn chế"))
    entered_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    entered_at = models.DateTimeField(default=timezone.now)
    notified_at = models.DateTimeField(_("báo lúc"), null=True)
    reference = models.CharField(_("số văn bản, biên nhận"), max_length=limits.MAX_REFERENCE, blank=True)
    # Never the person who entered it.
    notified_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    closed_at = models.DateTimeField(null=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    lessons = EncryptedTextField(_("nguyên nhân, biện pháp lâu dài"), blank=True)
    # The last stage, in hours, administrators were told about: 0, 48 or 72.
    warned_hours = models.PositiveSmallIntegerField(default=0)

    objects = BreachQuerySet.as_manager()

    class Meta:
        verbose_name = _("sự cố dữ liệu cá nhân")
        verbose_name_plural = _("sổ sự cố dữ liệu cá nhân")
        ordering = ("-id",)

    def __str__(self) -> str:
        return self.code

    @property
    def is_late(self) -> bool:
        """Whether the authority was told, or still is not, after the 72 hours."""
        return (self.notified_at or timezone.now()) > self.due_at
