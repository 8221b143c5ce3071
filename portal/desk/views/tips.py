"""Tips: the queue, one tip with its thread and files, and every act on it."""

from functools import partial
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST, require_safe

from portal.desk import frame, scope, tip_acts, tip_queue
from portal.desk.access import tips_page
from portal.desk.forms.fields import add_errors
from portal.desk.paging import keyed
from portal.errors import WrongStateError
from portal.site.paging import page
from tips.deadlines import milestones
from tips.downloads import evidence_response
from tips.enums import OPEN, Category, EventKind, SourceChannel
from tips.models import Tip
from tips.services import attention, offers, reading
from tips.services.answers import TAKES_ANSWER, answers_for, filled_in
from tips.services.changes import last_change, version_read
from tips.services.identity import live_grant
from tips.services.rating import ratings_for
from tips.services.similar import similar_tips
from tips.services.timing import waiting_request

PAGE_SIZE = 30


@require_safe
@tips_page
def index(request: HttpRequest) -> HttpResponse:
    """Open tips by deadline; everything else newest first."""
    filters = tip_queue.Filters.of(request.GET)
    rows = tip_queue.listed(request, filters)
    context: dict[str, Any] = {
        "filters": filters,
        "chips": tip_queue.CHIPS,
        "categories": Category.choices,
        "villages": tip_queue.villages(request),
    }
    if filters.chip == tip_queue.PASSED_ON:
        context["page"] = context["transfers"] = page(
            tip_queue.passed_on(request), request, by="pk", size=PAGE_SIZE
        )
    else:
        context["page"] = keyed(
            rows, request, order=filters.order, size=PAGE_SIZE, marks=partial(scope.tips, request)
        )
        attention.mark(request.user, context["page"].rows)
        tip_queue.give_boxes(context["page"].rows, gives_out=request.desk.is_deciding)
        context["people"] = offers.people_at(request.desk.unit) if request.desk.is_deciding else []
    context["hidden"] = tip_queue.hidden(request, filters)
    return frame.render(request, "desk/tips/list.html", context)


@require_safe
@tips_page
def detail(request: HttpRequest, public_id: str) -> HttpResponse:
    """One tip. Opening it leaves a trace."""
    return _detail_page(request, public_id)


def _detail_page(
    request: HttpRequest,
    public_id: str,
    *,
    bound: dict[str, Any] | None = None,
    revealed: Any = None,
    conflict: dict[str, Any] | None = None,
    status: int = 200,
) -> HttpResponse:
    """The page of a tip; ``bound`` puts a form back, ``revealed`` shows the contact once.

    A form that comes back stays with the version its writer had read, until a conflict has been shown.
    """
    try:
        tip = reading.read_tip(request.user, public_id)
    except Tip.DoesNotExist:
        raise Http404 from None
    tip.first_files = [file for file in tip.evidence.all() if file.message_id is None]
    able = offers.abilities(request.user, tip)
    answers = answers_for(tip) if able.intersection(TAKES_ANSWER) else []
    context = {
        "tip": tip,
        # Nobody outside has the code of such a tip: what is answered is read by nobody.
        "is_unreachable": tip.channel == SourceChannel.ZALO
        and tip.events.filter(kind=EventKind.NO_RECEIPT).exists(),
        "able": able,
        "named": tip.named_officers.select_related("user") if tip.conduct else [],
        "forms": tip_acts.forms_for(request.user, tip, able) | (bound or {}),
        "opened": next(iter(bound or {}), ""),
        "opened_version": tip.version if conflict else _version(request),
        "conflict": conflict,
        "answers": answers,
        "revealed": revealed,
        "grant": live_grant(tip, request.user) if "reveal" in able and revealed is None else None,
        "same_case": offers.same_case(request.user, tip),
        "similar": similar_tips(request.user, tip) if tip.status in OPEN else [],
        "main_tip": offers.main_tip(request.user, tip),
        "milestones": [] if tip.erased_at else milestones(tip),
        "time_request": waiting_request(tip) if able & {offers.APPROVE_TIME, offers.DROP_TIME} else None,
        "ratings": ratings_for(request.user, tip),
        "candidates": offers.merge_candidates(request.user, tip) if "merge" in able else [],
    }
    return frame.render(request, "desk/tips/detail.html", context, status=status)


@require_safe
@tips_page
def evidence(request: HttpRequest, public_id: str, evidence_id: str) -> HttpResponseBase:
    """A cleaned file of a visible tip, decrypted on its way out."""
    tip = get_object_or_404(reading.visible_tips(request.user), public_id=public_id)
    return evidence_response(request, tip, evidence_id)


@require_POST
@sensitive_post_parameters()
@tips_page
def act(request: HttpRequest, public_id: str, name: str) -> HttpResponse:
    """Do one act of ``tip_acts.ACTS`` on the copy the person has read (``version``)."""
    if name not in tip_acts.ACTS:
        raise Http404
    tip = get_object_or_404(reading.visible_tips(request.user), public_id=public_id)
    if "insert" in request.POST and name in TAKES_ANSWER:
        return _with_answer(request, tip, name)
    form = tip_acts.build(name, request.user, tip, request.POST, request.FILES)
    if form.is_valid():
        try:
            result = tip_acts.ACTS[name].service(
                tip, actor=request.user, version=_version(request), **form.cleaned_data
            )
        except ValidationError as error:
            add_errors(form, error)
        except WrongStateError as error:
            return _conflict(request, public_id, name, error)
        else:
            if name == "reveal":
                return _detail_page(request, public_id, revealed=result)
            messages.success(request, str(tip_acts.ACTS[name].done))
            return _after(request, tip)
    return _detail_page(request, public_id, bound={name: form}, status=400)


def _with_answer(request: HttpRequest, tip: Tip, name: str) -> HttpResponse:
    """The page again, a prepared answer below what was typed; nothing is sent yet."""
    form = tip_acts.build(name, request.user, tip, typed=filled_in(name, tip, request.POST.dict()))
    return _detail_page(request, tip.public_id, bound={name: form})


def _conflict(request: HttpRequest, public_id: str, name: str, error: WrongStateError) -> HttpResponse:
    """The tip as it is now, who changed it, and what was typed: in its form where the act is still possible.

    Raises ``error`` again, for the page that only gives the words back, where it is not.
    """
    tip = reading.visible_tips(request.user).filter(public_id=public_id).first()
    if tip is None:
        raise error
    news = last_change(tip)
    form = tip_acts.build(name, request.user, tip, typed=request.POST.dict())
    if not form.fields or name not in offers.abilities(request.user, tip):
        raise type(error)(f"{error.message} {news}")
    conflict = {"news": news, "form": f"{name}_form", "files": bool(request.FILES)}
    return _detail_page(request, public_id, bound={name: form}, conflict=conflict, status=409)


def _after(request: HttpRequest, tip: Tip) -> HttpResponse:
    """Back to the tip, or to the queue when it now belongs to somebody else."""
    if Tip.objects.visible_to(request.user).filter(pk=tip.pk).exists():
        return redirect("desk:tip", tip.public_id)
    return redirect("desk:tips")


def _version(request: HttpRequest) -> int:
    return version_read(request.POST.get("version", ""))
