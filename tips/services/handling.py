"""Taking a tip, giving it to somebody, answering, noting."""

import datetime
from collections.abc import Sequence
from functools import partial
from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _

from tips import deadlines, permissions, validators
from tips.enums import EventKind, MessageKind, Priority, TipStatus
from tips.evidence import attach, stored_uploads
from tips.models import Message, Tip
from tips.services import attention
from tips.services.changes import Step, apply, check_version, require
from tips.services.states import Act
from tips.validators import keyed


def accept(tip: Tip, *, actor: Any, version: int) -> Tip:
    """Take a tip: its sender sees that somebody has opened it. Who takes an unassigned tip gets it.

    Raises NotAllowedError, StaleVersionError, WrongStateError, like every function of this module.
    """
    require(permissions.can_handle(actor, tip))
    values = {"status": TipStatus.ACCEPTED, **_opened(tip)}
    if tip.assignee_id is None:
        values["assignee"] = actor
    step = Step(EventKind.ACCEPTED, "tips.tip.accepted")
    also = partial(attention.note_taken, tip, actor)
    return apply(tip, act=Act.ACCEPT, actor=actor, version=version, values=values, step=step, also=also)


def assign(tip: Tip, *, actor: Any, version: int, assignee: Any) -> Tip:
    """Give a tip to somebody who can handle it; that is also accepting it.

    Raises ValidationError keyed ``assignee`` when that person could not even see the tip.
    """
    check_version(tip, version)
    require(permissions.can_assign(actor, tip, assignee))
    if assignee is None or not permissions.can_handle(assignee, tip):
        raise ValidationError(
            {"assignee": _("Người này không thuộc đơn vị xử lý hoặc không được mở tin này.")}
        )
    values: dict[str, Any] = {"assignee": assignee}
    if tip.status != TipStatus.ANSWERED:
        values |= {"status": TipStatus.VERIFYING, **_opened(tip)}
    step = Step(EventKind.ASSIGNED, "tips.tip.assigned", facts={"assignee": assignee.get_username()})
    also = partial(attention.note_taken, tip, actor) if assignee == actor else None
    return apply(tip, act=Act.ASSIGN, actor=actor, version=version, values=values, step=step, also=also)


def start_verifying(tip: Tip, *, actor: Any, version: int) -> Tip:
    """Say that checking has begun."""
    require(permissions.can_handle(actor, tip))
    step = Step(EventKind.VERIFYING, "tips.tip.verifying")
    values = {"status": TipStatus.VERIFYING}
    return apply(tip, act=Act.VERIFY, actor=actor, version=version, values=values, step=step)


def reply(
    tip: Tip, *, actor: Any, version: int, text: str, files: Sequence[Any] = (), interim: bool = False
) -> Tip:
    """Answer the sender. Raises ValidationError keyed ``text`` or ``files``.

    An ``interim`` answer only says how far the matter is: the tip is being verified, as before or from now
    on. It keeps the promise of a first answer, which is to hear from us, and leaves the handling term alone.
    """
    require(permissions.can_handle(actor, tip))
    clean = keyed("text", validators.clean_message, text)
    check_version(tip, version)
    now = timezone.now()

    with stored_uploads(files) as stored:

        def also() -> None:
            message = add_public(tip, actor=actor, text=clean, at=now)
            attach(stored, tip=tip, message=message)

        status = TipStatus.VERIFYING if interim else TipStatus.ANSWERED
        values = {"status": status, "first_answer_at": tip.first_answer_at or now}
        kind = EventKind.INFORMED if interim else EventKind.REPLIED
        step = Step(kind, f"tips.tip.{kind}", facts={"files": len(stored)} if stored else {})
        return apply(tip, act=Act.REPLY, actor=actor, version=version, values=values, step=step, also=also)


def add_note(
    tip: Tip, *, actor: Any, version: int, text: str, files: Sequence[Any] = (), colleague: Any = None
) -> Tip:
    """Write an internal note; the sender never sees it, nor its files.

    "@name" asks a colleague to look, and so does ``colleague``, whom the note then names. Raises
    ValidationError keyed ``text`` (also for a name that may not open this tip), ``colleague`` or ``files``.
    """
    require(permissions.can_handle(actor, tip))
    clean = keyed("text", validators.clean_message, text)
    check_version(tip, version)
    named = attention.named_in(clean, tip=tip, actor=actor)
    if colleague is not None:
        attention.check_may_look(colleague, tip)
        clean += "\n" + _("Nhờ %(name)s xem.") % {"name": colleague.display_name}
        named = list(dict.fromkeys([*named, colleague]))

    with stored_uploads(files) as stored:

        def also() -> None:
            message = add_internal(tip, actor=actor, text=clean)
            attach(stored, tip=tip, message=message)
            attention.ask_to_look(message, named)

        facts: dict[str, Any] = {"files": len(stored)} if stored else {}
        if named:
            facts["named"] = [user.get_username() for user in named]
        step = Step(EventKind.NOTED, "tips.tip.noted", facts=facts)
        return apply(tip, act=Act.NOTE, actor=actor, version=version, step=step, also=also)


def add_public(tip: Tip, *, actor: Any, text: str, at: datetime.datetime) -> Message:
    """A message the sender will read, in the caller's transaction."""
    return Message.objects.create(tip=tip, kind=MessageKind.PUBLIC, author=actor, text=text, at=at)


def add_internal(tip: Tip, *, actor: Any, text: str, at: datetime.datetime | None = None) -> Message:
    """A note, in the caller's transaction."""
    now = at or timezone.now()
    return Message.objects.create(tip=tip, kind=MessageKind.NOTE, author=actor, text=text, at=now)


def _opened(tip: Tip) -> dict[str, Any]:
    """What being opened changes: the moment, and the minutes of a P0 tip become its handling term."""
    now = timezone.now()
    values: dict[str, Any] = {"accepted_at": tip.accepted_at or now}
    if tip.priority == Priority.P0 and tip.status in (TipStatus.NEW, TipStatus.TRANSFERRED):
        since = tip.received_at if tip.status == TipStatus.NEW else now
        values["deadline"] = deadlines.deadline(
            priority=tip.priority, since=since, received=tip.received_at, is_opened=True
        )
    return values
