"""What makes a tip acceptable, in sentences for the person who sent it. Forms, API and service share these.

Each function returns the clean value or raises ``ValidationError`` with a plain message; the caller knows the
field. ``clean_draft`` in ``tips.services.intake`` puts them together.
"""

import datetime
from collections.abc import Callable, Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from broadcasts.enums import BroadcastState
from broadcasts.models import Broadcast
from groups.enums import Level
from groups.models import Unit
from portal.clock import minute
from portal.memory import Memory
from portal.text import PhoneError, clean, parse_phone
from tips import limits
from tips.enums import Category, Outcome

# Django puts the list together each time it is asked for.
CATEGORIES = tuple(Category.values)
LATEST_AHEAD = datetime.timedelta(minutes=10)
OLDEST_YEARS = 50
EARLIEST = datetime.datetime(1900, 1, 1, tzinfo=datetime.UTC)
# Mainland, Hoàng Sa and Trường Sa, in decimal degrees.
LATITUDES = (6.0, 23.6)
LONGITUDES = (102.0, 118.0)
# A unit changes some times in years, and then from a day on.
_units = Memory(size=5000, seconds=60)
_TAKEN_BACK = (BroadcastState.CANCELLED, BroadcastState.WITHDRAWN)


def keyed(field: str, check: Callable[..., Any], *args: Any) -> Any:
    """What ``check`` returns; its complaint, if it has one, comes back under the name of the field."""
    try:
        return check(*args)
    except ValidationError as error:
        raise ValidationError({field: error}) from None


def plain_code(value: object) -> str:
    """A code as typed, or empty when it holds what no code can: PostgreSQL refuses a query with NUL."""
    code = value.strip() if isinstance(value, str) else ""
    return code if code == clean(code) else ""


def is_for_practice(unit: Unit) -> bool:
    """Whether a unit, or one above it, exists for training only: nobody answers tips there."""
    above: Unit | None = unit
    while above is not None and not above.is_practice:
        above = above.parent
    return above is not None


def clean_category(value: object) -> str:
    """One of the programme's codes."""
    if value not in CATEGORIES:
        raise ValidationError(_("Xin chọn một loại tin trong danh sách."), code="invalid")
    return str(value)


def clean_text(value: object) -> str:
    """What happened, 10 to 5000 characters once invisible ones are gone."""
    text = clean(value) if isinstance(value, str) else ""
    if not text:
        raise ValidationError(_("Xin viết nội dung: chuyện gì xảy ra, ở đâu, lúc nào."), code="required")
    if len(text) < limits.MIN_TEXT:
        raise ValidationError(
            _("Nội dung quá ngắn. Xin viết thêm một câu để công an hiểu sự việc."), code="short"
        )
    if len(text) > limits.MAX_TEXT:
        raise ValidationError(
            _("Nội dung dài %(count)s ký tự, tối đa %(limit)s. Xin rút gọn, phần còn lại gửi sau bằng mã."),
            code="long",
            params={"count": len(text), "limit": limits.MAX_TEXT},
        )
    return text


def clean_message(value: object) -> str:
    """A message of the thread: anything but nothing, up to 5000 characters."""
    missing, long = _("Xin viết nội dung."), _("Nội dung tối đa %(limit)s ký tự.")
    return _said(value, least=1, most=limits.MAX_TEXT, missing=missing, long=long)


def clean_reason(value: object) -> str:
    """A reason in words, never empty."""
    missing, long = _("Xin nêu lý do."), _("Lý do tối đa %(limit)s ký tự.")
    return _said(value, least=limits.MIN_REASON, most=limits.MAX_REASON, missing=missing, long=long)


def clean_words(value: object, most: int = limits.MAX_REASON) -> str:
    """A few words of an entry in a register, never empty."""
    missing, long = _("Xin viết vài chữ."), _("Tối đa %(limit)s ký tự.")
    return _said(value, least=limits.MIN_REASON, most=most, missing=missing, long=long)


