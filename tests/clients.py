"""Browsers and API clients of people who are logged in already."""

from typing import Any

from django.test import Client
from rest_framework.test import APIClient


def browser_of(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def api_client_of(user: Any) -> APIClient:
    client = APIClient()
    client.force_authenticate(user)
    return client
