"""The portal's own trail in the place of Django's: one trail, and no resident's name in it.

Django copies ``str(object)`` and the typed values of every save into its admin log, which nobody prunes.
The portal's audit entries say the same without the name; the admin's history page shows them.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.apps import apps
from django.contrib.admin.utils import unquote
from django.contrib.admin.views.main import PAGE_VAR
from django.core.paginator import Page
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse

from portal.audit import registry
from portal.audit.models import AuditEntry

HISTORY_ROWS = 100


@dataclass(frozen=True)
class HistoryRow:
    """An audit entry under the names that Django's history page reads."""

    action_time: datetime
    user: Any
    get_change_message: str


class OwnTrailMixin:
    """For every ``ModelAdmin``: writes nothing to Django's log, shows the portal's trail as the history."""

    def log_addition(self, request: HttpRequest, obj: Model, message: Any) -> None:
        """Nothing: the service or ``trace`` has recorded it."""

    def log_change(self, request: HttpRequest, obj: Model, message: Any) -> None:
        """Nothing: the service or ``trace`` has recorded it."""

    def log_deletions(self, request: HttpRequest, queryset: Iterable[Model]) -> None:
        """Nothing: the service or ``trace`` has recorded it."""

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """What happened to the object, oldest first. Rights are those of the object's own page."""
        paginator = self.get_paginator(request, self._entries(unquote(object_id)), HISTORY_ROWS)
        page = paginator.get_page(request.GET.get(PAGE_VAR, 1))
        context = {
            "action_list": _readable(page),
            "page_range": paginator.get_elided_page_range(page.number),
            "pagination_required": paginator.num_pages > 1,
        }
        return super().history_view(request, object_id, {**context, **(extra_context or {})})

    def _entries(self, object_id: str) -> QuerySet[AuditEntry]:
        """Entries about the object, under any of the proxies of its model."""
        concrete = self.opts.concrete_model
        labels = [m._meta.label_lower for m in apps.get_models() if m._meta.concrete_model is concrete]
        found = AuditEntry.objects.filter(target_type__in=labels, target_id=object_id)
        return found.select_related("actor").order_by("pk")


def _readable(page: Page) -> Page:
    sentences = registry.actions()
    page.object_list = [
        HistoryRow(entry.at, entry.actor, str(sentences.get(entry.action, entry.action)))
        for entry in page.object_list
    ]
    return page
