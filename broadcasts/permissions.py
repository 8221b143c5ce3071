"""Who may do what with a broadcast. One predicate, one sentence; there is no superuser bypass."""

from django.db.models import Q

from broadcasts.enums import PostKind
from groups import permissions
from groups.enums import Role
from groups.permissions import DECIDING_ROLES, WRITING_ROLES, holds

POSTING_ROLES = (*WRITING_ROLES, Role.RELAY)


def can_write(user, unit) -> bool:
    """Officers write for their unit and the units below it."""
    return holds(user, unit, *WRITING_ROLES)


def can_edit(user, broadcast) -> bool:
    """Only the author changes a text, and only while they still serve there."""
    return broadcast.author_id == user.pk and can_write(user, broadcast.unit)


def can_decide(user, broadcast) -> bool:
    """Chiefs and supervisors, at the unit or above it, answer for what goes out in its name."""
    return holds(user, broadcast.unit, *DECIDING_ROLES)


def can_approve(user, broadcast) -> bool:
    """A chief or supervisor who is not the author; a practice unit, which never sends, approves its own."""
    if broadcast.unit.is_practice and broadcast.kind != PostKind.WANTED:
        return can_write(user, broadcast.unit)
    return user.pk != broadcast.author_id and can_decide(user, broadcast)


def can_stop(user, broadcast) -> bool:
    """Stopping harms nobody: the author may, and whoever answers for the unit."""
    return can_edit(user, broadcast) or can_decide(user, broadcast)


def can_confirm_posted(user, delivery) -> bool:
    """The group's steward, the village's relay, who it was handed to, or a chief over it says it is up."""
    return (
        is_steward(user, delivery.group)
        or is_assignee(user, delivery)
        or holds(user, delivery.group.unit, Role.RELAY)
        or holds(user, delivery.group.unit, *DECIDING_ROLES)
    )


def can_lead_posting(user, delivery) -> bool:
    """Chiefs over the group see to it that somebody posts: they remind, and hand over."""
    return holds(user, delivery.group.unit, *DECIDING_ROLES)


def can_take_posting(user, unit) -> bool:
    """Whoever serves at the unit or above it, and the relay of the village, can be asked to post."""
    return holds(user, unit, *POSTING_ROLES)


def can_confirm_seen(user, delivery) -> bool:
    """Officers of the group's unit, or of the sending unit, look into the group and say what they see."""
    return holds(user, delivery.group.unit, *WRITING_ROLES) or can_write(user, delivery.broadcast.unit)


def can_resend(user, delivery) -> bool:
    """Sending once more is a chief's decision, at the group's unit, at the sending unit, or above."""
    return holds(user, delivery.group.unit, *DECIDING_ROLES) or can_decide(user, delivery.broadcast)


def can_end_notice(user, notice) -> bool:
    """Ending a notice sends corrections, so it is a chief's act."""
    return holds(user, notice.unit, *DECIDING_ROLES)


def is_steward(user, group) -> bool:
    """Whether the user answers for the group today."""
    return group.stewardships.filter(user=user, ends_on=None).exists()


def is_assignee(user, delivery) -> bool:
    """Whether the row was handed to the user, who still serves there."""
    task = getattr(delivery, "task", None)
    return task is not None and task.assignee_id == user.pk and can_take_posting(user, delivery.group.unit)


def reach_q(user, field: str = "unit__path") -> Q:
    """Rows whose unit lies where the user may write."""
    return permissions.paths_q(permissions.paths(user, *WRITING_ROLES), field)
