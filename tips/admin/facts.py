"""What the page of a tip tells beside its thread, as on the desk: terms, who asks for time, opinions."""

from typing import Any

from django.utils import timezone

from tips.deadlines import Milestone, milestones
from tips.models import Tip
from tips.services import offers
from tips.services.rating import ratings_for
from tips.services.timing import waiting_request


def facts_of(user: Any, tip: Tip) -> dict[str, Any]:
    """For the template: terms, case, and of its senders' opinion what this person may know."""
    return {
        "main_tip": offers.main_tip(user, tip),
        "milestones": [] if tip.erased_at else _with_states(milestones(tip)),
        "time_request": waiting_request(tip),
        "ratings": ratings_for(user, tip),
        "named": tip.named_officers.select_related("user") if tip.conduct else [],
    }


def _with_states(points: list[Milestone]) -> list[tuple[Milestone, str]]:
    now = timezone.now()
    return [(point, point.state(now)) for point in points]
