"""The few facts we read from Zalo's answers, as plain values.

Ids stay strings (they exceed 2^53). Numbers and flags arrive as numbers or strings, depending on the call,
and are read leniently; a missing optional field is empty, never an error.
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Generic, TypeVar

Item = TypeVar("Item")
# A zero byte, and halves of a character.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class SentMessage:
    """Zalo's receipt for one message."""

    message_id: str


@dataclass(frozen=True, slots=True)
class PrivateQuota:
    """What Zalo said about the account's private messages; numbers are None where there is no cap."""

    kind: str = ""
    remaining: int | None = None
    total: int | None = None
    expires_on: date | None = None

    @classmethod
    def read(cls, raw: dict[str, Any]) -> "PrivateQuota":
        return cls(
            kind=text(raw.get("quota_type")),
            remaining=number_or_none(raw.get("remain")),
            total=number_or_none(raw.get("total")),
            expires_on=day(raw.get("expired_date")),
        )


@dataclass(frozen=True, slots=True)
class SentPrivate:
    """Zalo's receipt for one message to one person."""

    message_id: str
    quota: PrivateQuota = PrivateQuota()


@dataclass(frozen=True, slots=True)
class PrivateWindow:
    """When a person last acted towards the account (None: never), and how many answers are left (None: no
    cap)."""

    last_interaction_at: datetime | None
    remaining: int | None
    total: int | None

    @classmethod
    def read(cls, raw: dict[str, Any]) -> "PrivateWindow":
        reply, last = raw.get("cs_reply"), number(raw.get("last_interaction"))
        reply = reply if isinstance(reply, dict) else {}
        return cls(
            last_interaction_at=moment(last) if last > 0 else None,
            remaining=number_or_none(reply.get("remain")),
            total=number_or_none(reply.get("total")),
        )


@dataclass(frozen=True, slots=True)
class UserProfile:
    """A person as the account knows them; nothing of what they shared about themselves."""

    user_id: str
    name: str
    is_follower: bool
    last_interaction_on: date | None

    @classmethod
    def read(cls, raw: dict[str, Any]) -> "UserProfile":
        return cls(
            user_id=text(raw.get("user_id")),
            name=text(raw.get("display_name")),
            is_follower=flag(raw.get("user_is_follower")),
            last_interaction_on=day(raw.get("user_last_interaction_date")),
        )


@dataclass(frozen=True, slots=True)
class GroupSettings:
    """Who may do what in a group."""

    only_admins_write: bool = False
    joining_needs_approval: bool = True
    history_for_new_members: bool = False
    join_by_link: bool = True

    @classmethod
    def read(cls, raw: dict[str, Any]) -> "GroupSettings":
        return cls(
            only_admins_write=flag(raw.get("lock_send_msg")),
            joining_needs_approval=flag(raw.get("join_appr")),
            history_for_new_members=flag(raw.get("enable_msg_history")),
            join_by_link=flag(raw.get("enable_link_join")),
        )

    def as_fields(self) -> dict[str, bool]:
        """The settings under Zalo's names."""
        return {
            "lock_send_msg": self.only_admins_write,
            "join_appr": self.joining_needs_approval,
            "enable_msg_history": self.history_for_new_members,
            "enable_link_join": self.join_by_link,
        }


@dataclass(frozen=True, slots=True)
class GroupInfo:
    """One GMF group of the account.

    ``members`` counts people; Zalo's number has the account itself among them. It is None, and ``status``
    empty, where Zalo does not say. Lists leave out the slot (``asset_*``), the largest size (0), and the
    settings (None).
    """

    group_id: str
    name: str
    status: str
    members: int | None
    join_url: str
    description: str = ""
    max_members: int = 0
    dissolves_on: date | None = None
    asset_id: str = ""
    asset_valid_through: date | None = None
    asset_renews_itself: bool = False
    settings: GroupSettings | None = None

    @property
    def is_enabled(self) -> bool:
        """False only where Zalo says so."""
        return self.status != "disabled"

    @classmethod
    def read(
        cls,
        raw: dict[str, Any],
        *,
        asset: dict[str, Any] | None = None,
        settings: dict[str, Any] | None = None,
    ) -> "GroupInfo":
        asset, total = asset or {}, number_or_none(raw.get("total_member"))
        return cls(
            group_id=text(raw.get("group_id")),
            name=text(raw.get("name")),
            status=text(raw.get("status")),
            members=None if total is None else max(total - 1, 0),
            join_url=text(raw.get("group_link")),
            description=text(raw.get("group_description")),
            max_members=number(raw.get("max_member")),
            dissolves_on=day(raw.get("auto_delete_date")),
            asset_id=text(asset.get("asset_id")),
            asset_valid_through=day(asset.get("valid_through")),
            asset_renews_itself=flag(asset.get("auto_renew")),
            settings=GroupSettings.read(settings) if settings else None,
        )


