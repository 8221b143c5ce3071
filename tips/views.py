"""The public tip pages: send, and follow with the receipt. No session, no redirect, nothing kept in a cache.

Without a session there is nowhere to put an answer, so every POST renders its answer itself; the form's token
makes a reload of that POST harmless.
"""

import logging
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

import structlog
from django.core import signing
from django.core.exceptions import ValidationError
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from portal.memory import Memory
from portal.skeletons import Page
from portal.text import clean
from tips import defence, form_page, limits, places, provenance, receipts, throttling
from tips.advice import advice_for
from tips.downloads import answer_file_response
from tips.enums import Category
from tips.forms import AdditionForm, TipForm
from tips.models import Tip
from tips.sender_forms import DataForm, RatingForm
from tips.services import additions, rating, requests, uploads
from tips.services.follow import add_message, find, sender_view
from tips.services.intake import Submission, submit_tip
from tips.timeline import steps_of

logger = logging.getLogger(__name__)
no_store = cache_control(no_store=True, private=True)

# A person needs longer than this to open the page and write several links.
QUICK_SECONDS = 3
QUICK_LINKS = 3
# After an outage, as the last page of the portal says it too.
RETRY_SECONDS = 30
# Where the receipt is cut in two on the page, so that it fits a small screen.
RECEIPT_HEAD = 10
_answer = Page(
    "tips/sent.html",
    words=("receipt_head", "receipt_tail", "handler"),
    memory=Memory(size=256, seconds=600),
)


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters()
@no_store
def send(request: HttpRequest) -> HttpResponse:
    """The tip form, its search step for large areas, and the answer page with the receipt."""
    if request.method != "POST":
        return _open_form(request)
    try:
        if provenance.is_our_form(request):
            return _receive(request)
        return unsent(request, obstacle="unproven", status=403)
    except (DatabaseError, OSError):
        logger.exception("tip_not_received")
        return unsent(request, obstacle="failure", status=503)


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters()
@no_store
def follow(request: HttpRequest) -> HttpResponse:
    """The way back with the receipt: how far the tip is, the answers, and a box to add something."""
    if request.method != "POST":
        return render(request, "tips/follow.html")
    if provenance.names_another_site(request):
        return unsent(request, obstacle="unproven", status=403)
    try:
        throttling.peek(request, "receipt")
        tip = find(request.POST.get("receipt"))
        if tip is None:
            throttling.count(request, "receipt")
            return render(request, "tips/follow.html", {"wrong": request.POST.get("receipt", "")[:40]})
        if request.POST.get("action") == "file":
            return answer_file_response(tip, request.POST.get("file", ""))
        if request.POST.get("action") == "add":
            return _add(request, tip)
        if request.POST.get("action") == "rate":
            return _rate(request, tip)
        if request.POST.get("action") == "ask":
            return _ask(request, tip)
        return _tip_page(request, tip)
    except throttling.Throttled as error:
        return _too_many(_slowed(request, error), error)
    except (DatabaseError, OSError):
        logger.exception("tip_not_followed")
        return unsent(request, obstacle="failure", status=503)


@require_safe
def data_rights(request: HttpRequest) -> HttpResponse:
    """What the portal keeps about people, for how long, and how to ask about it."""
    return render(request, "tips/data_rights.html")


def _slowed(request: HttpRequest, error: throttling.Throttled) -> HttpResponse:
    """Too many wrong receipts from this network; whoever was adding something gets it back."""
    if request.POST.get("text") or request.FILES:
        return unsent(request, status=429, **_throttled(error))
    return render(request, "tips/follow.html", _throttled(error), status=429)


def unsent(request: HttpRequest, *, obstacle: str, status: int, minutes: int = 0) -> HttpResponse:
    """A page that returns what was typed, whatever is broken; it reads the request only."""
    names = (*TipForm.base_fields, "receipt", "action")
    kept = [
        (name, request.POST.get(name, ""))
        for name in names
        if name not in ("text", "files", "form_token") and request.POST.get(name)
    ]
    token = request.POST.get("form_token")
    kept.append(("form_token", token if receipts.read_form_token(token) else receipts.new_form_token()))
    kept += [("upload", public_id) for public_id in request.POST.getlist("upload")]
    context = {
        "obstacle": obstacle,
        "minutes": minutes,
        "ref": structlog.contextvars.get_contextvars().get("request_id", ""),
        "kept": kept,
        "text": request.POST.get("text", ""),
        "lost_files": form_page.lost_files(request),
        "again_url": reverse("tips:follow" if "receipt" in request.POST else "tips:send"),
    }
    response = render(request, "tips/unsent.html", context, status=status)
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        response["Retry-After"] = str(RETRY_SECONDS)
    return response


