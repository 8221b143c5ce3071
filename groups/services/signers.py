"""Whose key signed an event: one look-up of the account, or none while it is fresh in memory."""

import time
from typing import Any, NamedTuple

from groups.models import OfficialAccount
from groups.zalo import signature
from groups.zalo.events import account_ids, as_id

# How long a key that was changed or taken away may still be accepted, by this process.
FRESH_SECONDS = 2.0
MOST_REMEMBERED = 10_000


class Signer(NamedTuple):
    """An account and its keys as the database had them. ``account_id`` is None for one nobody connected."""

    account_id: int | None
    oa_id: str
    app_id: str
    secret: str


_remembered: dict[str, tuple[float, Signer]] = {}


def signer_of(header: str | None, raw_body: bytes, body: dict[str, Any]) -> Signer | None:
    """The account whose key signed ``raw_body`` (``body`` parsed), or None: then nobody we know did.

    An account's keys are remembered for ``FRESH_SECONDS``. A signature they do not fit is judged again by
    the database's word, so a new key works at once and only an old one lingers, that long. An account
    without a key accepts nothing.
    """
    ids = account_ids(body)
    for oa_id in ids:
        signer = _recall(oa_id)
        if signer and signature.is_signed(header, raw_body, body, signer.app_id, signer.secret):
            return signer
    signer = _read(ids, as_id(body.get("app_id"))) if header else None
    if signer is None or not signature.is_signed(header, raw_body, body, signer.app_id, signer.secret):
        return None
    if signer.account_id is not None:
        _remember(signer)
    return signer


def forget() -> None:
    """Read every account anew, for tests and after a change in this process."""
    _remembered.clear()


def _recall(oa_id: str) -> Signer | None:
    read_at, signer = _remembered.get(oa_id, (0.0, None))
    return signer if time.monotonic() - read_at < FRESH_SECONDS else None


def _remember(signer: Signer) -> None:
    if len(_remembered) >= MOST_REMEMBERED:
        _remembered.clear()
    _remembered[signer.oa_id] = (time.monotonic(), signer)


def _read(ids: list[str], app_id: str) -> Signer | None:
    """The account with one of ``ids``; failing that, any of the app: they share webhook and key."""
    rows = OfficialAccount.objects.values_list("pk", "oa_id", "app_id", "oa_secret")
    found = {row[1]: Signer(*row) for row in rows.filter(oa_id__in=ids)}
    known = next((found[oa_id] for oa_id in ids if oa_id in found), None)
    if known is not None or not app_id:
        return known
    # Refused, such events would have the whole app's webhook switched off.
    sibling = rows.filter(app_id=app_id).order_by("-pk").first()
    return Signer(None, next(iter(ids), ""), sibling[2], sibling[3]) if sibling else None
