"""Who was named for tips about children and violence at home, from when to when, and by which two people."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from groups.models.units import Posting, Unit


def _person(role: Any = None, **options: Any) -> models.ForeignKey:
    """Somebody who had a hand in it, and stays known."""
    return models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=role, **options
    )


class CircleMember(models.Model):
    """One naming to the circle: proposed by one person, in force once a second one has agreed.

    While it is in force ``Posting.restricted_circle`` is set, which is what every query asks.
    """

    posting = models.ForeignKey(
        Posting, on_delete=models.PROTECT, related_name="circle", verbose_name=_("phân công")
    )
    proposed_by = _person(_("người đề nghị"))
    proposed_at = models.DateTimeField(_("đề nghị lúc"), default=timezone.now)
    confirmed_by = _person(_("người thứ hai"), null=True, blank=True)
    valid_from = models.DateTimeField(_("từ lúc"), null=True, blank=True)
    valid_to = models.DateTimeField(_("tới lúc"), null=True, blank=True)
    ended_by = _person(null=True, blank=True)

    class Meta:
        verbose_name = _("người được mở tin hạn chế")
        verbose_name_plural = _("người được mở tin hạn chế")
        constraints = [
            models.UniqueConstraint(
                fields=["posting"], condition=Q(valid_to=None), name="circlemember_open_once"
            ),
            models.CheckConstraint(
                condition=Q(confirmed_by=None) | ~Q(confirmed_by=models.F("proposed_by")),
                name="circlemember_two_people",
            ),
        ]

    def __str__(self) -> str:
        return str(self.posting)


class CircleEnding(models.Model):
    """The last member taken out of a circle: one person asks for it, a second one does it.

    Neither of them inherits the circle (``permissions.heirs``).
    """

    posting = models.ForeignKey(
        Posting, on_delete=models.PROTECT, related_name="circle_endings", verbose_name=_("phân công")
    )
    unit = models.ForeignKey(
        Unit, on_delete=models.PROTECT, related_name="circle_endings", verbose_name=_("đơn vị")
    )
    asked_by = _person(_("người đề nghị"))
    asked_at = models.DateTimeField(_("đề nghị lúc"), default=timezone.now)
    ended_by = _person(_("người thứ hai"), null=True, blank=True)
    ended_at = models.DateTimeField(_("tới lúc"), null=True, blank=True)

    class Meta:
        verbose_name = _("thôi giao người cuối cùng")
        verbose_name_plural = _("thôi giao người cuối cùng")
        constraints = [
            models.UniqueConstraint(
                fields=["posting"], condition=Q(ended_at=None), name="circleending_open_once"
            ),
            models.CheckConstraint(
                condition=Q(ended_by=None) | ~Q(ended_by=models.F("asked_by")),
                name="circleending_two_people",
            ),
        ]

    def __str__(self) -> str:
        return str(self.posting)
