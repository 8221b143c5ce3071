"""Zalo official accounts: secrets encrypted, the token pair committed before it is used."""

from datetime import datetime, timedelta

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from groups.enums import AccountKind, AccountState
from groups.models.units import Unit
from portal.crypto.fields import EncryptedTextField

# What Zalo gives: access for 25 hours, and three months to use a refresh token.
USUAL_LIFE = timedelta(hours=25)
REFRESH_LIFE = timedelta(days=90)


class OfficialAccount(models.Model):
    """An OA or a bot of a unit. Its rate limit is the package's: calls in any minute.

    A bot has no app, no webhook key and no refresh token: its one token, kept as the access token, never
    ends.
    """

    unit = models.ForeignKey(
        Unit, on_delete=models.PROTECT, related_name="official_accounts", verbose_name=_("đơn vị")
    )
    kind = models.CharField(
        _("loại"), max_length=3, choices=AccountKind, default=AccountKind.OA, editable=False
    )
    name = models.CharField(_("tên"), max_length=120, blank=True)
    oa_id = models.CharField(_("mã OA"), max_length=40, unique=True)
    app_id = models.CharField(_("mã ứng dụng"), max_length=40)
    app_secret = EncryptedTextField(_("khóa ứng dụng"), blank=True)
    oa_secret = EncryptedTextField(_("khóa webhook"), blank=True)
    access_token = EncryptedTextField(blank=True, editable=False)
    refresh_token = EncryptedTextField(blank=True, editable=False)
    access_expires_at = models.DateTimeField(_("mã truy cập hết hạn"), null=True, blank=True, editable=False)
    # When the present pair was made: its age decides the next renewal, and the chain ends without one.
    tokens_at = models.DateTimeField(_("mã truy cập lấy lúc"), null=True, blank=True, editable=False)
    granted_at = models.DateTimeField(_("cấp quyền lúc"), null=True, blank=True, editable=False)
    # Set before a refresh is asked for: a crash after Zalo's answer is then recognised (tokens work once).
    refresh_started_at = models.DateTimeField(null=True, blank=True, editable=False)
    rate_per_minute = models.PositiveIntegerField(_("hạn mức lượt gọi mỗi phút"), default=100)
    state = models.CharField(
        _("trạng thái"), max_length=12, choices=AccountState, default=AccountState.ACTIVE
    )
    last_good_at = models.DateTimeField(_("lần gửi được gần nhất"), null=True, blank=True, editable=False)
    last_error = models.CharField(_("lỗi gần nhất"), max_length=300, blank=True, editable=False)
    # When an event for it came that only the key of another account of its app had signed.
    key_misfit_at = models.DateTimeField(null=True, blank=True, editable=False)
    last_error_at = models.DateTimeField(_("lúc"), null=True, blank=True, editable=False)
    # One reader of the account's groups at a time; a claim of a dead process is taken over.
    sync_started_at = models.DateTimeField(null=True, blank=True, editable=False)
    synced_at = models.DateTimeField(_("đồng bộ nhóm lúc"), null=True, blank=True, editable=False)
    sync_error = models.CharField(_("lỗi đồng bộ"), max_length=300, blank=True, editable=False)
    # What the last sync found, by name: see ``groups.services.sync_changes.COUNTED``.
    sync_counts = models.JSONField(default=dict, blank=True, editable=False)

    class Meta:
        verbose_name = _("tài khoản Zalo OA")
        verbose_name_plural = _("tài khoản Zalo OA")
        constraints = [
            models.CheckConstraint(condition=Q(rate_per_minute__gte=1), name="account_rate_positive")
        ]

    def __str__(self) -> str:
        return self.name or self.oa_id

    @property
    def is_bot(self) -> bool:
        """Whether it speaks to the Bot Platform."""
        return self.kind == AccountKind.BOT

    @property
    def renew_at(self) -> datetime | None:
        """When half of the access token's life is over; None without a token."""
        if self.access_expires_at is None:
            return None
        made_at = self.tokens_at or self.access_expires_at - USUAL_LIFE
        return made_at + (self.access_expires_at - made_at) / 2

    @property
    def grant_ends_at(self) -> datetime | None:
        """When Zalo forgets the grant unless a renewal comes before; None without a token."""
        if self.access_expires_at is None:
            return None
        return (self.tokens_at or self.access_expires_at - USUAL_LIFE) + REFRESH_LIFE
