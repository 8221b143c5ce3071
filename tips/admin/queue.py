"""The queue of tips and the page of one tip. Nothing is edited here: every change is a service's act."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from groups.admin.scoping import AreaFilter, ScopedAdmin
from portal import pieces
from portal.errors import PortalError, WrongStateError
from portal.spans import until
from tips.admin import acts, filters
from tips.admin.facts import facts_of
from tips.admin.listing import TipChangeList
from tips.downloads import evidence_response
from tips.enums import OPEN
from tips.models import Tip
from tips.services import answers, attention, bulk, handling, identity, offers, reading
from tips.services.changes import last_change, version_read
from tips.services.search import search
from tips.services.similar import similar_tips

ASSIGN_AT_ONCE = bulk.AT_ONCE


@admin.register(Tip)
class TipAdmin(ScopedAdmin):
    """Tips handled in the user's area; restricted ones for their circle only."""

    scope_field = "handler__path"
    list_display = (
        *("code", "priority_badge", "deadline_column", "status_badge", "place_column"),
        *("assignee_column", "received_column"),
    )
    list_select_related = ("unit", "village", "handler", "assignee")
    list_filter = (
        *(filters.StatusFilter, filters.PriorityFilter, filters.DeadlineFilter, filters.HolderFilter),
        *(AreaFilter, "category", filters.ValueFilter),
    )
    # As on the desk.
    list_per_page = 30
    # Sorting by anything else would read the whole table.
    sortable_by = ()
    search_fields = ("public_id",)
    search_help_text = _("Mã tin, hoặc những từ có trong nội dung; có dấu hay không dấu đều được.")
    actions = ("accept_selected", "assign_selected")
    show_facets = admin.ShowFacets.NEVER

    # --- Who sees and may do what ------------------------------------------------------------------------

    def scope_queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        return queryset.visible_to(request.user).without_words()

    def has_add_permission(self, request):
        return False

    def has_delete_permission(self, request, obj=None):
        return False

    # --- List --------------------------------------------------------------------------------------------

    def get_changelist(self, request, **kwargs):
        return TipChangeList

    def get_search_results(self, request, queryset, search_term):
        """A tip's own code, or every whole word in its text: digests are compared, not text."""
        if not search_term.strip():
            return queryset, False
        return search(queryset, search_term, public_id=search_term.strip().upper()), False

    def action_checkbox(self, tip: Tip) -> str:
        """Django's own box without a form field and a template for each row."""
        name = gettext("Select this object for an action - {}").format(tip)
        return format_html(
            '<input type="checkbox" name="{}" value="{}" class="action-select" aria-label="{}">',
            *(ACTION_CHECKBOX_NAME, tip.pk, name),
        )

    @admin.display(description=_("Tin"))
    def code(self, tip: Tip) -> str:
        return format_html(
            '{}<br><span class="small">{}</span>{}',
            tip.get_category_display(),
            tip.public_id,
            format_html(' <b class="small">{}</b>', attention.WORDS[tip.news]) if tip.news else "",
        )

    @admin.display(description=_("Ưu tiên"))
    def priority_badge(self, tip: Tip) -> str:
        return pieces.priority_badge(tip.priority)

    @admin.display(description=_("Trạng thái"))
    def status_badge(self, tip: Tip) -> str:
        state = pieces.badge(tip.status, tip.get_status_display())
        if not tip.is_valuable:
            return state
        value = pieces.badge("active", gettext("Có giá trị"))
        return format_html("{}<br>{}", state, value)

    @admin.display(description=_("Nơi xảy ra"))
    def place_column(self, tip: Tip) -> str:
        return f"{tip.village.full_name}, {tip.unit.full_name}" if tip.village else tip.unit.full_name

    @admin.display(description=_("Nhận lúc"))
    def received_column(self, tip: Tip) -> str:
        return f"{timezone.localtime(tip.received_at):%d/%m/%Y %H:%M}"

    @admin.display(description=_("Hạn xử lý"))
    def deadline_column(self, tip: Tip) -> str:
        return until(tip.due)

    @admin.display(description=_("Người xử lý"), empty_value=_("Chưa giao"))
    def assignee_column(self, tip: Tip) -> str | None:
        return tip.assignee.display_name if tip.assignee else None

    def get_changelist_instance(self, request: HttpRequest) -> ChangeList:
        """The list with what is new to this person in each row."""
        changelist = super().get_changelist_instance(request)
        changelist.result_list = list(changelist.result_list)
        attention.mark(request.user, changelist.result_list)
        return changelist

    def changelist_view(self, request, extra_context=None):
        """The queue under its own name: nothing is picked here to be changed."""
        return super().changelist_view(request, {"title": _("Hàng đợi tin báo"), **(extra_context or {})})

    # --- Assigning several -------------------------------------------------------------------------------

    @admin.action(description=_("Giao các tin đã chọn cho một người"), permissions=["change"])
    def assign_selected(self, request: HttpRequest, queryset: QuerySet) -> HttpResponse | None:
        """First asks for the person, then assigns what that person can handle."""
        tips = list(queryset.select_related("handler", "assignee")[: ASSIGN_AT_ONCE + 1])
        if len(tips) > ASSIGN_AT_ONCE:
            message = _("Mỗi lần giao tối đa %(limit)s tin.") % {"limit": ASSIGN_AT_ONCE}
            self.message_user(request, message, messages.WARNING)
            return None
        people = common_colleagues(tips)
        person = people.get(request.POST.get("person", ""))
        if person is None:
            return self._ask_person(request, tips, people)
        self._assign(request, tips, person)
        return None

    def _ask_person(self, request: HttpRequest, tips: list[Tip], people: dict[str, Any]) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": _("Giao tin"),
            "opts": self.opts,
            "tips": tips,
            "people": people,
            "is_missing": "person" in request.POST,
            "checkbox_name": ACTION_CHECKBOX_NAME,
        }
        return render(request, "admin/tips/tip/assign_selected.html", context)

    def _as_shown(self, request: HttpRequest, tips: list[Tip]) -> list[tuple[Tip, int]]:
        """Each with the version the page showed, so that what changed meanwhile is left alone."""
        return [(tip, version_read(request.POST.get(f"version_{tip.pk}", ""))) for tip in tips]

    def _assign(self, request: HttpRequest, tips: list[Tip], person: Any) -> None:
        rows = self._as_shown(request, tips)
        done = self._told(
            request, bulk.act_on_each(handling.assign, rows, actor=request.user, assignee=person)
        )
        if done:
            sentence = ngettext(
                "Đã giao %(count)s tin cho %(name)s.", "Đã giao %(count)s tin cho %(name)s.", done
            )
            self.message_user(request, sentence % {"count": done, "name": person.display_name})

    @admin.action(description=_("Tiếp nhận các tin đã chọn"), permissions=["change"])
    def accept_selected(self, request: HttpRequest, queryset: QuerySet) -> HttpResponse | None:
        """First shows them, then takes those nobody has taken; the others are named with who did what."""
        tips = list(queryset.select_related("handler", "assignee")[:ASSIGN_AT_ONCE])
        if "confirmed" not in request.POST:
            return self._ask_whether(request, tips)
        rows = self._as_shown(request, tips)
        done = self._told(request, bulk.accept_each(rows, actor=request.user))
        if done:
            sentence = ngettext("Đã tiếp nhận %(count)s tin.", "Đã tiếp nhận %(count)s tin.", done)
            self.message_user(request, sentence % {"count": done})
        return None

    def _ask_whether(self, request: HttpRequest, tips: list[Tip]) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": _("Tiếp nhận tin"),
            "opts": self.opts,
            "tips": [tip for tip in tips if not bulk.is_taken_alone(tip)],
            "alone": [tip for tip in tips if bulk.is_taken_alone(tip)],
            "checkbox_name": ACTION_CHECKBOX_NAME,
        }
        return render(request, "admin/tips/tip/accept_selected.html", context)

    def _told(self, request: HttpRequest, results: list[bulk.Result]) -> int:
        """Say of each tip that was left alone why; returns how many were not."""
        for result in results:
            if result.complaint:
                self.message_user(request, f"{result.tip.public_id}: {result.complaint}", messages.WARNING)
        return sum(not result.complaint for result in results)

    # --- One tip -----------------------------------------------------------------------------------------

    def get_urls(self):
        own = [
            path("<int:pk>/viec/<str:act>/", self.admin_site.admin_view(self.act_view), name="tips_tip_act"),
            path(
                "<int:pk>/tep/<str:evidence_id>/",
                self.admin_site.admin_view(self.evidence_view),
                name="tips_tip_evidence",
            ),
        ]
        return own + super().get_urls()

    def change_view(self, request, object_id, form_url="", extra_context=None):
        """The page of a tip; reading it is audited."""
        tip = self._tip(request, object_id)
        return self._page(request, reading.read_tip(request.user, tip.public_id))

    def history_view(self, request, object_id, extra_context=None):
        """The time line stands on the tip's page."""
        return HttpResponseRedirect(self._url(request, self._tip(request, object_id)))

    def act_view(self, request: HttpRequest, pk: int, act: str) -> HttpResponse:
        """One act: then back to the tip, or to the queue when it left; else the page with complaints."""
        tip = self._tip(request, str(pk))
        if act not in acts.ACTS:
            raise Http404
        if request.method != "POST":
            return HttpResponseRedirect(self._url(request, tip))
        if "insert" in request.POST and act in answers.TAKES_ANSWER:
            page = reading.read_tip(request.user, tip.public_id)
            return self._page(request, page, bound=(act, acts.with_answer(act, tip, request.POST)))
        form = acts.build(act, tip, request.POST, request.FILES)
        result = None
        try:
            if form.is_valid():
                result = acts.perform(act, tip, form, request.user)
        except WrongStateError as error:
            return self._conflict(request, tip, act, error)
        except PortalError as error:
            self.message_user(request, error.message, messages.ERROR)
            return HttpResponseRedirect(self._url(request, tip))
        if result is None or isinstance(result, identity.Revealed):
            page = reading.read_tip(request.user, tip.public_id)
            bound = (act, form) if result is None else None
            return self._page(request, page, bound=bound, revealed=result)
        self.message_user(request, acts.ACTS[act].done)
        is_here = self.get_queryset(request).filter(pk=tip.pk).exists()
        return HttpResponseRedirect(self._url(request, tip if is_here else None))

    def _conflict(self, request: HttpRequest, tip: Tip, act: str, error: WrongStateError) -> HttpResponse:
        """The tip as it is now, who changed it, and the form with what was typed."""
        self.message_user(request, error.message, messages.ERROR)
        try:
            page = reading.read_tip(request.user, tip.public_id)
        except Tip.DoesNotExist:
            return HttpResponseRedirect(self._url(request))
        self.message_user(request, last_change(page), messages.WARNING)
        typed = {name: value for name, value in request.POST.items() if name != "version"}
        form = acts.build(act, page, typed=typed)
        if not form.visible_fields():
            return HttpResponseRedirect(self._url(request, tip))
        self.message_user(request, _("Nội dung anh/chị vừa nhập còn nguyên ở dưới."), messages.INFO)
        response = self._page(request, page, bound=(act, form))
        response.status_code = 409
        return response

    def evidence_view(self, request: HttpRequest, pk: int, evidence_id: str) -> HttpResponse:
        """A file of a tip."""
        return evidence_response(request, self._tip(request, str(pk)), evidence_id)

    def _tip(self, request: HttpRequest, object_id: str) -> Tip:
        tip = self.get_object(request, object_id)
        if not self.has_view_or_change_permission(request, tip):
            raise Http404
        return Tip.objects.select_related("handler", "unit", "assignee").get(pk=tip.pk)

    def _url(self, request: HttpRequest, tip: Tip | None = None) -> str:
        """The page of a tip, or the queue; either knows the filters the person came with."""
        page = (
            reverse("admin:tips_tip_change", args=(tip.pk,)) if tip else reverse("admin:tips_tip_changelist")
        )
        return self.with_filters(request, page)

    def _page(
        self, request: HttpRequest, tip: Tip, *, bound: Any = None, revealed: Any = None
    ) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": f"{tip.get_category_display()} {tip.public_id}",
            "opts": self.opts,
            "preserved_filters": self.get_preserved_filters(request),
            "tip": tip,
            "first_files": [file for file in tip.evidence.all() if file.message_id is None],
            "deadline": until(tip.due),
            "offers": acts.offered(request.user, tip, bound),
            "answers": answers.answers_for(tip),
            "takes_answer": answers.TAKES_ANSWER,
            "similar": similar_tips(request.user, tip) if tip.status in OPEN else [],
            "same_case": offers.same_case(request.user, tip),
            "revealed": revealed,
            **facts_of(request.user, tip),
        }
        return render(request, "admin/tips/tip/change_form.html", context)


def common_colleagues(tips: list[Tip]) -> dict[str, Any]:
    """People who can handle every one of the tips, by their id as the form sends it."""
    common: dict[str, Any] | None = None
    by_place: dict[tuple[int, bool, frozenset[int]], dict[str, Any]] = {}
    for tip in tips:
        place = (tip.handler_id, tip.is_restricted, tip.named_ids)
        if place not in by_place:
            by_place[place] = {str(p.user_id): p.user for p in offers.colleagues(tip)}
        found = by_place[place]
        common = found if common is None else {key: user for key, user in common.items() if key in found}
    return common or {}
