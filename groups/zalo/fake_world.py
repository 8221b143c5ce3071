"""What the fakes of one process share: groups, people, slots, messages, and how the next calls shall end.

Rules are as few as tests need, and the same as the simulator's: the contract suite holds both to them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from itertools import count as counter

from groups.zalo.errors import ZaloError, classify
from groups.zalo.records import AccountProfile, Asset, ConversationItem, GroupInfo, GroupSettings, Member

SLOT_SIZE = 100
SLOT_ENDS = date(2026, 12, 31)


@dataclass(frozen=True, slots=True)
class Posted:
    """One message as the members of a group see it."""

    group_id: str
    text: str
    message_id: str
    attachment_id: str = ""
    file_token: str = ""
    at: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def item(self) -> ConversationItem:
        """The message as a list shows it; files show up as links."""
        kind = "photo" if self.attachment_id else "link" if self.file_token else "text"
        return ConversationItem(self.message_id, True, kind, self.text, self.at, self.group_id)


@dataclass(frozen=True, slots=True)
class PrivateMessage:
    """One answer as the person sees it."""

    user_id: str
    text: str
    message_id: str
    attachment_id: str = ""
    file_token: str = ""
    at: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def item(self) -> ConversationItem:
        """The message as a list shows it."""
        return Posted("", self.text, self.message_id, self.attachment_id, self.file_token, self.at).item


@dataclass(slots=True)
class Person:
    """Someone who has met the account."""

    name: str = "Người dân"
    is_follower: bool = True
    last_interaction_at: datetime = field(default_factory=lambda: datetime.now(UTC))


@dataclass(slots=True)
class Failure:
    """A scripted end for the next calls it matches. ``delivered``: the call takes effect all the same."""

    error: ZaloError
    times: int
    group_id: str
    delivered: bool


class FakeWorld:
    """Groups, messages and scripted failures shared by all fakes of this process."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget everything."""
        self.sent: list[Posted] = []
        self.sent_private: list[PrivateMessage] = []
        self.people: dict[str, Person] = {}
        self.uploads: dict[str, bytes] = {}
        self.groups: dict[str, GroupInfo] = {}
        self.members: dict[str, list[Member]] = {}
        self.pending: dict[str, list[Member]] = {}
        self.admins: dict[str, list[str]] = {}
        self.assets: dict[str, Asset] = {}
        self.profile = AccountProfile("2000000000000000002", "OA giả", 2, True, "", "")
        self.is_open = True
        self._failures: list[Failure] = []
        self._ids = counter(1)

    def add_group(
        self, group_id: str, name: str = "Nhóm", *, members: int = 30, status: str = "enabled"
    ) -> GroupInfo:
        """Make a group known. From now on unknown groups are refused, as the real host does."""
        self.is_open = False
        link = f"https://zalo.me/g/{group_id[:9]}"
        group = GroupInfo(
            group_id, name, status, members, link, max_members=SLOT_SIZE, settings=GroupSettings()
        )
        self.groups[group_id] = group
        return group

    def add_person(self, user_id: str, name: str = "Người dân", *, is_follower: bool = True) -> None:
        """Someone meets the account."""
        self.people[user_id] = Person(name, is_follower)

    def add_asset(self, asset_id: str, *, group_id: str = "") -> None:
        """Give the account a slot for one group of 100."""
        kind = f"gmf{SLOT_SIZE}"
        self.assets[asset_id] = Asset(asset_id, kind, "sub_quota", SLOT_ENDS, False, not group_id, group_id)

    def fail_next(
        self, error: ZaloError, *, times: int = 1, group_id: str = "", delivered: bool = False
    ) -> None:
        """Raise ``error`` from the next ``times`` calls, of one group or of any."""
        self._failures.append(Failure(error, times, group_id, delivered))

    def texts_of(self, group_id: str) -> list[str]:
        """What the group shows, oldest first."""
        return [posted.text for posted in self.sent if posted.group_id == group_id]

    def next_id(self) -> str:
        """A fresh id in Zalo's form: 20 hexadecimal digits."""
        return f"{next(self._ids):020x}"

    def scripted(self, group_id: str) -> Failure | None:
        """The failure this call must end in, used up by one."""
        for failure in self._failures:
            if failure.times > 0 and failure.group_id in ("", group_id):
                failure.times -= 1
                return failure
        return None

    # --- Rules -------------------------------------------------------------------------------------------

    def group(self, group_id: str) -> GroupInfo:
        """A group of the account; -201 for any other, unless no group was ever made known."""
        group = self.groups.get(group_id)
        if group is None and not self.is_open:
            raise classify(-201, "group_id is invalid!")
        return group or GroupInfo(group_id, "Nhóm", "enabled", 0, "")

    def person(self, user_id: str) -> Person:
        """Someone the account has met, else -201."""
        person = self.people.get(user_id)
        if person is None and not self.is_open:
            raise classify(-201, "user_id is invalid!")
        return person or Person()

    def uploaded(self, upload_id: str) -> str:
        """The id of an upload, or -201."""
        if upload_id not in self.uploads:
            raise classify(-201, "attachment_id is invalid!")
        return upload_id

    def take_asset(self, asset_id: str, group_id: str) -> Asset:
        """Put a free slot under a group: -238 unknown, -241 under another group."""
        asset = self.assets.get(asset_id)
        if asset is None:
            raise classify(-238, "asset is used or disabled")
        if asset.group_id not in ("", group_id):
            raise classify(-241, "asset is already used")
        self.assets[asset_id] = replace(asset, is_available=False, group_id=group_id)
        return asset

    def invited(self, user_ids: Sequence[str]) -> list[Member]:
        """People who may be put into a group; -213 for the first who never met the account."""
        strangers = [user_id for user_id in user_ids if user_id not in self.people]
        if strangers:
            raise classify(-213, "user is not follower")
        return [Member(user_id, self.people[user_id].name, False) for user_id in user_ids]

    def admit(self, group_id: str, members: Sequence[Member]) -> None:
        """Put people into a group; who is in already stays once."""
        inside = self.members.setdefault(group_id, [])
        new = [member for member in members if member not in inside]
        inside += new
        group = self.groups[group_id]
        self.groups[group_id] = replace(group, members=(group.members or 0) + len(new))

    def waiting(self, group_id: str, user_ids: Sequence[str]) -> list[Member]:
        """Take people off the list of those who asked to join; -201 when somebody has not asked."""
        asked = [member for member in self.pending.get(group_id, []) if member.user_id in user_ids]
        if len(asked) != len(user_ids):
            raise classify(-201, "member_user_ids is invalid!")
        self.pending[group_id] = [member for member in self.pending[group_id] if member not in asked]
        return asked

    def inside(self, group_id: str, user_ids: Sequence[str]) -> list[Member]:
        """Members of a group; -201 when somebody is none."""
        members = [member for member in self.members.get(group_id, []) if member.user_id in user_ids]
        if len(members) != len(user_ids):
            raise classify(-201, "member_user_ids is invalid!")
        return members


world = FakeWorld()
