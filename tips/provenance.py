"""Whether a POST comes from one of our own pages, without a cookie (decision 0010).

Browsers that say where a request comes from (``Origin``, ``Sec-Fetch-Site``) are believed when they name
another site. Beyond that the tip form is proven by its signed token and the way back by its receipt; whatever
lacks its proof goes through Django's own check, which wants its cookie.
"""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import CsrfViewMiddleware

from tips import receipts

_OURS = ("same-origin", "none")


def refusal(request: HttpRequest, *, by_receipt: bool = False) -> HttpResponse | None:
    """The answer to a POST that nothing proves to be ours, or None for one that may go on.

    ``by_receipt``: who knows a receipt may ask about it from anywhere; it proves nothing where tips are sent.
    """
    if not _names_another_site(request) and _is_proven(request, by_receipt):
        return None
    # An object that is no view: the check must not find it exempt.
    return CsrfViewMiddleware(lambda _request: HttpResponse()).process_view(request, object(), (), {})


def _is_proven(request: HttpRequest, by_receipt: bool) -> bool:
    if by_receipt and request.POST.get("receipt"):
        return True
    return receipts.read_form_token(request.POST.get("form_token")) is not None


def _names_another_site(request: HttpRequest) -> bool:
    origin = request.META.get("HTTP_ORIGIN", "null")
    # "null" is what privacy settings make of it: then the other header counts, where there is one.
    if origin == "null":
        return request.META.get("HTTP_SEC_FETCH_SITE", "none") not in _OURS
    return origin not in (f"{request.scheme}://{request.get_host()}", *settings.CSRF_TRUSTED_ORIGINS)