@dataclass(frozen=True, slots=True)
class Asset:
    """A paid slot for one group. ``group_id``: the group that uses it."""

    asset_id: str
    kind: str
    source: str
    valid_through: date | None
    renews_itself: bool
    is_available: bool
    group_id: str

    @classmethod
    def read(cls, raw: dict[str, Any]) -> "Asset":
        return cls(
            asset_id=text(raw.get("asset_id")),
            kind=text(raw.get("product_type")),
            source=text(raw.get("quota_type")),
            valid_through=day(raw.get("valid_through")),
            renews_itself=flag(raw.get("auto_renew")),
            is_available=text(raw.get("status")) == "available",
            group_id=text(raw.get("used_id")),
        )


@dataclass(frozen=True, slots=True)
class Member:
    """Someone in a group; ``is_account`` for the official account itself."""

    user_id: str
    name: str
    is_account: bool

    @classmethod
    def read(cls, raw: dict[str, Any]) -> "Member":
        account_id = text(raw.get("oa_id"))
        return cls(account_id or text(raw.get("user_id")), text(raw.get("name")), bool(account_id))


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """One page of a list and the size of the whole, None when Zalo does not say."""

    items: list[Item]
    total: int | None
    offset: int


@dataclass(frozen=True, slots=True)
class ConversationItem:
    """One message in a group, or with one person (``group_id`` empty), as Zalo lists it, newest first."""

    message_id: str
    is_ours: bool
    kind: str
    text: str
    at: datetime
    group_id: str = ""

    @classmethod
    def read(cls, raw: dict[str, Any]) -> "ConversationItem":
        return cls(
            message_id=text(raw.get("message_id")),
            is_ours=number(raw.get("src"), default=1) == 0,
            kind=text(raw.get("type")),
            text=text(raw.get("message")),
            at=moment(raw.get("time")),
            group_id=text(raw.get("group_id")),
        )


@dataclass(frozen=True, slots=True)
class AccountProfile:
    """The official account behind a token. Type 4 is a state agency."""

    STATE_AGENCY = 4

    oa_id: str
    name: str
    oa_type: int
    is_verified: bool
    package: str
    package_valid_through: str

    @property
    def is_state_agency(self) -> bool:
        return self.oa_type == self.STATE_AGENCY

    @classmethod
    def read(cls, raw: dict[str, Any]) -> "AccountProfile":
        return cls(
            oa_id=text(raw.get("oa_id") or raw.get("oaid")),
            name=text(raw.get("name")),
            oa_type=number(raw.get("oa_type")),
            is_verified=flag(raw.get("is_verified")),
            package=text(raw.get("package_name")),
            package_valid_through=text(raw.get("package_valid_through_date")),
        )


@dataclass(frozen=True, slots=True)
class BotProfile:
    """The bot behind a token."""

    bot_id: str
    name: str

    @classmethod
    def read(cls, raw: dict[str, Any]) -> "BotProfile":
        return cls(text(raw.get("id")), text(raw.get("display_name")) or text(raw.get("account_name")))


def text(value: Any) -> str:
    """A string, a number as its digits, anything else as empty; without what no database takes."""
    if isinstance(value, str):
        return _UNSTORABLE.sub("", value)
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else ""


def number(value: Any, *, default: int = 0) -> int:
    """An integer from a number or a string of digits."""
    if isinstance(value, bool):
        return default
    try:
        return int(value)
    except (TypeError, ValueError, OverflowError):
        return default


def number_or_none(value: Any) -> int | None:
    """An integer from a number or a string of digits; None for anything else, such as "unlimited"."""
    digits = text(value)
    return int(digits) if digits.isdecimal() else None


def day(value: Any) -> date | None:
    """The date of ``31/12/2026``; None for what is none."""
    try:
        return datetime.strptime(text(value), "%d/%m/%Y").date()
    except ValueError:
        return None


def moment(value: Any) -> datetime:
    """The instant of milliseconds since 1970; the epoch itself for what cannot be an instant."""
    try:
        return datetime.fromtimestamp(number(value) / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return datetime.fromtimestamp(0, UTC)


def flag(value: Any) -> bool:
    """True for ``true``, ``"true"``, ``1`` and ``"1"``."""
    return value is True or text(value).lower() in {"true", "1"}
