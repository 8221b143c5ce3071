"""Whether a POST comes from one of our own pages, without a cookie (decision 0010).

Browsers that say where a request comes from (``Origin``, ``Sec-Fetch-Site``) are believed when they name
another site. Beyond that the tip form is proven by its signed token; the way back needs no proof, since
without the receipt it leads nowhere.
"""

from django.conf import settings
from django.http import HttpRequest

from tips import receipts

_OURS = ("same-origin", "none")


def is_our_form(request: HttpRequest) -> bool:
    """Whether a tip form came from a page of this portal."""
    is_ours = receipts.read_form_token(request.POST.get("form_token")) is not None
    return is_ours and not names_another_site(request)


def names_another_site(request: HttpRequest) -> bool:
    """Whether the browser says that the page of another site made it send this."""
    origin = request.META.get("HTTP_ORIGIN", "null")
    # "null" is what privacy settings make of it: then the other header counts, where there is one.
    if origin == "null":
        return request.META.get("HTTP_SEC_FETCH_SITE", "none") not in _OURS
    return origin not in (f"{request.scheme}://{request.get_host()}", *settings.CSRF_TRUSTED_ORIGINS)
