"""Where a request comes from, as far as limits need to know it; never stored with a tip, never logged."""

import datetime
import hmac
import ipaddress
import socket

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone


def client_address(request: HttpRequest) -> str:
    """The address of the peer, or behind our own proxy the one that proxy saw.

    ``X-Forwarded-For`` counts only with ``BEHIND_PROXY``, and of it only the last entry: the earlier ones are
    the client's own words.
    """
    if settings.BEHIND_PROXY:
        forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "").rpartition(",")[2].strip()
        if forwarded:
            return forwarded
    return request.META.get("REMOTE_ADDR", "")


def network_bucket(request: HttpRequest, *, on: datetime.date | None = None) -> str:
    """A pseudonym of the client's network (/24 or /56), good for the counters of one day.

    Keyed with the secret key and the date, so that a counter left in the cache names nobody.
    """
    day = on or timezone.localdate()
    message = f"{day.toordinal()} {_network(client_address(request))}".encode()
    return hmac.digest(settings.SECRET_KEY.encode(), message, "sha256").hex()[:20]


def is_internal(request: HttpRequest) -> bool:
    """Whether the request comes from one of ``INTERNAL_NETWORKS`` (monitoring, the office's own network)."""
    try:
        address = ipaddress.ip_address(client_address(request))
    except ValueError:
        return False
    return any(address in ipaddress.ip_network(network) for network in settings.INTERNAL_NETWORKS)


def _network(address: str) -> str:
    """The leading bits of an address, as hexadecimal digits: 24 of the old kind, 56 of the new."""
    is_new = ":" in address
    try:
        packed = socket.inet_pton(socket.AF_INET6 if is_new else socket.AF_INET, address)
    except (OSError, ValueError):
        return "unknown"
    return packed[: 7 if is_new else 3].hex()
