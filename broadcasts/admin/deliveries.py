"""Deliveries: where a post is, where it is not, and why."""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from broadcasts.admin.acting import ActingAdmin
from broadcasts.enums import DeliveryState
from broadcasts.models import Attempt, Delivery, PostingTask
from broadcasts.services import retrying, settle
from broadcasts.services.dead_letters import Reason, dead_letters
from groups import permissions
from groups.admin.scoping import AreaFilter

RELATED = ("group__unit", "group__official_account", "broadcast__unit")


ROWS_SHOWN = 50


class DecisionForm(forms.Form):
    """What is asked before rows are given up or sent again; nothing when all of it is known."""

    looked = forms.BooleanField(label=_("Tôi đã mở từng nhóm chưa rõ để xem"))
    reason = forms.CharField(label=_("Lý do"), max_length=300, widget=forms.Textarea(attrs={"rows": 3}))

    def __init__(self, *args: Any, rows: QuerySet[Delivery], asks_reason: bool, **kwargs: Any):
        super().__init__(*args, **kwargs)
        if not rows.filter(state=DeliveryState.UNKNOWN).exists():
            del self.fields["looked"]
        if not asks_reason:
            del self.fields["reason"]


class AttemptInline(admin.TabularInline):
    """Every call made for a row."""

    model = Attempt
    extra = 0
    can_delete = False
    fields = readonly_fields = ("number", "started_at", "finished_at", "outcome", "error_code", "error")

    def has_add_permission(self, request: HttpRequest, obj: Delivery | None = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: Delivery | None = None) -> bool:
        return True


class PostingTaskInline(admin.StackedInline):
    """Of a row that a person posts: who it was handed to, reminders, a confirmation made without network."""

    model = PostingTask
    extra = 0
    can_delete = False
    fields = readonly_fields = ("assignee", "assigned_at", "reminded_at", "received_at")

    def has_add_permission(self, request: HttpRequest, obj: Delivery | None = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: Delivery | None = None) -> bool:
        return True


class DeadLetterFilter(admin.SimpleListFilter):
    """Rows that wait for a person, by why they lie there."""

    title = _("cần xử lý")
    parameter_name = "dead"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, str]]:
        return [("any", _("Mọi lý do")), *Reason.choices]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> QuerySet[Delivery]:
        if not self.value():
            return queryset
        lying = dead_letters(timezone.now(), reason=self.value())
        return queryset.filter(pk__in=lying.values("pk"))


@admin.register(Delivery)
class DeliveryAdmin(ActingAdmin):
    """Unknown outcomes and stuck rows of the area; a chief's decisions as actions."""

    scope_field = "group__unit__path"
    list_display = (
        "code",
        "group",
        "unit",
        "state",
        "attempts",
        "last_error",
        "next_attempt_at",
        "updated_at",
    )
    list_filter = (DeadLetterFilter, "state", AreaFilter)
    list_select_related = ("broadcast", "group__unit")
    ordering = ("-id",)
    search_fields = ("group__search_key",)
    actions = ("mark_seen", "send_again", "discard")
    inlines = (AttemptInline, PostingTaskInline)
    fields = (
        ("broadcast", "group", "account"),
        ("state", "attempts", "crashes", "message_id"),
        ("last_error", "last_error_code"),
        ("next_attempt_at", "due_at", "claimed_at"),
        ("unknown_at", "reads", "clean_since"),
        ("settled_by", "settled_at", "proof"),
        "reason",
    )

    def scope_queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        paths = self.paths_for(request, "view", "change")
        mine = permissions.paths_q(paths, "group__unit__path")
        return queryset.filter(mine | permissions.paths_q(paths, "broadcast__unit__path"))

    @admin.display(description=_("mã bài"), ordering="broadcast")
    def code(self, delivery: Delivery) -> str:
        return delivery.broadcast.code

    @admin.display(description=_("đơn vị"))
    def unit(self, delivery: Delivery) -> str:
        return delivery.group.unit.full_name

    @admin.action(description=_("Đã thấy bài trong nhóm"), permissions=["decide"])
    def mark_seen(self, request: HttpRequest, queryset: QuerySet) -> None:
        self.act(request, queryset.select_related(*RELATED), settle.confirm_seen)

    @admin.action(description=_("Gửi lại vào nhóm"), permissions=["decide"])
    def send_again(self, request: HttpRequest, queryset: QuerySet) -> HttpResponse | None:
        form = DecisionForm(_answer(request), rows=queryset, asks_reason=False)
        if form.fields and not form.is_valid():
            return self._ask(request, queryset, form, _now("Gửi lại vào các nhóm này?"))
        self.act(request, queryset.select_related(*RELATED), retrying.retry)
        return None

    @admin.action(description=_("Bỏ qua, không gửi vào nhóm này nữa"), permissions=["decide"])
    def discard(self, request: HttpRequest, queryset: QuerySet) -> HttpResponse | None:
        form = DecisionForm(_answer(request), rows=queryset, asks_reason=True)
        if not form.is_valid():
            return self._ask(request, queryset, form, _now("Bỏ qua, không gửi vào các nhóm này nữa?"))
        reason = form.cleaned_data["reason"]
        self.act(request, queryset.select_related(*RELATED), retrying.discard, reason=reason)
        return None

    def _ask(self, request: HttpRequest, queryset: QuerySet, form: forms.Form, question: str) -> HttpResponse:
        """The rows once more, and what has to be said before anything happens to them."""
        context = {
            **self.admin_site.each_context(request),
            "title": question,
            "opts": self.opts,
            "form": form,
            "rows": queryset.select_related("group__unit", "broadcast")[:ROWS_SHOWN],
            "count": queryset.count(),
            "chosen": request.POST.getlist(ACTION_CHECKBOX_NAME),
            "media": self.media,
        }
        return TemplateResponse(request, "admin/broadcasts/delivery/decide.html", context)


def _answer(request: HttpRequest) -> QueryDict | None:
    """What was said on the page of ``_ask``; None when it was not shown yet."""
    return request.POST if "answered" in request.POST else None
