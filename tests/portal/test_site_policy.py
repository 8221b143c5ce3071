"""The content security policy that most answers share, and those that have one of their own."""

import pytest
from csp.decorators import csp_exempt, csp_replace
from csp.middleware import CSPMiddleware
from django.http import HttpResponse
from django.test import RequestFactory

from portal.site.policy import PolicyMiddleware

HEADER = "Content-Security-Policy"


def with_nonce(request):
    return HttpResponse(f"<script nonce={request.csp_nonce}>")


def with_policy(_request):
    return HttpResponse(headers={HEADER: "sandbox"})


def plain(_request):
    return HttpResponse()


@pytest.mark.parametrize(
    "view", [plain, with_policy, with_nonce, csp_exempt()(plain), csp_replace({"img-src": ["https:"]})(plain)]
)
def test_policy_is_the_same_as_when_it_is_put_together_each_time(view):
    ours, theirs = (kind(view)(RequestFactory().get("/")) for kind in (PolicyMiddleware, CSPMiddleware))

    assert _sources(ours) == _sources(theirs)


def test_policy_of_one_answer_is_not_that_of_the_next():
    other = csp_replace({"img-src": ["https:"]})(plain)
    middleware = PolicyMiddleware(lambda request: (other if request.GET else plain)(request))
    requests = [RequestFactory().get("/", query) for query in ({}, {"own": "1"}, {})]

    first, own, again = (_sources(middleware(request)) for request in requests)

    assert first == again != own and "img-src https:" in own


def _sources(response):
    """The directives, in no order."""
    return {part.strip() for part in response.get(HEADER, "").split(";")}
