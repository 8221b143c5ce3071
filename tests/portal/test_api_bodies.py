"""What every call of the API makes of a body it cannot follow."""

import pytest
from django.urls import URLPattern, URLResolver, get_resolver
from rest_framework.test import APIClient

from groups.enums import Role
from portal.parsers import JSONParser
from tests.factories import GroupFactory, make_area, make_user

DEEP = ("[" * 100_000, '{"a":' * 100_000, "[" * 50_000 + "]" * 50_000)


@pytest.mark.django_db
@pytest.mark.parametrize("deep", DEEP, ids=["list", "object", "closed"])
@pytest.mark.parametrize("call", ["groups", "sizes", "broadcasts"])
def test_deep_json_is_a_bad_request(call, deep):
    area = make_area()
    group = GroupFactory(unit=area.village_a)
    paths = {
        "groups": "/api/v1/groups/",
        "sizes": f"/api/v1/groups/{group.pk}/sizes/",
        "broadcasts": "/api/v1/broadcasts/",
    }
    client = APIClient()
    client.force_authenticate(make_user(Role.CHIEF, area.commune_a))
    for body in (deep, f'{{"name": {deep}}}'):
        answer = client.post(paths[call], body, content_type="application/json")
        assert (answer.status_code, list(answer.json())) == (400, ["detail"])


def views(patterns, prefix=""):
    """(address, view class) of everything below ``/api/``."""
    for pattern in patterns:
        address = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from views(pattern.url_patterns, address)
        elif isinstance(pattern, URLPattern) and address.startswith("api/"):
            yield address, getattr(pattern.callback, "cls", None)


def test_every_call_reads_json_with_our_parser():
    found = [(address, cls) for address, cls in views(get_resolver().url_patterns) if cls is not None]
    assert len(found) > 30
    assert [address for address, cls in found if JSONParser not in cls.parser_classes] == []