def _open_form(request: HttpRequest) -> HttpResponse:
    query = clean(request.GET.get("q", ""))[:100]
    choice = form_page.choice_of(request.GET.get("unit", ""))
    if query or (choice.is_many and choice.commune is None):
        return _search_step(request, query)
    return form_page.blank(request, choice)


def _search_step(request: HttpRequest, query: str) -> HttpResponse:
    kept = [(name, request.GET[name]) for name in ("category", "broadcast") if request.GET.get(name)]
    context = {
        "q": query,
        "results": places.search_communes(query) if query else [],
        "kept": kept,
        "kept_query": urlencode(kept),
    }
    return render(request, "tips/choose_commune.html", context)


def _receive(request: HttpRequest) -> HttpResponse:
    _drop_upload(request)
    if _wants_another_page(request):
        choice = form_page.choice_of(request.POST.get("unit", ""), request.POST.get("unit_q", ""))
        form = TipForm(initial=form_page.typed(request, choice), auto_id="%s")
        return form_page.filled(request, form, choice, lost_files=form_page.lost_files(request))
    form = TipForm(request.POST, request.FILES, auto_id="%s")
    if not form.is_valid():
        return _returned(request, form)
    draft = form.cleaned_data["draft"]
    if _looks_automatic(request, draft.text):
        return _returned(request, form, obstacle="machine")
    try:
        if task := defence.admit(request):
            slowed = throttling.Throttled(defence.WAIT_SECONDS)
            return _too_many(_returned(request, form, work=task, **_throttled(slowed)), slowed)
        submission = submit_tip(draft)
    except throttling.Throttled as error:
        return _too_many(_returned(request, form, **_throttled(error)), error)
    except ValidationError as error:
        _add_errors(form, error)
        return _returned(request, form)
    return _answer_page(request, submission)


def _drop_upload(request: HttpRequest) -> None:
    """Take an upload out of the form, where that button was pressed."""
    if public_id := request.POST.get("drop"):
        uploads.drop(request.POST.get("form_token"), public_id)


def _returned(request: HttpRequest, form: TipForm, **context: Any) -> HttpResponse:
    """The form goes back to its sender, complete but for the files, which no browser sends twice."""
    choice = form_page.choice_of(request.POST.get("unit", ""))
    return form_page.filled(request, form, choice, lost_files=form_page.lost_files(request), **context)


def _wants_another_page(request: HttpRequest) -> bool:
    """Whether a button other than "send" was pressed, or Enter in the box that searches for a commune."""
    if request.POST.get("drop"):
        return True
    action = request.POST.get("action", "send")
    return action in ("choose_unit", "find_unit") or (action == "" and bool(request.POST.get("unit_q")))


def _looks_automatic(request: HttpRequest, text: str) -> bool:
    """Whether a programme filled the form: the box that people neither see nor reach, or links in a breath.

    Asked once only; pressing the button again is proof enough, since a browser may fill the box by itself.
    """
    if request.POST.get("again"):
        return False
    if request.POST.get("homepage"):
        return True
    return text.count("://") >= QUICK_LINKS and _is_quick(request.POST.get("opened", ""))


def _is_quick(opened: str) -> bool:
    try:
        form_page.opened_signer.unsign(opened, max_age=QUICK_SECONDS)
    except signing.BadSignature:
        return False
    return True


def _add_errors(form: TipForm, error: ValidationError) -> None:
    for name, errors in error.error_dict.items():
        form.add_error(name if name in form.fields else None, errors)


