"""What the simulated platform knows: accounts, groups, messages, uploads and a clock that tests can move.

Everything runs in one event loop, so there are no locks. Rules that decide whether a message is accepted live
here; how the answer travels (and gets lost) is the business of ``api`` and ``faults``.
"""

import random
import time
import unicodedata
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from groups.zalo.simulator.stats import Stats

MAX_TEXT = 2000
MAX_IMAGE_BYTES = 1024 * 1024
UPLOAD_LIFE_MS = 7 * 24 * 3600 * 1000
DUPLICATE_WINDOW_MS = 10 * 60 * 1000
PAGE_CAP = 50
CONVERSATION_CAP = 10


class Refusal(Exception):
    """An ``error`` other than 0 in the envelope."""

    def __init__(self, code: int, message: str):
        super().__init__(code, message)
        self.code = code
        self.message = message


class Clock:
    """Milliseconds since 1970, movable forwards."""

    def __init__(self) -> None:
        self.offset_ms = 0

    def now(self) -> int:
        return int(time.time() * 1000) + self.offset_ms

    def advance(self, seconds: float) -> None:
        self.offset_ms += int(seconds * 1000)


@dataclass(slots=True)
class Account:
    """An official account with its app and its package. ``is_learnt``: made on first use in open mode."""

    oa_id: str
    name: str
    app_id: str = ""
    app_secret: str = ""
    oa_secret: str = ""
    oa_type: int = 2
    rate_per_minute: int = 100
    blocked_code: int = 0
    private_code: int = 0
    webhook_url: str = ""
    callback_url: str = ""
    serial: int = 0
    expired_up_to: int = -1
    is_revoked: bool = False
    is_learnt: bool = False
    is_hook_off: bool = False
    minute: int = 0
    used: int = 0


@dataclass(slots=True)
class Message:
    """One message as it stands in a group."""

    message_id: str
    text: str
    at: int
    kind: str = "text"
    attachment_id: str = ""
    from_id: str = ""
    from_name: str = ""
    is_ours: bool = True
    is_duplicate: bool = False


@dataclass(slots=True)
class Group:
    """A GMF group. ``is_learnt``: made on first use in open mode, so its owner may still change."""

    group_id: str
    oa_id: str
    name: str
    status: str = "enabled"
    size: int = 1
    is_learnt: bool = False
    members: list[dict[str, str]] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)


@dataclass(slots=True)
class Upload:
    """An uploaded picture or file."""

    oa_id: str
    content: bytes
    content_type: str
    at: int


