"""Structured logs that cannot identify a resident.

One line per event: JSON in production, coloured text while ``DEBUG`` is on. A request is logged by its route
(``/gui-tin/``, ``can-bo/tin/<pk>/``), never by its address, so no query string, code or identifier reaches a
log; addresses, user agents and bodies are not read at all. Whatever a library adds on its own passes
``scrub``, which drops what may name a person and masks what looks like a phone number, a receipt, a token or
a network address. Exceptions keep their type and their place; their text is dropped in production, because
databases and validators quote the data they refuse.
"""

import logging
import re
import time
import traceback
import uuid
from collections.abc import Callable, MutableMapping
from functools import cache
from typing import Any

import structlog
from django.http import HttpRequest, HttpResponse

EventDict = MutableMapping[str, Any]

# Keys that libraries bind on their own (Django, Celery, axes, urllib3).
FORBIDDEN_KEYS = frozenset(
    "ip ip_address remote_addr client user_agent http_user_agent http_accept referer headers cookies query "
    "body data request environ args kwargs password token phone contact text username credentials".split()
)
# What the processors below and the middleware write themselves: nothing in it to look for.
OWN_KEYS = frozenset(("timestamp", "level", "logger", "request_id"))
# The routes an anonymous sender visits: their log lines do not say who was signed in.
ANONYMOUS_ROUTES = ("gui-tin/", "theo-doi/", "api/v1/tips")
# Only refusals and failures leave a line. In a quiet commune the second of a sender's visit is that of the
# tip, which nothing may tell; events of Zalo come a hundred a second, and each is kept as a row.
QUIET_ROUTES = (*ANONYMOUS_ROUTES, "zalo/webhook/")
# So few letters stand in many a word by chance: of those only what stands alone is the error's.
SHORT = 2

_MASKS = (
    (re.compile(r"\b[0-9A-HJKMNP-TV-Z]{4}(?:-[0-9A-HJKMNP-TV-Z]{4}){3}\b", re.IGNORECASE), "[receipt]"),
    (re.compile(r"(?<![\w.])(?:\+?84|0)[\s.-]?\d(?:[\s.-]?\d){7,9}(?!\w)"), "[phone]"),
    (re.compile(r"\b\d{1,3}(?:\.\d{1,3}){3}\b"), "[address]"),
    (
        re.compile(r"(?<![\w:])(?:[0-9a-f]{1,4}:){3,7}[0-9a-f]{0,4}(?![\w:])|(?<![\w:])::1(?!\w)", re.I),
        "[address]",
    ),
    (
        re.compile(r"\b(?:Token|Bearer|access_token=|refresh_token=)\s*[\w.~+/=-]{8,}", re.IGNORECASE),
        "[token]",
    ),
    (re.compile(r"[\w.+-]+@[\w-]+\.[\w.]+"), "[email]"),
    (re.compile(r"\?[^\s\"']+"), "?[query]"),
)


def mask(text: str) -> str:
    """``text`` with everything that looks like a personal datum or a secret replaced by its kind."""
    for pattern, replacement in _MASKS:
        text = pattern.sub(replacement, text)
    return text


