"""Connecting official accounts to the portal."""

from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from groups import permissions
from groups.enums import AccountState, Role
from groups.models import OfficialAccount, Unit
from groups.services import signers
from groups.services.tokens import PAIR_FIELDS, store_pair
from groups.zalo.oauth import CAUTIOUS_LIFE_SECONDS, TokenPair
from portal.audit.services import record
from portal.errors import NotAllowedError, WrongStateError
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
    require_administrator(by, unit)
    secrets = {
        "app_secret": app_secret,
        "oa_secret": oa_secret,
        "access_token": access_token,
        "refresh_token": refresh_token,
    }
    check_values({"oa_id": oa_id, "app_id": app_id, **secrets}, rate_per_minute)
    with transaction.atomic():
        account = OfficialAccount.objects.select_for_update().filter(oa_id=oa_id).first()
        account = account or OfficialAccount(oa_id=oa_id, unit=unit)
        if account.unit_id != unit.pk:
            raise ValidationError({"oa_id": _("Tài khoản OA này đã kết nối cho đơn vị khác.")})
        _fill(account, name=name, app_id=app_id, rate_per_minute=rate_per_minute, secrets=secrets)
        account.access_expires_at = expires_at or account.access_expires_at
        save_account(account)
        record(by, "groups.account.connected", account, unit_path=unit.path, data={"oa_id": oa_id})
    return account


def create_account(
    unit: Unit,
    *,
    oa_id: str,
    app_id: str,
    name: str = "",
    rate_per_minute: int | None = None,
    by: Any,
    **secrets: str,
) -> OfficialAccount:
    """A new account, possibly without tokens yet: then it waits for its administrator's grant."""
    require_administrator(by, unit)
    check_values({"oa_id": oa_id, "app_id": app_id, **secrets}, rate_per_minute)
    with transaction.atomic():
        account = OfficialAccount(oa_id=oa_id, unit=unit, state=AccountState.NEEDS_GRANT)
        _fill(account, name=name, app_id=app_id, rate_per_minute=rate_per_minute, secrets=secrets)
        save_account(account)
        record(by, "groups.account.connected", account, unit_path=unit.path, data={"oa_id": oa_id})
    return account


def update_account(
    account: OfficialAccount,
    *,
    name: str,
    app_id: str,
    rate_per_minute: int,
    by: Any,
    **secrets: str,
) -> OfficialAccount:
    """Change name, app and limit, and whichever of ``SECRETS`` are given; a new pair makes it active."""
    require_administrator(by, account.unit)
    ids = {"oa_id": account.oa_id} if account.is_bot else {"oa_id": account.oa_id, "app_id": app_id}
    check_values({**ids, **secrets}, rate_per_minute)
    with transaction.atomic():
        account = OfficialAccount.objects.select_for_update().select_related("unit").get(pk=account.pk)
        _fill(account, name=name, app_id=app_id, rate_per_minute=rate_per_minute, secrets=secrets)
        account.save()
        transaction.on_commit(signers.forget)
        data = {"oa_id": account.oa_id, "secrets": sorted(secrets)}
        record(by, "groups.account.changed", account, unit_path=account.unit.path, data=data)
    return account


def grant_again(account: OfficialAccount, *, pair: TokenPair, by: Any) -> OfficialAccount:
    """Store the pair of a new authorisation and put the account back into service."""
    require_administrator(by, account.unit)
    with transaction.atomic():
        account = OfficialAccount.objects.select_for_update().select_related("unit").get(pk=account.pk)
        store_pair(account, pair)
        account.granted_at = account.tokens_at
        account.save(update_fields=[*PAIR_FIELDS, "granted_at"])
        data = {"oa_id": account.oa_id}
        record(by, "groups.account.connected", account, unit_path=account.unit.path, data=data)
    return account


def reactivate_account(account: OfficialAccount, *, by: Any) -> OfficialAccount:
    """Put a stopped account back into service after a person has dealt with the reason."""
    require_administrator(by, account.unit)
    with transaction.atomic():
        stopped = OfficialAccount.objects.filter(pk=account.pk, state=AccountState.STOPPED)
        if stopped.update(state=AccountState.ACTIVE, last_error="", last_error_at=None) != 1:
            raise WrongStateError
        account.refresh_from_db()
        data = {"oa_id": account.oa_id, "state": AccountState.ACTIVE}
        record(by, "groups.account.changed", account, unit_path=account.unit.path, data=data)
    return account


def _fill(
    account: OfficialAccount, *, name: str, app_id: str, rate_per_minute: int | None, secrets: dict[str, str]
) -> None:
    account.name = clean(name) or account.name or account.unit.police_name[:120]
    account.app_id = app_id
    account.rate_per_minute = rate_per_minute or account.rate_per_minute
    account.app_secret = secrets.get("app_secret", account.app_secret)
    if "oa_secret" in secrets:
        account.oa_secret, account.key_misfit_at = secrets["oa_secret"], None
    if "access_token" in secrets:
        pair = TokenPair(secrets["access_token"], secrets["refresh_token"], CAUTIOUS_LIFE_SECONDS)
        store_pair(account, pair)
        account.granted_at = account.tokens_at


def save_account(account: OfficialAccount) -> None:
    """Save; an id that somebody else connected, long ago or just now, is an error of that field."""
    try:
        with transaction.atomic():
            account.save()
    except IntegrityError:
        raise ValidationError({"oa_id": _("Tài khoản OA này đã được kết nối.")}) from None


def check_values(values: dict[str, str], rate_per_minute: int | None) -> None:
    """Raise ``ValidationError`` keyed by name for empty, too long or unprintable ids, secrets and limits."""
    errors = {}
    for key, value in values.items():
        if not value or value != value.strip() or not value.isascii() or not value.isprintable():
            errors[key] = _("Giá trị trống hoặc có ký tự lạ.")
        elif key in ("oa_id", "app_id") and len(value) > 40:
            errors[key] = _("Giá trị dài quá 40 ký tự.")
    if rate_per_minute is not None and not 1 <= rate_per_minute <= LARGEST_RATE:
        errors["rate"] = _("Hạn mức phải từ 1 đến 100000 lượt mỗi phút.")
    if errors:
        raise ValidationError(errors)


def require_administrator(by: Any, unit: Unit) -> None:
    """Commands (``by`` None) run on the server; everybody else administers the unit."""
    if by is not None and not permissions.holds(by, unit, Role.ADMINISTRATOR):
        raise NotAllowedError
