"""Several tips of one matter: joining them in a case, taking a wrongly joined one out again.

Every receipt keeps working throughout: a duplicate has its own thread, shows how far its matter is, and what
its sender adds is heard at the main tip (``additions``).
"""

import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.audit.services import record
from tips import deadlines, permissions
from tips.enums import ENDED, OPEN, Category, EventKind, Priority, TipStatus
from tips.models import Case, Tip, TipEvent
from tips.services import alarms
from tips.services.cases import keep_together, result_for
from tips.services.changes import Step, apply, check_version, reload, require
from tips.services.clock import kept_running
from tips.services.handling import add_public
from tips.services.reading import by_id
from tips.services.states import IN_HAND, Act

# In the facts of a step: the tip went with another one, nobody decided about itself.
ALONG = "along"


def merge(tip: Tip, *, actor: Any, version: int, into: Tip) -> Tip:
    """Say that a tip tells of the same matter as ``into``: one case, all receipts keep working.

    Tips that were joined with ``tip`` before come along, as far as the actor may see them; the others are
    taken out of the case. All are from now on as confidential as ``into``, and it is as urgent as the most
    urgent of them. Who told of what has ended already reads how. The step on the time line says
    what ``unmerge`` needs to put everything back. Raises ValidationError keyed ``into``.
    """
    check_version(tip, version)
    require(permissions.can_lead(actor, tip))
    now = timezone.now()
    with transaction.atomic():
        # In one order for everybody, so that two merges never wait for each other.
        rows = Tip.objects.select_related("handler").select_for_update(of=("self",), no_key=True)
        locked = {row.pk: row for row in rows.filter(pk__in=[tip.pk, into.pk]).order_by("pk")}
        if problem := _problem(tip, locked[into.pk], actor):
            raise ValidationError({"into": problem})
        case = _case_of(locked[into.pk])
        facts = {
            "into": into.public_id,
            "was": tip.status,
            "case": locked[tip.pk].case_id,
            "brought": _bring_along(locked[tip.pk], case, actor=actor, into=into),
        }

        def also() -> None:
            add_public(
                tip,
                actor=actor,
                text=_("Tin này cùng sự việc với một tin đã nhận. Công an xử lý chung, kết quả báo tại đây."),
                at=now,
            )
            keep_together(into, actor=actor)
            _tell_result(locked[into.pk], tip, actor=actor, at=now)
            _raise_to(locked[into.pk], Priority(tip.priority), actor=actor)

        return apply(
            tip,
            act=Act.MERGE,
            actor=actor,
            version=version,
            values={"status": TipStatus.DUPLICATE, "case": case, "closed_at": now},
            step=Step(EventKind.MERGED, "tips.tip.merged", facts=facts),
            also=also,
        )


def merge_by_id(tip: Tip, *, actor: Any, version: int, into: str) -> Tip:
    """``merge`` for who knows the number of the main tip; one they may not see does not exist."""
    found = by_id(Tip.objects.visible_to(actor), into.strip().upper()).select_related("handler").first()
    if found is None:
        raise ValidationError({"into": _("Không có tin với mã này.")})
    return merge(tip, actor=actor, version=version, into=found)


def unmerge(tip: Tip, *, actor: Any, version: int) -> Tip:
    """Take a wrongly joined tip out of its case: it is again what it was, with what it had brought along.

    Its deadline stays: time spent at the wrong matter is not given back. The sender is told.
    """
    check_version(tip, version)
    require(permissions.can_lead(actor, tip))
    now = timezone.now()
    joined = _joining(tip)
    facts = joined.data if joined else {}
    former = Case.objects.filter(pk=facts.get("case")).first()

    def also() -> None:
        if former is not None:
            _take_back(facts.get("brought", []), tip=tip, former=former, since=joined, actor=actor)
        add_public(
            tip,
            actor=actor,
            text=_("Tin này được xem xét riêng trở lại, không gộp với tin khác nữa. Kết quả báo tại đây."),
            at=now,
        )

    return apply(
        tip,
        act=Act.UNMERGE,
        actor=actor,
        version=version,
        values={"status": _before(tip, joined), "case": former, "closed_at": None},
        step=Step(EventKind.UNMERGED, "tips.tip.unmerged"),
        also=also,
    )


def _problem(tip: Tip, into: Tip, actor: Any) -> str:
    if into.pk == tip.pk:
        return _("Không thể ghép tin với chính nó.")
    if not permissions.can_handle(actor, into):
        return _("Không có tin với mã này.")
    if into.status in (TipStatus.DUPLICATE, TipStatus.SPAM):
        return _("Tin này đã được ghép hoặc là tin rác. Xin chọn tin chính của vụ việc.")
    if (into.category == Category.CAN_BO) != (tip.category == Category.CAN_BO):
        return _("Phản ánh về cán bộ không ghép với tin khác loại.")
    if into.is_restricted != tip.is_restricted:
        return _("Tin chỉ nhóm hạn chế được mở không ghép với tin khác loại.")
    if tip.named_ids - into.named_ids:
        return _("Tin này đã ghi tên cán bộ: xin ghi tên ở tin kia trước, hoặc ghép tin kia vào tin này.")
    return ""


