"""Asking for leave to open a contact: the second person says yes or no, within a day."""

import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from groups.permissions import DECIDING_ROLES, paths, paths_q
from groups.services.conflicts import one_of_two
from portal.audit.services import record
from portal.errors import WrongStateError
from tips import permissions, validators
from tips.enums import EventKind
from tips.models import IdentityGrant, IdentityRequest, OriginalGrant, Tip, TipEvent
from tips.querysets import naming, words_of
from tips.services.changes import check_version, require
from tips.services.escalation import people_in_charge
from tips.services.identity import give_leave
from tips.services.letters import Letter, send_once
from tips.validators import keyed

# After this long the reason may no longer hold: it is asked anew.
LASTS = datetime.timedelta(hours=24)
MAILED_AT_ONCE = 200


def ask(tip: Tip, *, actor: Any, version: int, reason: str) -> IdentityRequest:
    """Ask those who decide for leave to open the contact; asking twice is one question.

    Raises NotAllowedError, WrongStateError for an anonymous tip or one whose contact this person may open
    anyway, ValidationError keyed ``reason``.
    """
    check_version(tip, version)
    require(permissions.can_handle(actor, tip))
    why = keyed("reason", validators.clean_reveal_reason, reason)
    if tip.is_anonymous or permissions.can_reveal(actor, tip):
        raise WrongStateError(_("Tin này không cần xin phép: ẩn danh, hoặc anh/chị đang được xem."))
    now = timezone.now()
    with one_of_two():
        old = IdentityRequest.objects.filter(tip=tip, user=actor, decided_at=None)
        old.filter(until__lte=now).update(decided_at=now, is_granted=False)
        waiting = old.filter(until__gt=now).first()
        if waiting is not None:
            return waiting
        made = IdentityRequest.objects.create(
            tip=tip, user=actor, reason=why, asked_at=now, until=now + LASTS
        )
        facts = {"user": actor.get_username(), "until": made.until.isoformat()}
        TipEvent.objects.create(tip=tip, kind=EventKind.ASKED, actor=actor, at=now, note=why, data=facts)
        record(actor, "tips.contact.asked", tip, unit_path=tip.handler.path, data=facts)
    return made


def decide(request: IdentityRequest, *, actor: Any, is_granted: bool, reason: str) -> IdentityGrant | None:
    """The second person's answer; a yes is leave for a quarter of an hour from now.

    Never about one's own question. Raises NotAllowedError, WrongStateError when it was answered or ran out,
    ValidationError keyed ``reason``.
    """
    tip = request.tip
    require(permissions.can_decide(actor, tip) and actor.pk != request.user_id)
    why = keyed("reason", validators.clean_reason, reason)
    if is_granted and not permissions.can_handle(request.user, tip):
        raise ValidationError({"reason": _("Người này không còn được mở tin.")})
    now = timezone.now()
    with one_of_two():
        waiting = IdentityRequest.objects.filter(pk=request.pk, decided_at=None, until__gt=now)
        if waiting.update(decided_at=now, decided_by=actor, is_granted=is_granted) != 1:
            raise WrongStateError
        if is_granted:
            return give_leave(tip, actor=actor, user=request.user, reason=why)
        facts = {"user": request.user.get_username()}
        TipEvent.objects.create(tip=tip, kind=EventKind.REFUSED, actor=actor, at=now, note=why, data=facts)
        record(actor, "tips.contact.refused", tip, unit_path=tip.handler.path, data=facts)
    return None


def waiting_for(user: Any) -> QuerySet[IdentityRequest]:
    """Questions this person can answer: about tips they decide on, not their own."""
    visible = Tip.objects.visible_to(user).filter(paths_q(paths(user, *DECIDING_ROLES), "handler__path"))
    rows = IdentityRequest.objects.filter(decided_at=None, until__gt=timezone.now(), tip__in=visible)
    rows = rows.exclude(user=user).select_related("tip__handler", "user")
    return rows.defer(*words_of("tip")).order_by("pk")


def mail_waiting(now: datetime.datetime | None = None) -> int:
    """Tell those who can answer a question that it waits: one mail a person, without a word of the tip."""
    now = now or timezone.now()
    rows = IdentityRequest.objects.filter(decided_at=None, mailed_at=None, until__gt=now)
    return send_once(
        rows.select_related("tip__handler").order_by("pk")[:MAILED_AT_ONCE],
        people=lambda row: people_in_charge(row.tip, besides=row.user_id),
        letter=_letter,
        now=now,
    )


def openings(user: Any) -> QuerySet[IdentityGrant]:
    """Every leave and opening in the units this person leads, restricted tips too; none about themselves."""
    own = paths_q(paths(user, *DECIDING_ROLES), "tip__handler__path")
    rows = IdentityGrant.objects.filter(own & ~Q(tip__in=naming(user)))
    return rows.select_related("tip__handler", "user", "granted_by").defer(*words_of("tip"))


def _letter(number: int) -> Letter:
    return Letter(
        subject=_("Có đề nghị xem thông tin người báo chờ quyết định"),
        text=_(
            "%(number)d đề nghị chờ anh/chị quyết định trong 24 giờ. Nội dung chỉ xem được sau khi đăng nhập."
        )
        % {"number": number},
        path=reverse("desk:openings"),
    )


def original_openings(user: Any) -> QuerySet[OriginalGrant]:
    """The same for originals of files, newest first."""
    own = paths_q(paths(user, *DECIDING_ROLES), "evidence__tip__handler__path")
    rows = OriginalGrant.objects.filter(own & ~Q(evidence__tip__in=naming(user)))
    rows = rows.select_related("evidence__tip__handler", "user", "granted_by")
    return rows.defer(*words_of("evidence__tip")).order_by("-pk")
