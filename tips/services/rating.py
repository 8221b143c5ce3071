"""What the sender thought of the answer, and taking an ended tip up again: both by the receipt alone."""

import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Avg, Count, Q, QuerySet
from django.utils.translation import gettext as _

from portal.audit.services import record
from portal.clock import this_minute
from tips import permissions, validators
from tips.enums import EventKind, TipStatus
from tips.models import Rating, Tip, TipEvent
from tips.models.deadlines import MOST_STARS
from tips.services.additions import REOPENABLE, matter_of
from tips.validators import keyed


def can_rate(tip: Tip) -> bool:
    """Whether the sender may say what they think of how the matter ended: once for each closing."""
    ended_at = _ended_at(tip)
    return ended_at is not None and not tip.ratings.filter(closed_at=ended_at).exists()


def rate(tip: Tip, *, stars: Any, words: str = "") -> Rating:
    """Keep the sender's opinion. Raises ValidationError keyed ``stars`` or ``words``.

    The same form twice is one rating: the first counts.
    """
    number = keyed("stars", _stars, stars)
    said = keyed("words", validators.clean_opinion, words)
    ended_at = _ended_at(tip)
    if ended_at is None:
        raise ValidationError({"stars": _("Tin này chưa kết thúc nên chưa đánh giá được.")})
    now = this_minute()
    try:
        with transaction.atomic():
            rating = Rating.objects.create(tip=tip, closed_at=ended_at, stars=number, words=said, at=now)
            TipEvent.objects.create(tip=tip, kind=EventKind.RATED, at=now)
            record(None, "tips.tip.rated", tip, unit_path=tip.handler.path, at=now)
    except IntegrityError:
        return Rating.objects.get(tip=tip, closed_at=ended_at)
    return rating


def ratings_for(user: Any, tip: Tip) -> list[Rating]:
    """What the senders said, for those who decide: it is about the unit's answer, no mark for a colleague.

    With a main tip also what those of its duplicates said, as far as the user may see them.
    """
    if not permissions.can_decide(user, tip):
        return []
    told = Q(tip=tip)
    if tip.case_id is not None and tip.status != TipStatus.DUPLICATE:
        joined = Tip.objects.visible_to(user).filter(case=tip.case_id, status=TipStatus.DUPLICATE)
        told |= Q(tip__in=joined)
    return list(Rating.objects.filter(told)) if tip.closed_at else []


def summary(tips: QuerySet[Tip], start: Any, end: Any) -> dict[str, Any]:
    """How many senders rated in a period and their mean, for a unit as a whole; never by officer."""
    found = Rating.objects.filter(tip__in=tips, at__gte=start, at__lt=end)
    totals = found.aggregate(number=Count("pk"), mean=Avg("stars"))
    mean = totals["mean"]
    return {"number": totals["number"], "mean": round(mean, 1) if mean is not None else None}


def _ended_at(tip: Tip) -> datetime.datetime | None:
    """When the matter of a tip ended with an answer; None while it is open, and for spam."""
    matter = matter_of(tip)
    return matter.closed_at if matter.status in REOPENABLE else None


def _stars(value: Any) -> int:
    if str(value) not in {str(number) for number in range(1, MOST_STARS + 1)}:
        raise ValidationError(_("Xin chọn từ 1 đến 5."), code="invalid")
    return int(value)
