"""The one registry of audited actions: a dotted past-tense name and the sentence a reader sees.

Apps register their actions from ``AppConfig.ready``; recording an unknown action is a programming error.
"""

from collections.abc import Mapping

_SENTENCES: dict[str, str] = {}


def register(actions: Mapping[str, str]) -> None:
    """Add actions; a name may be registered once only."""
    for name, sentence in actions.items():
        if _SENTENCES.get(name, sentence) != sentence:
            raise ValueError(f"audit action {name!r} is registered twice")
        _SENTENCES[name] = sentence


def sentence(action: str) -> str:
    """What ``action`` reads like on screen. Raises ``KeyError`` for an unregistered one."""
    return str(_SENTENCES[action])


def actions() -> dict[str, str]:
    """All registered actions, for filters and documentation."""
    return dict(_SENTENCES)
