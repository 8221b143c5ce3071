"""Public pages of a group: the page a letter leads to, and the letter itself."""

import segno
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from groups.enums import GroupState, Level
from groups.links import join_address
from groups.models import Group, JoinLink, Unit
from groups.services.groups import is_zalo_link
from portal.text import PhoneError, parse_phone


@require_safe
def zalo_verifier(request: HttpRequest, code: str) -> HttpResponse:
    """The file by which Zalo sees that this host is ours; 404 for a code that is not."""
    if code not in settings.ZALO_VERIFIER_CODES:
        raise Http404
    return render(request, "groups/zalo_verifier.html", {"code": code})


@require_safe
def join(request: HttpRequest, code: str) -> HttpResponse:
    """Who runs the group, what it is for, and the way in; 410 for a link that was replaced."""
    link = _link(code)
    group = link.group
    is_open = link.is_open and group.state == GroupState.ACTIVE
    target = group.join_url if is_open and is_zalo_link(group.join_url) else ""
    context = {
        **_about(group),
        "is_open": is_open,
        "target": target,
        "qr": _qr(target, scale=6) if target else "",
    }
    return render(request, "groups/join.html", context, status=200 if is_open else 410)


@require_safe
def letter(request: HttpRequest, code: str) -> HttpResponse:
    """A letter to print: its QR code and address are ours, so a new Zalo link does not spoil it."""
    link = _link(code)
    if not link.is_open:
        return render(request, "groups/join.html", {**_about(link.group), "is_open": False}, status=410)
    address = join_address(link)
    today = timezone.localdate()
    context = {
        **_about(link.group),
        "address": address,
        "qr": _qr(address, scale=8),
        # Days below 10 and the first two months get a zero (Decree 30/2020/NĐ-CP).
        "day": f"{today.day:02d}",
        "month": f"{today.month:02d}" if today.month < 3 else today.month,
        "year": f"{today.year}",
    }
    return render(request, "groups/join_letter.html", context)


def _link(code: str) -> JoinLink:
    links = JoinLink.objects.select_related("group__unit__parent__parent__parent")
    return get_object_or_404(links, code=code.lower())


def _about(group: Group) -> dict:
    office = office_of(group.unit)
    return {
        "group": group,
        "unit": group.unit,
        "office": office,
        "site_name": office.police_name,
        "phone": _shown_phone(office.duty_phone),
        "check_path": "/kiem-tra/",
    }


def office_of(unit: Unit) -> Unit:
    """The unit whose police answer for ``unit``: a village has none of its own."""
    return unit.parent if unit.level == Level.VILLAGE and unit.parent else unit


def _shown_phone(number: str) -> str:
    try:
        return parse_phone(number).display if number else ""
    except PhoneError:
        return number


def _qr(text: str, *, scale: int) -> str:
    """A data URI: the pages allow pictures of our own and inline data, nothing else."""
    return segno.make(text, error="m", micro=False).svg_data_uri(scale=scale, border=2, dark="#0c3a3c")