def _answer_page(request: HttpRequest, submission: Submission) -> HttpResponse:
    tip, receipt = submission.tip, submission.receipt
    facts = {"created": submission.created, "files": submission.files}
    advice = advice_for(tip)
    if advice.urgent and tip.category != Category.CAN_BO:
        facts["duty_phone"] = tip.unit.duty_phone
    values = {
        "receipt_head": receipt[:RECEIPT_HEAD],
        "receipt_tail": receipt[RECEIPT_HEAD:],
        "handler": tip.handler.police_name,
    }
    return _answer.response(
        request,
        key=(tip.category, advice.urgent, *facts.values()),
        values=values,
        context=lambda marks: {**facts, **marks, "advice": advice},
    )


def _add(request: HttpRequest, tip: Tip) -> HttpResponse:
    if request.POST.get("drop"):
        _drop_upload(request)
        form = AdditionForm(initial=request.POST.dict(), auto_id="%s")
        return _tip_page(request, tip, form=form, lost_files=form_page.lost_files(request))
    form = AdditionForm(request.POST, request.FILES, auto_id="%s")
    if form.is_valid():
        values = form.cleaned_data
        text = values["text"] or _("Gửi thêm %(count)s tệp.") % {"count": len(values["files"])}
        try:
            throttling.check(request, "message")
            is_reopened = additions.reopen_until(tip) is not None
            add_message(tip, text=text, files=values["files"], token=values["form_token"])
        except ValidationError as error:
            _add_errors(form, error)
        except throttling.Throttled as error:
            lost = form_page.lost_files(request)
            page = _tip_page(request, tip, form=form, lost_files=lost, **_throttled(error))
            return _too_many(page, error)
        else:
            tip.refresh_from_db()
            return _tip_page(request, tip, is_added=True, is_reopened=is_reopened)
    return _tip_page(request, tip, form=form, lost_files=form_page.lost_files(request))


def _rate(request: HttpRequest, tip: Tip) -> HttpResponse:
    form = RatingForm(request.POST, auto_id="rate_%s")
    if form.is_valid():
        try:
            throttling.check(request, "message")
            rating.rate(tip, **form.cleaned_data)
        except ValidationError as error:
            _add_errors(form, error)
        except throttling.Throttled as error:
            return _too_many(_tip_page(request, tip, rating_form=form, **_throttled(error)), error)
        else:
            return _tip_page(request, tip, is_rated=True)
    return _tip_page(request, tip, rating_form=form)


def _ask(request: HttpRequest, tip: Tip) -> HttpResponse:
    form = DataForm(request.POST, auto_id="data_%s")
    if form.is_valid():
        try:
            throttling.check(request, "message")
            asked = requests.ask_by_receipt(tip, **form.cleaned_data)
        except ValidationError as error:
            _add_errors(form, error)
        except throttling.Throttled as error:
            return _too_many(_tip_page(request, tip, data_form=form, **_throttled(error)), error)
        else:
            return _tip_page(request, tip, asked=asked)
    return _tip_page(request, tip, data_form=form)


def _tip_page(
    request: HttpRequest, tip: Tip, *, form: AdditionForm | None = None, **context: Any
) -> HttpResponse:
    receipt = receipts.normalise(request.POST.get("receipt")) or ""
    kept = uploads.finished(request.POST.get("form_token"), request.POST.getlist("upload")) if form else []
    context |= {
        "uploads": kept,
        "tip": sender_view(tip),
        "steps": steps_of(tip),
        "reopen_until": additions.reopen_until(tip),
        **({"rating_form": RatingForm(auto_id="rate_%s")} if rating.can_rate(tip) else {}),
        "data_form": DataForm(auto_id="data_%s"),
        "data_requests": requests.by_receipt(tip),
        **context,
        "receipt": receipt,
        "receipt_end": receipt[-4:],
        "form": form or AdditionForm(initial={"form_token": receipts.new_form_token()}, auto_id="%s"),
        "max_text": limits.MAX_TEXT,
        "max_files": limits.max_files(),
    }
    return render(request, "tips/tip.html", context)


def _throttled(error: throttling.Throttled) -> dict[str, Any]:
    return {"obstacle": "throttled", "minutes": -(-error.wait_seconds // 60)}


def _too_many(response: HttpResponse, error: throttling.Throttled) -> HttpResponse:
    response.status_code = 429
    response["Retry-After"] = str(error.wait_seconds)
    return response
