"""Writing a post: from scratch, from the library, as a notice; changing a draft; the library itself."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.shortcuts import render as render_fragment
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from broadcasts import rendering
from broadcasts.enums import NOTICE_KINDS, PostKind
from broadcasts.models import Broadcast, Post
from broadcasts.services.audience import reach_of
from portal.desk import composing, frame, library, posts
from portal.desk.access import writers_page
from portal.desk.audience import Tree, tree_of
from portal.desk.forms.broadcasts import (
    AudienceForm,
    ComposeForm,
    NoticeForm,
    ScheduleForm,
    body_limit,
    initial_of,
)
from portal.desk.forms.fields import add_errors, new_form_token
from portal.desk.views.broadcasts import find
from portal.site.paging import page
from portal.text import whole_number

LIBRARY_PAGE = 20


@require_http_methods(["GET", "HEAD", "POST"])
@writers_page
def compose(request: HttpRequest) -> HttpResponse:
    """A new post; ``?bai=ID`` starts from the library, ``?loai=KIND`` is a notice of that kind."""
    kind = request.GET.get("loai", "")
    post = _library_post(request)
    if request.method != "POST":
        initial = {"form_token": new_form_token(), **library.initial_of(post, request.desk.unit)}
        return _page(request, _form(request, kind, initial=initial), post=post)
    form = _form(request, kind, data=request.POST)
    return _save(request, form, post=post)


@require_http_methods(["GET", "HEAD", "POST"])
@writers_page
def edit(request: HttpRequest, code: str) -> HttpResponse:
    """Change a draft or a returned post."""
    broadcast = find(request, code)
    if "edit" not in posts.abilities(request.user, broadcast):
        raise PermissionDenied
    kind = broadcast.kind if broadcast.notice_id else ""
    if request.method != "POST":
        initial = initial_of(broadcast, root_code=request.desk.unit.code)
        return _page(request, _form(request, kind, initial=initial), earlier=broadcast)
    return _save(request, _form(request, kind, data=request.POST), earlier=broadcast)


def _form(request: HttpRequest, kind: str, *, data: Any = None, initial: Any = None) -> ScheduleForm:
    options = {"tree": tree_of(request.desk.unit), "initial": initial}
    files = request.FILES if data is not None else None
    if not kind:
        return ComposeForm(data, files, **options)
    if kind not in NOTICE_KINDS:
        raise Http404
    return NoticeForm(data, files, kind=kind, **options)


def _library_post(request: HttpRequest) -> Post | None:
    key = request.POST.get("post") or request.GET.get("bai") or ""
    if not key:
        return None
    return get_object_or_404(library.posts_for(request.user), pk=whole_number(key))


def _save(
    request: HttpRequest, form: Any, *, post: Post | None = None, earlier: Broadcast | None = None
) -> HttpResponse:
    unit = request.desk.unit
    if form.is_valid():
        try:
            if isinstance(form, NoticeForm):
                broadcast = composing.save_notice(request.user, form, unit=unit, earlier=earlier)
            else:
                broadcast = composing.save_post(request.user, form, unit=unit, post=post, earlier=earlier)
        except ValidationError as error:
            add_errors(form, error, audience="reach", media="picture")
        else:
            messages.success(request, _("Đã lưu. Xin xem lại bài như bà con sẽ thấy, rồi trình duyệt."))
            return redirect("desk:broadcast", broadcast.code)
    if request.FILES:
        messages.warning(request, _("Xin chọn lại ảnh."))
    return _page(request, form, post=post, earlier=earlier, status=400)


def _page(
    request: HttpRequest,
    form: Any,
    *,
    post: Post | None = None,
    earlier: Broadcast | None = None,
    status: int = 200,
) -> HttpResponse:
    kind = getattr(form, "kind", "")
    context = {
        "form": form,
        "tree": form.tree,
        "kind": kind,
        "kind_label": PostKind(kind).label if kind else "",
        "notice_kinds": [(value.value, value.label) for value in NOTICE_KINDS],
        "post": post,
        "earlier": earlier,
        "limit": body_limit(),
        "footer": rendering.footer(earlier.code if earlier else rendering.LONGEST),
        "reach": _reach(form.tree, form) if form.is_bound else _reach_of_initial(form),
    }
    return frame.render(request, "desk/broadcasts/compose.html", context, status=status)


def _reach(tree: Tree, form: AudienceForm) -> Any:
    """What the ticked audience reaches now, or None while it is incomplete."""
    rule = form.cleaned_data.get("audience") if form.is_bound and hasattr(form, "cleaned_data") else None
    if not rule or not (rule["units"] or rule["groups"]):
        return None
    return reach_of(rule, under=tree.root)


def _reach_of_initial(form: ScheduleForm) -> Any:
    names = ("reach", "units", "groups", "kinds", "exclude")
    values = {name: form.get_initial_for_field(form.fields[name], name) for name in names}
    checked = AudienceForm(values, tree=form.tree)
    checked.is_valid()
    return _reach(form.tree, checked)


@require_safe
@writers_page
def reach(request: HttpRequest) -> HttpResponse:
    """How many groups and members the ticked audience reaches: a fragment for htmx."""
    tree = tree_of(request.desk.unit)
    form = AudienceForm(request.GET, tree=tree)
    form.is_valid()
    return render_fragment(request, "desk/broadcasts/_reach.html", {"reach": _reach(tree, form)})


@require_safe
@writers_page
def library_index(request: HttpRequest) -> HttpResponse:
    """Prepared texts to start from."""
    found = page(library.listed(request.user, request.GET), request, by="published_at", size=LIBRARY_PAGE)
    context = {"page": found, "kinds": PostKind.choices, "is_filtered": bool(request.GET)}
    return frame.render(request, "desk/broadcasts/library.html", context)
