"""The named circle: who may open tips about children and violence at home. Naming takes two, ending one."""

from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _

from groups import permissions
from groups.models import CircleMember, Posting, Unit
from groups.services.conflicts import one_of_two
from portal.audit.services import record
from portal.errors import NotAllowedError, WrongStateError


def can_name(user: Any, unit: Unit) -> bool:
    """Chiefs of the unit and supervisors above it propose and confirm."""
    return permissions.holds(user, unit, *permissions.DECIDING_ROLES)


def propose(posting: Posting, *, by: Any) -> CircleMember:
    """Propose somebody who serves at a unit one leads; without effect until a second person agrees.

    Raises NotAllowedError, ValidationError for a posting that has ended or works with no tips,
    WrongStateError for who is named or proposed already.
    """
    _require(by, posting)
    if posting.role not in permissions.TIP_ROLES or not Posting.objects.open().filter(pk=posting.pk).exists():
        raise ValidationError(_("Người này không còn giữ nhiệm vụ xử lý tin ở đơn vị."))
    if posting.restricted_circle:
        raise WrongStateError(_("Người này đã được giao mở tin hạn chế."))
    with one_of_two():
        member = CircleMember.objects.create(posting=posting, proposed_by=by)
        _trace(by, "groups.circle.proposed", posting)
    return member


def confirm(member: CircleMember, *, by: Any) -> None:
    """The second person's yes: neither who proposed it nor who is to be named. In force from this moment."""
    _require(by, member.posting)
    if by.pk in (member.proposed_by_id, member.posting.user_id):
        raise NotAllowedError(_("Giao mở tin hạn chế cần người thứ hai xác nhận."))
    with one_of_two():
        waiting = CircleMember.objects.filter(pk=member.pk, confirmed_by=None, valid_to=None)
        if waiting.update(confirmed_by=by, valid_from=timezone.now()) != 1:
            raise WrongStateError
        Posting.objects.filter(pk=member.posting_id).update(restricted_circle=True)
        _trace(by, "groups.circle.confirmed", member.posting)


def end(posting: Posting, *, by: Any) -> None:
    """Take somebody out of the circle, or a proposal back. Raises WrongStateError for who is in none."""
    _require(by, posting)
    now = timezone.now()
    with one_of_two():
        named = Posting.objects.filter(pk=posting.pk, restricted_circle=True).update(restricted_circle=False)
        rows = CircleMember.objects.filter(posting=posting, valid_to=None)
        if rows.update(valid_to=now, ended_by=by) + named == 0:
            raise WrongStateError
        _trace(by, "groups.circle.ended", posting)


def _require(by: Any, posting: Posting) -> None:
    if not can_name(by, posting.unit):
        raise NotAllowedError


def _trace(by: Any, action: str, posting: Posting) -> None:
    data = {"user": posting.user.get_username(), "role": posting.role, "unit": posting.unit.code}
    record(by, action, posting, unit_path=posting.unit.path, data=data)
