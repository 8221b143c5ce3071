"""Several tips of one matter: joining them in a case, taking a wrongly joined one out again.

Every receipt keeps working throughout: a duplicate has its own thread, shows how far its matter is, and what
its sender adds is heard at the main tip (``additions``).
"""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from tips import permissions
from tips.enums import OPEN, Category, EventKind, TipStatus
from tips.models import Case, Tip, TipEvent
from tips.services.changes import Step, apply, check_version, require
from tips.services.handling import add_public
from tips.services.states import Act


def merge(tip: Tip, *, actor: Any, version: int, into: Tip) -> Tip:
    """Say that a tip tells of the same matter as ``into``: one case, all receipts keep working.

    Tips that were joined with ``tip`` before come along. The step on the time line says what ``unmerge``
    needs to put everything back. Raises ValidationError keyed ``into``.
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
            "brought": _bring_along(locked[tip.pk], case),
        }
        return apply(
            tip,
            act=Act.MERGE,
            actor=actor,
            version=version,
            values={"status": TipStatus.DUPLICATE, "case": case, "closed_at": now},
            step=Step(EventKind.MERGED, "tips.tip.merged", facts=facts),
            also=lambda: add_public(
                tip,
                actor=actor,
                text=_("Tin này cùng sự việc với một tin đã nhận. Công an xử lý chung, kết quả báo tại đây."),
                at=now,
            ),
        )


def unmerge(tip: Tip, *, actor: Any, version: int) -> Tip:
    """Take a wrongly joined tip out of its case: it is again what it was, with what it had brought along.

    Its deadline stays: time spent at the wrong matter is not given back. The sender is told.
    """
    check_version(tip, version)
    require(permissions.can_lead(actor, tip))
    now = timezone.now()
    joined = tip.events.filter(kind=EventKind.MERGED).order_by("-id").first()
    facts = joined.data if joined else {}
    former = Case.objects.filter(pk=facts.get("case")).first()
    before = facts.get("was") if facts.get("was") in OPEN else TipStatus.NEW

    def also() -> None:
        if former is not None:
            _take_back(facts.get("brought", []), tip=tip, former=former, since=joined)
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
        values={"status": before, "case": former, "closed_at": None},
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
    return ""


def _case_of(tip: Tip) -> Case:
    """The case of a locked tip, opened when it has none."""
    if tip.case is None:
        tip.case = Case.objects.create(unit_id=tip.handler_id)
        tip.save(update_fields=["case"])
    return tip.case


def _bring_along(tip: Tip, case: Case) -> list[str]:
    """Move what was joined with ``tip`` to the case it now belongs to; returns the ids of what was moved."""
    if tip.case_id in (None, case.pk):
        return []
    others = Tip.objects.filter(case=tip.case_id).exclude(pk=tip.pk)
    brought = list(others.order_by("pk").values_list("public_id", flat=True))
    others.update(case=case)
    return brought


def _take_back(brought: list[str], *, tip: Tip, former: Case, since: TipEvent) -> None:
    """Return what came along to its former case, unless somebody decided otherwise about it since."""
    later = TipEvent.objects.filter(pk__gt=since.pk, kind__in=(EventKind.MERGED, EventKind.UNMERGED))
    stayed = Tip.objects.filter(public_id__in=brought, status=TipStatus.DUPLICATE, case=tip.case_id)
    stayed.exclude(pk__in=later.values("tip")).update(case=former)
