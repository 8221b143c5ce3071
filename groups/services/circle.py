"""The named circle: who may open tips about children and violence at home.

Naming takes two people. Ending takes one, but two for the last member: an empty circle is another one.
"""

from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _

from groups import permissions
from groups.models import CircleEnding, CircleMember, Posting, Unit
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
    _check_serves(posting)
    if posting.restricted_circle:
        raise WrongStateError(_("Người này đã được giao mở tin hạn chế."))
    with one_of_two():
        member = CircleMember.objects.create(posting=posting, proposed_by=by)
        _trace(by, "groups.circle.proposed", posting)
    return member


def confirm(member: CircleMember, *, by: Any) -> None:
    """The second person's yes: neither who proposed it nor who is to be named. In force from this moment.

    Raises NotAllowedError, ValidationError for a posting that has ended since, WrongStateError.
    """
    _require(by, member.posting)
    if by.pk in (member.proposed_by_id, member.posting.user_id):
        raise NotAllowedError(_("Giao mở tin hạn chế cần người thứ hai xác nhận."))
    _check_serves(member.posting)
    with one_of_two():
        waiting = CircleMember.objects.filter(pk=member.pk, confirmed_by=None, valid_to=None)
        if waiting.update(confirmed_by=by, valid_from=timezone.now()) != 1:
            raise WrongStateError
        Posting.objects.filter(pk=member.posting_id).update(restricted_circle=True)
        _trace(by, "groups.circle.confirmed", member.posting)


def end(posting: Posting, *, by: Any) -> bool:
    """Take somebody out of the circle, or a proposal back; True once it is done.

    False says that this was the last member there and above, whom a second person has yet to take out. Raises
    NotAllowedError for the same person twice, WrongStateError for who is in none.
    """
    _require(by, posting)
    now = timezone.now()
    with one_of_two():
        # Two who take out one of the last two members each wait for one another here.
        list(Unit.objects.select_for_update().filter(path__in=permissions.chain(posting.unit.path)))
        if _is_last(posting) and not _is_agreed(posting, by):
            return False
        named = Posting.objects.filter(pk=posting.pk, restricted_circle=True).update(restricted_circle=False)
        rows = CircleMember.objects.filter(posting=posting, valid_to=None)
        if rows.update(valid_to=now, ended_by=by) + named == 0:
            raise WrongStateError
        _trace(by, "groups.circle.ended", posting)
    return True


def _is_last(posting: Posting) -> bool:
    """Whether nobody would be named at the unit or above it without this posting."""
    if not Posting.objects.filter(pk=posting.pk, restricted_circle=True).exists():
        return False
    named = permissions.restricted_circle().filter(unit__path__in=permissions.chain(posting.unit.path))
    return not named.exclude(pk=posting.pk).exists()


def _is_agreed(posting: Posting, by: Any) -> bool:
    """Whether ``by`` is the second person; the first one's wish is written down."""
    asked = CircleEnding.objects.filter(posting=posting, ended_at=None).first()
    if asked is None:
        CircleEnding.objects.create(posting=posting, unit=posting.unit, asked_by=by)
        _trace(by, "groups.circle.end_asked", posting)
        return False
    if asked.asked_by_id == by.pk:
        raise NotAllowedError(_("Thôi giao người cuối cùng cần người thứ hai xác nhận."))
    CircleEnding.objects.filter(pk=asked.pk).update(ended_by=by, ended_at=timezone.now())
    return True


def _require(by: Any, posting: Posting) -> None:
    if not can_name(by, posting.unit):
        raise NotAllowedError


def _check_serves(posting: Posting) -> None:
    if posting.role not in permissions.TIP_ROLES or not Posting.objects.open().filter(pk=posting.pk).exists():
        raise ValidationError(_("Người này không còn giữ nhiệm vụ xử lý tin ở đơn vị."))


def _trace(by: Any, action: str, posting: Posting) -> None:
    data = {"user": posting.user.get_username(), "role": posting.role, "unit": posting.unit.code}
    record(by, action, posting, unit_path=posting.unit.path, data=data)
