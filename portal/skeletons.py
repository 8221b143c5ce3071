"""Pages of which only a few words differ between visitors: rendered once, then filled in for each.

While a page is rendered, a *mark* stands for every such word: a random string, new for each rendering, that
nobody outside knows and nothing in the page can equal by chance. What a visitor typed never takes part in the
rendering, only in the filling, where it is escaped.
"""

import re
import secrets
from collections.abc import Callable, Hashable, Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.html import escape
from django.utils.translation import get_language

from portal.memory import Memory

MARK_BYTES = 12


class Skeleton:
    """A rendered page as bytes, cut where its marks are. ``marks`` are by name."""

    def __init__(self, html: str, marks: Mapping[str, str]) -> None:
        names = {mark: name for name, mark in marks.items()}
        parts = re.split(f"({'|'.join(names)})", html)
        # Text and names in turn, beginning and ending with text.
        self._texts = [text.encode() for text in parts[::2]]
        self._names = [names[mark] for mark in parts[1::2]]

    def filled(self, values: Mapping[str, str]) -> bytes:
        """The page with ``values`` in the place of their marks, escaped."""
        escaped = {name: escape(value).encode() for name, value in values.items()}
        pieces = [self._texts[0]]
        for name, text in zip(self._names, self._texts[1:], strict=True):
            pieces += (escaped[name], text)
        return b"".join(pieces)


class Page:
    """One template whose renderings are kept in ``memory`` by what they depend on.

    ``words`` are the names of what differs between visitors.
    """

    def __init__(self, template: str, *, words: tuple[str, ...], memory: Memory) -> None:
        self._template, self._words, self._memory = template, words, memory

    def response(
        self,
        request: HttpRequest,
        *,
        key: tuple[Hashable, ...],
        values: Mapping[str, str],
        context: Callable[[Mapping[str, str]], dict[str, Any]],
    ) -> HttpResponse:
        """The page for this visitor. ``context`` gets the marks by name, ``key`` is all else."""

        def rendered() -> Skeleton:
            marks = {name: secrets.token_hex(MARK_BYTES) for name in self._words}
            return Skeleton(render_to_string(self._template, context(marks), request), marks)

        skeleton = self._memory.get((get_language(), *key), rendered)
        return HttpResponse(skeleton.filled(values))
