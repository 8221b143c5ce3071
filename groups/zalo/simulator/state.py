"""What the simulated platform knows: accounts, groups, messages, uploads and a clock that tests can move.

Everything runs in one event loop, so there are no locks. Whether a message is accepted is decided in
``posting``, what happens to groups and their assets in ``groups`` and ``assets``; how the answer travels (and
gets lost) is the business of ``api`` and ``faults``.
"""

import random
import unicodedata
from collections import deque
from collections.abc import Callable
from typing import Any

from groups.zalo.simulator import assets, posting
from groups.zalo.simulator.clock import Clock
from groups.zalo.simulator.faults import FaultBoard
from groups.zalo.simulator.records import (
    DAY_MS,
    HOUR_MS,
    MINUTE_MS,
    Account,
    Asset,
    Group,
    Message,
    Refusal,
    Upload,
)
from groups.zalo.simulator.stats import Stats
from groups.zalo.simulator.switches import Switches

__all__ = ["Account", "Asset", "Clock", "Group", "Message", "Refusal", "Upload", "World"]

UPLOAD_LIFE_MS = 7 * DAY_MS
DUPLICATE_WINDOW_MS = 10 * MINUTE_MS
PAGE_CAP = 50


class World:
    """The whole simulated platform.

    ``is_open``: an account or group that nobody registered comes into being when first used, so that portal
    and simulator may start in any order. ``tell`` carries news of a group (event name, group, user ids) to
    whoever sends webhooks.
    """

    def __init__(self, *, is_open: bool = False, seed: int | None = None):
        self.is_open = is_open
        self.defaults: dict[str, str] = {}
        self.webhook_url = ""
        self.base_url = ""
        self.seed = seed
        self.clock = Clock()
        self.random = random.Random(seed)
        self.stats = Stats()
        self.switches = Switches()
        self.board = FaultBoard()
        self.tell: Callable[[str, Group, list[str]], None] = lambda name, group, users: None
        self.delay_ms = 0
        self.visible_after_ms = 0
        self.out_until = 0
        self.version = 0
        self.clear()

    def clear(self) -> None:
        """Forget accounts, groups, messages and uploads; settings and clock stay."""
        self.accounts: dict[str, Account] = {}
        self.groups: dict[str, Group] = {}
        self.deleted: set[str] = set()
        self.assets: dict[str, Asset] = {}
        self.uploads: dict[str, Upload] = {}
        self.people: dict[str, Any] = {}
        self.grants: dict[str, tuple[str, int]] = {}
        self.refresh_grants: dict[str, tuple[str, int]] = {}
        self.spent: set[str] = set()
        self.codes: dict[str, dict] = {}
        self._last_seen: dict[tuple[str, str, str], int] = {}
        self._seen_in_order: deque[tuple[int, tuple[str, str, str]]] = deque()
        self._posts_of_hour: dict[str, tuple[int, int]] = {}
        self.stats.clear()
        self.version += 1

    def restart(self) -> None:
        """As a new process would begin: everything forgotten, nothing broken, switches at their defaults.

        The dice start anew; the clock runs on from where it is (a moment that has passed stays passed).
        """
        self.clear()
        self.board.clear()
        self.clock.thaw()
        self.random.seed(self.seed)
        self.switches = Switches()
        self.delay_ms = self.visible_after_ms = self.out_until = 0

    def new_id(self) -> str:
        """20 hexadecimal digits, the form of group and message ids."""
        return f"{self.random.getrandbits(80):020x}"

    def new_number(self) -> str:
        """19 digits, the form of account and user ids."""
        return str(self.random.randrange(10**18, 9 * 10**18))

    def new_secret(self, size: int) -> str:
        """Hexadecimal digits of ``size`` bytes from the seeded dice: a simulation has nothing to hide."""
        return self.random.randbytes(size).hex()

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
        minute = now // MINUTE_MS
        if account.minute != minute:
            account.minute, account.used = minute, 0
        self.stats.note_account_call(account.oa_id, now, is_over=account.used >= account.rate_per_minute)
        if account.used >= account.rate_per_minute:
            raise Refusal(-32, "Your application reached limit call api")
        account.used += 1
        return account.rate_per_minute - account.used

    # --- Groups ------------------------------------------------------------------------------------------

    def register_group(self, group_id: str, oa_id: str, name: str = "", **settings) -> Group:
        """Add a group, or change the one that is there; messages stay."""
        group = self.groups.get(group_id)
        if group is None:
            group = Group(group_id, oa_id, name or f"Nhóm {group_id[-6:]}")
            self.groups[group_id] = group
            self.deleted.discard(group_id)
        group.oa_id = oa_id
        for key, value in {"name": name or group.name, **settings}.items():
            setattr(group, key, value)
        group.size = max(group.size, len(group.members) + 1)
        self.version += 1
        return group

    def group_of(self, account: Account, group_id: str) -> Group:
        """The account's group, or -201 (unknown, gone) / -403 (somebody else's)."""
        group = self.groups.get(group_id)
        if group is None and self.is_open and group_id and group_id not in self.deleted:
            return self.register_group(group_id, account.oa_id, is_learnt=True)
        if group is None or not assets.settle(self, group):
            raise Refusal(-201, "group_id is invalid!")
        if group.oa_id != account.oa_id:
            if not (self.is_open and group.is_learnt):
                raise Refusal(-403, "OA is not in group")
            group.oa_id = account.oa_id
        return group

    def groups_of(self, account: Account) -> list[Group]:
        owned = [group for group in self.groups.values() if group.oa_id == account.oa_id]
        return [group for group in owned if assets.settle(self, group)]

    # --- Messages ----------------------------------------------------------------------------------------

    def post(self, account: Account, group: Group, body: dict[str, Any]) -> Message:
        """Check a message body as the platform does, put it in the group, return it."""
        if group.status != "enabled":
            raise Refusal(-237, "group is disabled")
        draft = posting.read(self, account, body)
        self._count_post(group)
        rings = posting.rings(draft.text, group)
        return self.add_message(group, draft.text, from_id=account.oa_id, rings=rings, **draft.kind_fields)

    def add_message(
        self, group: Group, text: str, *, is_ours: bool = True, from_name: str = "", **fields: Any
    ) -> Message:
        """Put a message in a group and mark it when members have just read the same from the account."""
        now = self.clock.now()
        is_duplicate = is_ours and self._was_just_seen(group.group_id, text, fields.get("kind", "text"), now)
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
        self.stats.note_message(group.group_id, is_duplicate=is_duplicate, rings=message.rings)
        self.version += 1
        return message

    def _was_just_seen(self, group_id: str, text: str, kind: str, now: int) -> bool:
        """Whether members read the same from the account in the last ten minutes; remembers this one.

        Costs the same however many messages there are: what is too old leaves at the other end of a queue.
        """
        while self._seen_in_order and now - self._seen_in_order[0][0] >= DUPLICATE_WINDOW_MS:
            at, key = self._seen_in_order.popleft()
            if self._last_seen.get(key) == at:
                del self._last_seen[key]
        key = (group_id, kind, unicodedata.normalize("NFC", text).strip())
        was_seen = key in self._last_seen
        self._last_seen[key] = now
        self._seen_in_order.append((now, key))
        return was_seen

    def recall_messages(self, group: Group) -> None:
        """Count the messages of a group that was put back, and remember the latest as just read."""
        now = self.clock.now()
        for message in group.messages:
            self.stats.note_message(group.group_id, is_duplicate=message.is_duplicate, rings=message.rings)
            if message.is_ours and now - message.at < DUPLICATE_WINDOW_MS:
                self._was_just_seen(group.group_id, message.text, message.kind, message.at)

    def _count_post(self, group: Group) -> None:
        """A limit of posts for each group and hour, if there is one: nobody knows."""
        limit = self.switches.group_posts_per_hour
        if not limit:
            return
        hour = self.clock.now() // HOUR_MS
        counted, posts = self._posts_of_hour.get(group.group_id, (hour, 0))
        posts = posts if counted == hour else 0
        if posts >= limit:
            raise Refusal(-32, "Group reached its limit of messages")
        self._posts_of_hour[group.group_id] = (hour, posts + 1)

    # --- Uploads -----------------------------------------------------------------------------------------

    def add_upload(self, account: Account, content: bytes, purpose: str = "image") -> str:
        """Keep a file judged by its first bytes, as the platform does; returns its attachment id or token.

        ``purpose`` is the last word of the upload path: ``image``, ``gif`` or ``file``.
        """
        return self.keep(account.oa_id, content, posting.content_type_of(content, purpose))

    def keep(self, oa_id: str, content: bytes, content_type: str, name: str = "") -> str:
        """Keep bytes under a new id, without judging them."""
        attachment_id = self.new_id()
        self.uploads[attachment_id] = Upload(oa_id, content, content_type, self.clock.now(), name)
        return attachment_id

    def uploaded(self, account: Account, attachment_id: object) -> str:
        """The id again if it is the account's and fresh; -201 unknown, -100 older than seven days."""
        upload = self.uploads.get(attachment_id) if isinstance(attachment_id, str) else None
        if upload is None or upload.oa_id != account.oa_id:
            raise Refusal(-201, "attachment_id is invalid!")
        if self.clock.now() - upload.at > UPLOAD_LIFE_MS:
            raise Refusal(-100, "attachment_id is expired")
        return attachment_id
