"""Pieces of HTML that lists show in row after row: badges, pictograms.

Rendering one takes as long as all other parts of a row together, so each is rendered once for
each value. Only for values of enumerations: what people wrote would stay in the memory of the process.
"""

from functools import lru_cache

from django.template.loader import render_to_string
from django.utils.safestring import SafeString


def badge(state: str, label: object) -> SafeString:
    """The badge of a state; ``label`` is its word."""
    return _piece("components/state.html", state=state, label=str(label))


def priority_badge(priority: int, label: object = "") -> SafeString:
    """The badge of a priority (0 to 4); with ``label`` also what it means."""
    return _piece("components/priority.html", priority=priority, label=str(label))


def icon(name: str) -> SafeString:
    """A pictogram of ``templates/icons``. Raises TemplateDoesNotExist."""
    return _piece(f"icons/{name}.svg")


@lru_cache(maxsize=512)
def _piece(template_name: str, **values: object) -> SafeString:
    return render_to_string(template_name, values)
