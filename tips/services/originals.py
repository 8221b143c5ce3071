"""Opening the original of a file: a right, a reason, a time limit, a trace, and its hash, every time.

What a phone wrote into a photo (where, when, which phone) may be what a court asks for, and may name the
sender. So the original is sealed like a contact and opens by the same rules.
"""

import base64
import datetime
import hashlib
from collections.abc import Iterator
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.audit.services import record
from portal.crypto.errors import CryptoError, NoPrivateKeyError
from portal.crypto.sealed import unseal
from portal.errors import NotAllowedError, WrongStateError
from tips import permissions, validators
from tips.enums import EventKind, EvidenceState
from tips.evidence import read
from tips.models import Evidence, Original, OriginalGrant, TipEvent
from tips.services.changes import require
from tips.validators import keyed

GRANT_LASTS = datetime.timedelta(minutes=15)
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

    Chiefs and supervisors give it to themselves; an officer, and everybody for a restricted category, needs
    the leave of a second person first (``grant_original``). Raises NotAllowedError, or ValidationError keyed
    ``reason``.
    """
    require(original_of(evidence) is not None and permissions.can_open_original(actor, evidence))
    return _record(evidence, actor=actor, user=actor, reason=_reason(reason))


def grant_original(evidence: Evidence, *, actor: Any, user: Any, reason: str) -> OriginalGrant:
    """Let another officer open an original within a quarter of an hour; never oneself.

    Raises NotAllowedError, or ValidationError keyed ``user`` or ``reason``.
    """
    require(original_of(evidence) is not None and permissions.can_decide(actor, evidence.tip))
    why = _reason(reason)
    if user == actor or not permissions.can_handle(user, evidence.tip):
        raise ValidationError({"user": _("Chọn một cán bộ khác được mở tin này.")})
    return _record(evidence, actor=actor, user=user, reason=why)


def live_grant(evidence: Evidence, user: Any) -> OriginalGrant | None:
    """The leave this person asked for with a reason and may use now, if any."""
    mine = evidence.grants.filter(user=user, granted_by=user, until__gt=timezone.now())
    return mine.order_by("-until").first()


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
    try:
        return base64.b64encode(unseal(original.sealed_key)).decode("ascii")
    except NoPrivateKeyError:
        raise NotAllowedError(_("Máy chủ này không giữ khóa mở bản gốc.")) from None


def _is_intact(original: Original, key: str, sha256: str) -> bool:
    digest = hashlib.sha256()
    try:
        for chunk in read(original.path, key):
            digest.update(chunk)
    except (CryptoError, FileNotFoundError):
        return False
    return digest.hexdigest() == sha256


def _record(evidence: Evidence, *, actor: Any, user: Any, reason: str) -> OriginalGrant:
    now = timezone.now()
    tip = evidence.tip
    with transaction.atomic():
        grant = OriginalGrant.objects.create(
            evidence=evidence,
            user=user,
            reason=reason,
            granted_by=actor,
            granted_at=now,
            until=now + GRANT_LASTS,
        )
        facts = {
            "evidence": evidence.public_id,
            "user": user.get_username(),
            "until": grant.until.isoformat(),
        }
        action, kind = "tips.original.opened", EventKind.ORIGINAL_OPENED
        if user != actor:
            action, kind = "tips.original.granted", EventKind.ORIGINAL_GRANTED
        TipEvent.objects.create(tip=tip, kind=kind, actor=actor, at=now, note=reason, data=facts)
        record(actor, action, tip, unit_path=tip.handler.path, data=facts)
    return grant


def _trace(evidence: Evidence, actor: Any, action: str) -> None:
    tip = evidence.tip
    record(actor, action, tip, unit_path=tip.handler.path, data={"evidence": evidence.public_id})
