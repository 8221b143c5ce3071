"""Error pages that need more than a template."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from tips.views import unsent


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form came without its proof (403). A sender of a tip gets the words back, to send them again."""
    if request.path in (reverse("tips:send"), reverse("tips:follow")):
        response = unsent(request, obstacle="unproven", status=403)
        response["Cache-Control"] = "no-store, private"
        return response
    return render(request, "403_csrf.html", status=403)
