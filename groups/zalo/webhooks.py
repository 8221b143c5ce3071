"""``POST /zalo/webhook/``: check who speaks, store, answer; the work comes later.

Zalo gives two seconds and switches the hook off when too many answers are no 200, so an event that nobody
knows is stored and thanked for like any other. What costs time, or may fail, happens in
``groups.services.inbox``.
"""

import hashlib
import time

import structlog
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from groups.services import inbox, signers
from groups.zalo import signature

logger = structlog.get_logger(__name__)

MOST_BYTES = 1_000_000
# Zalo's tries end after two hours; a day leaves room for its clock and for a hook that stood still.
OLDEST_MS = 24 * 3600 * 1000
NEWEST_MS = 10 * 60 * 1000


@csrf_exempt
@require_POST
def webhook(request: HttpRequest) -> HttpResponse:
    """200 for every genuine event, known or not, new or seen before.

    One for an account of ours that only another account's key signed is thanked for and kept nowhere: kept,
    it could stand in the way of the genuine one.
    """
    if _length(request) > MOST_BYTES:
        # The body stays where it is.
        return _refuse("too large", 413)
    raw_body = request.body
    try:
        body = signature.parse(raw_body)
    except signature.UnreadableBodyError:
        return _refuse("not JSON", 400, raw_body)
    signer = signers.signer_of(request.headers.get(signature.HEADER), raw_body, body)
    if signer is None:
        return _refuse("signature", 403, raw_body)
    sent_at_ms = signature.sent_at_ms(body) or 0
    if not -OLDEST_MS <= sent_at_ms - time.time() * 1000 <= NEWEST_MS:
        return _refuse("age", 403, raw_body)
    if signer.is_own:
        inbox.store(signer, body, raw_body)
    else:
        signers.flag(signer)
    return HttpResponse(b"", content_type="text/plain")


def _length(request: HttpRequest) -> int:
    try:
        return int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return 0


def _refuse(reason: str, status: int, raw_body: bytes = b"") -> HttpResponse:
    """Say no, and leave a trace that names nobody: the same body is recognised by its hash."""
    digest = hashlib.sha256(raw_body).hexdigest()[:16] if raw_body else ""
    logger.warning("webhook_refused", reason=reason, digest=digest)
    return HttpResponse(b"", content_type="text/plain", status=status)
