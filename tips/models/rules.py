"""Terms decided after the portal was set up: rows on top of the built-in table."""

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from portal.calendar import Term, TermUnit
from tips.enums import Priority
from tips.terms import TermKind, TermRule

UNITS = (
    (TermUnit.MINUTES.value, _("phút")),
    (TermUnit.HOURS.value, _("giờ")),
    (TermUnit.WORKING_HOURS.value, _("giờ làm việc")),
    (TermUnit.WORKING_DAYS.value, _("ngày làm việc")),
    (TermUnit.DAYS.value, _("ngày")),
    (TermUnit.MONTHS.value, _("tháng")),
)


class DeadlineRule(models.Model):
    """One term, from its first day on. What came in earlier keeps the term it came in under."""

    kind = models.CharField(_("thời hạn"), max_length=16, choices=TermKind)
    priority = models.PositiveSmallIntegerField(
        _("mức ưu tiên"), choices=Priority, null=True, blank=True, help_text=_("Để trống: mọi mức.")
    )
    amount = models.PositiveSmallIntegerField(_("số lượng"))
    unit = models.CharField(_("tính theo"), max_length=14, choices=UNITS)
    valid_from = models.DateField(_("áp dụng từ ngày"))
    valid_to = models.DateField(_("đến hết ngày"), null=True, blank=True)
    source = models.CharField(_("căn cứ"), max_length=300, help_text=_("Số, ngày văn bản, điều, khoản."))
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, editable=False, related_name="+"
    )

    class Meta:
        verbose_name = _("thời hạn")
        verbose_name_plural = _("bảng thời hạn")
        ordering = ("kind", "priority", "-valid_from")
        constraints = [
            models.CheckConstraint(condition=Q(amount__gte=1), name="deadline_rule_positive"),
            models.CheckConstraint(
                condition=Q(valid_to=None) | Q(valid_to__gte=F("valid_from")), name="deadline_rule_dates"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.amount} {self.get_unit_display()}"

    def clean(self) -> None:
        """Amounts and dates that make sense, in words for the person who typed them."""
        if self.amount is not None and self.amount < 1:
            raise ValidationError({"amount": _("Thời hạn ít nhất là 1.")})
        if self.valid_to and self.valid_from and self.valid_to < self.valid_from:
            raise ValidationError({"valid_to": _("Ngày cuối phải sau ngày đầu.")})

    @property
    def rule(self) -> TermRule:
        """The row as the due-time function takes it."""
        priority = None if self.priority is None else Priority(self.priority)
        return TermRule(
            TermKind(self.kind),
            Term(self.amount, TermUnit(self.unit)),
            self.source,
            self.valid_from,
            self.valid_to,
            priority,
        )