def _tell_result(main: Tip, tip: Tip, *, actor: Any, at: datetime.datetime) -> None:
    """A matter that has ended is not ended again: the sender of ``tip`` reads now what came of it."""
    if main.status in ENDED and main.public_reason:
        text = result_for(main, reload(tip), main.public_reason)
        add_public(tip, actor=actor, text=text, at=at)


def _raise_to(main: Tip, level: Priority, *, actor: Any) -> None:
    """Let a locked main tip be as urgent as what was joined with it, whose alarm has just gone silent."""
    if main.status not in OPEN or level >= main.priority:
        return
    now = timezone.now()
    due = deadlines.deadline(
        priority=level, since=now, received=main.received_at, is_opened=main.status in IN_HAND
    )
    values = kept_running(main, {"priority": level, "deadline": min(due, main.deadline or due)})
    Tip.objects.filter(pk=main.pk).update(version=F("version") + 1, **values)
    facts = {"category": [main.category] * 2, "priority": [int(main.priority), int(level)]}
    TipEvent.objects.create(tip=main, kind=EventKind.RECLASSIFIED, actor=actor, at=now, data=facts)
    record(actor, "tips.tip.reclassified", main, unit_path=main.handler.path, data=facts)
    alarms.follow(main, values)


def _case_of(tip: Tip) -> Case:
    """The case of a locked tip, opened when it has none."""
    if tip.case is None:
        tip.case = Case.objects.create(unit_id=tip.handler_id)
        tip.save(update_fields=["case"])
    return tip.case


def _joining(tip: Tip) -> TipEvent | None:
    """The step that made a tip a duplicate; what it went through with its main tip is none."""
    steps = tip.events.filter(kind=EventKind.MERGED).exclude(data__has_key=ALONG)
    return steps.order_by("-id").first()


def _before(tip: Tip, joined: TipEvent | None) -> str:
    """The state of a duplicate before; one that since went to another unit with its case begins there."""
    if joined is None:
        return TipStatus.NEW
    if tip.events.filter(pk__gt=joined.pk, data__has_key="handler").exists():
        return TipStatus.TRANSFERRED
    was = joined.data.get("was")
    return was if was in OPEN else TipStatus.NEW


def _bring_along(tip: Tip, case: Case, *, actor: Any, into: Tip) -> list[str]:
    """Move what was joined with ``tip`` to the case it now belongs to; returns the ids of what was moved.

    What the actor may not see is nobody's duplicate any more: it is again what it was before.
    """
    if tip.case_id in (None, case.pk):
        return []
    others = Tip.objects.filter(case=tip.case_id).exclude(pk=tip.pk)
    seen = set(others.visible_to(actor).values_list("pk", flat=True))
    facts = {"into": into.public_id, ALONG: True}
    brought = []
    for other in _locked(others):
        if other.pk in seen:
            _write(other, EventKind.MERGED, actor=actor, facts=facts, case=case)
            brought.append(other.public_id)
        elif other.status == TipStatus.DUPLICATE:
            status = _before(other, _joining(other))
            _write(other, EventKind.UNMERGED, actor=None, facts={}, case=None, status=status, closed_at=None)
    return brought


def _take_back(brought: list[str], *, tip: Tip, former: Case, since: TipEvent, actor: Any) -> None:
    """Return what came along to its former case, unless somebody decided otherwise about it since."""
    later = TipEvent.objects.filter(pk__gt=since.pk, kind__in=(EventKind.MERGED, EventKind.UNMERGED))
    decided = later.exclude(data__has_key=ALONG)
    stayed = Tip.objects.filter(public_id__in=brought, status=TipStatus.DUPLICATE, case=tip.case_id)
    for other in _locked(stayed.exclude(pk__in=decided.values("tip"))):
        _write(other, EventKind.UNMERGED, actor=actor, facts={ALONG: True}, case=former)


def _locked(tips: QuerySet[Tip]) -> list[Tip]:
    rows = tips.select_related("handler").select_for_update(of=("self",), no_key=True)
    return list(rows.order_by("pk"))


def _write(tip: Tip, kind: EventKind, *, actor: Any, facts: dict[str, Any], **values: Any) -> None:
    """Change a locked tip that goes with another: its own step, its own audit entry."""
    Tip.objects.filter(pk=tip.pk, version=tip.version).update(version=F("version") + 1, **values)
    TipEvent.objects.create(tip=tip, kind=kind, actor=actor, at=timezone.now(), data=facts)
    record(actor, f"tips.tip.{kind}", tip, unit_path=tip.handler.path, data=facts)
