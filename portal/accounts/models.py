"""The user of the portal: one person, one account; what they may do follows from their postings."""

from django.contrib.auth.models import AbstractUser
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.phones import PhoneError, parse_phone


def valid_phone(number: str) -> None:
    """Raise ``ValidationError`` unless it is one Vietnamese telephone number."""
    try:
        parse_phone(number)
    except PhoneError as error:
        raise ValidationError(str(error)) from error


class User(AbstractUser):
    """A member of staff or a relay. Vietnamese names are one field, never first and last."""

    first_name = None
    last_name = None

    full_name = models.CharField(_("họ và tên"), max_length=120, blank=True)
    rank = models.CharField(_("cấp bậc"), max_length=40, blank=True)
    title = models.CharField(_("chức vụ"), max_length=80, blank=True)
    # For colleagues, never on a public page.
    phone = models.CharField(_("điện thoại công vụ"), max_length=20, blank=True, validators=[valid_phone])

    class Meta:
        verbose_name = _("tài khoản")
        verbose_name_plural = _("tài khoản")

    def __str__(self) -> str:
        return self.display_name

    @property
    def display_name(self) -> str:
        """Rank and name as they are written on a letter, or the username."""
        return " ".join(part for part in (self.rank, self.full_name) if part) or self.username

    def get_full_name(self) -> str:
        """Django's own name for the same thing, used by the admin."""
        return self.full_name or self.username

    def get_short_name(self) -> str:
        """How a colleague is addressed: the given name, which comes last."""
        return self.full_name.split()[-1] if self.full_name else self.username
