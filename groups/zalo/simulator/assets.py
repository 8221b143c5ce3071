"""Assets: the paid slots groups live in, and what becomes of a group when its slot runs out.

Nothing waits for a timer: ``settle`` looks at the clock whenever a group is touched, and ``sweep`` does so
for all of them now and then, so that ``delete_group`` is told even when nobody asks.
"""

from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING

from groups.zalo.simulator.records import DAY_MS, Account, Asset, Group, Refusal

if TYPE_CHECKING:
    from groups.zalo.simulator.state import World

PRODUCTS = ("gmf10", "gmf50", "gmf100", "gmf1000")
QUOTA_TYPES = ("sub_quota", "purchase_quota", "reward_quota")
GRACE_MS = 45 * DAY_MS
YEAR_MS = 365 * DAY_MS
ASSETS_OF_A_NEW_ACCOUNT = 3
VIETNAM = timezone(timedelta(hours=7))


def day(at: int) -> str:
    """``DD/MM/YYYY`` in Viet Nam of milliseconds since 1970."""
    return datetime.fromtimestamp(at / 1000, UTC).astimezone(VIETNAM).strftime("%d/%m/%Y")


def register(world: "World", oa_id: str, asset_id: str = "", **settings) -> Asset:
    """Add an asset of an account, or change the one that is there; good for a year unless told."""
    asset = world.assets.get(asset_id)
    if asset is None:
        asset = Asset(asset_id or f"as_{world.new_id()}", oa_id, valid_until=world.clock.now() + YEAR_MS)
        world.assets[asset.asset_id] = asset
    if settings.get("product_type", asset.product_type) not in PRODUCTS:
        raise ValueError(f"product_type must be one of {', '.join(PRODUCTS)}")
    if settings.get("quota_type", asset.quota_type) not in QUOTA_TYPES:
        raise ValueError(f"quota_type must be one of {', '.join(QUOTA_TYPES)}")
    for key, value in settings.items():
        setattr(asset, key, value)
    world.version += 1
    return asset


def assets_of(world: "World", account: Account) -> list[Asset]:
    """The account's assets; in open mode an account that has none gets the few its package would hold."""
    owned = [asset for asset in world.assets.values() if asset.oa_id == account.oa_id]
    if not owned and world.is_open:
        owned = [register(world, account.oa_id) for _number in range(ASSETS_OF_A_NEW_ACCOUNT)]
    return owned


def asset_of(world: "World", group: Group) -> Asset:
    """The group's asset. A group registered without one lives in a slot of fitting size that never ends."""
    asset = world.assets.get(group.asset_id)
    if asset is not None:
        return asset
    fitting = next((name for name in PRODUCTS[2:] if group.size <= int(name[3:])), PRODUCTS[-1])
    until = world.clock.now() + YEAR_MS
    return Asset(f"as_{group.group_id[:6]}", group.oa_id, fitting, "sub_quota", until, True, group.group_id)


def is_alive(world: "World", asset: Asset) -> bool:
    return asset.auto_renew or world.clock.now() < asset.valid_until


def take(world: "World", account: Account, asset_id: object, group_id: str) -> Asset:
    """Put a free asset under a group. -238 unknown, run out or of somebody else; -241 under another group."""
    owned = {asset.asset_id: asset for asset in assets_of(world, account)}
    asset = owned.get(asset_id) if isinstance(asset_id, str) else None
    if asset is None or not is_alive(world, asset):
        raise Refusal(-238, "asset is used or disabled")
    if asset.used_by and asset.used_by != group_id:
        raise Refusal(-241, "asset is already used")
    asset.used_by = group_id
    return asset


def settle(world: "World", group: Group) -> bool:
    """Bring a group up to the clock: disabled when its asset has run out, gone 45 days later.

    Returns whether the group still exists.
    """
    asset = world.assets.get(group.asset_id)
    if asset is None or is_alive(world, asset):
        if group.auto_delete_at:
            group.status, group.auto_delete_at = "enabled", 0
        return True
    if not group.auto_delete_at:
        group.status = "disabled"
        group.auto_delete_at = asset.valid_until + GRACE_MS
        world.version += 1
    if world.clock.now() < group.auto_delete_at:
        return True
    remove(world, group)
    return False


def remove(world: "World", group: Group) -> None:
    """Dissolve a group, set its asset free, tell."""
    del world.groups[group.group_id]
    world.deleted.add(group.group_id)
    asset = world.assets.get(group.asset_id)
    if asset is not None:
        asset.used_by = ""
    world.version += 1
    world.tell("delete_group", group, [])


def sweep(world: "World") -> None:
    """Settle every group whose asset has run out."""
    for asset in list(world.assets.values()):
        if asset.used_by in world.groups and not is_alive(world, asset):
            settle(world, world.groups[asset.used_by])
