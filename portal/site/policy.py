"""The content security policy of most pages, put together once instead of for every answer."""

from functools import cached_property

from csp.constants import HEADER
from csp.middleware import CSPMiddleware, PolicyParts
from csp.utils import build_policy
from django.http import HttpRequest, HttpResponseBase


class PolicyMiddleware(CSPMiddleware):
    """django-csp's, but for answers that ask for nothing of their own: no nonce, exemption, other sources."""

    @cached_property
    def _of_the_settings(self) -> str:
        return build_policy()

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        is_exempt = getattr(response, "_csp_exempt", False)
        if is_exempt or self.get_policy_parts(request, response) != PolicyParts():
            return super().process_response(request, response)
        response.setdefault(HEADER, self._of_the_settings)
        return response
