"""Pages of administrative procedures that an answer can point to, told by the public site that keeps them.

Tips know nothing of the site. It registers a function from ``AppConfig.ready``.
"""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class ProcedurePage:
    """A published procedure: the last part of its address, its title, where it is read."""

    slug: str
    title: str
    url: str


Provider = Callable[[], list[ProcedurePage]]

_providers: list[Provider] = []


def register(provider: Provider) -> None:
    """``provider()`` returns every published procedure."""
    _providers.append(provider)


def pages() -> list[ProcedurePage]:
    """Every procedure an answer can point to."""
    return [page for provider in _providers for page in provider()]
