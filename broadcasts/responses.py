"""What residents answered to broadcasts, told by the app above that keeps the answers.

Broadcasts know nothing of tips. The app that does registers a function from ``AppConfig.ready``; it counts
only what the user may see.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class Responses:
    """Answers to one broadcast that the asking user may know of."""

    tips: int = 0
    first_tip_at: datetime | None = None


Provider = Callable[[Any, Iterable[int]], dict[int, Responses]]
NONE = Responses()

_providers: list[Provider] = []


def register(provider: Provider) -> None:
    """``provider(user, broadcast_ids)`` returns ``Responses`` by broadcast; absent means none."""
    _providers.append(provider)


def responses_to(user: Any, broadcast_ids: Iterable[int]) -> dict[int, Responses]:
    """Answers by broadcast, every one present."""
    found = dict.fromkeys(broadcast_ids, NONE)
    for provider in _providers:
        found |= provider(user, list(found))
    return found
