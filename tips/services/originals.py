"""Opening the original of a file: a right, a reason, a time limit, a trace, and its hash, every time.

What a phone wrote into a photo (where, when, which phone) may be what a court asks for, and may name the
sender. So the original is sealed like a contact and opens by the same rules.
"""

import base64
import hashlib
from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.audit.services import record
from portal.crypto.errors import CryptoError
from portal.errors import WrongStateError
from tips import permissions, validators
from tips.enums import EventKind, EvidenceState
from tips.evidence import read
from tips.models import Evidence, Original, OriginalGrant
from tips.services import leaves
from tips.services.changes import Step, require
from tips.validators import keyed

# Never what a scanner called dangerous.
OPENABLE = (EvidenceState.READY, EvidenceState.FAILED)


class DamagedOriginalError(WrongStateError):
    """The stored original is not what was received: changed, cut or gone."""

    default = gettext_lazy("Bản gốc không còn khớp mã băm lúc nhận. Xin báo quản trị hệ thống.")


def original_of(evidence: Evidence) -> Original | None:
    """The sealed original of a file, if there is one that may be opened at all."""
    if evidence.state not in OPENABLE:
        return None
    return Original.objects.filter(evidence=evidence, sealed_key__isnull=False).first()


def open_original(evidence: Evidence, *, actor: Any, reason: str) -> OriginalGrant:
    """Leave to download an original for a quarter of an hour, to somebody who may.

    Chiefs and supervisors give it to themselves; an officer, and everybody for a tip that is or was
    restricted, needs the leave of a second person first (``grant_original``). Raises NotAllowedError, or
    ValidationError keyed ``reason``.
    """
    require(original_of(evidence) is not None and permissions.can_open_original(actor, evidence))
    opened = (EventKind.ORIGINAL_OPENED, "tips.original.opened")
    return _give(evidence, *opened, actor=actor, user=actor, reason=_reason(reason))


def grant_original(evidence: Evidence, *, actor: Any, user: Any, reason: str) -> OriginalGrant:
    """Let another officer open an original within a quarter of an hour; never oneself.

    Raises NotAllowedError, or ValidationError keyed ``user`` or ``reason``.
    """
    require(original_of(evidence) is not None and permissions.can_decide(actor, evidence.tip))
    why = _reason(reason)
    leaves.check_colleague(evidence.tip, actor=actor, user=user)
    granted = (EventKind.ORIGINAL_GRANTED, "tips.original.granted")
    return _give(evidence, *granted, actor=actor, user=user, reason=why)


def live_grant(evidence: Evidence, user: Any) -> OriginalGrant | None:
    """The leave this person asked for with a reason and may use now, if any."""
    return evidence.grants.live_for(user).filter(granted_by=user).order_by("-until").first()


def download_original(evidence: Evidence, *, actor: Any) -> Iterator[bytes]:
    """The bytes as they were received, compared with their hash before the first one is handed out.

    Raises NotAllowedError without a live grant or without the private key in this process, and
    DamagedOriginalError when the bytes are not what was received.
    """
    original = original_of(evidence)
    require(original is not None and permissions.can_handle(actor, evidence.tip))
    require(live_grant(evidence, actor) is not None)
    key = _key(original)
    if not _is_intact(original, key, evidence.original_sha256):
        _trace(evidence, actor, "tips.original.damaged")
        raise DamagedOriginalError
    stream = read(original.path, key)
    _trace(evidence, actor, "tips.original.downloaded")
    return stream


def _reason(reason: str) -> str:
    return keyed("reason", validators.clean_reveal_reason, reason)


def _key(original: Original) -> str:
    key = leaves.opened(original.sealed_key, refusal=_("Máy chủ này không giữ khóa mở bản gốc."))
    return base64.b64encode(key).decode("ascii")


def _is_intact(original: Original, key: str, sha256: str) -> bool:
    digest = hashlib.sha256()
    try:
        for chunk in read(original.path, key):
            digest.update(chunk)
    except (CryptoError, FileNotFoundError):
        return False
    return digest.hexdigest() == sha256


def _give(
    evidence: Evidence, kind: EventKind, action: str, *, actor: Any, user: Any, reason: str
) -> OriginalGrant:
    step = Step(kind, action, facts={"evidence": evidence.public_id})
    return leaves.give(evidence.grants, evidence.tip, actor=actor, user=user, reason=reason, step=step)


def _trace(evidence: Evidence, actor: Any, action: str) -> None:
    tip = evidence.tip
    record(actor, action, tip, unit_path=tip.handler.path, data={"evidence": evidence.public_id})
