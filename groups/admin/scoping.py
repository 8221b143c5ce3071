"""The admin shows each user their own units only: the base class of every ``ModelAdmin`` with a unit.

For the admins of other apps::

    from groups.admin.scoping import AreaFilter, ScopedAdmin

    @admin.register(Broadcast)
    class BroadcastAdmin(ScopedAdmin):
        scope_field = "unit__path"            # lookup from the model to Unit.path; for tips "handler__path"
        list_select_related = ("unit",)       # nothing is selected implicitly
        search_fields = ("search_key",)       # a field filled with portal.text.search_key
        list_filter = (AreaFilter,)
        audit_action = "broadcasts.broadcast.changed"   # optional: one entry for each save in the admin

and in ``AppConfig.ready``::

    permissions.grant(Role.SUPERVISOR, "broadcasts.view_broadcast")

What that gives:

* rows: those under units where one of the user's roles carries a permission on this model
  (``groups.permissions.paths_with``); everything else does not exist: lists, counts, search, autocomplete,
  filters, and 404 for the object's own pages;
* per object: change and delete need the permission *at* the object's unit, so an auditor of a province who
  supervises one district edits in that district only;
* foreign keys: choices come from the related model's own (scoped) admin, people are those posted in the
  area; the field that places the object (``unit``, ``handler``) offers units where the user may write;
* lists without an exact COUNT (``CappedPaginator``), 50 rows, search without diacritics.

Override ``scope_queryset`` for more than a path, as tips do with their restricted categories.
"""

from functools import cached_property

from django.contrib import admin, messages
from django.contrib.admin.templatetags.admin_urls import add_preserved_filters
from django.contrib.admin.utils import lookup_spawns_duplicates
from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.db.models import Model, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponseRedirect
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from groups import permissions
from groups.admin.trail import OwnTrailMixin
from groups.enums import Level
from groups.models import Posting, Unit
from portal.audit.services import record
from portal.errors import NotAllowedError, WrongStateError
from portal.text import search_key

COUNT_CAP = 10_000


class CappedPaginator(Paginator):
    """Counts up to ``COUNT_CAP`` rows and no further: a list of millions opens as fast as one of hundreds."""

    @cached_property
    def count(self) -> int:
        return self.object_list.order_by()[:COUNT_CAP].values("pk").count()


class MissingIs404Mixin:
    """What the user's queryset does not hold is not found; Django would redirect and talk of deletion."""

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Model:
        found = super().get_object(request, object_id, from_field)
        if found is None:
            raise Http404
        return found