class World:
    """The whole simulated platform.

    ``is_open``: an account or group that nobody registered comes into being when first used, so that portal
    and simulator may start in any order.
    """

    def __init__(self, *, is_open: bool = False, seed: int | None = None):
        self.is_open = is_open
        self.defaults: dict[str, str] = {}
        self.webhook_url = ""
        self.base_url = ""
        self.clock = Clock()
        self.random = random.Random(seed)
        self.stats = Stats()
        self.delay_ms = 0
        self.visible_after_ms = 0
        self.out_until = 0
        self.version = 0
        self.clear()

    def clear(self) -> None:
        """Forget accounts, groups, messages and uploads; settings and clock stay."""
        self.accounts: dict[str, Account] = {}
        self.groups: dict[str, Group] = {}
        self.uploads: dict[str, Upload] = {}
        self.people: dict[str, Any] = {}
        self.grants: dict[str, tuple[str, int]] = {}
        self.refresh_grants: dict[str, tuple[str, int]] = {}
        self.spent: set[str] = set()
        self.codes: dict[str, dict] = {}
        self.stats.clear()
        self.version += 1

    def new_id(self) -> str:
        """20 hexadecimal digits, the form of group and message ids."""
        return f"{self.random.getrandbits(80):020x}"

    @property
    def is_out(self) -> bool:
        """Whether the whole host is in an outage window."""
        return self.clock.now() < self.out_until

    # --- Accounts ----------------------------------------------------------------------------------------

    def register_account(self, oa_id: str, name: str = "", **settings) -> Account:
        """Add an account, or change the one that is there."""
        account = self.accounts.get(oa_id)
        if account is None:
            account = Account(oa_id, name or f"OA {oa_id[-6:]}", is_learnt=True, **self.defaults)
            self.accounts[oa_id] = account
        for key, value in {"name": name or account.name, **settings}.items():
            setattr(account, key, value)
        self.version += 1
        return account

    def count_call(self, account: Account) -> int:
        """Use one call of this minute; returns how many are left. -32 beyond the limit."""
        now = self.clock.now()
        minute = now // 60_000
        if account.minute != minute:
            account.minute, account.used = minute, 0
        self.stats.note_account_call(account.oa_id, now, is_over=account.used >= account.rate_per_minute)
        if account.used >= account.rate_per_minute:
            raise Refusal(-32, "Your application reached limit call api")
        account.used += 1
        return account.rate_per_minute - account.used

    # --- Groups ------------------------------------------------------------------------------------------

    def register_group(self, group_id: str, oa_id: str, name: str = "", **settings) -> Group:
        """Add a group, or change the one that is there; its messages stay."""
        group = self.groups.get(group_id)
        if group is None:
            group = Group(group_id, oa_id, name or f"Nhóm {group_id[-6:]}")
            self.groups[group_id] = group
        group.oa_id = oa_id
        for key, value in {"name": name or group.name, **settings}.items():
            setattr(group, key, value)
        group.size = max(group.size, len(group.members) + 1)
        self.version += 1
        return group

    def group_of(self, account: Account, group_id: str) -> Group:
        """The account's group, or -201 (unknown) / -403 (somebody else's)."""
        group = self.groups.get(group_id)
        if group is None and self.is_open and group_id:
            return self.register_group(group_id, account.oa_id, is_learnt=True)
        if group is None:
            raise Refusal(-201, "group_id is invalid!")
        if group.oa_id != account.oa_id:
            if not (self.is_open and group.is_learnt):
                raise Refusal(-403, "OA is not in group")
            group.oa_id = account.oa_id
        return group

    def groups_of(self, account: Account) -> list[Group]:
        return [group for group in self.groups.values() if group.oa_id == account.oa_id]

    # --- Messages ----------------------------------------------------------------------------------------

    def post(self, account: Account, group: Group, message: dict) -> Message:
        """Check a message body as the platform does, put it in the group, return it."""
        if group.status != "enabled":
            raise Refusal(-237, "group is disabled")
        text = message.get("text") or ""
        if not isinstance(text, str):
            raise Refusal(-201, "text is invalid!")
        kind, attachment_id = self._attachment(account, message.get("attachment"))
        if kind == "text" and not text.strip():
            raise Refusal(-201, "text is invalid!")
        if len(text) > MAX_TEXT:
            raise Refusal(-210, "text is over its limit")
        return self.add_message(group, text, kind=kind, attachment_id=attachment_id, from_id=account.oa_id)

    def add_message(
        self, group: Group, text: str, *, is_ours: bool = True, from_name: str = "", **fields: str
    ) -> Message:
        """Put a message in a group and mark it when members have just read the same from the account."""
        now = self.clock.now()
        recent = deque(group.messages, maxlen=30)
        normal = unicodedata.normalize("NFC", text).strip()
        is_duplicate = is_ours and any(
            earlier.is_ours
            and now - earlier.at < DUPLICATE_WINDOW_MS
            and unicodedata.normalize("NFC", earlier.text).strip() == normal
            and earlier.kind == fields.get("kind", "text")
            for earlier in recent
        )
        message = Message(
            self.new_id(),
            text,
            now,
            is_ours=is_ours,
            from_name=from_name,
            is_duplicate=is_duplicate,
            **fields,
        )
        group.messages.append(message)
        self.stats.note_message(group.group_id, is_duplicate=is_duplicate)
        self.version += 1
        return message

    def _attachment(self, account: Account, attachment: object) -> tuple[str, str]:
        """The kind and the upload of a message's attachment; ("text", "") without one."""
        if attachment is None:
            return "text", ""
        payload = attachment.get("payload") if isinstance(attachment, dict) else None
        if not isinstance(payload, dict):
            raise Refusal(-201, "attachment is invalid!")
        if attachment.get("type") == "file":
            return "file", self._uploaded(account, payload.get("token"))
        elements = payload.get("elements")
        if attachment.get("type") != "template" or payload.get("template_type") != "media":
            raise Refusal(-233, "message type is not supported")
        if not isinstance(elements, list) or len(elements) != 1 or not isinstance(elements[0], dict):
            raise Refusal(-201, "elements is invalid!")
        if elements[0].get("media_type") != "image":
            raise Refusal(-233, "message type is not supported")
        return "photo", self._uploaded(account, elements[0].get("attachment_id"))

    def _uploaded(self, account: Account, attachment_id: object) -> str:
        upload = self.uploads.get(attachment_id) if isinstance(attachment_id, str) else None
        if upload is None or upload.oa_id != account.oa_id:
            raise Refusal(-201, "attachment_id is invalid!")
        if self.clock.now() - upload.at > UPLOAD_LIFE_MS:
            raise Refusal(-100, "attachment_id is expired")
        return attachment_id

    def add_upload(self, account: Account, content: bytes) -> str:
        """Keep a picture, judged by its first bytes as the platform does; returns its attachment id."""
        if content.startswith(b"\x89PNG\r\n\x1a\n"):
            content_type = "image/png"
        elif content.startswith(b"\xff\xd8\xff"):
            content_type = "image/jpeg"
        else:
            raise Refusal(-201, "file is invalid!")
        if len(content) > MAX_IMAGE_BYTES:
            raise Refusal(-210, "file is over its limit")
        attachment_id = self.new_id()
        self.uploads[attachment_id] = Upload(account.oa_id, content, content_type, self.clock.now())
        return attachment_id
