"""Admin pages that show and never edit; what can be done is an action that calls a service."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import ngettext

from groups.admin.scoping import ScopedAdmin
from groups.permissions import DECIDING_ROLES, has_role
from portal.errors import PortalError


class ActingAdmin(ScopedAdmin):
    """Read only, with actions for those who decide."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_decide_permission(self, request: HttpRequest) -> bool:
        """Whether decisions are offered at all; the service judges each row."""
        return has_role(request.user, *DECIDING_ROLES)

    def act(
        self, request: HttpRequest, queryset: QuerySet, service: Callable[..., Any], **options: Any
    ) -> None:
        """Call ``service`` for each row; say how many worked, and why each other one did not."""
        done = 0
        for row in queryset:
            try:
                service(row, actor=request.user, **options)
            except PortalError as error:
                self.message_user(request, f"{row}: {error.message}", messages.ERROR)
            except ValidationError as error:
                self.message_user(request, f"{row}: {' '.join(error.messages)}", messages.ERROR)
            else:
                done += 1
        if done:
            text = ngettext("Đã xong %(count)d mục.", "Đã xong %(count)d mục.", done)
            self.message_user(request, text % {"count": done}, messages.SUCCESS)