def scrub(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """Drop the keys that may name a person and mask the strings that remain (a structlog processor)."""
    for key in FORBIDDEN_KEYS & event.keys():
        del event[key]
    for key, value in event.items():
        if isinstance(value, str) and key not in OWN_KEYS:
            event[key] = mask(value)
    return event


def exception_place(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """Replace exception information by types and places, without messages (a structlog processor)."""
    info = event.pop("exc_info", None)
    if isinstance(info, BaseException):
        info = (type(info), info, info.__traceback__)
    if isinstance(info, tuple) and info[0] is not None:
        event["exception"] = info[0].__qualname__
        event["frames"] = [f"{f.filename}:{f.lineno} {f.name}" for f in traceback.extract_tb(info[2])[-12:]]
        event["event"] = _unquoted(event, info[1])
    return event


def _unquoted(event: EventDict, error: BaseException | None) -> str:
    """What a line says without what the error says: Celery's holds the error's text among its arguments."""
    record = event.get("_record")
    is_foreign = record is not None and not event.get("_from_structlog")
    text = str(record.msg) if is_foreign else str(event["event"])
    while error is not None:
        for words in filter(None, (repr(error), str(error), *map(str, error.args))):
            text = _without(text, words, type(error).__qualname__)
        error = error.__cause__ or error.__context__
    return text


def _without(text: str, words: str, replacement: str) -> str:
    if len(words) > SHORT:
        return text.replace(words, replacement)
    return re.sub(rf"(?<!\w){re.escape(words)}(?!\w)", lambda _found: replacement, text)


def configuration(*, debug: bool) -> dict[str, Any]:
    """The ``LOGGING`` setting; also points structlog itself at the standard library's handlers."""
    shared = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    ending = (
        [structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)]
        if debug
        else [_json_renderer()]
    )
    formatter = {
        "()": structlog.stdlib.ProcessorFormatter,
        "foreign_pre_chain": shared,
        "processors": [
            *([] if debug else [exception_place]),
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            scrub,
            *ending,
        ],
    }
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"structured": formatter},
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "structured"}},
        "root": {"handlers": ["console"], "level": "INFO"},
        "loggers": {
            # Each of these prints a line of its own for what the request line already says.
            "django": {"level": "WARNING", "handlers": [], "propagate": True},
            "django.server": {"level": "WARNING", "handlers": [], "propagate": True},
            "django.request": {"level": "ERROR"},
            "django.security.DisallowedHost": {"level": "CRITICAL"},
            # Names the account and the network of every wrong password.
            "axes": {"level": "CRITICAL"},
            "celery": {"level": "WARNING"},
            "kombu": {"level": "WARNING"},
            "PIL": {"level": "WARNING"},
            "urllib3": {"level": "WARNING"},
        },
    }


def _json_renderer() -> Callable[[Any, str, EventDict], str | bytes]:
    return structlog.processors.JSONRenderer(ensure_ascii=False)


# A group of a pattern, which may hold groups of its own one level down; named ones are the route's variables.
_GROUP = re.compile(r"\(\?P<(\w+)>(?:[^()]|\([^()]*\))*\)|\((?:[^()]|\([^()]*\))*\)")
_PATTERN_SIGNS = re.compile(r"\\[AZbBdDwWsS][*+?]?|\\(?=.)|[\^$*+?]")


@cache
def readable_route(route: str) -> str:
    """A route as a template: ``api/v1/^tips/(?P<pk>\\d+)/$`` reads ``api/v1/tips/<pk>/``."""
    if "(" not in route and "^" not in route:
        return route
    named = _GROUP.sub(lambda group: f"<{group[1]}>" if group[1] else "…", route)
    return _PATTERN_SIGNS.sub("", named)


class RequestLogMiddleware:
    """One line per request, but for ``QUIET_ROUTES``: its id, method, route, status and milliseconds."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.logger = structlog.get_logger("portal.request")

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request_id = uuid.uuid4().hex[:16]
        started = time.monotonic()
        with structlog.contextvars.bound_contextvars(request_id=request_id):
            response = self.get_response(request)
            route = readable_route(request.resolver_match.route) if request.resolver_match else ""
            details: dict[str, Any] = {"method": request.method, "route": f"/{route}"}
            # Only where the page asked who it is: looking would cost every public page a query.
            user = getattr(request, "_cached_user", None)
            if user is not None and user.pk and not route.startswith(ANONYMOUS_ROUTES):
                details["user_id"] = user.pk
            milliseconds = round((time.monotonic() - started) * 1000)
            level = logging.ERROR if response.status_code >= 500 else logging.INFO
            if response.status_code >= 400 or not route.startswith(QUIET_ROUTES):
                self.logger.log(level, "request", status=response.status_code, ms=milliseconds, **details)
        response["X-Request-Id"] = request_id
        return response
