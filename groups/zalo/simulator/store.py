"""Keeps the simulated world in one JSON file, so that a demonstration survives a restart.

Written beside and renamed, at most every few seconds and when the simulator stops: a kill in between loses
the last moments of a demonstration, never the file.
"""

import base64
import json
import logging
import os
from dataclasses import fields
from pathlib import Path
from typing import Any

from groups.zalo.simulator.people import Person, key_of
from groups.zalo.simulator.records import Account, Asset, Group, Message, Upload
from groups.zalo.simulator.state import World

logger = logging.getLogger(__name__)

FORMAT = 3
MESSAGES_KEPT = 100
UPLOADS_KEPT = 100


class Store:
    """One file for one world."""

    def __init__(self, path: Path):
        self.path = path
        self._saved_version = -1

    def load(self, world: World) -> bool:
        """Fill ``world`` from the file; an unreadable or older file counts as none."""
        try:
            document = json.loads(self.path.read_bytes())
            restore(world, document)
        except FileNotFoundError:
            return False
        except (ValueError, KeyError, TypeError) as error:
            logger.warning("state file %s not used: %s", self.path.name, type(error).__name__)
            world.clear()
            return False
        self._saved_version = world.version
        return True

    def save(self, world: World) -> bool:
        """Write the world if it changed since the last time."""
        if world.version == self._saved_version:
            return False
        self.path.parent.mkdir(parents=True, exist_ok=True)
        beside = self.path.with_suffix(".new")
        beside.write_text(json.dumps(snapshot(world), ensure_ascii=False))
        os.replace(beside, self.path)
        self._saved_version = world.version
        return True


def snapshot(world: World) -> dict[str, Any]:
    """The world as JSON: the newest messages of each group and the newest uploads."""
    uploads = list(world.uploads.items())[-UPLOADS_KEPT:]
    return {
        "format": FORMAT,
        "clock_offset_ms": world.clock.offset_ms,
        "accounts": [_plain(account) for account in world.accounts.values()],
        "groups": [
            _plain(group) | {"messages": [_plain(message) for message in group.messages[-MESSAGES_KEPT:]]}
            for group in world.groups.values()
        ],
        "deleted": sorted(world.deleted),
        "assets": [_plain(asset) for asset in world.assets.values()],
        "switches": world.switches.as_dict(),
        "people": [
            _plain(person) | {"messages": [_plain(message) for message in person.messages[-MESSAGES_KEPT:]]}
            for person in world.people.values()
        ],
        "uploads": {
            key: _plain(upload) | {"content": base64.b64encode(upload.content).decode()}
            for key, upload in uploads
        },
        "grants": world.grants,
        "refresh_grants": world.refresh_grants,
        "spent": sorted(world.spent),
    }


def copy_of(document: dict[str, Any]) -> dict[str, Any]:
    """A snapshot of its own: the world goes on changing the lists of one, and restoring takes one apart."""
    return json.loads(json.dumps(document))


def restore(world: World, document: dict[str, Any]) -> None:
    """Put a snapshot back; counters of messages and duplicates are counted anew, faults are off.

    The clock never goes back: tokens and hours that have passed stay passed. ``ValueError`` on a document of
    another format, before anything is touched.
    """
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise ValueError("other format")
    world.clear()
    world.board.clear()
    world.clock.offset_ms = max(document["clock_offset_ms"], world.clock.offset_ms)
    for row in document["accounts"]:
        world.accounts[row["oa_id"]] = Account(**row)
    for row in document["groups"]:
        messages = [Message(**message) for message in row.pop("messages")]
        group = Group(**row, messages=messages)
        world.groups[group.group_id] = group
        world.recall_messages(group)
    world.deleted = set(document["deleted"])
    world.assets = {row["asset_id"]: Asset(**row) for row in document["assets"]}
    world.switches.set(**document["switches"])
    for row in document["people"]:
        messages = [Message(**message) for message in row.pop("messages")]
        person = Person(**row, messages=messages)
        world.people[key_of(person.oa_id, person.user_id)] = person
    for key, row in document["uploads"].items():
        world.uploads[key] = Upload(**(row | {"content": base64.b64decode(row["content"])}))
    world.grants = {token: tuple(known) for token, known in document["grants"].items()}
    world.refresh_grants = {token: tuple(known) for token, known in document["refresh_grants"].items()}
    world.spent = set(document["spent"])


def _plain(row: Any) -> dict[str, Any]:
    """A flat dataclass as a dict; unlike ``asdict`` it copies nothing."""
    return {item.name: getattr(row, item.name) for item in fields(row)}
