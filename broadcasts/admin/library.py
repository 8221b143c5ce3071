"""The library of prepared texts, and the notices."""

from functools import partial
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from broadcasts import rendering
from broadcasts.admin.acting import ActingAdmin
from broadcasts.enums import NOTICE_KINDS, NoticeEnd, PostKind
from broadcasts.models import Notice, Post
from broadcasts.services import notices
from groups.admin.scoping import AreaFilter, ScopedAdmin


@admin.register(Post)
class PostAdmin(ScopedAdmin):
    """Texts officers start from; the movement team keeps them."""

    audit_action = "broadcasts.post.changed"
    list_display = ("title", "kind", "unit", "is_public", "published_at", "version")
    list_filter = ("kind", "is_public", AreaFilter)
    list_select_related = ("unit",)
    search_fields = ("search_key", "unit__search_key")
    autocomplete_fields = ("unit",)
    fields = ("unit", "kind", "title", "body", "room", "source", "is_public", ("published_at", "version"))
    readonly_fields = ("room", "published_at", "version")

    def formfield_for_choice_field(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "kind":
            # What is rendered from a notice's fields, or from a withdrawal, has no prepared text.
            made = {*NOTICE_KINDS, PostKind.CORRECTION}
            kwargs["choices"] = [choice for choice in PostKind.choices if choice[0] not in made]
        return super().formfield_for_choice_field(db_field, request, **kwargs)

    def has_delete_permission(self, request: HttpRequest, obj: Post | None = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Post, form: Any, change: bool) -> None:
        if change and form.changed_data:
            obj.version += 1
        elif not change:
            obj.author = request.user
        super().save_model(request, obj, form, change)

    @admin.display(description=_("Còn lại khi gửi vào nhóm"))
    def room(self, post: Post) -> str:
        if not post.pk:
            return "–"
        return _("%(count)d ký tự") % {"count": rendering.room_left(post.title, post.body)}


@admin.register(Notice)
class NoticeAdmin(ActingAdmin):
    """Notices of the area; ending one corrects every group that has it."""

    list_display = (
        "code",
        "kind",
        "person_name",
        "unit",
        "state",
        "decision_number",
        "review_by",
        "ended_as",
    )
    list_filter = ("kind", "state", AreaFilter)
    list_select_related = ("unit",)
    ordering = ("-id",)
    fields = (
        ("code", "kind", "state"),
        ("unit", "author", "created_at"),
        ("decision_number", "decision_date", "agency"),
        "phone",
        ("person_name", "aliases", "gender"),
        ("birth_date", "birth_year"),
        ("residence", "offence"),
        "features",
        "photo",
        ("review_by", "ended_as", "ended_on"),
    )

    def get_actions(self, request: HttpRequest) -> dict[str, tuple]:
        """One action for each way a notice can end."""
        actions = super().get_actions(request)
        if not self.has_decide_permission(request):
            return actions
        for end in NoticeEnd:
            if end != NoticeEnd.EXPIRED:
                name = f"end_{end.value}"
                label = _("Kết thúc: %(how)s") % {"how": end.label}
                actions[name] = (partial(_end, ended_as=end.value), name, label)
        return actions


def _end(modeladmin: NoticeAdmin, request: HttpRequest, queryset: QuerySet, *, ended_as: str) -> None:
    modeladmin.act(request, queryset.select_related("unit"), notices.end_notice, ended_as=ended_as)