def clean_opinion(value: object) -> str:
    """What a sender thinks of the answer; may be empty."""
    return _said(value, least=0, most=limits.MAX_REASON, missing="", long=_("Ý kiến tối đa %(limit)s ký tự."))


def _said(value: object, *, least: int, most: int, missing: Any, long: Any) -> str:
    """Sentences of one field, once invisible characters are gone, of ``least`` to ``most`` characters."""
    text = clean(value) if isinstance(value, str) else ""
    if len(text) < least:
        raise ValidationError(missing, code="required")
    if len(text) > most:
        raise ValidationError(long, code="long", params={"limit": most})
    return text


def clean_reveal_reason(value: object) -> str:
    """Why a contact has to be opened: more than a word."""
    text = clean_reason(value)
    if len(text) < limits.MIN_REVEAL_REASON:
        raise ValidationError(
            _("Xin nêu lý do cụ thể, ít nhất %(limit)s ký tự."),
            code="short",
            params={"limit": limits.MIN_REVEAL_REASON},
        )
    return text


def clean_place(value: object) -> str:
    """Where, in words; may be empty."""
    return _short_text(value, limits.MAX_PLACE, _("Địa điểm tối đa %(limit)s ký tự."))


def clean_contact_name(value: object) -> str:
    """The sender's name; empty for an anonymous sender."""
    return _short_text(value, limits.MAX_CONTACT_NAME, _("Họ tên tối đa %(limit)s ký tự."))


def _short_text(value: object, limit: int, message: str) -> str:
    if value is not None and not isinstance(value, str):
        raise ValidationError(_("Ô này phải là chữ."), code="invalid")
    text = " ".join(clean(value or "").split())
    if len(text) > limit:
        raise ValidationError(message, code="long", params={"limit": limit})
    return text


def clean_contact_phone(value: object) -> str:
    """The sender's number as it is stored (+84...), or empty."""
    if value is not None and not isinstance(value, str):
        raise ValidationError(_("Ô này phải là chữ."), code="invalid")
    if not (value or "").strip():
        return ""
    try:
        phone = parse_phone(value)
    except PhoneError as error:
        raise ValidationError(str(error), code="invalid") from None
    if not phone.is_personal:
        raise ValidationError(
            _("Xin ghi số điện thoại của Quý công dân, không ghi số tổng đài."), code="invalid"
        )
    return phone.e164


def clean_occurred_at(value: datetime.datetime | None) -> datetime.datetime | None:
    """When it happened, to the minute: not in the future beyond a clock's error, not before our time.

    A programme that fills in the moment of sending would tell its second.
    """
    if value is None:
        return None
    if timezone.is_naive(value):
        value = timezone.make_aware(value)
    now = timezone.now()
    if value > now + LATEST_AHEAD:
        raise ValidationError(
            _("Thời điểm xảy ra không thể ở tương lai. Xin kiểm tra ngày, giờ."), code="future"
        )
    if value < EARLIEST or value < now - datetime.timedelta(days=365.25 * OLDEST_YEARS):
        raise ValidationError(_("Thời điểm xảy ra quá xa. Xin kiểm tra lại năm."), code="past")
    return minute(value)


def clean_coordinates(latitude: object, longitude: object) -> str:
    """Coordinates as stored: "lat,lng" to about a metre, or empty when neither is given."""
    if latitude in (None, "") and longitude in (None, ""):
        return ""
    try:
        lat, lng = float(latitude), float(longitude)
    except (TypeError, ValueError):
        raise ValidationError(_("Tọa độ phải có đủ hai số: vĩ độ và kinh độ."), code="invalid") from None
    if _inside(lat, LATITUDES) and _inside(lng, LONGITUDES):
        return f"{lat:.5f},{lng:.5f}"
    if _inside(lng, LATITUDES) and _inside(lat, LONGITUDES):
        raise ValidationError(_("Có vẻ vĩ độ và kinh độ bị đổi chỗ. Xin kiểm tra lại."), code="swapped")
    raise ValidationError(_("Tọa độ nằm ngoài Việt Nam. Xin kiểm tra lại hoặc để trống."), code="outside")


