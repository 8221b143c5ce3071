"""Django's admin widgets as this portal renders them."""

import re

from django.contrib.admin.widgets import AdminSplitDateTime
from django.utils import translation


def test_date_and_time_boxes_have_labels_of_their_own():
    with translation.override("vi"):
        html = AdminSplitDateTime().render("due_at", None, {"id": "id_due_at"})
    labels = dict(re.findall(r'<label class="inline" for="([^"]+)">([^<]+)</label>', html))
    assert labels == {"id_due_at_0": "Ngày:", "id_due_at_1": "Giờ:"}
    assert set(labels) == set(re.findall(r'<input[^>]* id="([^"]+)"', html))
