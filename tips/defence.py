"""Proof that a sender took some trouble, asked for only where tips come in a flood.

A network that used up its tips of the hour, or every network while ``TIP_PROOF_ALWAYS`` is on, gets its form
back once more. With JavaScript the browser works for a second or two (a hash with enough leading zeros over
the form's token, found by a script of ours); without it the sender waits a minute. Nothing is asked of a
third party, and of the network only the counters of ``tips.throttling`` are known.
"""

import hashlib
from dataclasses import dataclass

from django.conf import settings
from django.core import signing
from django.http import HttpRequest

from tips import receipts, throttling

# Some 130,000 hashes: half a second on a desktop, a few seconds on an old phone.
WORK_BITS = 17
WAIT_SECONDS = 60
WAIT_LASTS_SECONDS = 3600
MAX_NONCE = 20
_wait_signer = signing.TimestampSigner(salt="tips.wait")


@dataclass(frozen=True)
class Task:
    """What the page asks for: work over the form's token, or ``wait`` sent back when it is old enough."""

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
    token = request.POST.get("form_token", "")
    if receipts.read_form_token(token) is None:
        return False
    return has_worked(token, request.POST.get("work", "")) or _has_waited(token, request)


def _task_for(request: HttpRequest) -> Task:
    """The task of this form; a wait that has begun goes on."""
    token = request.POST.get("form_token", "")
    begun = request.POST.get("wait", "")
    return Task(begun if _began(begun, token) else _wait_signer.sign(token))


def has_worked(token: str, nonce: str) -> bool:
    """Whether SHA-256 of ``token:nonce`` begins with ``WORK_BITS`` zero bits."""
    if not nonce or len(nonce) > MAX_NONCE:
        return False
    digest = hashlib.sha256(f"{token}:{nonce}".encode()).digest()
    return int.from_bytes(digest, "big") >> (len(digest) * 8 - WORK_BITS) == 0


def _has_waited(token: str, request: HttpRequest) -> bool:
    wait = request.POST.get("wait", "")
    return _began(wait, token) and not _began(wait, token, within=WAIT_SECONDS)


def _began(wait: str, token: str, *, within: int = WAIT_LASTS_SECONDS) -> bool:
    try:
        return _wait_signer.unsign(wait, max_age=within) == token
    except signing.BadSignature:
        return False
