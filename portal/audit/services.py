"""Recording audit entries."""

import datetime
from typing import Any

from django.db import models
from django.utils import timezone

from portal.audit import registry
from portal.audit.models import AuditEntry
from portal.inserts import key_of


def record(
    actor: Any,
    action: str,
    target: models.Model | None = None,
    *,
    unit_path: str = "",
    data: dict[str, Any] | None = None,
    at: datetime.datetime | None = None,
) -> AuditEntry:
    """Write one entry in the caller's transaction, so that act and trace stand or fall together.

    ``actor`` is a user, or None for the system or an anonymous sender. ``target`` may offer
    ``audit_label`` (what readers see instead of ``str``) when its text is confidential.
    ``at`` is when the act is said to have happened, now if left out: a moment cut to the minute for a sender
    whom the exact second could give away. Raises ``KeyError`` for an action that no app registered.
    """
    made = entry(actor, action, target, unit_path=unit_path, data=data, at=at)
    made.save(force_insert=True)
    return made


def entry(
    actor: Any,
    action: str,
    target: models.Model | None = None,
    *,
    unit_path: str = "",
    data: dict[str, Any] | None = None,
    at: datetime.datetime | None = None,
) -> AuditEntry:
    """The entry that ``record`` writes, for ``portal.inserts.insert_with``: ``target`` may be a new row."""
    registry.require(action)
    known_actor = actor if getattr(actor, "pk", None) else None
    return AuditEntry(
        actor=known_actor,
        actor_name=str(known_actor)[:200] if known_actor else "",
        action=action,
        target_type=target._meta.label_lower if target is not None else "",
        target_id=key_of(target, as_text=True) if target is not None else "",
        target_label=str(getattr(target, "audit_label", target))[:200] if target is not None else "",
        unit_path=unit_path,
        data=data or {},
        at=at or timezone.now(),
    )
