"""Postings: who serves where, from when to when. Administrator rights need two people."""

from datetime import date
from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from groups import permissions
from groups.enums import Role
from groups.models import Posting, Unit
from groups.services.conflicts import one_of_two
from portal.audit.services import record
from portal.errors import NotAllowedError, WrongStateError


def open_posting(
    user: Any,
    *,
    unit: Unit,
    role: str,
    by: Any,
    restricted_circle: bool = False,
    valid_from: date | None = None,
    valid_to: date | None = None,
) -> Posting:
    """Post a user to a unit. ``by`` None is a command on the server, the only way to the first administrator.

    An administrator's posting opened by another administrator has no effect until a third person confirms it
    (``confirm_posting``). Raises ``NotAllowedError`` outside one's own area and for one's own account,
    ``ValidationError`` for a role outside the list, an empty period or a posting that is open already.
    """
    _require_administrator(by, unit, user)
    if restricted_circle and by is not None:
        # Naming somebody to the circle takes two people (``services.circle``).
        raise NotAllowedError
    valid_from = valid_from or timezone.localdate()
    if role not in Role.values:
        raise ValidationError({"role": _("Vai trò không có trong danh mục.")})
    if valid_to and valid_to < valid_from:
        raise ValidationError({"valid_to": _("Ngày kết thúc trước ngày bắt đầu.")})
    with one_of_two():
        # Locked, so that the second half of a double click sees what the first one wrote.
        type(user).objects.select_for_update().only("pk").get(pk=user.pk)
        if not valid_to and Posting.objects.filter(user=user, unit=unit, role=role, valid_to=None).exists():
            raise ValidationError({"role": _("Người này đang giữ vai trò đó ở đơn vị rồi.")})
        posting = Posting.objects.create(
            user=user,
            unit=unit,
            role=role,
            restricted_circle=restricted_circle,
            valid_from=valid_from,
            valid_to=valid_to,
            requested_by=by,
            awaits_confirmation=by is not None and role == Role.ADMINISTRATOR,
        )
        _trace(by, "groups.posting.opened", posting)
        sync_admin_access(user)
    return posting


def confirm_posting(posting: Posting, *, by: Any) -> Posting:
    """The second administrator's yes. Neither the requester nor the person concerned may give it."""
    _require_administrator(by, posting.unit, posting.user)
    if by.pk == posting.requested_by_id:
        raise NotAllowedError(_("Quyền quản trị cần người thứ hai xác nhận."))
    with transaction.atomic():
        waiting = Posting.objects.filter(pk=posting.pk, awaits_confirmation=True)
        if waiting.update(awaits_confirmation=False) != 1:
            raise WrongStateError
        posting.refresh_from_db()
        _trace(by, "groups.posting.confirmed", posting)
        sync_admin_access(posting.user)
    return posting


def close_posting(posting: Posting, *, by: Any, day: date | None = None) -> Posting:
    """End a posting on ``day`` (default today): its rights are gone from that day on."""
    _require_administrator(by, posting.unit, None)
    day = max(day or timezone.localdate(), posting.valid_from)
    with transaction.atomic():
        if Posting.objects.filter(pk=posting.pk, valid_to=None).update(valid_to=day) != 1:
            raise WrongStateError
        posting.refresh_from_db()
        _trace(by, "groups.posting.closed", posting)
        sync_admin_access(posting.user)
    return posting


def sync_admin_access(user: Any) -> None:
    """``is_staff`` follows from postings that work in the admin and are in force today."""
    wanted = user.is_superuser or user.postings.open().filter(role__in=permissions.ADMIN_ROLES).exists()
    if user.is_staff != wanted:
        user.is_staff = wanted
        user.save(update_fields=["is_staff"])


def sync_all_admin_access() -> int:
    """The same for everybody, as postings begin and end by the calendar; returns how many changed."""
    held = Posting.objects.open().filter(role__in=permissions.ADMIN_ROLES)
    entitled = Q(is_superuser=True) | Q(pk__in=held.values("user"))
    users = get_user_model().objects
    gained = users.filter(entitled, is_staff=False).update(is_staff=True)
    return gained + users.filter(~entitled, is_staff=True).update(is_staff=False)


def _require_administrator(by: Any, unit: Unit, user: Any) -> None:
    if by is None:
        return
    if not permissions.holds(by, unit, Role.ADMINISTRATOR):
        raise NotAllowedError
    if user is not None and by.pk == user.pk:
        raise NotAllowedError(_("Không ai tự phân công cho chính mình."))


def _trace(by: Any, action: str, posting: Posting) -> None:
    data = {"user": posting.user.username, "role": posting.role, "unit": posting.unit.code}
    record(by, action, posting, unit_path=posting.unit.path, data=data)