class ScopedAdmin(MissingIs404Mixin, OwnTrailMixin, admin.ModelAdmin):
    """A ``ModelAdmin`` that knows only the units of the user's postings; see the module's docstring."""

    scope_field = "unit__path"
    # The foreign key to a unit that decides the path; the first part of ``scope_field`` unless given.
    scope_anchor = ""
    audit_action = ""
    list_per_page = 50
    show_full_result_count = False
    # Counting every choice of every filter is the opposite of a list that opens fast.
    show_facets = admin.ShowFacets.NEVER
    paginator = CappedPaginator

    # --- Rows --------------------------------------------------------------------------------------------

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return self.scope_queryset(request, super().get_queryset(request))

    def scope_queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        """Rows the user may see."""
        return queryset.filter(
            permissions.paths_q(self.paths_for(request, "view", "change"), self.scope_field)
        )

    def paths_for(self, request: HttpRequest, *actions: str) -> list[str]:
        """Paths of the units where the user may do one of ``actions`` with this model."""
        names = [f"{self.opts.app_label}.{action}_{self.opts.model_name}" for action in actions]
        return permissions.paths_with(request.user, *names)

    # --- One object --------------------------------------------------------------------------------------

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return super().has_change_permission(request, obj) and self._reaches(request, obj, "change")

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return super().has_delete_permission(request, obj) and self._reaches(request, obj, "delete")

    def _reaches(self, request: HttpRequest, obj: Model | None, action: str) -> bool:
        if obj is None:
            return True
        path = self.path_of(obj)
        return any(path.startswith(prefix) for prefix in self.paths_for(request, action))

    def reachable(self, request: HttpRequest, queryset: QuerySet, action: str = "change") -> QuerySet:
        """The rows of ``queryset`` to which the user may do ``action``: every admin action starts here."""
        return queryset.filter(permissions.paths_q(self.paths_for(request, action), self.scope_field))

    def path_of(self, obj: Model) -> str:
        """The unit path that places ``obj``; empty (nobody's) while a link of the chain is missing."""
        value = obj
        for name in self.scope_field.split("__"):
            value = getattr(value, name, None)
        return value or ""

    # --- The way back ------------------------------------------------------------------------------------

    def with_filters(self, request: HttpRequest, url: str) -> str:
        """An address of this admin that remembers how the list was filtered; the list's own gets it back."""
        context = {"opts": self.opts, "preserved_filters": self.get_preserved_filters(request)}
        return add_preserved_filters(context, url)

    # --- Choices, search ---------------------------------------------------------------------------------

    def formfield_for_foreignkey(self, db_field, request, **kwargs):
        """Offer only what the user can see, and for the placing field only where they may write."""
        if "queryset" not in kwargs:
            kwargs["queryset"] = self.related_choices(db_field, request)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def formfield_for_manytomany(self, db_field, request, **kwargs):
        """Offer only what the user can see."""
        if "queryset" not in kwargs:
            kwargs["queryset"] = self.related_choices(db_field, request)
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def related_choices(self, db_field, request: HttpRequest) -> QuerySet:
        """Rows a foreign key may point to."""
        model = db_field.remote_field.model
        choices = model._default_manager.all()
        if self.admin_site.is_registered(model):
            choices = self.admin_site.get_model_admin(model).get_queryset(request)
        if model is get_user_model():
            posted = Posting.objects.open().filter(
                permissions.paths_q(self.paths_for(request, "view", "change"), "unit__path")
            )
            choices = choices.filter(is_active=True, pk__in=posted.values("user"))
        anchor = self.scope_anchor or self.scope_field.split("__")[0]
        if db_field.name == anchor and issubclass(model, Unit):
            choices = choices.filter(permissions.paths_q(self.paths_for(request, "add", "change"), "path"))
        return choices

    def get_search_results(self, request, queryset, search_term):
        """Every word, diacritics and case ignored, in any of ``search_fields``."""
        for word in search_key(search_term).split():
            condition = Q(pk__in=[])
            for field in self.get_search_fields(request):
                condition |= Q(**{f"{field}__contains": word})
            queryset = queryset.filter(condition)
        repeats = any(lookup_spawns_duplicates(self.opts, field) for field in self.get_search_fields(request))
        return queryset, repeats

    # --- Saving ------------------------------------------------------------------------------------------

    def changeform_view(self, request, object_id=None, form_url="", extra_context=None):
        """A service's no is an answer, not an accident: what the form could not know comes back in words."""
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except NotAllowedError as error:
            raise PermissionDenied(error.message) from None
        except WrongStateError as error:
            self.message_user(request, error.message, messages.ERROR)
        except ValidationError as error:
            self.message_user(request, " ".join(error.messages), messages.ERROR)
        return HttpResponseRedirect(request.get_full_path())

    # --- Trace -------------------------------------------------------------------------------------------

    def save_model(self, request, obj, form, change) -> None:
        super().save_model(request, obj, form, change)
        self.trace(request, obj, changed=form.changed_data)

    def delete_model(self, request, obj) -> None:
        self.trace(request, obj, changed=["deleted"])
        super().delete_model(request, obj)

    def delete_queryset(self, request, queryset) -> None:
        for obj in self.reachable(request, queryset, "delete"):
            self.delete_model(request, obj)

    def trace(self, request: HttpRequest, obj: Model, *, changed: list[str]) -> None:
        """One audit entry with the names of the changed fields, never their values."""
        if self.audit_action and changed:
            data = {"fields": sorted(changed)}
            record(request.user, self.audit_action, obj, unit_path=self.path_of(obj), data=data)


class AreaFilter(admin.SimpleListFilter):
    """The units right below those of the user; absent where they are more than ``LONGEST``.

    One box to choose from: a province has more communes than anybody reads as a list of links.
    """

    title = _("địa bàn")
    parameter_name = "area"
    template = "admin/filter_box.html"
    # Ho Chi Minh City has 168 communes, more than any other province.
    LONGEST = 170

    def lookups(self, request, model_admin):
        tops = model_admin.paths_for(request, "view", "change")
        if not tops:
            return []
        below = Q(pk__in=[])
        for path in tops:
            below |= Q(parent__path=path)
        units = Unit.objects.current().filter(below).exclude(level=Level.VILLAGE)
        choices = list(units.values_list("code", "full_name")[: self.LONGEST + 1])
        return choices if len(choices) <= self.LONGEST else []

    def queryset(self, request, queryset):
        if not self.value():
            return queryset
        unit = Unit.objects.filter(code=self.value()).first()
        if unit is None:
            return queryset.none()
        scope_field = getattr(self.model_admin, "scope_field", "unit__path")
        return queryset.filter(**{f"{scope_field}__startswith": unit.path})

    def choices(self, changelist):
        """The units, and what the rest of the address keeps."""
        self.kept = [
            (name, text)
            for name, texts in changelist.filter_params.items()
            if name != self.parameter_name
            for text in texts
        ]
        self.all_url = changelist.get_query_string(remove=[self.parameter_name])
        self.chosen = dict(self.lookup_choices).get(self.value(), "")
        # Elements of a loop in a template would take ten times as long, in each list of the admin.
        self.options = format_html_join(
            "",
            '<option value="{}"{}>{}</option>',
            (
                (code, SafeString(" selected") if code == self.value() else "", name)
                for code, name in self.lookup_choices
            ),
        )
        return self.lookup_choices

    def __init__(self, request, params, model, model_admin):
        self.model_admin = model_admin
        super().__init__(request, params, model, model_admin)
