"""Absolute addresses of a group's public pages, as they are printed and handed to other programmes."""

from urllib.parse import urljoin

from django.conf import settings
from django.urls import reverse

from groups.models import JoinLink


def join_address(link: JoinLink) -> str:
    """The page where residents join."""
    return urljoin(f"{settings.PUBLIC_URL}/", reverse("groups:join", args=[link.code]))


def letter_address(link: JoinLink) -> str:
    """The letter to print."""
    return urljoin(f"{settings.PUBLIC_URL}/", reverse("groups:letter", args=[link.code]))
