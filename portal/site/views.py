"""The public pages: home, news, notices, procedures, contacts, the checker. No account, no cookie."""

from itertools import groupby

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.templatetags.static import static
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from broadcasts import picture_links
from broadcasts.enums import PostKind
from broadcasts.models import Picture
from groups.models import Unit
from portal.site import check, published
from portal.site.models import Procedure
from portal.site.paging import page
from portal.site.pictures import picture_response
from portal.text import clean
from tips import places
from tips.throttling import Throttled
from tips.throttling import check as throttle

NEWS_SIZE = 12
NOTICES_SIZE = 12
# A notice that ended must be gone at the next click: browsers keep no copy without asking.
always_asked = cache_control(no_cache=True)

TABS = {
    "": PostKind.values,
    "truy-na": [PostKind.WANTED, PostKind.SUSPECT],
    "tim-nguoi": [PostKind.MISSING],
    "tai-san": [PostKind.FOUND, PostKind.HANDIN],
}


@require_safe
@always_asked
def home(request: HttpRequest) -> HttpResponse:
    """What the portal is for, the two things people come to do, and what is in force today."""
    context = {
        "notices": [published.card(notice) for notice in published.foremost_notices(3)],
        "news": published.news()[:3],
        "network": published.network(),
        "contacts": published.further_contacts(),
    }
    return render(request, "site/home.html", context)


@require_safe
@always_asked
def news_list(request: HttpRequest) -> HttpResponse:
    """News of all units or of one, newest first, searched by title."""
    query, unit = _query(request), _unit(request)
    posts = published.search_news(published.news(), query)
    if unit:
        posts = posts.filter(unit__path__startswith=unit.path)
    found = page(posts, request, by="published_at", size=NEWS_SIZE)
    return render(request, "site/news_list.html", {"page": found, "q": query, "unit": unit})


@require_safe
@always_asked
def news(request: HttpRequest, pk: int) -> HttpResponse:
    """One post in full."""
    post = get_object_or_404(published.news(), pk=pk)
    others = published.news().exclude(pk=pk)[:3]
    context = {"post": post, "body": published.post_text(post), "others": others}
    return render(request, "site/news.html", context)


@require_safe
def news_picture(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The picture of a public post."""
    post = get_object_or_404(published.news(), pk=pk)
    return picture_response(request, post.picture)


@require_safe
def post_picture(request: HttpRequest, signed: str) -> HttpResponseBase:
    """A picture for Zalo to fetch, by an address that was signed when a bot posted it."""
    return picture_response(request, Picture.objects.filter(pk=picture_links.picture_of(signed)).first())


@require_safe
@always_asked
def notice_list(request: HttpRequest) -> HttpResponse:
    """Notices in force, by sort of notice and by words."""
    tab = request.GET.get("loai", "")
    query = _query(request)
    found = published.search_notices(published.notices().filter(kind__in=TABS.get(tab, TABS[""])), query)
    rows = page(found, request, by="created_at", size=NOTICES_SIZE)
    cards = [published.card(notice) for notice in rows.rows]
    context = {"page": rows, "cards": cards, "q": query, "tab": tab if tab in TABS else ""}
    return render(request, "site/notice_list.html", context)


@require_safe
@always_asked
def notice(request: HttpRequest, code: str) -> HttpResponse:
    """One notice in force; what ended says only that it did (410), what was never public is not here."""
    row = published.notices().filter(code=code).first()
    if row is None:
        if not published.ended_notices().filter(code=code).exists():
            raise Http404
        return render(request, "site/notice_ended.html", {"code": code}, status=410)
    context = {"card": published.card(row), "notice": row, "post_code": published.post_code(row)}
    return render(request, "site/notice.html", context)


@require_safe
def notice_photo(request: HttpRequest, code: str) -> HttpResponseBase:
    """The photo of a notice in force, when this person may be shown at all."""
    row = get_object_or_404(published.notices(), code=code)
    if not published.may_show_person(row):
        raise Http404
    return picture_response(request, row.photo)


@require_safe
@always_asked
def procedure_list(request: HttpRequest) -> HttpResponse:
    """Procedures by field, searched by words."""
    query = _query(request)
    found = published.procedures(query)
    fields = [(field, list(rows)) for field, rows in groupby(found, key=lambda row: row.field)]
    return render(request, "site/procedure_list.html", {"fields": fields, "q": query})


@require_safe
@always_asked
def procedure(request: HttpRequest, slug: str) -> HttpResponse:
    """One procedure: steps, papers, fee, time, where to hand it in."""
    row = get_object_or_404(Procedure, slug=slug)
    return render(request, "site/procedure.html", {"procedure": row})


@require_safe
@always_asked
def contacts(request: HttpRequest) -> HttpResponse:
    """Emergency numbers, and the office of a commune found by name."""
    query, unit = _query(request), _unit(request)
    context = {"q": query, "unit": unit, "national": published.national_contacts()}
    if unit:
        context["numbers"] = published.contacts_of(unit)
    elif query:
        context["results"] = places.search_communes(query)
    else:
        context["communes"] = places.communes_to_choose()
    return render(request, "site/contacts.html", context)


@require_safe
def check_page(request: HttpRequest) -> HttpResponse:
    """Whether a link, number, officer, notice or broadcast is genuine."""
    query = clean(request.GET.get("q", ""))[: check.MAX_LENGTH]
    context: dict = {"q": query}
    status, wait_seconds = 200, 0
    if query:
        try:
            throttle(request, "check")
            context["answer"] = check.check(query)
        except Throttled as error:
            context["minutes"], status, wait_seconds = -(-error.wait_seconds // 60), 429, error.wait_seconds
    response = render(request, "site/check.html", context, status=status)
    response["Cache-Control"] = "no-store"
    if wait_seconds:
        response["Retry-After"] = str(wait_seconds)
    return response


@require_safe
@cache_control(public=True, max_age=86400)
def robots(request: HttpRequest) -> HttpResponse:
    """Search engines may read what is public, and nothing of the tips or of people sought."""
    hidden = ("/gui-tin/", "/theo-doi/", "/kiem-tra/", "/truy-na/", "/n/", "/can-bo/", "/admin/", "/api/")
    text = "User-agent: *\n" + "".join(f"Disallow: {path}\n" for path in hidden)
    return HttpResponse(text, content_type="text/plain; charset=utf-8")


@require_safe
@cache_control(public=True, max_age=86400)
def favicon(request: HttpRequest) -> HttpResponse:
    """Where browsers look for the icon on their own."""
    return redirect(static("img/favicon.svg"), permanent=False)


def _query(request: HttpRequest) -> str:
    return clean(request.GET.get("q", ""))[:100]


def _unit(request: HttpRequest) -> Unit | None:
    code = request.GET.get("unit", "")[:24]
    if not code:
        return None
    return get_object_or_404(Unit.objects.current().select_related("parent__parent"), code=code)
