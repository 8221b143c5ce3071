"""Who may do what with a tip, one sentence each. Two arguments: the user, the tip.

Everything starts from handling: a posting with a tip role at the tip's handler or above it, and for child
abuse and domestic violence membership of the named circle. Who does not handle a tip does not know of it.
"""

from groups import permissions
from groups.permissions import DECIDING_ROLES, TIP_ROLES
from tips.enums import RESTRICTED


def works_with_tips(user) -> bool:
    """Holds a role that has anything to do with tips; relays, auditors and administrators do not."""
    return permissions.has_role(user, *TIP_ROLES)


def can_handle(user, tip) -> bool:
    """May see the tip, take it, answer it and note on it; never whom it complains about."""
    if user.pk in tip.named_ids:
        return False
    if tip.category in RESTRICTED:
        return permissions.is_in_restricted_circle(user, tip.handler.path)
    return permissions.holds(user, tip.handler, *TIP_ROLES)


def may_hear_of(user, tip) -> bool:
    """May be told that the tip waits, not more: everybody who would handle it were it not for the circle."""
    return user.pk not in tip.named_ids and permissions.holds(user, tip.handler, *TIP_ROLES)


def can_decide(user, tip) -> bool:
    """Chiefs and supervisors who handle the tip: give it to others, extend its deadline."""
    return can_handle(user, tip) and permissions.holds(user, tip.handler, *DECIDING_ROLES)


def can_lead(user, tip) -> bool:
    """Who decides, or the officer it is assigned to: pass it on, join it, end it, reopen it, value it."""
    return can_decide(user, tip) or (can_handle(user, tip) and tip.assignee_id == user.pk)


def can_assign(user, tip, assignee) -> bool:
    """Who decides gives a tip to anybody who can handle it; an officer may take it for themselves."""
    return can_decide(user, tip) or (can_handle(user, tip) and assignee == user)


def opens_alone(user, tip) -> bool:
    """Who decides opens what is sealed by their own right.

    Not for child abuse and domestic violence: opening those always takes two people, also once somebody
    sorted the tip elsewhere.
    """
    return not tip.was_restricted and can_decide(user, tip)


def can_reveal(user, tip) -> bool:
    """Who opens alone, or whom somebody else who decides gave leave that is still running."""
    return opens_alone(user, tip) or (
        can_handle(user, tip) and tip.identity_grants.from_others(user).exists()
    )


def can_open_original(user, evidence) -> bool:
    """Like ``can_reveal``: an original may name its sender by what its metadata tell."""
    tip = evidence.tip
    return opens_alone(user, tip) or (can_handle(user, tip) and evidence.grants.from_others(user).exists())
