"""Lengths of time and deadlines in words, the same wherever they stand."""

from datetime import date, datetime, timedelta

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
WEEKDAYS = (
    gettext_lazy("thứ Hai"),
    gettext_lazy("thứ Ba"),
    gettext_lazy("thứ Tư"),
    gettext_lazy("thứ Năm"),
    gettext_lazy("thứ Sáu"),
    gettext_lazy("thứ Bảy"),
    gettext_lazy("Chủ nhật"),
)


def weekday(moment: date) -> str:
    """ "thứ Bảy" of the local day; Django's own names write "Thứ 7"."""
    local = timezone.localtime(moment) if isinstance(moment, datetime) else moment
    return str(WEEKDAYS[local.weekday()])


def span(length: timedelta) -> str:
    """A length of time as people say it: "38 phút", "3 giờ 20 phút", "2 ngày"."""
    minutes = max(1, int(length / MINUTE))
    if minutes < 60:
        return _("%(n)d phút") % {"n": minutes}
    hours, rest = divmod(minutes, 60)
    if hours >= 24:
        return _("%(n)d ngày") % {"n": hours // 24}
    if rest and hours < 12:
        return _("%(h)d giờ %(m)d phút") % {"h": hours, "m": rest}
    return _("%(n)d giờ") % {"n": hours}


def until(moment: datetime | None) -> str:
    """A moment to come or gone by, in words: "Còn 38 phút", "Quá hạn 12 phút", "Hạn thứ Bảy 21/11"."""
    if moment is None:
        return ""
    left = moment - timezone.now()
    if left < timedelta():
        return _("Quá hạn %(span)s") % {"span": span(-left)}
    if left < DAY:
        return _("Còn %(span)s") % {"span": span(left)}
    day = date_format(timezone.localtime(moment), "d/m")
    return _("Hạn %(weekday)s %(day)s") % {"weekday": weekday(moment), "day": day}


def clock(moment: datetime) -> str:
    """The end of a term that the law counts in hours: "Còn 47 giờ", "Quá hạn 3 giờ 20 phút"."""
    left = moment - timezone.now()
    if left < DAY:
        return until(moment)
    return _("Còn %(span)s") % {"span": _("%(n)d giờ") % {"n": left // HOUR}}
