"""Connecting bots of the Zalo Bot Platform: one token, typed in once, good until it is changed by hand."""

import re
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from groups.enums import AccountKind, AccountState
from groups.models import OfficialAccount, Unit
from groups.services.accounts import LARGEST_RATE, require_administrator, save_account
from portal.audit.services import record
from portal.text import clean

# ``id:secret``. Nothing else may go into the address of a call.
TOKEN = re.compile(r"([0-9A-Za-z_]{1,40}):[0-9A-Za-z_-]{8,200}")


def connect_bot(
    unit: Unit, *, token: str, name: str = "", rate_per_minute: int | None = None, by: Any
) -> OfficialAccount:
    """Make the bot behind ``token`` an account of the unit, or give a connected one its new token.

    It is active afterwards. ``name`` and ``rate_per_minute`` keep their values when not given. Raises
    ``NotAllowedError`` for anybody but an administrator of the unit, ``ValidationError`` keyed by field.
    """
    require_administrator(by, unit)
    bot_id = check_token(token)
    if rate_per_minute is not None and not 1 <= rate_per_minute <= LARGEST_RATE:
        raise ValidationError({"rate": _("Hạn mức phải từ 1 đến 100000 lượt mỗi phút.")})
    with transaction.atomic():
        account = OfficialAccount.objects.select_for_update().filter(oa_id=bot_id).first()
        account = account or OfficialAccount(oa_id=bot_id, unit=unit, kind=AccountKind.BOT)
        if account.unit_id != unit.pk:
            raise ValidationError({"token": _("Bot này đã kết nối cho đơn vị khác.")})
        if not account.is_bot:
            raise ValidationError({"token": _("Mã này trùng với một tài khoản Zalo OA.")})
        account.name = clean(name)[:120] or account.name or _("Bot %(unit)s") % {"unit": unit.full_name[:110]}
        account.rate_per_minute = rate_per_minute or account.rate_per_minute
        account.access_token, account.state = token, AccountState.ACTIVE
        account.last_error, account.last_error_at = "", None
        save_account(account)
        record(by, "groups.account.connected", account, unit_path=unit.path, data={"bot_id": bot_id})
    return account


def check_token(token: str) -> str:
    """The bot's id in its token. Raises ``ValidationError`` on ``token``."""
    shape = TOKEN.fullmatch(token)
    if shape is None:
        raise ValidationError({"token": _("Mã của bot có dạng số:chữ, chép nguyên từ Zalo Bot Creator.")})
    return shape[1]
