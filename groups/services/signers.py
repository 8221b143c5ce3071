"""Whose key signed an event: one look-up of the account, or none while it is fresh in memory."""

import time
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.db.models import Q
from django.utils import timezone

from groups.models import OfficialAccount
from groups.zalo import signature
from groups.zalo.events import account_ids, as_id

# How long a key that was changed or taken away may still be accepted, by this process.
FRESH_SECONDS = 2.0
MOST_REMEMBERED = 10_000
# Accounts of one app whose keys are tried when an account's own does not fit.
MOST_SIBLINGS = 20
NOTE_EVERY = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Signer:
    """An account and its keys as the database had them.

    ``account_id`` is None for an account nobody connected. ``is_own`` is False when the account is ours and
    the key that fits is another's of its app: then nothing the event says may be believed.
    """

    account_id: int | None
    oa_id: str
    app_id: str
    secret: str = field(repr=False)
    is_own: bool = True

    def signed(self, header: str | None, raw_body: bytes, body: dict[str, Any]) -> bool:
        """Whether ``header`` was made with this key."""
        return signature.is_signed(header, raw_body, body, self.app_id, self.secret)


_remembered: dict[str, tuple[float, Signer]] = {}


def signer_of(header: str | None, raw_body: bytes, body: dict[str, Any]) -> Signer | None:
    """The account whose key signed ``raw_body`` (``body`` parsed), or None: then nobody we know did.

    An account's keys are remembered for ``FRESH_SECONDS``. A signature they do not fit is judged again by
    the database's word, so a new key works at once and only an old one lingers, that long. A key of another
    account of the same app is good for a 200 and nothing else: Zalo would switch the whole app's webhook off
    for one account whose key is missing or old here.
    """
    ids = account_ids(body)
    for oa_id in ids:
        signer = _recall(oa_id)
        if signer and signer.signed(header, raw_body, body):
            return signer
    if not header:
        return None
    signer = _read(ids)
    if signer is not None and signer.signed(header, raw_body, body):
        _remember(signer)
        return signer
    app_id = signer.app_id if signer else as_id(body.get("app_id"))
    for secret in _secrets_of(app_id):
        stranger = Signer(None, signer.oa_id if signer else next(iter(ids), ""), app_id, secret, not signer)
        if stranger.signed(header, raw_body, body):
            return stranger
    return None


def flag(signer: Signer) -> None:
    """Note that an account's own key does not fit what its app signs, for people to see."""
    now = timezone.now()
    known = OfficialAccount.objects.filter(oa_id=signer.oa_id)
    # A note as good as fresh is left alone, so that a flood writes nothing.
    known.filter(Q(key_misfit_at=None) | Q(key_misfit_at__lt=now - NOTE_EVERY)).update(key_misfit_at=now)


def forget() -> None:
    """Read every account anew: an account was changed in this process."""
    _remembered.clear()


def _recall(oa_id: str) -> Signer | None:
    read_at, signer = _remembered.get(oa_id, (0.0, None))
    return signer if time.monotonic() - read_at < FRESH_SECONDS else None


def _remember(signer: Signer) -> None:
    if len(_remembered) >= MOST_REMEMBERED:
        _remembered.clear()
    _remembered[signer.oa_id] = (time.monotonic(), signer)


def _read(ids: list[str]) -> Signer | None:
    """The account with one of ``ids``, the likeliest first."""
    rows = OfficialAccount.objects.filter(oa_id__in=ids).values_list("pk", "oa_id", "app_id", "oa_secret")
    found = {row[1]: Signer(*row) for row in rows}
    return next((found[oa_id] for oa_id in ids if oa_id in found), None)


def _secrets_of(app_id: str) -> list[str]:
    """The keys that accounts of an app have here, each once, the newest account's first."""
    if not app_id:
        return []
    rows = OfficialAccount.objects.filter(app_id=app_id).order_by("-pk")
    return list(dict.fromkeys(rows.values_list("oa_secret", flat=True)[:MOST_SIBLINGS]))
