"""What a person can do with a tip now, and the choices each act has: reads for the pages of a tip."""

from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from groups.enums import Level
from groups.models import Posting, Unit
from groups.permissions import TIP_ROLES, has_restricted_circle, heirs
from tips import permissions
from tips.enums import OPEN, RESTRICTED, Category, TipStatus
from tips.models import Tip
from tips.services import additions, timing
from tips.services.states import Act, is_possible

REVEAL = "reveal"
GRANT = "grant"
REFER = "refer"
CONDUCT = "conduct"
ASK = "ask"
ASK_TIME, APPROVE_TIME, REFUSE_TIME, DROP_TIME = "ask_time", "approve_time", "refuse_time", "drop_time"
CANDIDATES_SHOWN = 15


def abilities(user: Any, tip: Tip) -> set[str]:
    """Names of the acts this person can do with the tip in its present state; with an erased one none."""
    if tip.erased_at is not None:
        return set()
    handles, leads = permissions.can_handle(user, tip), permissions.can_lead(user, tip)
    decides = permissions.can_decide(user, tip)
    rights = {
        **dict.fromkeys((Act.ACCEPT, Act.VERIFY, Act.REPLY, Act.NOTE, Act.CLASSIFY), handles),
        **dict.fromkeys((Act.TRANSFER, Act.MERGE, Act.UNMERGE, Act.CLOSE, Act.REOPEN, Act.VALUE), leads),
        Act.EXTEND: decides,
        Act.QUESTION: handles and tip.deadline is not None and tip.deadline > timezone.now(),
        Act.RESUME: handles and tip.paused_at is not None,
        Act.ASSIGN: decides or (handles and tip.assignee_id != user.pk),
    }
    if tip.status == TipStatus.DUPLICATE:
        rights[Act.REOPEN] = False  # it is taken out of its case instead
    found = {act.value for act, is_allowed in rights.items() if is_allowed and is_possible(act, tip.status)}
    if leads and is_possible(Act.DISCARD, tip.status):
        found.add(Act.CLOSE.value)  # as spam only, while nobody has taken it
    if leads and is_possible(Act.CLOSE, tip.status):
        found.add(REFER)
    if (
        decides
        and is_possible(Act.RETURN, tip.status)
        and tip.transfers.filter(to_unit=tip.handler_id).exists()
    ):
        found.add(Act.RETURN.value)
    found |= _about_time(user, tip, leads=leads, decides=decides)
    if not tip.is_anonymous and permissions.can_reveal(user, tip):
        found.add(REVEAL)
    elif not tip.is_anonymous and handles:
        found.add(ASK)
    if not tip.is_anonymous and decides:
        found.add(GRANT)
    if tip.category == Category.CAN_BO and decides and is_possible(Act.CLASSIFY, tip.status):
        found.add(CONDUCT)
    return found


def _about_time(user: Any, tip: Tip, *, leads: bool, decides: bool) -> set[str]:
    """Asking for more time, or deciding on what somebody else asked."""
    if not is_possible(Act.EXTEND, tip.status):
        return set()
    asked = timing.waiting_request(tip)
    if asked is not None and asked.asked_by_id == user.pk and permissions.can_handle(user, tip):
        return {DROP_TIME}
    if not (leads or decides):
        return set()
    if asked is None:
        return set() if decides else {ASK_TIME}
    return {APPROVE_TIME, REFUSE_TIME} if decides else set()


def colleagues(tip: Tip) -> list[Posting]:
    """One posting of each person who can handle the tip, those nearest to it first."""
    rows = Posting.objects.serving(tip.handler, *TIP_ROLES)
    if tip.category in RESTRICTED:
        path = tip.handler.path
        is_named = has_restricted_circle(path)
        rows = rows.filter(restricted_circle=True) if is_named else rows.filter(pk__in=heirs(path))
    return rows.exclude(user__in=tip.named_ids).nearest_of_each()


def people_at(unit: Unit) -> list[Posting]:
    """One posting of each person who handles the ordinary tips of a unit."""
    return Posting.objects.serving(unit, *TIP_ROLES).nearest_of_each()


def transfer_targets(tip: Tip) -> list[tuple[str, list[tuple[str, str]]]]:
    """Units a tip may go to, as titled groups of (code, name): above, beside and below its handler."""
    handler = tip.handler
    units = Unit.objects.current().filter(is_practice=False).exclude(level=Level.VILLAGE)
    if tip.category == Category.CAN_BO:
        units = units.exclude(level=Level.COMMUNE)
    groups = (
        (_("Cấp trên"), units.filter(code__in=handler.ancestor_codes()).order_by("-path")),
        (_("Cùng cấp"), units.filter(parent_id=handler.parent_id).exclude(pk=handler.pk)),
        (_("Cấp dưới"), units.filter(parent_id=handler.pk)),
    )
    choices = [(title, [(unit.code, unit.police_name) for unit in found]) for title, found in groups]
    return [(title, found) for title, found in choices if found]


def merge_candidates(user: Any, tip: Tip) -> QuerySet[Tip]:
    """Open tips of the same kind about the same commune: likely the same matter."""
    alike = Tip.objects.visible_to(user).filter(category=tip.category, unit=tip.unit_id, status__in=OPEN)
    return alike.exclude(pk=tip.pk).with_text_alone().order_by("-pk")[:CANDIDATES_SHOWN]


def same_case(user: Any, tip: Tip) -> list[Tip]:
    """The other tips of its case that this person may see."""
    if tip.case_id is None:
        return []
    others = Tip.objects.visible_to(user).filter(case=tip.case_id).exclude(pk=tip.pk)
    rows = others.with_text_alone().select_related("unit", "village", "assignee")
    return list(rows.order_by("pk")[:20])


def main_tip(user: Any, tip: Tip) -> Tip | None:
    """The tip a duplicate was joined with, where this person may see it."""
    return additions.main_tip(tip, among=Tip.objects.visible_to(user))
