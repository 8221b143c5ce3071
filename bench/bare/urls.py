"""Two views: a form that inserts a row and redirects, and a JSON body that inserts a row."""

import json

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template import engines
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from bench.bare.models import Note

PAGE = """<!DOCTYPE html><html lang="vi"><title>Gửi tin</title><form method="post">
{% csrf_token %}{{ form.as_p }}<button>Gửi</button></form></html>"""


class NoteForm(forms.ModelForm):
    """All fields of the row."""

    class Meta:
        model = Note
        fields = ("category", "text", "place")


template = engines["django"].from_string(PAGE)


def note(request: HttpRequest) -> HttpResponse:
    """The whole site."""
    form = NoteForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        form.save()
        return redirect("/")
    return HttpResponse(template.render({"form": form}, request))


@csrf_exempt
def hook(request: HttpRequest) -> HttpResponse:
    """The least webhook: read JSON, insert one row."""
    body = json.loads(request.body)
    Note.objects.create(category=body["event_name"][:16], text=request.body.decode())
    return HttpResponse()


urlpatterns = [path("", note), path("hook/", hook)]
