"""The few facts we read from Zalo's answers, as plain values.

Ids stay strings (they exceed 2^53). Numbers and flags arrive as numbers or strings, depending on the call,
and are read leniently; a missing optional field is empty, never an error.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class SentMessage:
    """Zalo's receipt for one message."""

    message_id: str


@dataclass(frozen=True, slots=True)
class GroupInfo:
    """One GMF group of the account. ``members`` counts people and the account itself."""

    group_id: str
    name: str
    status: str
    members: int
    join_url: str

    @property
    def is_enabled(self) -> bool:
        return self.status == "enabled"

    @classmethod
    def read(cls, raw: dict[str, Any]) -> "GroupInfo":
        return cls(
            group_id=text(raw.get("group_id")),
            name=text(raw.get("name")),
            status=text(raw.get("status")) or "enabled",
            members=number(raw.get("total_member")),
            join_url=text(raw.get("group_link")),
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
    """One page of a list and the size of the whole."""

    items: list[Item]
    total: int
    offset: int


@dataclass(frozen=True, slots=True)
class ConversationItem:
    """One message in a group as Zalo lists it, newest first."""

    message_id: str
    is_ours: bool
    kind: str
    text: str
    at: datetime

    @classmethod
    def read(cls, raw: dict[str, Any]) -> "ConversationItem":
        return cls(
            message_id=text(raw.get("message_id")),
            is_ours=number(raw.get("src"), default=1) == 0,
            kind=text(raw.get("type")),
            text=text(raw.get("message")),
            at=moment(raw.get("time")),
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


def text(value: Any) -> str:
    """A string as it is, a number as its digits, anything else as empty."""
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else ""


def number(value: Any, *, default: int = 0) -> int:
    """An integer from a number or a string of digits."""
    if isinstance(value, bool):
        return default
    try:
        return int(value)
    except (TypeError, ValueError, OverflowError):
        return default


def moment(value: Any) -> datetime:
    """The instant of milliseconds since 1970; the epoch itself for what cannot be an instant."""
    try:
        return datetime.fromtimestamp(number(value) / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return datetime.fromtimestamp(0, UTC)


def flag(value: Any) -> bool:
    """True for ``true``, ``"true"``, ``1`` and ``"1"``."""
    return value is True or text(value).lower() in {"true", "1"}
