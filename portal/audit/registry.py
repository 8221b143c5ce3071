"""The one registry of audited actions: a dotted past-tense name and the sentence a reader sees.

Apps register their actions from ``AppConfig.ready``; recording an unknown action is a programming error.
"""

from collections.abc import Callable, Mapping
from typing import Any

from django.db.models import Q

_SENTENCES: dict[str, str] = {}
_HIDING: list[Callable[[Any], Q]] = []


def register(actions: Mapping[str, str]) -> None:
    """Add actions; a name may be registered once only."""
    for name, sentence in actions.items():
        if _SENTENCES.get(name, sentence) != sentence:
            raise ValueError(f"audit action {name!r} is registered twice")
        _SENTENCES[name] = sentence


def hide(entries: Callable[[Any], Q]) -> None:
    """Keep entries from some readers: ``entries(user)`` says which, for instance those about themselves."""
    _HIDING.append(entries)


def hidden_from(user: Any) -> Q:
    """Entries this reader must not see, whatever their area."""
    hidden = Q(pk__in=[])
    for entries in _HIDING:
        hidden |= entries(user)
    return hidden


def require(action: str) -> None:
    """Raise ``KeyError`` for an action that no app registered."""
    if action not in _SENTENCES:
        raise KeyError(action)


def sentence(action: str) -> str:
    """What ``action`` reads like on screen. Raises ``KeyError`` for an unregistered one."""
    return str(_SENTENCES[action])


def actions() -> dict[str, str]:
    """All registered actions, for filters and documentation."""
    return dict(_SENTENCES)
