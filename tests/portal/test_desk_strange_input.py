"""What no page of ours sends, in the forms of the desk and the admin: refused or left alone, no crash."""

import pytest
from django.urls import reverse

from portal.text import whole_number

pytestmark = pytest.mark.django_db

# Python itself refuses to read a number of more than 4,300 digits.
LONG = "9" * 5000


@pytest.mark.parametrize("ticked", ["{id}:" + LONG, "{id}:٣", "{id}:-1", "{id}\0:1", "\0:1", ":", ""])
def test_ticked_tip_that_is_none_changes_nothing(world, ticked):
    body = {"tip": ticked.format(id=world.tip.public_id), "act": "accept"}
    assert world.client("officer").post(reverse("desk:tips_bulk"), body).status_code in (200, 302)
    world.tip.refresh_from_db()
    assert world.tip.version == 1


def test_version_that_is_none_changes_nothing_in_the_admin(world):
    body = {"action": "accept_selected", "_selected_action": [world.tip.pk], "confirmed": "1"}
    body[f"version_{world.tip.pk}"] = LONG
    answer = world.client("supervisor").post(reverse("admin:tips_tip_changelist"), body)
    assert answer.status_code in (200, 302)
    world.tip.refresh_from_db()
    assert world.tip.version == 1


@pytest.mark.parametrize("chosen", [LONG, "1" * 19, "٣", "\0", "x", ""])
def test_posting_that_is_none_is_not_found(world, chosen):
    answer = world.client("chief").post(reverse("desk:circle_act", args=["propose"]), {"posting": chosen})
    assert answer.status_code == 404


@pytest.mark.parametrize(
    ("text", "number"),
    [("0", 0), ("0042", 42), ("9" * 18, 10**18 - 1), ("9" * 19, None), ("-1", None), ("٣", None), ("", None)],
)
def test_whole_number_of_a_form_is_one_that_a_column_takes(text, number):
    assert whole_number(text) == number