def _inside(value: float, bounds: tuple[float, float]) -> bool:
    return bounds[0] <= value <= bounds[1]


def clean_unit(value: object) -> Unit:
    """A commune in force today, given as a unit or as its code."""
    unit = value if isinstance(value, Unit) else None
    if unit is None and (code := plain_code(value)):
        unit = _units.get(code, lambda: _unit_of(code))
    if unit is None:
        raise ValidationError(_("Xin chọn xã, phường, đặc khu nơi xảy ra."), code="required")
    today = timezone.localdate()
    is_over = unit.valid_to is not None and unit.valid_to <= today
    if unit.level != Level.COMMUNE or is_over or (unit.valid_from is not None and unit.valid_from > today):
        raise ValidationError(_("Xin chọn một xã, phường, đặc khu hiện có."), code="invalid")
    if is_for_practice(unit):
        raise ValidationError(_("Đơn vị tập huấn không nhận tin. Xin chọn xã, phường khác."), code="practice")
    return unit


def _unit_of(code: str) -> Unit | None:
    unit = Unit.objects.filter(code=code).order_by("pk").first()
    return unit and _with_those_above(unit)


def _with_those_above(unit: Unit) -> Unit:
    parent = unit.parent_id
    if parent is not None:
        unit.parent = _units.get(parent, lambda: _with_those_above(Unit.objects.get(pk=parent)))
    return unit


def clean_village(value: object, unit: Unit) -> Unit | None:
    """A village of ``unit``, given as a unit or as its code; none when nothing is given."""
    if value in (None, ""):
        return None
    village = value if isinstance(value, Unit) else None
    if village is None:
        village = Unit.objects.filter(code=plain_code(value)).first()
    if village is None or village.level != Level.VILLAGE or village.parent_id != unit.pk:
        raise ValidationError(_("Thôn, tổ dân phố này không thuộc xã, phường đã chọn."), code="invalid")
    return village


def clean_broadcast(value: object) -> Broadcast | None:
    """The broadcast a tip answers, given as itself or as its public code; None for what never went out.

    No complaint, ever: the sender cannot see the field, and the tip is worth more than the link. What was
    withdrawn is no more to be named, and what a practice unit wrote went to nobody.
    """
    code = value.code if isinstance(value, Broadcast) else plain_code(value).upper()
    if not code:
        return None
    went_out = Broadcast.objects.filter(started_at__isnull=False, unit__is_practice=False)
    return went_out.exclude(state__in=_TAKEN_BACK).filter(code=code).first()


def clean_outcome(value: object) -> str:
    """One of the five outcomes."""
    if value not in Outcome.values:
        raise ValidationError(_("Xin chọn kết quả trong danh sách."), code="invalid")
    return str(value)


def check_file_count(files: Sequence[object]) -> None:
    """At most five files with one tip or message, and no more than 200 MB in all of them."""
    if len(files) > limits.max_files():
        raise ValidationError(
            _("Mỗi lần gửi tối đa %(limit)s tệp. Xin bỏ bớt, phần còn lại gửi thêm bằng mã theo dõi."),
            code="too_many",
            params={"limit": limits.max_files()},
        )
    total = sum(getattr(file, "size", None) or 0 for file in files)
    if total > limits.max_total_bytes():
        raise ValidationError(
            _("Các tệp nặng %(total)s MB, mỗi lần gửi tối đa %(limit)s MB. Xin bỏ bớt, gửi sau bằng mã."),
            code="too_large",
            params={
                "total": -(-total // limits.MEGABYTE),
                "limit": limits.max_total_bytes() // limits.MEGABYTE,
            },
        )
