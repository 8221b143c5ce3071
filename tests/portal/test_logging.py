"""Logs say what happened and how long it took, and nothing about who."""

import io
import json
import logging
import logging.config
import re
from collections.abc import Iterator

import pytest
import structlog
from django.http import HttpResponse
from django.test import Client, override_settings
from django.urls import URLResolver, get_resolver, include, path, re_path

from portal import logging as portal_logging

CANARIES = (
    "0912345678",
    "ABCD-EFGH-JKMN-PQRS",
    "203.0.113.77",
    "TorBrowser/9",
    "bí mật của tôi",
    "secret-token-value",
)


def failing(request):
    raise ValueError(f"bad phone {request.POST.get('phone')} 0912345678")


def ok(request, **kwargs):
    return HttpResponse("ok")


def answer(request):
    return HttpResponse("ok", status=int(request.GET.get("status", 200)))


urlpatterns = [
    path("gui-tin/", answer),
    path("theo-doi/<str:code>/", lambda request, code: answer(request)),
    path("can-bo/", lambda request: HttpResponse(str(request.user.pk))),
    path("hong/", failing),
    path("api/v1/", include([re_path(r"^broadcasts/(?P<pk>\d+)/(?:posts|[a-z]{2,})\.json/$", ok)])),
    re_path(r"^admin/(?P<app>tips|site)/(?P<url>.*)$", ok),
]


def all_routes(resolver: URLResolver, before: str = "") -> Iterator[str]:
    for entry in resolver.url_patterns:
        route = before + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from all_routes(entry, route)
        else:
            yield route


@pytest.fixture
def lines():
    """What production writes, as parsed JSON, while the test runs."""
    stream = io.StringIO()
    root = logging.getLogger()
    before = root.handlers[:], root.level
    configuration = portal_logging.configuration(debug=False)
    configuration["handlers"]["console"]["stream"] = stream
    logging.config.dictConfig(configuration)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    root.handlers[:], root.level = before
    logging.config.dictConfig(portal_logging.configuration(debug=True))


def raw(entries: list[dict]) -> str:
    return json.dumps(entries, ensure_ascii=False)


@override_settings(ROOT_URLCONF=__name__)
def test_request_is_one_line_with_route_and_no_trace_of_the_sender(lines):
    Client().post(
        "/gui-tin/?phone=0912345678&status=429",
        {"text": "bí mật của tôi", "contact_phone": "0912345678"},
        headers={"user-agent": "TorBrowser/9", "x-forwarded-for": "203.0.113.77"},
        REMOTE_ADDR="203.0.113.77",
    )
    (entry,) = lines()
    assert {key: entry[key] for key in ("event", "method", "route", "status", "level")} == {
        "event": "request",
        "method": "POST",
        "route": "/gui-tin/",
        "status": 429,
        "level": "info",
    }
    assert set(entry) == {
        "event",
        "method",
        "route",
        "status",
        "level",
        "ms",
        "request_id",
        "timestamp",
        "logger",
    }


@override_settings(ROOT_URLCONF=__name__)
def test_request_is_logged_by_route_not_by_address(lines):
    Client().get("/theo-doi/ABCD-EFGH-JKMN-PQRS/?status=404")
    assert [entry["route"] for entry in lines()] == ["/theo-doi/<str:code>/"]


@override_settings(ROOT_URLCONF=__name__)
def test_visit_of_a_sender_leaves_no_line_and_so_no_second(lines):
    for address in ("/gui-tin/", "/theo-doi/ABCD-EFGH-JKMN-PQRS/"):
        Client().get(address)
        Client().post(address)
    assert lines() == []


@pytest.mark.parametrize(
    ("address", "route"),
    [
        ("/api/v1/broadcasts/7/posts.json/", "/api/v1/broadcasts/<pk>/….json/"),
        ("/admin/tips/tip/1/", "/admin/<app>/<url>"),
    ],
)
@override_settings(ROOT_URLCONF=__name__)
def test_route_written_as_a_pattern_is_logged_as_a_template(lines, address: str, route: str):
    Client().get(address)
    assert [entry["route"] for entry in lines()] == [route]


