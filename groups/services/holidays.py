"""Whether the calendar of deadlines knows the public holidays of the years it is asked for."""

from datetime import date

from django.db import DEFAULT_DB_ALIAS
from django.utils.translation import gettext as _

from groups.models import Holiday

# The holidays of a year are announced in the autumn before it.
ANNOUNCED_IN_MONTH = 10


def missing(today: date, *, using: str = DEFAULT_DB_ALIAS) -> str:
    """A sentence for administrators that names the years without a holiday; empty when there is none.

    Asked for are this year and, from October on, the next. Days made up for do not count.
    """
    years = [today.year] if today.month < ANNOUNCED_IN_MONTH else [today.year, today.year + 1]
    entered = Holiday.objects.using(using).filter(day__year__in=years, is_working_day=False)
    known = set(entered.values_list("day__year", flat=True).distinct().order_by())
    without = ", ".join(str(year) for year in years if year not in known)
    if not without:
        return ""
    return _("Lịch chưa có ngày nghỉ lễ nào của năm %(years)s: Tết sẽ bị tính là ngày làm việc.") % {
        "years": without
    }
