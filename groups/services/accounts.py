"""Connecting official accounts to the portal."""

from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from groups import permissions
from groups.enums import Role
from groups.models import OfficialAccount, Unit
from groups.services.tokens import PAIR_FIELDS, store_pair
from groups.zalo.oauth import CAUTIOUS_LIFE_SECONDS, TokenPair
from portal.audit.services import record
from portal.errors import NotAllowedError
from portal.text import clean

LARGEST_RATE = 100_000
SECRETS = ("app_secret", "oa_secret", "access_token", "refresh_token")


def connect_account(
    unit: Unit,
    *,
    oa_id: str,
    app_id: str,
    app_secret: str,
    oa_secret: str,
    access_token: str,
    refresh_token: str,
    expires_at: datetime | None = None,
    rate_per_minute: int | None = None,
    name: str = "",
    by: Any,
) -> OfficialAccount:
    """Create the account ``oa_id`` of a unit, or give it new secrets and tokens; it is active afterwards.

    ``expires_at``: end of the access token, soon when not given, so that it is renewed at first use.
    ``rate_per_minute`` and ``name`` keep their values when not given. Raises ``NotAllowedError`` for anybody
    but an administrator of the unit, ``ValidationError`` for bad values or an account of another unit.
    """
    if by is not None and not permissions.holds(by, unit, Role.ADMINISTRATOR):
        raise NotAllowedError
    values = {
        "oa_id": oa_id,
        "app_id": app_id,
        "app_secret": app_secret,
        "oa_secret": oa_secret,
        "access_token": access_token,
        "refresh_token": refresh_token,
    }
    _check(values, rate_per_minute)
    with transaction.atomic():
        account = OfficialAccount.objects.select_for_update().filter(oa_id=oa_id).first()
        account = account or OfficialAccount(oa_id=oa_id, unit=unit)
        if account.unit_id != unit.pk:
            raise ValidationError({"oa_id": _("Tài khoản OA này đã kết nối cho đơn vị khác.")})
        account.name = clean(name) or account.name or unit.police_name[:120]
        account.app_id, account.app_secret, account.oa_secret = app_id, app_secret, oa_secret
        account.rate_per_minute = rate_per_minute or account.rate_per_minute
        store_pair(account, TokenPair(access_token, refresh_token, CAUTIOUS_LIFE_SECONDS))
        account.access_expires_at = expires_at or account.access_expires_at
        account.save()
        record(by, "groups.account.connected", account, unit_path=unit.path, data={"oa_id": oa_id})
    return account


def grant_again(account: OfficialAccount, *, pair: TokenPair, by: Any) -> OfficialAccount:
    """Store the pair of a new authorisation and put the account back into service."""
    if by is not None and not permissions.holds(by, account.unit, Role.ADMINISTRATOR):
        raise NotAllowedError
    with transaction.atomic():
        account = OfficialAccount.objects.select_for_update().get(pk=account.pk)
        store_pair(account, pair)
        account.save(update_fields=PAIR_FIELDS)
        data = {"oa_id": account.oa_id}
        record(by, "groups.account.connected", account, unit_path=account.unit.path, data=data)
    return account


def _check(values: dict[str, str], rate_per_minute: int | None) -> None:
    errors = {}
    for key, value in values.items():
        if not value or value != value.strip() or not value.isascii() or not value.isprintable():
            errors[key] = _("Giá trị trống hoặc có ký tự lạ.")
    for key in ("oa_id", "app_id"):
        if len(values[key]) > 40:
            errors[key] = _("Giá trị dài quá 40 ký tự.")
    if rate_per_minute is not None and not 1 <= rate_per_minute <= LARGEST_RATE:
        errors["rate"] = _("Hạn mức phải từ 1 đến 100000 lượt mỗi phút.")
    if errors:
        raise ValidationError(errors)
