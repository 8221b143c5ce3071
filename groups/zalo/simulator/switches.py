"""What nobody outside Zalo knows for sure, or what differs by account: one switch each, set at run time.

The default is what most sources say. ``choices`` of a field are its only values; without them any value of
the field's type is taken.
"""

from dataclasses import asdict, dataclass, field, fields
from typing import Any

CHOICES = {
    "expired_as": ("-220", "-216", "-201", "401"),
    "spent_refresh_code": (-14014, -14020),
    "count_unit": ("characters", "utf16", "bytes"),
    "state_private_code": (-235, 0),
    "state_groups_code": (0, -235, -224),
}


@dataclass
class Switches:
    """How this platform behaves where the real one is in doubt.

    T3 ``expires_in_integer``, ``token_in_query``; T2 ``fixed_challenge`` (a challenge saved in the console
    instead of one per request); T4 ``spent_refresh_code``; T7 ``expired_as``; A1 ``plain_json``; A3
    ``accept_urls``, ``count_unit``, ``group_posts_per_hour`` (0: no such limit); A4 ``join_after_accept``
    (``user_join_group`` follows an acceptance); A6 ``conversation_cap``; A10 ``state_*``; A11
    ``banned_words``, ``withhold_profiles``; W1 ``escape_webhooks``; 14.6 ``other_wording`` of messages.
    """

    expires_in_integer: bool = False
    token_in_query: bool = False
    fixed_challenge: str = ""
    spent_refresh_code: int = -14014
    expired_as: str = "-220"
    plain_json: bool = False
    accept_urls: bool = False
    count_unit: str = "characters"
    group_posts_per_hour: int = 0
    join_after_accept: bool = False
    conversation_cap: int = 10
    state_private_code: int = -235
    state_private_v2: bool = True
    state_groups_code: int = 0
    banned_words: list[str] = field(default_factory=list)
    withhold_profiles: bool = False
    escape_webhooks: bool = False
    other_wording: bool = False

    def set(self, **values: Any) -> None:
        """Set some switches; ``ValueError`` on a name or value that makes no sense, before any is set."""
        known = {item.name: type(getattr(self, item.name)) for item in fields(self)}
        for name, value in values.items():
            if name not in known:
                raise ValueError(f"no switch is called {name}")
            if type(value) is not known[name]:
                raise ValueError(f"{name} must be of type {known[name].__name__}")
            if name in CHOICES and value not in CHOICES[name]:
                raise ValueError(f"{name} must be one of {CHOICES[name]}")
        for name, value in values.items():
            setattr(self, name, value)

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


# What an operator can take away from an account, as a word: (piece of the path, code). -212 and -223 hit the
# group calls because those need a permission of their own.
REFUSALS = {
    "package_lapsed": ("", -224),
    "app_inactive": ("", -209),
    "permission_missing": ("/group/", -212),
    "permission_not_granted": ("/group/", -223),
    "quota_used": ("message", -211),
}
