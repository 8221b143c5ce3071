"""Proof that a sender took some trouble, asked for only where tips come in a flood.

A network that used up its tips of the hour, or every network while ``TIP_PROOF_ALWAYS`` is on, gets its form
back once more with a task of its own. With JavaScript the browser works for a second or two (a hash with
enough leading zeros over the task, found by a script of ours); without it the sender waits a minute. A task
lasts an hour and is good for one tip. Nothing is asked of a third party, and of the network only the counters
of ``tips.throttling`` are known.
"""

import hashlib
import secrets
from dataclasses import dataclass

from django.conf import settings
from django.core import signing
from django.core.cache import cache
from django.http import HttpRequest

from tips import receipts, throttling

# Some 130,000 hashes: half a second on a desktop, a few seconds on an old phone.
WORK_BITS = 17
WAIT_SECONDS = 60
WAIT_LASTS_SECONDS = 3600
MAX_NONCE = 20
# Between the form's token and what tells its tasks apart; no token holds it.
_PART = "~"
_wait_signer = signing.TimestampSigner(salt="tips.wait")


@dataclass(frozen=True)
class Task:
    """What the page asks for: work over ``wait``, or ``wait`` itself sent back when it is old enough."""

    wait: str
    bits: int = WORK_BITS


def admit(request: HttpRequest) -> Task | None:
    """Count one tip of this network, or say what has to be done first.

    Raises ``Throttled`` when a network sends too many even with proof.
    """
    if settings.TIP_PROOF_ALWAYS and not _is_proven(request):
        return _task_for(request)
    try:
        throttling.check(request, "tip")
    except throttling.Throttled:
        if not _is_proven(request):
            return _task_for(request)
        throttling.check(request, "proven")
    return None


def _is_proven(request: HttpRequest) -> bool:
    token, wait = request.POST.get("form_token", ""), request.POST.get("wait", "")
    if receipts.read_form_token(token) is None or not _began(wait, token):
        return False
    has_waited = not _began(wait, token, within=WAIT_SECONDS)
    if not has_waited and not has_worked(wait, request.POST.get("work", "")):
        return False
    return cache.add(_spent_key(wait), _sending(request), timeout=WAIT_LASTS_SECONDS) or _is_for(
        request, wait
    )


def _task_for(request: HttpRequest) -> Task:
    """The task of this form; a wait that has begun goes on, unless another tip has used it."""
    token = request.POST.get("form_token", "")
    begun = request.POST.get("wait", "")
    goes_on = _began(begun, token) and _is_for(request, begun)
    # Two tasks of one second are two tasks: the first may be spent.
    return Task(begun if goes_on else _wait_signer.sign(f"{token}{_PART}{secrets.token_hex(4)}"))


def _is_for(request: HttpRequest, wait: str) -> bool:
    """Whether no other tip has used this task; sending the same one again is no other."""
    sending = _sending(request)
    return cache.get(_spent_key(wait), sending) == sending


def _spent_key(wait: str) -> str:
    return f"proof:{hashlib.sha256(wait.encode()).hexdigest()}"


def _sending(request: HttpRequest) -> str:
    """What the tip of this request is known by, as a digest."""
    token, category, unit = (request.POST.get(name, "") for name in ("form_token", "category", "unit"))
    return receipts.form_token_digest(receipts.sending_of_form(token, category=category, unit_code=unit))


def has_worked(wait: str, nonce: str) -> bool:
    """Whether SHA-256 of ``wait:nonce`` begins with ``WORK_BITS`` zero bits."""
    if not nonce or len(nonce) > MAX_NONCE:
        return False
    digest = hashlib.sha256(f"{wait}:{nonce}".encode()).digest()
    return int.from_bytes(digest, "big") >> (len(digest) * 8 - WORK_BITS) == 0


def _began(wait: str, token: str, *, within: int = WAIT_LASTS_SECONDS) -> bool:
    try:
        return _wait_signer.unsign(wait, max_age=within).partition(_PART)[0] == token
    except signing.BadSignature:
        return False
