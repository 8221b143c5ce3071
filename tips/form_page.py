"""The page of the tip form: what it offers to choose from, and how it is put together.

An empty form differs between visitors in its tokens only, so it is rendered once and filled in
(``portal.skeletons``). A form that comes back with words in it is rendered for its sender alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.core import signing
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from broadcasts.models import Broadcast
from groups.models import Unit
from portal.memory import Memory
from portal.skeletons import Page
from portal.text import clean
from tips import limits, places, receipts, validators
from tips.advice import stops
from tips.enums import EvidenceKind
from tips.evidence import FileRefusedError, recognise
from tips.forms import TipForm
from tips.services import uploads

TEMPLATE = "tips/send.html"
opened_signer = signing.TimestampSigner(salt="tips.opened")
_blank_page = Page(TEMPLATE, words=("form_token", "opened"), memory=Memory(size=64))


@dataclass(frozen=True)
class Choice:
    """The communes a form offers now: all of a small area, or what a search in a large one found."""

    commune: Unit | None
    communes: list[Unit]
    villages: list[Unit] = field(default_factory=list)
    is_many: bool = False
    found: list[Unit] = field(default_factory=list)
    query: str = ""


def choice_of(code: str, query: str = "") -> Choice:
    """What the form offers: with ``query`` what that finds, the commune chosen so far staying in the list."""
    code, query = clean(code)[:24], clean(query)[:100]
    communes = places.communes_to_choose()
    is_many = not communes
    chosen = {unit.code: unit for unit in communes}.get(code) or places.find_commune(code)
    if chosen is None and len(communes) == 1:
        chosen = communes[0]
    if chosen and chosen not in communes:
        communes = [chosen, *communes]
    found = [hit.unit for hit in places.search_communes(query)] if is_many and query else []
    if found:
        communes = found + [unit for unit in communes if unit not in found]
        chosen = found[0] if len(found) == 1 else None
    villages = places.villages_of(chosen) if chosen else []
    return Choice(chosen, communes, villages, is_many, found, query="" if len(found) == 1 else query)


def blank(request: HttpRequest, choice: Choice) -> HttpResponse:
    """The empty form, with what the address asks for: a commune, a category, the broadcast it answers."""
    category = request.GET.get("category", "")
    category = category if category in validators.CATEGORIES else ""
    broadcast = _broadcast(request.GET.get("broadcast", ""))
    code = choice.commune.code if choice.commune else ""

    def context(marks: Mapping[str, str]) -> dict[str, Any]:
        initial = {
            "unit": code,
            "category": category,
            "broadcast": broadcast.code if broadcast else "",
            "form_token": marks["form_token"],
        }
        form = TipForm(initial=initial, auto_id="%s")
        return {**_context(form, choice, broadcast), **marks}

    values = {
        "form_token": receipts.new_form_token(),
        "opened": opened_signer.sign(""),
    }
    key = (code, category, broadcast and (broadcast.code, broadcast.title))
    return _blank_page.response(request, key=key, values=values, context=context)


def filled(request: HttpRequest, form: TipForm, choice: Choice, **context: Any) -> HttpResponse:
    """The form as its sender left it, with what is to be said about it."""
    context |= _context(form, choice, _broadcast(form["broadcast"].value() or ""))
    context["uploads"] = uploads.finished(request.POST.get("form_token"), request.POST.getlist("upload"))
    context["opened"] = request.POST.get("opened") or opened_signer.sign("")
    return render(request, TEMPLATE, context)


def _context(form: TipForm, choice: Choice, broadcast: Broadcast | None) -> dict[str, Any]:
    form.offer(choice.communes, choice.villages)
    return {
        "form": form,
        "mark_required": True,
        "commune": choice.commune,
        "has_villages": bool(choice.villages),
        "many_communes": choice.is_many,
        "found_units": choice.found,
        "unit_q": choice.query,
        "broadcast": broadcast,
        "stops": stops(),
        "max_text": limits.MAX_TEXT,
        "max_files": limits.max_files(),
        "image_mb": limits.max_bytes(EvidenceKind.IMAGE) // limits.MEGABYTE,
        "video_mb": limits.max_bytes(EvidenceKind.VIDEO) // limits.MEGABYTE,
        "total_mb": limits.max_total_bytes() // limits.MEGABYTE,
        "audio_mb": limits.max_bytes(EvidenceKind.AUDIO) // limits.MEGABYTE,
    }


def _broadcast(code: str) -> Broadcast | None:
    try:
        return validators.clean_broadcast(clean(code))
    except ValidationError:
        return None


def typed(request: HttpRequest, choice: Choice) -> dict[str, str]:
    """Everything typed so far, for a page that asks for more without complaining about the rest."""
    values = {name: request.POST.get(name, "") for name in TipForm.base_fields}
    values["unit"] = choice.commune.code if choice.commune else ""
    if values["village"] not in {village.code for village in choice.villages}:
        values["village"] = ""
    return values


@dataclass(frozen=True)
class LostFiles:
    """Files that came with a form that goes back. Their names are shown once and never stored.

    ``refused`` are those not worth choosing again, each with a sentence that says why.
    """

    again: list[str]
    refused: list[tuple[str, str]]

    def __bool__(self) -> bool:
        return bool(self.again or self.refused)


def lost_files(request: HttpRequest) -> LostFiles:
    """The files chosen with this form, which no browser sends twice; it reads the request only."""
    lost = LostFiles([], [])
    for file in request.FILES.getlist("files"):
        try:
            recognise(file)
        except FileRefusedError as error:
            lost.refused.append((file.name, str(error.message)))
        else:
            lost.again.append(file.name)
    return lost
