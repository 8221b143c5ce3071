"""The register of breaches of personal data: 72 hours from knowing to telling, checked by a second person."""

import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from groups.enums import Role
from groups.models import Posting, Unit
from groups.permissions import has_role
from portal.audit.services import record
from portal.errors import NotAllowedError, WrongStateError
from portal.mail import DEFERRED, SENT
from tips import deadlines, limits, receipts, validators
from tips.models import Breach
from tips.models.registers import REGISTER_ROLES
from tips.services.changes import require
from tips.services.letters import Letter, send
from tips.services.requests import can_keep
from tips.terms import TermKind
from tips.validators import keyed

WARNINGS = (48, 72)
MOST_PEOPLE = 100_000_000
State = Breach.State


def enter(
    *, actor: Any, unit: Unit, known_at: Any, what: Any, data: Any, people: Any, measures: Any
) -> Breach:
    """Write a breach down; the clock runs from when it was known. Raises ValidationError keyed."""
    require(can_keep(actor, unit))
    now = timezone.now()
    if not isinstance(known_at, datetime.datetime) or known_at > now:
        raise ValidationError({"known_at": _("Xin ghi lúc phát hiện, không ở tương lai.")})
    if isinstance(people, bool) or not isinstance(people, int) or not 0 <= people <= MOST_PEOPLE:
        raise ValidationError({"people": _("Xin chỉ ghi số, ví dụ 3. Chưa rõ thì ghi số ước tính.")})
    texts = {"what": what, "data": data, "measures": measures}
    said = {name: keyed(name, validators.clean_words, value) for name, value in texts.items()}
    with transaction.atomic():
        row = Breach.objects.create(
            code=receipts.new_public_id(),
            unit=unit,
            known_at=known_at,
            due_at=deadlines.due_now(TermKind.BREACH, since=known_at),
            people=people,
            entered_by=actor,
            **said,
        )
        record(actor, "tips.breach.entered", row, unit_path=unit.path, data={"due": row.due_at.isoformat()})
    return row


def notify(breach: Breach, *, actor: Any, notified_at: Any, reference: Any) -> Breach:
    """Note that the authority was told: by somebody else than who entered it, who thereby checked it.

    Raises NotAllowedError for the same person, ValidationError keyed ``notified_at`` or ``reference``.
    """
    require(can_keep(actor, breach.unit))
    if actor.pk == breach.entered_by_id:
        raise NotAllowedError(
            _("Người ghi sự cố không tự xác nhận đã báo. Xin người thứ hai kiểm tra và xác nhận.")
        )
    if not isinstance(notified_at, datetime.datetime) or not breach.known_at <= notified_at <= timezone.now():
        raise ValidationError({"notified_at": _("Lúc báo phải sau lúc phát hiện và không ở tương lai.")})
    number = keyed("reference", validators.clean_words, reference, limits.MAX_REFERENCE)
    values = {
        "state": State.NOTIFIED,
        "notified_at": notified_at,
        "reference": number,
        "notified_by": actor,
    }
    return _move(breach, actor, "notified", State.OPEN, values, {"late": notified_at > breach.due_at})


def close(breach: Breach, *, actor: Any, lessons: Any) -> Breach:
    """The matter is over: why it happened and what keeps it from happening again."""
    require(can_keep(actor, breach.unit))
    said = keyed("lessons", validators.clean_words, lessons)
    values = {"state": State.CLOSED, "closed_at": timezone.now(), "closed_by": actor, "lessons": said}
    return _move(breach, actor, "closed", State.NOTIFIED, values, {"late": breach.is_late})


def running_for(user: Any) -> QuerySet[Breach]:
    """Breaches this person sees whose clock runs, the next due first; costs no query without the register."""
    if not has_role(user, *REGISTER_ROLES):
        return Breach.objects.none()
    rows = Breach.objects.visible_to(user).running().select_related("unit")
    return rows.without_words().order_by("due_at", "pk")


def warn(now: datetime.datetime | None = None) -> int:
    """Mail administrators once 48 and 72 hours after a breach was known that nobody reported."""
    now = now or timezone.now()
    sent = 0
    for hours in WARNINGS:
        late = Breach.objects.filter(
            state=State.OPEN, warned_hours__lt=hours, known_at__lte=now - datetime.timedelta(hours=hours)
        )
        for breach in late.select_related("unit"):
            sent += _warn(breach, hours)
    return sent


def _warn(breach: Breach, hours: int) -> int:
    before = breach.warned_hours
    mine = Breach.objects.filter(pk=breach.pk, state=State.OPEN, warned_hours=before)
    if mine.update(warned_hours=hours) != 1:
        return 0
    administrators = Posting.objects.serving(breach.unit, Role.ADMINISTRATOR).exclude(user__email="")
    addresses = set(administrators.values_list("user__email", flat=True))
    text = _(
        "Một sự cố dữ liệu cá nhân đã qua %(hours)d giờ từ lúc phát hiện mà chưa báo cơ quan chuyên trách."
    )
    path = reverse("desk:breach", args=[breach.code])
    subject = (
        _("Quá 72 giờ chưa báo sự cố dữ liệu")
        if hours == WARNINGS[-1]
        else _("Sắp hết hạn báo sự cố dữ liệu")
    )
    became = send(dict.fromkeys(addresses, Letter(subject, text % {"hours": hours}, path)))
    if set(became.values()) == {DEFERRED}:
        Breach.objects.filter(pk=breach.pk, warned_hours=hours).update(warned_hours=before)
    else:
        record(None, "tips.breach.warned", breach, unit_path=breach.unit.path, data={"hours": hours})
    return list(became.values()).count(SENT)


def _move(breach: Breach, actor: Any, act: str, state: str, values: dict, facts: dict) -> Breach:
    with transaction.atomic():
        if Breach.objects.filter(pk=breach.pk, state=state).update(**values) != 1:
            raise WrongStateError
        record(actor, f"tips.breach.{act}", breach, unit_path=breach.unit.path, data=facts)
    return Breach.objects.select_related("unit", "entered_by", "notified_by", "closed_by").get(pk=breach.pk)
