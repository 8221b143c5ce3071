"""Pausing all sending of one account by hand, and letting it go on."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from broadcasts import tasks
from broadcasts.hints import hint
from broadcasts.models import Mailbox
from groups.enums import Role
from groups.models import OfficialAccount
from groups.permissions import DECIDING_ROLES, holds
from portal.audit.services import record
from portal.errors import NotAllowedError, WrongStateError
from portal.text import clean


def pause_mailbox(mailbox: Mailbox, *, actor: Any, reason: str) -> Mailbox:
    """No drain leases it until it is resumed; the one that holds it now ends within a minute."""
    _require(actor, mailbox)
    reason = clean(reason or "")[:200]
    if not reason:
        raise ValidationError({"reason": _("Xin nêu lý do.")})
    now = timezone.now()
    return _change(
        mailbox,
        "broadcasts.mailbox.paused",
        actor,
        was_paused=False,
        paused_at=now,
        paused_by=actor,
        pause_reason=reason,
    )


def resume_mailbox(mailbox: Mailbox, *, actor: Any) -> Mailbox:
    """Sending goes on with what waits."""
    _require(actor, mailbox)
    _change(
        mailbox,
        "broadcasts.mailbox.resumed",
        actor,
        was_paused=True,
        paused_at=None,
        paused_by=None,
        pause_reason="",
    )
    hint(tasks.drain)
    return mailbox


def pause_every_mailbox(*, reason: str) -> int:
    """Let nothing be sent until a person looks at each account; returns how many mailboxes were paused.

    For the system itself, after it put an older database back. An account without a mailbox gets one.
    """
    idle = OfficialAccount.objects.filter(mailbox=None)
    Mailbox.objects.bulk_create([Mailbox(account=account) for account in idle], ignore_conflicts=True)
    now = timezone.now()
    with transaction.atomic():
        running = list(Mailbox.objects.filter(paused_at=None).select_related("account__unit"))
        for mailbox in running:
            _change(
                mailbox,
                "broadcasts.mailbox.paused",
                None,
                was_paused=False,
                paused_at=now,
                pause_reason=reason,
            )
    return len(running)


def _change(mailbox: Mailbox, action: str, actor: Any, *, was_paused: bool, **fields: Any) -> Mailbox:
    with transaction.atomic():
        changed = Mailbox.objects.filter(pk=mailbox.pk, paused_at__isnull=not was_paused).update(**fields)
        if changed != 1:
            raise WrongStateError
        unit = mailbox.account.unit
        record(actor, action, mailbox, unit_path=unit.path, data={"oa_id": mailbox.account.oa_id})
    mailbox.refresh_from_db(fields=list(fields))
    return mailbox


def _require(actor: Any, mailbox: Mailbox) -> None:
    if not holds(actor, mailbox.account.unit, *DECIDING_ROLES, Role.ADMINISTRATOR):
        raise NotAllowedError
