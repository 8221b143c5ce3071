"""Accounts and groups from rows: sent to the control API, or left in a file by ``seed_demo``.

The file is read when it appears or changes, so that the portal's demo data and the simulator may be started
in any order: ``{"accounts": [{"oa_id": ...}], "groups": [{"group_id": ..., "oa_id": ..., "name": ...}]}``.
"""

import json
import logging
from pathlib import Path
from typing import Any

from groups.zalo.simulator import assets, grants
from groups.zalo.simulator.records import DAY_MS, GROUP_SWITCHES
from groups.zalo.simulator.state import World

logger = logging.getLogger(__name__)

ACCOUNT_SETTINGS = {
    "name": str,
    "app_id": str,
    "app_secret": str,
    "oa_secret": str,
    "oa_type": int,
    "rate_per_minute": int,
    "blocked_code": int,
    "private_code": int,
    "webhook_url": str,
    "callback_url": str,
    "refusals": dict,
    "events": list,
    "admins": list,
    "private_quota": int,
}
GROUP_SETTINGS = {
    "name": str,
    "status": str,
    "size": int,
    "members": list,
    "admins": list,
    "pending": list,
    "settings": dict,
    "description": str,
    "asset_id": str,
}
ASSET_SETTINGS = {"product_type": str, "quota_type": str, "valid_until": int, "auto_renew": bool}


def add_accounts(world: World, rows: Any) -> None:
    """Rows of ``oa_id`` and settings, with ``access_token`` and ``refresh_token`` if they shall be known.

    Raises ``ValueError`` on a row that makes no sense; rows before it stay.
    """
    for row in _rows(rows):
        account = world.register_account(required(row, "oa_id"), **_settings(row, ACCOUNT_SETTINGS))
        account.is_learnt = False
        grants.grant(world, account.oa_id, row.get("access_token", ""), row.get("refresh_token", ""))


def add_groups(world: World, rows: Any) -> None:
    """Rows of ``group_id``, ``oa_id`` and settings; an account nobody registered comes into being."""
    for row in _rows(rows):
        group_id, oa_id = required(row, "group_id"), required(row, "oa_id")
        settings = _settings(row, GROUP_SETTINGS)
        if "settings" in settings:
            settings["settings"] = GROUP_SWITCHES | settings["settings"]
        world.register_account(oa_id)
        group = world.register_group(group_id, oa_id, **settings)
        group.is_learnt = False
        if group.asset_id in world.assets:
            world.assets[group.asset_id].used_by = group_id


def add_assets(world: World, rows: Any) -> list[str]:
    """Rows of ``oa_id`` and settings, ``valid_days`` from now if wanted; returns the asset ids."""
    made = []
    for row in _rows(rows):
        settings = _settings(row, ASSET_SETTINGS)
        if "valid_days" in row:
            settings["valid_until"] = world.clock.now() + int(row["valid_days"] * DAY_MS)
        world.register_account(required(row, "oa_id"))
        made.append(assets.register(world, row["oa_id"], row.get("asset_id", ""), **settings).asset_id)
    return made


def required(row: dict[str, Any], name: str) -> str:
    """A non-empty string of a row; ids as numbers would lose digits beyond 2^53."""
    value = row.get(name)
    if not isinstance(value, str) or not value:
        raise ValueError(f"{name} is required and must be a string")
    return value


class SeedFile:
    """A file of rows, applied again whenever it has changed."""

    def __init__(self, path: Path):
        self.path = path
        self._seen = 0

    def forget(self) -> None:
        """Apply the file again even if it has not changed."""
        self._seen = 0

    def apply(self, world: World) -> bool:
        """Apply the file if it is new; a file that makes no sense is reported once and left alone."""
        try:
            changed = self.path.stat().st_mtime_ns
        except FileNotFoundError:
            return False
        if changed == self._seen:
            return False
        self._seen = changed
        try:
            rows = json.loads(self.path.read_bytes())
            add_accounts(world, rows.get("accounts", []))
            add_groups(world, rows.get("groups", []))
        except (ValueError, AttributeError) as error:
            logger.warning("seed file %s not applied: %s", self.path.name, error)
            return False
        return True


def _rows(rows: Any) -> list[dict[str, Any]]:
    rows = rows if isinstance(rows, list) else [rows]
    if not all(isinstance(row, dict) for row in rows):
        raise ValueError("a row must be an object")
    return rows


def _settings(row: dict[str, Any], known: dict[str, type]) -> dict[str, Any]:
    settings = {name: row[name] for name in known if name in row}
    for name, value in settings.items():
        if not isinstance(value, known[name]):
            raise ValueError(f"{name} must be of type {known[name].__name__}")
    return settings
