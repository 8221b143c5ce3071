"""Reads of the library of prepared texts."""

from typing import Any

from django.db.models import Q, QuerySet
from django.http import QueryDict

from broadcasts.enums import NOTICE_KINDS, PostKind
from broadcasts.models import Post
from groups import permissions
from groups.models import Unit
from portal.site.published import PHONE_MARK
from portal.text import search_key


def posts_for(user: Any) -> QuerySet[Post]:
    """Texts of the user's own units, of the units above them, and those marked public anywhere."""
    paths = permissions.paths(user, *permissions.WRITING_ROLES)
    above = {code for path in paths for code in path.rstrip("/").split("/")}
    visible = Q(unit__code__in=above) | Q(is_public=True) | permissions.paths_q(paths, "unit__path")
    return Post.objects.filter(visible).exclude(kind__in=(*NOTICE_KINDS, PostKind.CORRECTION))


def listed(user: Any, query: QueryDict) -> QuerySet[Post]:
    """Texts of the library page for the filters of its address."""
    rows = posts_for(user).select_related("unit")
    if query.get("loai") in PostKind.values:
        rows = rows.filter(kind=query["loai"])
    for word in search_key(query.get("q", "")).split():
        rows = rows.filter(search_key__contains=word)
    return rows


def initial_of(post: Post | None, unit: Unit) -> dict[str, Any]:
    """The first values of a post started from a library text, the duty number filled in."""
    if post is None:
        return {}
    body = post.body.replace(PHONE_MARK, unit.duty_phone) if unit.duty_phone else post.body
    return {"kind": post.kind, "title": post.title, "body": body, "post": post.pk}
