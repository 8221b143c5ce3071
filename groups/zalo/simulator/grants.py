"""Access and refresh tokens of the simulated platform, and its token endpoint.

Refresh tokens work once and die when the answer is made, not when it is read. In open mode tokens describe
themselves (``demo-at-<oa id>-<n>``, ``demo-rt-<oa id>-<n>``), so that a portal that kept its tokens and a
simulator that lost its memory understand each other again.
"""

import base64
import hashlib
import re
from typing import Any

from groups.zalo.simulator.records import Account, Refusal
from groups.zalo.simulator.state import World

ACCESS_LIFE_SECONDS = 90_000
REFRESH_LIFE_MS = 90 * 24 * 3600 * 1000
CODE_LIFE_MS = 10 * 60 * 1000
SELF_DESCRIBING = re.compile(r"demo-(?P<kind>at|rt)-(?P<oa_id>[0-9A-Za-z_]{1,40})(?:-(?P<serial>\d{1,9}))?")


def account_of(world: World, token: str) -> Account:
    """The account an access token belongs to; -216 unknown or withdrawn, -220 expired."""
    grant = world.grants.get(token)
    if grant is None:
        grant = _described(world, token, "at")
    if grant is None or grant[0] not in world.accounts:
        raise Refusal(-216, "Access token is invalid")
    oa_id, expires_at = grant
    if world.clock.now() >= expires_at:
        raise Refusal(-220, "Access token is expired")
    return world.accounts[oa_id]


def grant(world: World, oa_id: str, access_token: str = "", refresh_token: str = "") -> None:
    """Make given tokens known, as the developer console's explorer hands them out."""
    now = world.clock.now()
    if access_token:
        world.grants[access_token] = (oa_id, now + ACCESS_LIFE_SECONDS * 1000)
    if refresh_token:
        world.refresh_grants[refresh_token] = (oa_id, now + REFRESH_LIFE_MS)
        world.spent.discard(refresh_token)


def expire(world: World, oa_id: str) -> None:
    """Let all access tokens handed out so far for an account run out; refresh tokens still work."""
    now = world.clock.now()
    account = world.register_account(oa_id)
    account.expired_up_to = account.serial
    for token, (owner, _expires_at) in list(world.grants.items()):
        if owner == oa_id:
            world.grants[token] = (owner, now)


def revoke(world: World, oa_id: str) -> None:
    """Withdraw the grant: every token of the account is void."""
    account = world.register_account(oa_id)
    account.expired_up_to = account.serial
    for table in (world.grants, world.refresh_grants):
        for token, (owner, _expires_at) in list(table.items()):
            if owner == oa_id:
                table[token] = ("", 0)
    account.is_revoked = True


def ages(world: World) -> list[dict[str, Any]]:
    """The tokens that still work, with the time they have left in ms, the next to end first."""
    now = world.clock.now()
    rows = [
        {"oa_id": oa_id, "kind": kind, "left_ms": expires_at - now, "token": token[-6:]}
        for kind, table in (("access", world.grants), ("refresh", world.refresh_grants))
        for token, (oa_id, expires_at) in table.items()
        if expires_at > now and token not in world.spent and oa_id in world.accounts
    ]
    return sorted(rows, key=lambda row: row["left_ms"])


def token_answer(world: World, form: dict[str, str], secret: str) -> dict[str, Any]:
    """What the token endpoint answers; a refusal carries ``error`` and no ``access_token``."""
    try:
        if form.get("grant_type") == "refresh_token":
            account = _spend_refresh_token(world, form, secret)
        elif form.get("grant_type") == "authorization_code":
            account = _spend_code(world, form, secret)
        else:
            raise Refusal(-14001, "Grant type is invalid")
    except Refusal as refusal:
        return {
            "error": refusal.code,
            "error_name": refusal.message,
            "error_reason": refusal.message,
            "error_description": refusal.message,
            "ref_doc": "",
        }
    return _new_pair(world, account)


def _new_pair(world: World, account: Account) -> dict[str, Any]:
    account.serial += 1
    account.is_revoked = False
    if world.is_open:
        access, refresh = (f"demo-{kind}-{account.oa_id}-{account.serial}" for kind in ("at", "rt"))
    else:
        access, refresh = world.new_secret(215), world.new_secret(215)
    grant(world, account.oa_id, access, refresh)
    world.version += 1
    life = ACCESS_LIFE_SECONDS if world.switches.expires_in_integer else str(ACCESS_LIFE_SECONDS)
    return {"access_token": access, "refresh_token": refresh, "expires_in": life}


def _spend_refresh_token(world: World, form: dict[str, str], secret: str) -> Account:
    token = form.get("refresh_token", "")
    known = world.refresh_grants.get(token) or _described(world, token, "rt")
    if known is None or token in world.spent or known[0] not in world.accounts:
        raise Refusal(world.switches.spent_refresh_code, "Refresh token is invalid")
    oa_id, expires_at = known
    if world.clock.now() >= expires_at:
        raise Refusal(world.switches.spent_refresh_code, "Refresh token is expired")
    _check_app(world.accounts[oa_id], form.get("app_id", ""), secret)
    world.spent.add(token)
    return world.accounts[oa_id]


def _spend_code(world: World, form: dict[str, str], secret: str) -> Account:
    issued = world.codes.pop(form.get("code", ""), None)
    if issued is None or world.clock.now() - issued["at"] > CODE_LIFE_MS:
        raise Refusal(-14005, "Authorization code is invalid")
    challenge = world.switches.fixed_challenge or issued["challenge"]
    if challenge and challenge_of(form.get("code_verifier", "")) != challenge:
        raise Refusal(-14006, "Code verifier is invalid")
    account = world.accounts[issued["oa_id"]]
    _check_app(account, form.get("app_id", ""), secret)
    return account


def challenge_of(verifier: str) -> str:
    """Base64url without padding of the SHA-256 of a PKCE verifier."""
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _check_app(account: Account, app_id: str, secret: str) -> None:
    """-14002 / -14004 when it is not the account's app; a learnt account takes any and remembers it."""
    if account.is_learnt:
        account.app_id = app_id
        return
    if account.app_id and app_id != account.app_id:
        raise Refusal(-14002, "App id is invalid")
    if account.app_secret and secret != account.app_secret:
        raise Refusal(-14004, "Secret key is invalid")


def _described(world: World, token: str, kind: str) -> tuple[str, int] | None:
    """Owner and end of life of a token that names its own account; None for others or in strict mode."""
    match = SELF_DESCRIBING.fullmatch(token) if world.is_open else None
    if match is None or match["kind"] != kind:
        return None
    oa_id, serial = match["oa_id"], int(match["serial"] or 0)
    account = world.accounts.get(oa_id) or world.register_account(oa_id)
    if account.is_revoked:
        return None
    account.serial = max(account.serial, serial)
    now = world.clock.now()
    if kind == "at" and serial <= account.expired_up_to:
        return oa_id, now
    known = (oa_id, now + (ACCESS_LIFE_SECONDS * 1000 if kind == "at" else REFRESH_LIFE_MS))
    (world.grants if kind == "at" else world.refresh_grants)[token] = known
    return known
