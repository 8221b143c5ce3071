"""What the simulated platform keeps: plain rows, no rules. ``state.World`` holds them."""

from dataclasses import dataclass, field

MINUTE_MS = 60_000
HOUR_MS = 3600_000
DAY_MS = 24 * HOUR_MS


class Refusal(Exception):
    """An ``error`` other than 0 in the envelope."""

    def __init__(self, code: int, message: str):
        super().__init__(code, message)
        self.code = code
        self.message = message


@dataclass(slots=True)
class Account:
    """An official account with its app and its package. ``is_learnt``: made on first use in open mode.

    ``refusals``: error code by a piece of the path, for a package or a permission that is missing.
    ``events``: names (with ``*``) ticked in the console. ``admins``: user ids of the account's
    administrators. ``private_quota``: answers a month between 48 hours and 7 days after a person's last word.
    """

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
    refusals: dict[str, int] = field(default_factory=dict)
    events: list[str] = field(default_factory=lambda: ["*"])
    admins: list[str] = field(default_factory=list)
    private_quota: int = 2000
    private_used: int = 0
    private_month: str = ""


@dataclass(slots=True)
class Message:
    """One message as it stands in a group or a private chat.

    ``rings``: user ids whose phones ring because the text mentions them; ``["all"]`` for everyone.
    ``details``: strings that belong to the kind (coordinates, file name, address).
    """

    message_id: str
    text: str
    at: int
    kind: str = "text"
    attachment_id: str = ""
    from_id: str = ""
    from_name: str = ""
    is_ours: bool = True
    is_duplicate: bool = False
    rings: list[str] = field(default_factory=list)
    details: dict[str, str] = field(default_factory=dict)


GROUP_SWITCHES = {
    "lock_send_msg": False,
    "join_appr": True,
    "enable_msg_history": False,
    "enable_link_join": True,
}


@dataclass(slots=True)
class Group:
    """A GMF group. ``is_learnt``: made on first use in open mode, so its owner may still change.

    ``size`` counts the account and members nobody named; ``auto_delete_at`` is 0 while an asset is alive.
    """

    group_id: str
    oa_id: str
    name: str
    status: str = "enabled"
    size: int = 1
    is_learnt: bool = False
    members: list[dict[str, str]] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    description: str = ""
    avatar: str = ""
    asset_id: str = ""
    admins: list[str] = field(default_factory=list)
    pending: list[dict[str, str]] = field(default_factory=list)
    settings: dict[str, bool] = field(default_factory=lambda: dict(GROUP_SWITCHES))
    auto_delete_at: int = 0

    def has(self, user_id: str) -> bool:
        return any(member["user_id"] == user_id for member in self.members)


@dataclass(slots=True)
class Asset:
    """A paid slot for one group. ``valid_until`` in ms; renews itself for ever with ``auto_renew``."""

    asset_id: str
    oa_id: str
    product_type: str = "gmf100"
    quota_type: str = "sub_quota"
    valid_until: int = 0
    auto_renew: bool = False
    used_by: str = ""

    @property
    def cap(self) -> int:
        """How many may be in the group, the account among them."""
        return int(self.product_type.removeprefix("gmf"))


@dataclass(slots=True)
class Upload:
    """An uploaded picture or file."""

    oa_id: str
    content: bytes
    content_type: str
    at: int
    name: str = ""