def test_every_route_of_the_portal_is_readable_in_the_log():
    unreadable = re.compile(r"[\^$\\()|?*+\[\]]")
    routes = [portal_logging.readable_route(route) for route in all_routes(get_resolver())]
    assert "api/v1/broadcasts/<pk>/approve/" in routes
    assert [route for route in routes if unreadable.search(route)] == []
    assert [route for route in routes if portal_logging.mask(route) != route] == []


@override_settings(ROOT_URLCONF=__name__)
def test_address_that_does_not_exist_is_not_written(lines):
    Client().get("/0912345678/ABCD-EFGH-JKMN-PQRS")
    assert [(entry["status"], entry["route"]) for entry in lines()] == [(404, "/")]


@pytest.mark.django_db
@override_settings(ROOT_URLCONF=__name__)
def test_staff_request_names_the_account_number_only(lines, django_user_model):
    user = django_user_model.objects.create_user("officer-canary", full_name="Nguyễn Văn Kín")
    client = Client()
    client.force_login(user)
    client.get("/can-bo/")
    client.get("/gui-tin/?status=400")
    staff, public = lines()
    assert (staff["user_id"], "user_id" in public, "Kín" in raw(lines()), "canary" in raw(lines())) == (
        user.pk,
        False,
        False,
        False,
    )


@override_settings(ROOT_URLCONF=__name__, DEBUG_PROPAGATE_EXCEPTIONS=False)
def test_failure_is_logged_with_type_and_place_but_without_its_text(lines):
    Client(raise_request_exception=False).post("/hong/", {"phone": "0912345678"})
    failure = next(entry for entry in lines() if "exception" in entry)
    assert failure["exception"] == "ValueError"
    assert any("failing" in frame for frame in failure["frames"])
    assert not any(canary in raw(lines()) for canary in CANARIES)


@pytest.mark.parametrize(
    ("words", "error", "line"),
    [
        ("step_failed: fetch", KeyError("e"), "step_failed: fetch"),
        ("sent 28 of 128", OSError(28, "Full"), "sent OSError of 128"),
        ("gọi An, không phải Anh", ValueError("An"), "gọi ValueError, không phải Anh"),
        ("gọi Hoa_2", ValueError("Hoa"), "gọi ValueError_2"),
    ],
)
def test_what_an_error_says_is_cut_out_of_its_line_but_no_letters_out_of_other_words(
    lines, words: str, error: Exception, line: str
):
    structlog.get_logger("portal.test").error(words, exc_info=error)
    assert [entry["event"] for entry in lines()] == [line]


@pytest.mark.parametrize(
    "text",
    [
        "gọi 0912345678 nhé",
        "gọi +84 912 345 678",
        "gọi 0912.345.678",
        "mã ABCD-EFGH-JKMN-PQRS",
        "mã abcd-efgh-jkmn-pqrs",
        "from 203.0.113.77 port 5",
        "from 2001:db8:0:1:2:3:4:5",
        "from ::1",
        "Authorization: Token secret-token-value",
        "https://x/y?access_token=secret-token-value",
        "mail nguyen.an@example.vn",
    ],
)
def test_mask_hides_what_looks_personal(text: str):
    masked = portal_logging.mask(text)
    assert "[" in masked
    for canary in ("912", "ABCD", "abcd", "203.", "2001:", "::1", "secret", "nguyen.an@"):
        assert canary not in masked


@pytest.mark.parametrize(
    "text",
    ["broadcast TB-2611-0042 sent", "2026-11-21T16:05:00", "expanded 1200 rows in 350 ms", "groups.E001"],
)
def test_mask_leaves_ordinary_words(text: str):
    assert portal_logging.mask(text) == text


def test_keys_that_name_a_person_are_dropped(lines):
    structlog.get_logger("somebody.elses").info(
        "request_started", ip="203.0.113.77", user_agent="TorBrowser/9", body="bí mật của tôi", task="x"
    )
    (entry,) = lines()
    assert set(entry) == {"event", "task", "level", "logger", "timestamp"}


def test_library_lines_pass_the_same_filter(lines):
    logging.getLogger("somelibrary").warning("refused %s for %s", "203.0.113.77", "0912345678")
    assert [entry["event"] for entry in lines()] == ["refused [address] for [phone]"]


def test_line_cannot_be_forged_by_a_line_break(lines):
    logging.getLogger("somelibrary").warning("path %s", 'x\n{"event": "forged"}')
    assert len(lines()) == 1
